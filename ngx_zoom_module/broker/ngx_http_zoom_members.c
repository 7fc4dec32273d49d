/*
 *     group -> walk through groups -> walk through its members -> adopt
 *     email -> walk through users --------------------------------^
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include "ngx_http_zoom_members.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_search.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_walk.h"
#include "zoom_uri.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_MEMBERS_MAX   10000

/* that are told to the pool in one turn of the event loop */
#define NGX_HTTP_ZOOM_MEMBERS_TURN  256

#define NGX_HTTP_ZOOM_MEMBERS_POOL  16384


typedef struct {
    ngx_str_t                    name;
    ngx_str_t                    id;
    ngx_uint_t                   usable;
} ngx_http_zoom_members_user_t;


/* The searches of a pool, one at a time. */

typedef struct {
    const ngx_http_zoom_pool_conf_t   *conf;
    ngx_http_zoom_pool_t        *pool;
    ngx_log_t                   *log;
    ngx_event_t                  timer;      /* between two looks, or while
                                                members are adopted */
    ngx_http_zoom_walk_t         walk;

    const ngx_http_zoom_pool_found_t  *line;     /* that is searched for, or
                                                NULL */
    ngx_uint_t                   source;
    uint64_t                     round;
    ngx_pool_t                  *memory;
    ngx_array_t                  users;      /* ngx_http_zoom_members_user_t */
    ngx_uint_t                   adopted;    /* of these */
    ngx_str_t                    group;      /* its id */
    ngx_str_t                    path;
    unsigned                     complete:1; /* to be adopted */
    unsigned                     crowded:1;  /* there are more of them */
    unsigned                     nomem:1;
} ngx_http_zoom_members_t;


static void ngx_http_zoom_members_begin(ngx_http_zoom_members_t *m);
static void ngx_http_zoom_members_timer(ngx_event_t *ev);
static void ngx_http_zoom_members_look(ngx_http_zoom_members_t *m);
static void ngx_http_zoom_members_start(ngx_http_zoom_members_t *m);
static void ngx_http_zoom_members_walk(ngx_http_zoom_members_t *m,
    const char *path, const char *args, const char *list,
    zoom_users_item_pt item);
static void ngx_http_zoom_members_again(ngx_http_zoom_walk_t *walk);
static void ngx_http_zoom_members_group(void *data,
    const zoom_users_item_t *item);
static void ngx_http_zoom_members_user(void *data,
    const zoom_users_item_t *item);
static void ngx_http_zoom_members_keep(ngx_http_zoom_members_t *m,
    zoom_str_t name, zoom_str_t id, ngx_uint_t usable);
static ngx_int_t ngx_http_zoom_members_copy(ngx_http_zoom_members_t *m,
    ngx_str_t *dst, zoom_str_t src);
static void ngx_http_zoom_members_done(ngx_http_zoom_walk_t *walk);
static ngx_int_t ngx_http_zoom_members_of_group(ngx_http_zoom_members_t *m);
static void ngx_http_zoom_members_adopt(ngx_http_zoom_members_t *m);
static void ngx_http_zoom_members_complete(ngx_http_zoom_members_t *m);
static void ngx_http_zoom_members_failed(ngx_http_zoom_members_t *m,
    const u_char *why);
static void ngx_http_zoom_members_free(ngx_http_zoom_members_t *m);


static ngx_http_zoom_members_t  *ngx_http_zoom_members;
static ngx_uint_t                ngx_http_zoom_nmembers;


ngx_int_t
ngx_http_zoom_members_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                   i;
    ngx_http_zoom_members_t     *m;
    ngx_http_zoom_main_conf_t   *zmcf;
    ngx_http_zoom_pool_conf_t  **conf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    if (ngx_worker != 0 || zmcf->pools.nelts == 0) {
        return NGX_OK;
    }

    m = ngx_pcalloc(cycle->pool,
                    zmcf->pools.nelts * sizeof(ngx_http_zoom_members_t));
    if (m == NULL) {
        return NGX_ERROR;
    }

    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        m[i].conf = conf[i];
        m[i].pool = ngx_http_zoom_pool_of(conf[i]);
        m[i].log = zmcf->log ? zmcf->log : cycle->log;

        ngx_http_zoom_members_begin(&m[i]);
    }

    ngx_http_zoom_members = m;
    ngx_http_zoom_nmembers = zmcf->pools.nelts;

    return NGX_OK;
}


