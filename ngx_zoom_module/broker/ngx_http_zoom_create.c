/*
 *     the next number -> POST /users ---- made ----------> a member
 *                            \                              ^
 *                             exists -> GET /users/{user} --+
 *
 * When all are there those who were pending are asked for again from time to
 * time: nobody has to tell us that an invitation was accepted.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include "ngx_http_zoom_create.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_search.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_walk.h"
#include "zoom_uri.h"
#include "zoom_users.h"


/* seconds between two looks at those who are pending, and the longest pause */
#define NGX_HTTP_ZOOM_CREATE_AGAIN  600
#define NGX_HTTP_ZOOM_CREATE_PAUSE  3600

#define NGX_HTTP_ZOOM_CREATE_SOURCE  NGX_HTTP_ZOOM_POOL_CREATED


typedef struct {
    const ngx_http_zoom_pool_conf_t  *conf;
    ngx_http_zoom_pool_t        *pool;
    ngx_log_t                   *log;
    ngx_event_t                  timer;
    ngx_http_zoom_api_call_t    *call;
    uint64_t                     round;
    ngx_uint_t                   made;       /* by us */
    ngx_uint_t                   pending;
    ngx_uint_t                   at;         /* of those who are asked for */
    ngx_str_t                    email;      /* in "buf" */
    u_char                       buf[ZOOM_USER_MAX];
} ngx_http_zoom_create_t;


