/*
 * Two lanes, one for those who read and one for those who write, each with a
 * connection of its own and at most one thread at work: others wait in line
 * here rather than in nginx's pool, and those that write go to the disk
 * together.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <openssl/crypto.h>

#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_redis_grants.h"
#include "ngx_http_zoom_store_conf.h"
#include "ngx_http_zoom_timer.h"


static ngx_int_t ngx_http_zoom_lanes_init(
    const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_atomic_t *unwritten,
    ngx_log_t *log);
static void ngx_http_zoom_lanes_exit(void);
static ngx_int_t ngx_http_zoom_lanes_post(ngx_http_zoom_grants_ask_t *ask);
static const u_char *ngx_http_zoom_lanes_trouble(void);


static ngx_uint_t  ngx_http_zoom_grants_remote;   /* in Redis */


#if (NGX_THREADS)

#define NGX_HTTP_ZOOM_GRANTS_BATCH   64
#define NGX_HTTP_ZOOM_GRANTS_MAX     4096        /* in line */

/* milliseconds */

#define NGX_HTTP_ZOOM_GRANTS_AGAIN   1000        /* to open it */
#define NGX_HTTP_ZOOM_GRANTS_TELL    60000       /* of the same trouble */
#define NGX_HTTP_ZOOM_GRANTS_WATCH   3600000


typedef struct {
    ngx_http_zoom_sqlite_t       sqlite;
    ngx_thread_task_t           *task;
    ngx_queue_t                  waiting;    /* ngx_http_zoom_grants_ask_t */
    ngx_uint_t                   nwaiting;

    ngx_http_zoom_grants_ask_t  *asks[NGX_HTTP_ZOOM_GRANTS_BATCH];
    ngx_uint_t                   nasks;      /* in the thread */

    ngx_event_t                  event;      /* keeps a worker until it is
                                                done */
    ngx_msec_t                   again;      /* to be opened, not before */
    ngx_msec_t                   told;
    u_char                       trouble[NGX_HTTP_ZOOM_REASON_MAX];
    unsigned                     busy:1;
    unsigned                     tried:1;
} ngx_http_zoom_lane_t;


static ngx_int_t ngx_http_zoom_lane_init(ngx_http_zoom_lane_t *lane,
    const ngx_http_zoom_store_conf_t *store);
static void ngx_http_zoom_lane_go(ngx_http_zoom_lane_t *lane);
static void ngx_http_zoom_lane_work(void *data, ngx_log_t *log);
static void ngx_http_zoom_lane_query(ngx_http_zoom_lane_t *lane);
static void ngx_http_zoom_lane_worked(ngx_event_t *ev);
static void ngx_http_zoom_lane_tell(ngx_http_zoom_lane_t *lane);
static void ngx_http_zoom_lane_answer(ngx_http_zoom_lane_t *lane);
static void ngx_http_zoom_lane_watch(ngx_event_t *ev);


/* READ and WRITE */

static ngx_http_zoom_lane_t           *ngx_http_zoom_lanes;
static ngx_thread_pool_t              *ngx_http_zoom_lanes_threads;
static ngx_http_zoom_grants_count_pt   ngx_http_zoom_lanes_counted;
static ngx_atomic_t                   *ngx_http_zoom_lanes_unwritten;
static ngx_log_t                      *ngx_http_zoom_lanes_log;