void
ngx_http_zoom_members_exit_process(void)
{
    ngx_uint_t                i;
    ngx_http_zoom_members_t  *m;

    for (i = 0; i < ngx_http_zoom_nmembers; i++) {
        m = &ngx_http_zoom_members[i];

        ngx_http_zoom_timer_stop(&m->timer);
        ngx_http_zoom_members_free(m);
    }

    ngx_http_zoom_nmembers = 0;
}


/* Whom a line brought that the configuration has no more leaves now. */

static void
ngx_http_zoom_members_begin(ngx_http_zoom_members_t *m)
{
    uint64_t                     round;
    ngx_uint_t                   i;
    const ngx_str_t             *what;
    ngx_http_zoom_pool_found_t  *line;

    line = m->conf->found.elts;
    round = ngx_http_zoom_search_round(m->pool);

    for (i = 0; i < NGX_HTTP_ZOOM_POOL_FOUND_MAX; i++) {

        if (i >= m->conf->found.nelts) {
            ngx_http_zoom_search_begin(m->pool, NGX_HTTP_ZOOM_POOL_FOUND + i,
                                       (u_char *) "", 0);
            (void) ngx_http_zoom_pool_found_end(m->pool,
                                                NGX_HTTP_ZOOM_POOL_FOUND + i,
                                                round);
            continue;
        }

        /* no e-mail's pattern is without "@", and no group's name with one */

        what = line[i].group.len ? &line[i].group : &line[i].email;

        ngx_http_zoom_search_begin(m->pool, NGX_HTTP_ZOOM_POOL_FOUND + i,
                                   what->data, what->len);
    }

    ngx_http_zoom_timer_init(&m->timer, ngx_http_zoom_members_timer, m->log);

    /* a worker that is told to quit does not wait for it */
    m->timer.cancelable = 1;

    if (m->conf->found.nelts) {
        ngx_add_timer(&m->timer, 1);
    }
}


static void
ngx_http_zoom_members_timer(ngx_event_t *ev)
{
    ngx_http_zoom_members_t  *m;

    m = ngx_http_zoom_timer_object(ev, ngx_http_zoom_members_t, timer);

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        ngx_http_zoom_members_free(m);
        return;
    }

    if (m->complete) {
        ngx_http_zoom_members_adopt(m);

    } else if (m->line == NULL) {
        ngx_http_zoom_members_look(m);
    }

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_ZOOM_SEARCH_EVERY);
    }
}


static void
ngx_http_zoom_members_look(ngx_http_zoom_members_t *m)
{
    ngx_uint_t                   i;
    ngx_http_zoom_pool_found_t  *line;

    line = m->conf->found.elts;

    for (i = 0; i < m->conf->found.nelts; i++) {
        m->source = NGX_HTTP_ZOOM_POOL_FOUND + i;

        if (ngx_http_zoom_search_due(m->pool, m->source)) {
            m->line = &line[i];
            ngx_http_zoom_members_start(m);
            return;
        }
    }
}


static void
ngx_http_zoom_members_start(ngx_http_zoom_members_t *m)
{
    m->memory = ngx_create_pool(NGX_HTTP_ZOOM_MEMBERS_POOL, m->log);

    if (m->memory == NULL
        || ngx_array_init(&m->users, m->memory, 64,
                          sizeof(ngx_http_zoom_members_user_t))
           != NGX_OK)
    {
        ngx_http_zoom_members_failed(m, (u_char *) "no memory");
        return;
    }

    m->round = ngx_http_zoom_search_round(m->pool);
    m->walk.retry_after = 0;

    ngx_http_zoom_search_started(m->pool, m->source);

    if (m->line->group.len) {
        ngx_http_zoom_members_walk(m, "/groups", "", "groups",
                                   ngx_http_zoom_members_group);
        return;
    }

    ngx_http_zoom_members_walk(m, "/users", "&status=active", "users",
                               ngx_http_zoom_members_user);
}


static void
ngx_http_zoom_members_walk(ngx_http_zoom_members_t *m, const char *path,
    const char *args, const char *list, zoom_users_item_pt item)
{
    ngx_http_zoom_walk_t  *walk;

    walk = &m->walk;

    walk->account = m->conf->account;
    walk->path.data = (u_char *) path;
    walk->path.len = ngx_strlen(path);
    walk->args = args;
    walk->list = list;
    walk->item = item;
    walk->again = ngx_http_zoom_members_again;
    walk->done = ngx_http_zoom_members_done;
    walk->data = m;

    ngx_http_zoom_walk(walk);
}