static void ngx_http_zoom_create_begin(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_known(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_email(ngx_http_zoom_create_t *c,
    ngx_uint_t n);
static void ngx_http_zoom_create_timer(ngx_event_t *ev);
static void ngx_http_zoom_create_next(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_post(ngx_http_zoom_create_t *c);
static ngx_int_t ngx_http_zoom_create_body(ngx_http_zoom_create_t *c,
    ngx_http_zoom_api_call_t *call);
static void ngx_http_zoom_create_posted(ngx_http_zoom_api_call_t *call);
static void ngx_http_zoom_create_is(ngx_http_zoom_create_t *c,
    const zoom_users_answer_t *a, ngx_uint_t usable);
static void ngx_http_zoom_create_counted(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_look(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_get(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_got(ngx_http_zoom_api_call_t *call);
static ngx_int_t ngx_http_zoom_create_answer(ngx_http_zoom_create_t *c,
    ngx_http_zoom_api_call_t *call, zoom_users_answer_t *a);
static void ngx_http_zoom_create_complete(ngx_http_zoom_create_t *c);
static void ngx_http_zoom_create_failed(ngx_http_zoom_create_t *c,
    time_t retry_after, const char *why);
static void ngx_http_zoom_create_refused(ngx_http_zoom_create_t *c,
    int status, const zoom_users_answer_t *a);
static void ngx_http_zoom_create_full(ngx_http_zoom_create_t *c,
    const zoom_users_answer_t *a);
static void ngx_http_zoom_create_soon(ngx_http_zoom_create_t *c);


#define ngx_http_zoom_create_search(c)                                        \
    (&(c)->pool->sh->searches[NGX_HTTP_ZOOM_CREATE_SOURCE])


static ngx_http_zoom_create_t  *ngx_http_zoom_creates;
static ngx_uint_t               ngx_http_zoom_ncreates;


ngx_int_t
ngx_http_zoom_create_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                   i;
    ngx_http_zoom_create_t      *c;
    ngx_http_zoom_main_conf_t   *zmcf;
    ngx_http_zoom_pool_conf_t  **conf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    if (ngx_worker != 0 || zmcf->pools.nelts == 0) {
        return NGX_OK;
    }

    c = ngx_pcalloc(cycle->pool,
                    zmcf->pools.nelts * sizeof(ngx_http_zoom_create_t));
    if (c == NULL) {
        return NGX_ERROR;
    }

    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        c[i].conf = conf[i];
        c[i].pool = ngx_http_zoom_pool_of(conf[i]);
        c[i].log = zmcf->log ? zmcf->log : cycle->log;

        ngx_http_zoom_create_begin(&c[i]);
    }

    ngx_http_zoom_creates = c;
    ngx_http_zoom_ncreates = zmcf->pools.nelts;

    return NGX_OK;
}


void
ngx_http_zoom_create_exit_process(void)
{
    ngx_uint_t               i;
    ngx_http_zoom_create_t  *c;

    for (i = 0; i < ngx_http_zoom_ncreates; i++) {
        c = &ngx_http_zoom_creates[i];

        ngx_http_zoom_timer_stop(&c->timer);

        if (c->call) {
            ngx_http_zoom_api_call_cancel(c->call);
            ngx_http_zoom_background_end(c->call);
            c->call = NULL;
        }
    }

    ngx_http_zoom_ncreates = 0;
}


static void
ngx_http_zoom_create_begin(ngx_http_zoom_create_t *c)
{
    ngx_http_zoom_pool_create_t  *create;

    create = c->conf->create;

    ngx_http_zoom_timer_init(&c->timer, ngx_http_zoom_create_timer, c->log);

    /* a worker that is told to quit does not wait for it */
    c->timer.cancelable = 1;

    c->round = ngx_http_zoom_search_round(c->pool);

    if (create == NULL) {
        ngx_http_zoom_search_begin(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                   (u_char *) "", 0);

    } else {
        ngx_http_zoom_search_begin(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                   create->pattern.data, create->pattern.len);
        ngx_http_zoom_create_known(c);
        ngx_add_timer(&c->timer, 1);
    }

    (void) ngx_http_zoom_pool_found_end(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                        c->round);
}


/* Those whom workers before us have made stay, as far as they are wanted. */

static void
ngx_http_zoom_create_known(ngx_http_zoom_create_t *c)
{
    ngx_str_t                     id;
    ngx_uint_t                    n;
    ngx_http_zoom_pool_search_t  *search;

    search = ngx_http_zoom_create_search(c);

    /* whoever reloads may have mended something at Zoom */

    if (search->failures == 0 || search->users != c->conf->create->count) {
        search->due = ngx_current_msec;
    }

    search->users = ngx_min(search->users, c->conf->create->count);

    ngx_str_null(&id);

    for (n = 1; n <= search->users; n++) {
        ngx_http_zoom_create_email(c, n);

        (void) ngx_http_zoom_pool_found(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                        c->round, &c->email, &id,
                                        NGX_HTTP_ZOOM_POOL_UNSAID);
    }
}


static void
ngx_http_zoom_create_email(ngx_http_zoom_create_t *c, ngx_uint_t n)
{
    zoom_buf_t  b;

    zoom_buf_init(&b, c->buf, sizeof(c->buf));
    zoom_users_numbered(&b, ngx_http_zoom_str(&c->conf->create->pattern),
                        (unsigned) n);

    c->email.data = b.data;
    c->email.len = b.len;
}


static void
ngx_http_zoom_create_timer(ngx_event_t *ev)
{
    ngx_http_zoom_create_t  *c;

    c = ngx_http_zoom_timer_object(ev, ngx_http_zoom_create_t, timer);

    if (ngx_exiting || ngx_quit || ngx_terminate) {

        if (c->call) {
            ngx_http_zoom_api_call_cancel(c->call);
            ngx_http_zoom_background_end(c->call);
            c->call = NULL;
        }

        return;
    }

    if (c->call == NULL
        && ngx_http_zoom_search_due(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE))
    {
        ngx_http_zoom_create_next(c);
    }

    if (!ev->timer_set) {
        ngx_add_timer(ev, NGX_HTTP_ZOOM_SEARCH_EVERY);
    }
}


static void
ngx_http_zoom_create_next(ngx_http_zoom_create_t *c)
{
    ngx_http_zoom_pool_search_t  *search;

    search = ngx_http_zoom_create_search(c);

    c->round = ngx_http_zoom_search_round(c->pool);

    if (search->users < c->conf->create->count) {
        ngx_http_zoom_create_email(c, search->users + 1);
        ngx_http_zoom_create_post(c);
        return;
    }

    ngx_http_zoom_create_look(c);
}


static void
ngx_http_zoom_create_post(ngx_http_zoom_create_t *c)
{
    ngx_http_zoom_api_call_t  *call;

    call = ngx_http_zoom_background_call(c->conf->account, "POST", ZOOM_LIGHT);

    if (call == NULL) {
        ngx_http_zoom_create_failed(c, 0, "no memory");
        return;
    }

    if (ngx_http_zoom_create_body(c, call) != NGX_OK) {
        ngx_http_zoom_background_end(call);
        ngx_http_zoom_create_failed(c, 0, "no memory");
        return;
    }

    ngx_str_set(&call->path, "/users");

    call->handler = ngx_http_zoom_create_posted;
    call->data = c;
    c->call = call;

    ngx_http_zoom_api_call(call);
}


static ngx_int_t
ngx_http_zoom_create_body(ngx_http_zoom_create_t *c,
    ngx_http_zoom_api_call_t *call)
{
    size_t            size;
    u_char           *p;
    zoom_buf_t        b;
    const ngx_str_t  *action;

    action = &ngx_http_zoom_create_actions[c->conf->create->action].name;

    size = 96 + action->len + 2 * c->email.len;

    p = ngx_pnalloc(call->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, p, size);
    zoom_users_create(&b, ngx_http_zoom_str(action),
                      ngx_http_zoom_str(&c->email),
                      (unsigned) c->conf->create->type);

    call->body.data = b.data;
    call->body.len = b.len;

    return NGX_OK;
}


static void
ngx_http_zoom_create_posted(ngx_http_zoom_api_call_t *call)
{
    int                      status;
    zoom_users_answer_t      a;
    ngx_http_zoom_create_t  *c;

    c = call->data;
    status = call->status;

    if (ngx_http_zoom_create_answer(c, call, &a) != NGX_OK) {
        return;
    }

    switch (a.result) {

    case ZOOM_USERS_ACTIVE:
        c->made++;

        ngx_http_zoom_create_is(c, &a,
                                c->conf->create->action == NGX_HTTP_ZOOM_CREATE
                                ? NGX_HTTP_ZOOM_POOL_UNUSABLE
                                : NGX_HTTP_ZOOM_POOL_USABLE);
        ngx_http_zoom_create_counted(c);
        return;

    case ZOOM_USERS_EXISTS:
        ngx_http_zoom_create_get(c);
        return;

    case ZOOM_USERS_FULL:
        ngx_http_zoom_create_full(c, &a);
        return;

    default:
        ngx_http_zoom_create_refused(c, status, &a);
        return;
    }
}


static void
ngx_http_zoom_create_is(ngx_http_zoom_create_t *c,
    const zoom_users_answer_t *a, ngx_uint_t usable)
{
    ngx_str_t  id;

    id.data = (u_char *) a->id;
    id.len = a->id_len;

    c->pending += (usable == NGX_HTTP_ZOOM_POOL_UNUSABLE);

    (void) ngx_http_zoom_pool_found(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                    c->round, &c->email, &id, usable);
}


/* One more of the pattern's users is there. */

static void
ngx_http_zoom_create_counted(ngx_http_zoom_create_t *c)
{
    ngx_http_zoom_pool_search_t  *search;

    search = ngx_http_zoom_create_search(c);

    if (search->users < c->conf->create->count) {
        search->users++;
    }

    if (search->users == c->conf->create->count) {
        ngx_http_zoom_create_complete(c);
        return;
    }

    ngx_http_zoom_create_soon(c);
}


/* The next one who is pending, or was otherwise of no use. */

static void
ngx_http_zoom_create_look(ngx_http_zoom_create_t *c)
{
    ngx_str_t                   name;
    ngx_http_zoom_member_row_t  row;

    while (ngx_http_zoom_pool_list(c->pool, &c->at, &row) == NGX_OK) {

        if (!row.gone || !row.created) {
            continue;
        }

        name = row.name;
        ngx_memcpy(c->buf, name.data, name.len);

        c->email.data = c->buf;
        c->email.len = name.len;

        ngx_http_zoom_create_get(c);
        return;
    }

    c->at = 0;

    ngx_http_zoom_create_complete(c);
}


static void
ngx_http_zoom_create_get(ngx_http_zoom_create_t *c)
{
    size_t                     size;
    u_char                    *p;
    zoom_buf_t                 b;
    ngx_http_zoom_api_call_t  *call;

    call = ngx_http_zoom_background_call(c->conf->account, "GET", ZOOM_LIGHT);

    if (call == NULL) {
        ngx_http_zoom_create_failed(c, 0, "no memory");
        return;
    }

    size = sizeof("/users/") + 3 * c->email.len;

    p = ngx_pnalloc(call->pool, size);

    if (p == NULL) {
        ngx_http_zoom_background_end(call);
        ngx_http_zoom_create_failed(c, 0, "no memory");
        return;
    }

    zoom_buf_init(&b, p, size);
    zoom_buf_c(&b, "/users/");
    zoom_uri_escape(&b, ngx_http_zoom_str(&c->email));

    call->path.data = b.data;
    call->path.len = b.len;
    call->handler = ngx_http_zoom_create_got;
    call->data = c;
    c->call = call;

    ngx_http_zoom_api_call(call);
}


static void
ngx_http_zoom_create_got(ngx_http_zoom_api_call_t *call)
{
    int                           status;
    ngx_uint_t                    usable;
    zoom_users_answer_t           a;
    ngx_http_zoom_create_t       *c;
    ngx_http_zoom_pool_search_t  *search;

    c = call->data;
    status = call->status;

    if (ngx_http_zoom_create_answer(c, call, &a) != NGX_OK) {
        return;
    }

    switch (a.result) {

    case ZOOM_USERS_ACTIVE:
        usable = NGX_HTTP_ZOOM_POOL_USABLE;
        break;

    case ZOOM_USERS_INACTIVE:
    case ZOOM_USERS_PENDING:

    /* of another account */
    case ZOOM_USERS_UNKNOWN:
        usable = NGX_HTTP_ZOOM_POOL_UNUSABLE;
        break;

    default:
        ngx_http_zoom_create_refused(c, status, &a);
        return;
    }

    ngx_http_zoom_create_is(c, &a, usable);

    search = ngx_http_zoom_create_search(c);

    if (search->users < c->conf->create->count) {
        ngx_http_zoom_create_counted(c);

    } else {
        ngx_http_zoom_create_soon(c);
    }
}


/* NGX_OK: Zoom has answered.  The call is gone in any case. */

static ngx_int_t
ngx_http_zoom_create_answer(ngx_http_zoom_create_t *c,
    ngx_http_zoom_api_call_t *call, zoom_users_answer_t *a)
{
    zoom_str_t  body;

    c->call = NULL;

    if (call->error != ZOOM_OK) {
        ngx_http_zoom_create_failed(c, call->retry_after,
              call->reason
              ? call->reason
              : (char *) zoom_error_info(call->error)->message.data);
        ngx_http_zoom_background_end(call);

        return NGX_ERROR;
    }

    body.data = call->response.data;
    body.len = call->response.len;

    zoom_users_answer(a, call->status, body);

    ngx_http_zoom_background_end(call);

    return NGX_OK;
}


static void
ngx_http_zoom_create_complete(ngx_http_zoom_create_t *c)
{
    ngx_uint_t  first;

    first = (ngx_http_zoom_create_search(c)->complete == 0);

    if (c->made || first) {
        ngx_log_error(NGX_LOG_NOTICE, c->log, 0,
                      "zoom: pool \"%V\": all %ui users of \"%V\" are there, "
                      "%ui of them were created now",
                      &c->conf->name, c->conf->create->count,
                      &c->conf->create->pattern, c->made);
    }

    if (c->pending && (c->made || first)) {
        ngx_log_error(NGX_LOG_WARN, c->log, 0,
                      "zoom: pool \"%V\": %ui user%s of \"%V\" pending or "
                      "inactive: no bot can become them until they accept the "
                      "invitation in their mail, or are activated",
                      &c->conf->name, c->pending, ngx_http_zoom_s(c->pending),
                      &c->conf->create->pattern);
    }

    ngx_http_zoom_search_complete(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                  c->conf->create->count,
                                  NGX_HTTP_ZOOM_CREATE_AGAIN);
    c->made = 0;
    c->pending = 0;
}


static void
ngx_http_zoom_create_failed(ngx_http_zoom_create_t *c, time_t retry_after,
    const char *why)
{
    uint64_t  n;

    n = ngx_http_zoom_search_failed(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE,
                                    retry_after, NGX_HTTP_ZOOM_CREATE_PAUSE);
    if (n) {
        ngx_log_error(NGX_LOG_ERR, c->log, 0,
                      "zoom: pool \"%V\" of account \"%V\": could not create "
                      "user \"%V\" (%uL times): %s", &c->conf->name,
                      &c->conf->account->name, &c->email, n, why);
    }
}


static void
ngx_http_zoom_create_refused(ngx_http_zoom_create_t *c, int status,
    const zoom_users_answer_t *a)
{
    u_char  why[NGX_HTTP_ZOOM_WALK_REASON];

    (void) ngx_snprintf(why, sizeof(why),
                        "Zoom answered %d, code %d, \"%s\"; it wants scopes "
                        "user:write:user:admin and user:read:user:admin%s%Z",
                        status, a->code, a->message,
                        c->conf->create->action == NGX_HTTP_ZOOM_AUTO_CREATE
                        ? ", and a domain that the account manages" : "");

    why[sizeof(why) - 1] = '\0';

    ngx_http_zoom_create_failed(c, 0, (char *) why);
}


/* Asking again would not bring licences. */

static void
ngx_http_zoom_create_full(ngx_http_zoom_create_t *c,
    const zoom_users_answer_t *a)
{
    ngx_http_zoom_search_stop(c->pool, NGX_HTTP_ZOOM_CREATE_SOURCE);

    ngx_log_error(NGX_LOG_ERR, c->log, 0,
                  "zoom: pool \"%V\" of account \"%V\": the licences are used "
                  "up, user \"%V\" and those after it are not created: code "
                  "%d, \"%s\"; buy licences or lower \"count=\", then reload",
                  &c->conf->name, &c->conf->account->name, &c->email,
                  a->code, a->message);
}


static void
ngx_http_zoom_create_soon(ngx_http_zoom_create_t *c)
{
    ngx_http_zoom_timer_stop(&c->timer);
    ngx_add_timer(&c->timer, 1);
}
