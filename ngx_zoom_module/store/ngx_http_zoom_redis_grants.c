#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_redis_grants.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/rand.h>

#include "ngx_http_zoom_grant_answer.h"
#include "ngx_http_zoom_grant_args.h"
#include "ngx_http_zoom_grant_reseal.h"
#include "ngx_http_zoom_grant_scripts.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_GRANT_BEGINS  5
#define NGX_HTTP_ZOOM_GRANT_AWAY    1
#define NGX_HTTP_ZOOM_GRANT_TURN    "40000"  /* what Zoom, and storing what it
                                                gave, may take */
#define NGX_HTTP_ZOOM_GRANT_COUNTS  30000

#define NGX_HTTP_ZOOM_GRANT_WAITING 4096
#define NGX_HTTP_ZOOM_GRANT_APPS    (NGX_HTTP_ZOOM_COUNTS_MAX                 \
                                     / ZOOM_NGRANT_STATES)


typedef struct {
    const ngx_http_zoom_store_conf_t  *store;
    ngx_log_t                         *log;
    ngx_queue_t                        waiting;  /* until the store is known, or
                                                    to be told that it's away */
    ngx_uint_t                         nwaiting;
    ngx_event_t                        timer;
    ngx_event_t                        counts;

    u_char                             apps[NGX_HTTP_ZOOM_GRANT_APPS]
                                           [NGX_HTTP_ZOOM_APP_MAX + 1];
    ngx_uint_t                         napps;
    unsigned                           away:1;
} ngx_http_zoom_redis_grants_t;


static void ngx_http_zoom_redis_grants_begins(ngx_event_t *ev);
static ngx_int_t ngx_http_zoom_redis_grants_send(
    ngx_http_zoom_grants_ask_t *ask);
static ngx_http_zoom_redis_script_t *ngx_http_zoom_redis_grants_question(
    ngx_http_zoom_grant_put_t *put);
static ngx_http_zoom_redis_script_t *ngx_http_zoom_redis_grants_one(
    ngx_http_zoom_grant_put_t *put);
static void ngx_http_zoom_redis_grants_list(ngx_http_zoom_grant_put_t *put);
static void ngx_http_zoom_redis_grants_put(ngx_http_zoom_grant_put_t *put);
static void ngx_http_zoom_redis_grants_asked(void *data,
    const redisReply *reply);