static void
ngx_http_zoom_members_again(ngx_http_zoom_walk_t *walk)
{
    ngx_http_zoom_members_t  *m;

    m = walk->data;

    m->users.nelts = 0;
    m->crowded = 0;
}


/* The first group of that name; Zoom lets no two have one. */

static void
ngx_http_zoom_members_group(void *data, const zoom_users_item_t *item)
{
    ngx_http_zoom_members_t  *m = data;

    if (m->group.len == 0 && item->id.len
        && zoom_str_eq(item->name, ngx_http_zoom_str(&m->line->group))
        && ngx_http_zoom_members_copy(m, &m->group, item->id) != NGX_OK)
    {
        m->nomem = 1;
    }
}


/*
 * A group's list says nothing of a user's status.  Who has no id has not
 * accepted the invitation.
 */

static void
ngx_http_zoom_members_user(void *data, const zoom_users_item_t *item)
{
    ngx_http_zoom_members_t  *m = data;

    ngx_uint_t                usable;
    static const zoom_str_t   active = zoom_str("active");

    if (zoom_user_check(item->email) != ZOOM_USER_EMAIL) {
        return;
    }

    if (m->line->email.len
        && !zoom_user_match(ngx_http_zoom_str(&m->line->email), item->email))
    {
        return;
    }

    if (item->id.len == 0) {
        usable = NGX_HTTP_ZOOM_POOL_UNUSABLE;

    } else if (item->status.len) {
        usable = zoom_str_eq(item->status, active)
                 ? NGX_HTTP_ZOOM_POOL_USABLE : NGX_HTTP_ZOOM_POOL_UNUSABLE;

    } else {
        usable = NGX_HTTP_ZOOM_POOL_UNSAID;
    }

    ngx_http_zoom_members_keep(m, item->email, item->id, usable);
}


static void
ngx_http_zoom_members_keep(ngx_http_zoom_members_t *m, zoom_str_t name,
    zoom_str_t id, ngx_uint_t usable)
{
    ngx_http_zoom_members_user_t  *user;

    if (m->users.nelts == NGX_HTTP_ZOOM_MEMBERS_MAX) {
        m->crowded = 1;
        return;
    }

    user = ngx_array_push(&m->users);

    if (user == NULL) {
        m->nomem = 1;
        return;
    }

    user->usable = usable;

    if (ngx_http_zoom_members_copy(m, &user->name, name) != NGX_OK
        || ngx_http_zoom_members_copy(m, &user->id, id) != NGX_OK)
    {
        m->users.nelts--;
        m->nomem = 1;
    }
}


static ngx_int_t
ngx_http_zoom_members_copy(ngx_http_zoom_members_t *m, ngx_str_t *dst,
    zoom_str_t src)
{
    dst->len = 0;
    dst->data = ngx_pnalloc(m->memory, src.len + 1);

    if (dst->data == NULL) {
        return NGX_ERROR;
    }

    if (src.len) {
        ngx_memcpy(dst->data, src.data, src.len);
        dst->len = src.len;
    }

    return NGX_OK;
}


static void
ngx_http_zoom_members_done(ngx_http_zoom_walk_t *walk)
{
    ngx_http_zoom_members_t  *m;

    m = walk->data;

    if (walk->failed) {
        ngx_http_zoom_members_failed(m, walk->reason);
        return;
    }

    if (m->nomem) {
        ngx_http_zoom_members_failed(m, (u_char *) "no memory");
        return;
    }

    if (m->line->group.len && m->path.len == 0) {

        if (m->group.len == 0) {
            ngx_http_zoom_members_failed(m, (u_char *) "Zoom has no group of "
                                         "that name");
            return;
        }

        if (ngx_http_zoom_members_of_group(m) != NGX_OK) {
            ngx_http_zoom_members_failed(m, (u_char *) "no memory");
        }

        return;
    }

    m->complete = 1;
    m->adopted = 0;

    ngx_http_zoom_members_adopt(m);
}