static ngx_int_t
ngx_http_zoom_lanes_init(const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_atomic_t *unwritten,
    ngx_log_t *log)
{
    ngx_http_zoom_lanes = ngx_calloc(2 * sizeof(ngx_http_zoom_lane_t), log);
    if (ngx_http_zoom_lanes == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_lanes_threads = store->thread_pool;
    ngx_http_zoom_lanes_counted = counted;
    ngx_http_zoom_lanes_unwritten = unwritten;
    ngx_http_zoom_lanes_log = log;

    if (ngx_http_zoom_lane_init(&ngx_http_zoom_lanes[0], store) != NGX_OK
        || ngx_http_zoom_lane_init(&ngx_http_zoom_lanes[1], store) != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* so that what is wrong with it shows at the start */

    ngx_http_zoom_lane_go(&ngx_http_zoom_lanes[1]);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_lane_init(ngx_http_zoom_lane_t *lane,
    const ngx_http_zoom_store_conf_t *store)
{
    lane->sqlite.path = (char *) store->path.data;
    lane->sqlite.seal = store->sealing;

    ngx_queue_init(&lane->waiting);

    ngx_http_zoom_timer_init(&lane->event, ngx_http_zoom_lane_watch,
                             ngx_http_zoom_lanes_log);

    lane->task = ngx_thread_task_alloc(ngx_cycle->pool, sizeof(void *));
    if (lane->task == NULL) {
        return NGX_ERROR;
    }

    *(ngx_http_zoom_lane_t **) lane->task->ctx = lane;

    lane->task->handler = ngx_http_zoom_lane_work;
    lane->task->event.handler = ngx_http_zoom_lane_worked;
    lane->task->event.data = lane;
    lane->task->event.log = ngx_http_zoom_lanes_log;

    return NGX_OK;
}


/* nginx has ended its threads by now, after all that was in line there. */

static void
ngx_http_zoom_lanes_exit(void)
{
    ngx_uint_t             i;
    ngx_http_zoom_lane_t  *lane;

    if (ngx_http_zoom_lanes == NULL) {
        return;
    }

    for (i = 0; i < 2; i++) {
        lane = &ngx_http_zoom_lanes[i];

        ngx_http_zoom_timer_stop(&lane->event);
        ngx_http_zoom_sqlite_close(&lane->sqlite);
    }

    ngx_free(ngx_http_zoom_lanes);
    ngx_http_zoom_lanes = NULL;
}


static ngx_int_t
ngx_http_zoom_lanes_post(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_lane_t  *lane;

    if (ngx_http_zoom_lanes == NULL) {
        ngx_http_zoom_grants_free(ask);
        return NGX_ERROR;
    }

    if (ask->query.what == NGX_HTTP_ZOOM_GRANT_READ
        && *ngx_http_zoom_lanes_unwritten)
    {
        ask->query.prove = 1;
    }

    lane = &ngx_http_zoom_lanes[!ngx_http_zoom_grant_reads(&ask->query)];

    if (lane->nwaiting == NGX_HTTP_ZOOM_GRANTS_MAX) {
        ngx_http_zoom_grants_free(ask);
        return NGX_ERROR;
    }

    ngx_queue_insert_tail(&lane->waiting, &ask->queue);
    lane->nwaiting++;

    ngx_http_zoom_lane_go(lane);

    return NGX_OK;
}


static void
ngx_http_zoom_lane_go(ngx_http_zoom_lane_t *lane)
{
    ngx_queue_t  *q, *next;

    if (lane->busy) {
        return;
    }

    for (q = ngx_queue_head(&lane->waiting);
         q != ngx_queue_sentinel(&lane->waiting)
         && lane->nasks < NGX_HTTP_ZOOM_GRANTS_BATCH;
         q = next)
    {
        next = ngx_queue_next(q);

        ngx_queue_remove(q);
        lane->nwaiting--;

        lane->asks[lane->nasks++] = ngx_queue_data(q,
                                           ngx_http_zoom_grants_ask_t, queue);
    }

    lane->busy = 1;

    /* this is what a worker that quits waits for */

    ngx_add_timer(&lane->event, NGX_HTTP_ZOOM_GRANTS_WATCH);

    lane->tried = (lane->sqlite.db == NULL
                   && (lane->again == 0
                       || (ngx_msec_int_t) (ngx_current_msec - lane->again)
                          >= 0));

    if (ngx_thread_task_post(ngx_http_zoom_lanes_threads, lane->task)
        != NGX_OK)
    {
        ngx_http_zoom_lane_worked(&lane->task->event);
    }
}


/* In a thread. */

static void
ngx_http_zoom_lane_work(void *data, ngx_log_t *log)
{
    ngx_http_zoom_lane_query(*(ngx_http_zoom_lane_t **) data);

    /*
     * What OpenSSL keeps for a thread it frees when the thread ends, while a
     * worker that exits frees the same in its own.
     */

    OPENSSL_thread_stop();
}


static void
ngx_http_zoom_lane_query(ngx_http_zoom_lane_t *lane)
{
    ngx_uint_t                    i;
    ngx_http_zoom_grant_query_t  *queries[NGX_HTTP_ZOOM_GRANTS_BATCH];

    for (i = 0; i < lane->nasks; i++) {
        queries[i] = &lane->asks[i]->query;
        queries[i]->rc = NGX_ERROR;
    }

    if (lane->sqlite.db == NULL
        && (!lane->tried
            || ngx_http_zoom_sqlite_open(&lane->sqlite) != NGX_OK))
    {
        return;
    }

    if (lane->nasks) {
        ngx_http_zoom_sqlite_query(&lane->sqlite, queries, lane->nasks);
    }
}


static void
ngx_http_zoom_lane_worked(ngx_event_t *ev)
{
    ngx_http_zoom_lane_t  *lane;

    lane = ev->data;

    ngx_http_zoom_timer_stop(&lane->event);

    if (lane->tried && lane->sqlite.db == NULL) {
        lane->again = ngx_current_msec + NGX_HTTP_ZOOM_GRANTS_AGAIN;
    }

    ngx_http_zoom_lane_tell(lane);

    if (lane->sqlite.db && lane->sqlite.ncounts) {
        ngx_http_zoom_lanes_counted(lane->sqlite.counts,
                                    lane->sqlite.ncounts);
    }

    ngx_http_zoom_lane_answer(lane);

    /* "busy" until here: what follows from an answer joins the line */

    lane->busy = 0;

    if (!ngx_queue_empty(&lane->waiting)) {
        ngx_http_zoom_lane_go(lane);
    }
}


static void
ngx_http_zoom_lane_tell(ngx_http_zoom_lane_t *lane)
{
    ngx_http_zoom_sqlite_t  *sqlite;

    sqlite = &lane->sqlite;

    if (lane == &ngx_http_zoom_lanes[1]) {

        if (sqlite->reason[0]) {
            *ngx_http_zoom_lanes_unwritten = 1;

        } else if (sqlite->db && lane->nasks) {
            *ngx_http_zoom_lanes_unwritten = 0;
        }
    }

    if (sqlite->reason[0] == '\0') {

        if (lane->trouble[0] && sqlite->db && lane->nasks) {
            lane->trouble[0] = '\0';

            ngx_log_error(NGX_LOG_NOTICE, ngx_http_zoom_lanes_log, 0,
                          "zoom: the store \"%s\" works again", sqlite->path);
        }

        return;
    }

    if (ngx_strcmp(lane->trouble, sqlite->reason) != 0
        || ngx_current_msec - lane->told >= NGX_HTTP_ZOOM_GRANTS_TELL)
    {
        lane->told = ngx_current_msec;

        ngx_cpystrn(lane->trouble, sqlite->reason, sizeof(lane->trouble));

        ngx_log_error(NGX_LOG_ERR, ngx_http_zoom_lanes_log, 0,
                      "zoom: the store \"%s\" %s%s%s", sqlite->path,
                      sqlite->reason, sqlite->advice ? ": " : "",
                      sqlite->advice ? sqlite->advice : "");
    }

    sqlite->reason[0] = '\0';
}


static void
ngx_http_zoom_lane_answer(ngx_http_zoom_lane_t *lane)
{
    ngx_uint_t                   i, n;
    ngx_http_zoom_grants_ask_t  *ask;

    n = lane->nasks;

    for (i = 0; i < n; i++) {
        ask = lane->asks[i];

        if (ask->handler) {
            ask->handler(ask);
        }

        ngx_http_zoom_grants_free(ask);
    }

    lane->nasks = 0;
}


static void
ngx_http_zoom_lane_watch(ngx_event_t *ev)
{
    /* the disk hangs, and so does the thread */

    ngx_add_timer(ev, NGX_HTTP_ZOOM_GRANTS_WATCH);
}


static const u_char *
ngx_http_zoom_lanes_trouble(void)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_zoom_lanes && i < 2; i++) {
        if (ngx_http_zoom_lanes[i].trouble[0]) {
            return ngx_http_zoom_lanes[i].trouble;
        }
    }

    return NULL;
}

#else /* "nginx -t" has refused a zoom_store */

static ngx_int_t
ngx_http_zoom_lanes_init(const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_atomic_t *unwritten,
    ngx_log_t *log)
{
    return NGX_OK;
}


static void
ngx_http_zoom_lanes_exit(void)
{
}


static ngx_int_t
ngx_http_zoom_lanes_post(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_grants_free(ask);
    return NGX_ERROR;
}


static const u_char *
ngx_http_zoom_lanes_trouble(void)
{
    return NULL;
}

#endif


ngx_int_t
ngx_http_zoom_grants_init_process(const ngx_http_zoom_store_conf_t *store,
    ngx_http_zoom_grants_count_pt counted, ngx_atomic_t *unwritten,
    ngx_log_t *log)
{
    ngx_http_zoom_grants_remote = (store && store->redis);

    if (store == NULL) {
        return NGX_OK;
    }

    if (ngx_http_zoom_grants_remote) {
        ngx_http_zoom_redis_grants_init(store, counted, log);
        return NGX_OK;
    }

    return ngx_http_zoom_lanes_init(store, counted, unwritten, log);
}


void
ngx_http_zoom_grants_exit_process(void)
{
    if (ngx_http_zoom_grants_remote) {
        ngx_http_zoom_redis_grants_exit();

    } else {
        ngx_http_zoom_lanes_exit();
    }
}


ngx_int_t
ngx_http_zoom_grants_post(ngx_http_zoom_grants_ask_t *ask)
{
    return ngx_http_zoom_grants_remote ? ngx_http_zoom_redis_grants_post(ask)
                                       : ngx_http_zoom_lanes_post(ask);
}


const u_char *
ngx_http_zoom_grants_trouble(void)
{
    return ngx_http_zoom_grants_remote ? ngx_http_zoom_redis_grants_trouble()
                                       : ngx_http_zoom_lanes_trouble();
}


ngx_uint_t
ngx_http_zoom_grants_shared(void)
{
    return ngx_http_zoom_grants_remote;
}


ngx_http_zoom_grants_ask_t *
ngx_http_zoom_grants_ask(ngx_http_zoom_grant_op_e what)
{
    ngx_http_zoom_grants_ask_t  *ask;

    ask = ngx_calloc(sizeof(ngx_http_zoom_grants_ask_t), ngx_cycle->log);

    if (ask) {
        ask->query.what = what;
        ask->query.now = ngx_time();
    }

    return ask;
}


void
ngx_http_zoom_grants_leave(ngx_http_zoom_grants_ask_t *ask)
{
    ask->handler = NULL;

    if (ask->over) {
        ngx_http_zoom_grants_free(ask);
    }
}


void
ngx_http_zoom_grants_free(ngx_http_zoom_grants_ask_t *ask)
{
    /* calloc()ed in a thread, where nginx's allocator has no log */

    free(ask->query.rows);

    ngx_explicit_memzero(ask, sizeof(ngx_http_zoom_grants_ask_t));
    ngx_free(ask);
}