static void ngx_http_zoom_redis_grants_resealed(void *data, ngx_int_t rc);
static void ngx_http_zoom_redis_grants_done(ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_redis_grants_know(const u_char *app);
static void ngx_http_zoom_redis_grants_recount(ngx_event_t *ev);


static ngx_http_zoom_redis_grants_t  ngx_http_zoom_redis_grants;


void
ngx_http_zoom_redis_grants_init(const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_log_t *log)
{
    ngx_http_zoom_redis_grants_t  *grants;

    grants = &ngx_http_zoom_redis_grants;

    ngx_memzero(grants, sizeof(ngx_http_zoom_redis_grants_t));

    grants->store = store;
    grants->log = log;

    ngx_http_zoom_grant_args_init(store, log);
    ngx_http_zoom_grant_answer_init(counted);

    ngx_queue_init(&grants->waiting);

    ngx_http_zoom_timer_init(&grants->timer,
                             ngx_http_zoom_redis_grants_begins, log);
    ngx_http_zoom_timer_init(&grants->counts,
                             ngx_http_zoom_redis_grants_recount, log);
    grants->counts.cancelable = 1;
}


/* Nobody is told any more, but some may leave later. */

void
ngx_http_zoom_redis_grants_exit(void)
{
    ngx_queue_t                   *q, *next;
    ngx_http_zoom_redis_grants_t  *grants;

    grants = &ngx_http_zoom_redis_grants;

    ngx_http_zoom_timer_stop(&grants->timer);
    ngx_http_zoom_timer_stop(&grants->counts);

    grants->store = NULL;

    for (q = ngx_queue_head(&grants->waiting);
         q != ngx_queue_sentinel(&grants->waiting);
         q = next)
    {
        next = ngx_queue_next(q);

        ngx_http_zoom_redis_grants_done(ngx_queue_data(q,
                                          ngx_http_zoom_grants_ask_t, queue));
    }
}


/* Seen by this worker; a store that nobody asks has no trouble. */

const u_char *
ngx_http_zoom_redis_grants_trouble(void)
{
    return ngx_http_zoom_redis_grants.away ? (u_char *) "is away" : NULL;
}


ngx_int_t
ngx_http_zoom_redis_grants_post(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_redis_grants_t  *grants;

    grants = &ngx_http_zoom_redis_grants;

    if (grants->store == NULL) {
        ngx_http_zoom_grants_free(ask);
        return NGX_ERROR;
    }

    ngx_http_zoom_redis_grants_know(ask->query.app);

    /* a worker that has just begun knows in a moment whether it is there */

    if (!ngx_http_zoom_redis_begins()
        && ngx_http_zoom_redis_grants_send(ask) == NGX_OK)
    {
        return NGX_OK;
    }

    if (grants->nwaiting == NGX_HTTP_ZOOM_GRANT_WAITING) {
        ngx_http_zoom_grants_free(ask);
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&grants->waiting, &ask->queue);
    grants->nwaiting++;

    if (!grants->timer.timer_set) {
        ngx_add_timer(&grants->timer, ngx_http_zoom_redis_begins()
                                      ? NGX_HTTP_ZOOM_GRANT_BEGINS
                                      : NGX_HTTP_ZOOM_GRANT_AWAY);
    }

    return NGX_OK;
}


static void
ngx_http_zoom_redis_grants_begins(ngx_event_t *ev)
{
    ngx_queue_t                   *q, waiting;
    ngx_http_zoom_grants_ask_t    *ask;
    ngx_http_zoom_redis_grants_t  *grants;

    grants = &ngx_http_zoom_redis_grants;

    if (ngx_http_zoom_redis_begins()) {
        ngx_add_timer(&grants->timer, NGX_HTTP_ZOOM_GRANT_BEGINS);
        return;
    }

    /* those that are answered now may ask again */

    ngx_queue_init(&waiting);

    if (!ngx_queue_empty(&grants->waiting)) {
        ngx_queue_add(&waiting, &grants->waiting);
        ngx_queue_init(&grants->waiting);
    }

    grants->nwaiting = 0;

    while (!ngx_queue_empty(&waiting)) {
        q = ngx_queue_head(&waiting);
        ask = ngx_queue_data(q, ngx_http_zoom_grants_ask_t, queue);

        ngx_queue_remove(q);

        if (ngx_http_zoom_redis_grants_send(ask) != NGX_OK) {
            ask->query.rc = NGX_ERROR;
            ngx_http_zoom_redis_grants_done(ask);
        }
    }
}


static ngx_int_t
ngx_http_zoom_redis_grants_send(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_redis_script_t  *script;

    static ngx_http_zoom_grant_put_t  put;

    ngx_http_zoom_grant_begin(&put, &ask->query);

    ngx_http_zoom_grant_digest(&put, put.app, NULL);
    ngx_http_zoom_grant_digest(&put, put.user, ask->query.user);

    script = ngx_http_zoom_redis_grants_question(&put);

    if (put.failed) {
        ngx_log_error(NGX_LOG_ERR, ngx_http_zoom_redis_grants.log, 0,
                      "zoom: a grant could not be sealed: OpenSSL failed");
        return NGX_ERROR;
    }

    ngx_http_zoom_redis_grants.away =
        (ngx_http_zoom_redis_run(script, put.nkeys, put.args, put.n,
                                 ngx_http_zoom_redis_grants_asked, ask)
         == NULL);

    return ngx_http_zoom_redis_grants.away ? NGX_ERROR : NGX_OK;
}


/* Keys first, then arguments, as the script says. */

static ngx_http_zoom_redis_script_t *
ngx_http_zoom_redis_grants_question(ngx_http_zoom_grant_put_t *put)
{
    const ngx_http_zoom_grant_query_t  *q;

    q = put->q;

    switch (q->what) {

    case NGX_HTTP_ZOOM_GRANT_FIND:
        ngx_http_zoom_grant_named(put, q->name);
        ngx_http_zoom_grant_keys_end(put);
        ngx_http_zoom_grant_key(put, "grant:", NULL, 0);
        return &ngx_http_zoom_grant_find_script;

    case NGX_HTTP_ZOOM_GRANT_LIST:
        ngx_http_zoom_redis_grants_list(put);
        return &ngx_http_zoom_grant_list_script;

    case NGX_HTTP_ZOOM_GRANT_PUT:
        ngx_http_zoom_redis_grants_put(put);
        return &ngx_http_zoom_grant_put_script;

    case NGX_HTTP_ZOOM_GRANT_RESEAL:
        ngx_http_zoom_grant_reseal_page(put);
        return &ngx_http_zoom_grant_page_script;

    case NGX_HTTP_ZOOM_GRANT_COUNT:
        ngx_http_zoom_grant_key(put, "counts", NULL, 0);
        ngx_http_zoom_grant_keys_end(put);
        ngx_http_zoom_grant_arg(put, put->app, NGX_HTTP_ZOOM_GRANT_APP);
        return &ngx_http_zoom_grant_count_script;

    default:
        return ngx_http_zoom_redis_grants_one(put);
    }
}


/* About one grant that is known. */

static ngx_http_zoom_redis_script_t *
ngx_http_zoom_redis_grants_one(ngx_http_zoom_grant_put_t *put)
{
    const ngx_str_t                    *host;
    const ngx_http_zoom_grant_query_t  *q;

    q = put->q;
    host = ngx_http_zoom_redis_id();

    ngx_http_zoom_grant_key_of(put, "grant:", put->user);

    switch (q->what) {

    case NGX_HTTP_ZOOM_GRANT_READ:
        ngx_http_zoom_grant_key(put, "written", NULL, 0);
        ngx_http_zoom_grant_keys_end(put);

        ngx_http_zoom_grant_arg(put, host->data, q->lease ? host->len : 0);
        ngx_http_zoom_grant_text(put, NGX_HTTP_ZOOM_GRANT_TURN);
        ngx_http_zoom_grant_text(put, q->prove ? "1" : "");
        return &ngx_http_zoom_grant_read_script;

    case NGX_HTTP_ZOOM_GRANT_GIVE:
        ngx_http_zoom_grant_keys_end(put);
        ngx_http_zoom_grant_arg(put, host->data, host->len);
        return &ngx_http_zoom_grant_give_script;

    case NGX_HTTP_ZOOM_GRANT_FORGET:
        ngx_http_zoom_grant_key(put, "grants", NULL, 0);
        ngx_http_zoom_grant_key(put, "counts", NULL, 0);
        ngx_http_zoom_grant_named(put, q->user);
        ngx_http_zoom_grant_keys_end(put);

        ngx_http_zoom_grant_arg(put, put->app, NGX_HTTP_ZOOM_GRANT_APP);
        ngx_http_zoom_grant_key(put, "name:", NULL, 0);
        ngx_http_zoom_grant_arg(put, put->user, NGX_HTTP_ZOOM_GRANT_DIGEST);
        ngx_http_zoom_grant_member(put, "", NGX_HTTP_ZOOM_GRANT_DIGEST, "");
        return &ngx_http_zoom_grant_forget_script;

    default:
        break;
    }

    ngx_http_zoom_grant_key(put, "counts", NULL, 0);
    ngx_http_zoom_grant_keys_end(put);

    ngx_http_zoom_grant_arg(put, put->app, NGX_HTTP_ZOOM_GRANT_APP);
    ngx_http_zoom_grant_number(put, q->consent);

    if (q->what == NGX_HTTP_ZOOM_GRANT_ROTATE) {
        ngx_http_zoom_grant_number(put, q->turn);
        ngx_http_zoom_grant_seal(put, "token", q->token, q->len);
        ngx_http_zoom_grant_number(put, q->now);

    } else { /* END */
        ngx_http_zoom_grant_number(put, q->version);
    }

    ngx_http_zoom_grant_arg(put, host->data, host->len);

    return (q->what == NGX_HTTP_ZOOM_GRANT_ROTATE)
           ? &ngx_http_zoom_grant_rotate_script
           : &ngx_http_zoom_grant_end_script;
}


/* In the order of digests, which is none. */

static void
ngx_http_zoom_redis_grants_list(ngx_http_zoom_grant_put_t *put)
{
    ngx_http_zoom_grant_key(put, "grants", NULL, 0);
    ngx_http_zoom_grant_keys_end(put);

    ngx_http_zoom_grant_key(put, "grant:", NULL, 0);

    ngx_http_zoom_grant_member(put, "(", put->q->user[0]
                                         ? NGX_HTTP_ZOOM_GRANT_DIGEST : 0,
                               "");
    ngx_http_zoom_grant_member(put, "(", 0, "~");
    ngx_http_zoom_grant_number(put, NGX_HTTP_ZOOM_ROWS_MAX + 1);
}


static void
ngx_http_zoom_redis_grants_put(ngx_http_zoom_grant_put_t *put)
{
    int64_t                             consent;
    u_char                              name[NGX_HTTP_ZOOM_GRANT_DIGEST];
    const ngx_http_zoom_grant_query_t  *q;

    q = put->q;

    ngx_http_zoom_grant_key_of(put, "grant:", put->user);
    ngx_http_zoom_grant_key(put, "grants", NULL, 0);
    ngx_http_zoom_grant_key(put, "counts", NULL, 0);
    ngx_http_zoom_grant_named(put, q->user);
    ngx_http_zoom_grant_keys_end(put);

    ngx_http_zoom_grant_arg(put, put->app, NGX_HTTP_ZOOM_GRANT_APP);
    ngx_http_zoom_grant_key(put, "grant:", NULL, 0);
    ngx_http_zoom_grant_key(put, "name:", NULL, 0);
    ngx_http_zoom_grant_arg(put, put->user, NGX_HTTP_ZOOM_GRANT_DIGEST);
    ngx_http_zoom_grant_member(put, "", NGX_HTTP_ZOOM_GRANT_DIGEST, "");

    ngx_http_zoom_grant_seal(put, "user", q->user, ngx_strlen(q->user));
    ngx_http_zoom_grant_seal(put, "email", q->email, ngx_strlen(q->email));
    ngx_http_zoom_grant_seal(put, "token", q->token, q->len);

    put->failed |= (RAND_bytes((u_char *) &consent, sizeof(consent)) != 1);

    ngx_http_zoom_grant_number(put, consent & INT64_MAX);
    ngx_http_zoom_grant_number(put, q->now);

    ngx_http_zoom_grant_digest(put, name, q->email);
    ngx_http_zoom_grant_arg(put, name, q->email[0] ? sizeof(name) : 0);

    ngx_http_zoom_grant_digest(put, name, q->alias);
    ngx_http_zoom_grant_arg(put, name, q->alias[0] ? sizeof(name) : 0);
    ngx_http_zoom_grant_seal(put, "alias", q->alias, ngx_strlen(q->alias));

    ngx_http_zoom_grant_number(put, NGX_HTTP_ZOOM_NAMES_MAX);
}


static void
ngx_http_zoom_redis_grants_asked(void *data, const redisReply *reply)
{
    ngx_http_zoom_grants_ask_t  *ask = data;

    ask->query.rc = NGX_ERROR;

    ngx_http_zoom_redis_grants.away = (reply == NULL);

    if (reply && ngx_http_zoom_redis_grants.store
        && ask->query.what == NGX_HTTP_ZOOM_GRANT_RESEAL)
    {
        ask->query.rc = ngx_http_zoom_grant_reseal(&ask->query, reply,
                                         ngx_http_zoom_redis_grants_resealed,
                                                   ask);
        if (ask->query.rc == NGX_AGAIN) {
            return;
        }

    } else if (reply && ngx_http_zoom_redis_grants.store
               && reply->type == REDIS_REPLY_ARRAY)
    {
        ask->query.rc = ngx_http_zoom_grant_answer(&ask->query, reply);

    } else if (reply && ask->query.what == NGX_HTTP_ZOOM_GRANT_GIVE) {
        ask->query.rc = NGX_OK;
    }

    ngx_http_zoom_redis_grants_done(ask);
}


static void
ngx_http_zoom_redis_grants_resealed(void *data, ngx_int_t rc)
{
    ngx_http_zoom_grants_ask_t  *ask = data;

    ask->query.rc = rc;

    ngx_http_zoom_redis_grants_done(ask);
}


static void
ngx_http_zoom_redis_grants_done(ngx_http_zoom_grants_ask_t *ask)
{
    if (ask->handler && ngx_http_zoom_redis_grants.store == NULL) {
        ask->over = 1;
        return;
    }

    if (ask->handler) {
        ask->handler(ask);
    }

    ngx_http_zoom_grants_free(ask);
}


/* Other hosts change the numbers as well. */

static void
ngx_http_zoom_redis_grants_know(const u_char *app)
{
    ngx_uint_t                     i;
    ngx_http_zoom_redis_grants_t  *grants;

    grants = &ngx_http_zoom_redis_grants;

    for (i = 0; i < grants->napps; i++) {
        if (ngx_strcmp(grants->apps[i], app) == 0) {
            return;
        }
    }

    if (app[0] == '\0' || i == NGX_HTTP_ZOOM_GRANT_APPS) {
        return;
    }

    ngx_cpystrn(grants->apps[grants->napps++], (u_char *) app,
                NGX_HTTP_ZOOM_APP_MAX + 1);

    if (!grants->counts.timer_set && !ngx_exiting) {
        ngx_add_timer(&grants->counts, NGX_HTTP_ZOOM_GRANT_COUNTS);
    }
}


static void
ngx_http_zoom_redis_grants_recount(ngx_event_t *ev)
{
    ngx_uint_t                     i;
    ngx_http_zoom_grants_ask_t    *ask;
    ngx_http_zoom_redis_grants_t  *grants;

    if (ngx_exiting || ngx_quit || ngx_terminate) {
        return;
    }

    grants = &ngx_http_zoom_redis_grants;

    for (i = 0; i < grants->napps; i++) {
        ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_COUNT);

        if (ask) {
            ngx_cpystrn(ask->query.app, grants->apps[i],
                        sizeof(ask->query.app));
            (void) ngx_http_zoom_redis_grants_post(ask);
        }
    }

    ngx_add_timer(ev, NGX_HTTP_ZOOM_GRANT_COUNTS);
}

#else /* a zoom_store in Redis has been refused */

void
ngx_http_zoom_redis_grants_init(const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_log_t *log)
{
}


void
ngx_http_zoom_redis_grants_exit(void)
{
}


ngx_int_t
ngx_http_zoom_redis_grants_post(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_grants_free(ask);
    return NGX_ERROR;
}


const u_char *
ngx_http_zoom_redis_grants_trouble(void)
{
    return NULL;
}

#endif