static ngx_int_t
ngx_http_zoom_members_of_group(ngx_http_zoom_members_t *m)
{
    size_t      size;
    u_char     *p;
    zoom_buf_t  b;

    size = sizeof("/groups//members") + 3 * m->group.len;

    p = ngx_pnalloc(m->memory, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, p, size);
    zoom_buf_c(&b, "/groups/");
    zoom_uri_escape(&b, ngx_http_zoom_str(&m->group));
    zoom_buf_c(&b, "/members");
    zoom_buf_add(&b, "", 1);

    m->path.data = b.data;
    m->path.len = b.len - 1;

    ngx_http_zoom_members_walk(m, (char *) m->path.data, "", "members",
                               ngx_http_zoom_members_user);
    return NGX_OK;
}


/* Some at a time: the worker has others to serve, too. */

static void
ngx_http_zoom_members_adopt(ngx_http_zoom_members_t *m)
{
    ngx_uint_t                     end;
    ngx_http_zoom_members_user_t  *user;

    user = m->users.elts;
    end = ngx_min(m->adopted + NGX_HTTP_ZOOM_MEMBERS_TURN, m->users.nelts);

    for ( /* void */ ; m->adopted < end; m->adopted++) {
        (void) ngx_http_zoom_pool_found(m->pool, m->source, m->round,
                                        &user[m->adopted].name,
                                        &user[m->adopted].id,
                                        user[m->adopted].usable);
    }

    if (end == m->users.nelts) {
        ngx_http_zoom_members_complete(m);
        return;
    }

    ngx_http_zoom_timer_stop(&m->timer);
    ngx_add_timer(&m->timer, 1);
}


static void
ngx_http_zoom_members_complete(ngx_http_zoom_members_t *m)
{
    ngx_uint_t                    n, left;
    const ngx_str_t              *what;
    ngx_http_zoom_pool_search_t  *search;

    n = m->users.nelts;
    left = 0;

    /* a list that was cut says nothing of who is not on it */

    if (!m->crowded) {
        left = ngx_http_zoom_pool_found_end(m->pool, m->source, m->round);
    }

    search = &m->pool->sh->searches[m->source];
    what = m->line->group.len ? &m->line->group : &m->line->email;

    if (search->complete == 0 || search->failures || search->users != n
        || left)
    {
        ngx_log_error(NGX_LOG_NOTICE, m->log, 0,
                      "zoom: pool \"%V\": found %ui user%s of \"%V\", %ui "
                      "gone", &m->conf->name, n, ngx_http_zoom_s(n), what,
                      left);
    }

    ngx_http_zoom_search_complete(m->pool, m->source, n, m->line->refresh);

    if (m->crowded) {
        ngx_log_error(NGX_LOG_ERR, m->log, 0,
                      "zoom: pool \"%V\": more than %d users are of \"%V\", "
                      "the pool has the first of them; make the pattern "
                      "narrower, or the group smaller", &m->conf->name,
                      NGX_HTTP_ZOOM_MEMBERS_MAX, what);
    }

    ngx_http_zoom_members_free(m);
}


static void
ngx_http_zoom_members_failed(ngx_http_zoom_members_t *m, const u_char *why)
{
    uint64_t          n;
    const ngx_str_t  *what;

    what = m->line->group.len ? &m->line->group : &m->line->email;

    n = ngx_http_zoom_search_failed(m->pool, m->source, m->walk.retry_after,
                                    m->line->refresh);
    if (n) {
        ngx_log_error(NGX_LOG_ERR, m->log, 0,
                      "zoom: pool \"%V\" of account \"%V\": could not find "
                      "the users of \"%V\" (%uL times): %s; those who were "
                      "found before stay; it wants scope %s",
                      &m->conf->name, &m->conf->account->name, what, n, why,
                      m->line->group.len ? "group:read:list_groups:admin and "
                                           "group:read:list_members:admin"
                                         : "user:read:list_users:admin");
    }

    ngx_http_zoom_members_free(m);
}


static void
ngx_http_zoom_members_free(ngx_http_zoom_members_t *m)
{
    ngx_http_zoom_walk_cancel(&m->walk);

    if (m->memory) {
        ngx_destroy_pool(m->memory);
        m->memory = NULL;
    }

    m->line = NULL;
    m->complete = 0;
    m->crowded = 0;
    m->nomem = 0;

    ngx_memzero(&m->users, sizeof(ngx_array_t));
    ngx_str_null(&m->group);
    ngx_str_null(&m->path);
}
