#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>

#include "ngx_http_zoom_redis_call.h"
#include "ngx_http_zoom_redis_error.h"
#include "ngx_http_zoom_timer.h"


/* seconds, between two lines in the log of errors that concern one call */

#define NGX_HTTP_ZOOM_REDIS_COMPLAIN  60


struct ngx_http_zoom_redis_call_s {
    ngx_queue_t                    queue;    /* in the order of sending */
    ngx_msec_t                     sent;
    char                          *command;
    size_t                         len;
    ngx_str_t                      key;      /* the first; behind it */
    ngx_http_zoom_redis_script_t  *script;
    ngx_http_zoom_redis_pt         handler;
    void                          *data;
    unsigned                       again:1;  /* sent again */
    unsigned                       vital:1;
};


typedef struct {
    ngx_queue_t                    queue;
    ngx_uint_t                     n;
    ngx_event_t                    timer;    /* of the oldest */
    ngx_http_zoom_redis_link_t    *link;
    ngx_http_zoom_fleet_t         *fleet;
} ngx_http_zoom_redis_calls_t;


static ngx_http_zoom_redis_call_t *ngx_http_zoom_redis_call_create(
    ngx_http_zoom_redis_script_t *script, ngx_uint_t nkeys,
    const ngx_str_t *args, ngx_uint_t n);
static ngx_int_t ngx_http_zoom_redis_sha(ngx_http_zoom_redis_script_t *script);
static void ngx_http_zoom_redis_replied(redisAsyncContext *ac, void *data,
    void *privdata);
static void ngx_http_zoom_redis_refused(ngx_http_zoom_redis_call_t *call,
    const redisReply *reply);
static ngx_int_t ngx_http_zoom_redis_again(ngx_http_zoom_redis_call_t *call);
static void ngx_http_zoom_redis_free(ngx_http_zoom_redis_call_t *call);
static void ngx_http_zoom_redis_arm(void);
static void ngx_http_zoom_redis_late(ngx_event_t *ev);


static ngx_http_zoom_redis_calls_t  ngx_http_zoom_redis_pending;


void
ngx_http_zoom_redis_calls_init(ngx_http_zoom_redis_link_t *link,
    ngx_http_zoom_fleet_t *fleet)
{
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;

    ngx_queue_init(&calls->queue);

    calls->n = 0;
    calls->link = link;
    calls->fleet = fleet;

    ngx_http_zoom_timer_init(&calls->timer, ngx_http_zoom_redis_late,
                             link->log);
}


void
ngx_http_zoom_redis_calls_stop(void)
{
    ngx_http_zoom_timer_stop(&ngx_http_zoom_redis_pending.timer);
}


ngx_uint_t
ngx_http_zoom_redis_calls(void)
{
    return ngx_http_zoom_redis_pending.n;
}


ngx_http_zoom_redis_call_t *
ngx_http_zoom_redis_send(ngx_http_zoom_redis_script_t *script,
    ngx_uint_t nkeys, const ngx_str_t *args, ngx_uint_t n,
    ngx_http_zoom_redis_pt handler, void *data)
{
    ngx_http_zoom_redis_call_t   *call;
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;

    if (calls->link->state != NGX_HTTP_ZOOM_REDIS_OPEN
        || n > NGX_HTTP_ZOOM_REDIS_ARGS_MAX || nkeys > n || nkeys == 0
        || ngx_http_zoom_redis_sha(script) != NGX_OK)
    {
        return NULL;
    }

    call = ngx_http_zoom_redis_call_create(script, nkeys, args, n);
    if (call == NULL) {
        return NULL;
    }

    call->handler = handler;
    call->data = data;

    ngx_queue_insert_tail(&calls->queue, &call->queue);
    calls->n++;

    if (redisAsyncFormattedCommand(calls->link->ac,
                                   ngx_http_zoom_redis_replied, call,
                                   call->command, call->len)
        != REDIS_OK)
    {
        ngx_http_zoom_redis_free(call);
        return NULL;
    }

    ngx_http_zoom_redis_arm();

    return call;
}


static ngx_http_zoom_redis_call_t *
ngx_http_zoom_redis_call_create(ngx_http_zoom_redis_script_t *script,
    ngx_uint_t nkeys, const ngx_str_t *args, ngx_uint_t n)
{
    int                          len;
    size_t                       lens[NGX_HTTP_ZOOM_REDIS_ARGS_MAX + 3];
    ngx_uint_t                   i;
    const char                  *argv[NGX_HTTP_ZOOM_REDIS_ARGS_MAX + 3];
    u_char                       keys[NGX_INT_T_LEN];
    ngx_http_zoom_redis_call_t  *call;

    call = ngx_calloc(sizeof(ngx_http_zoom_redis_call_t) + args[0].len,
                      ngx_http_zoom_redis_pending.link->log);
    if (call == NULL) {
        return NULL;
    }

    call->key.data = (u_char *) call + sizeof(ngx_http_zoom_redis_call_t);
    call->key.len = args[0].len;
    ngx_memcpy(call->key.data, args[0].data, args[0].len);

    argv[0] = "EVALSHA";
    lens[0] = sizeof("EVALSHA") - 1;
    argv[1] = (char *) script->sha;
    lens[1] = NGX_HTTP_ZOOM_REDIS_SHA_LEN;
    argv[2] = (char *) keys;
    lens[2] = ngx_sprintf(keys, "%ui", nkeys) - keys;

    for (i = 0; i < n; i++) {
        argv[i + 3] = args[i].len ? (char *) args[i].data : "";
        lens[i + 3] = args[i].len;
    }

    len = redisFormatCommandArgv(&call->command, n + 3, argv, lens);

    if (len < 0) {
        ngx_free(call);
        return NULL;
    }

    call->len = len;
    call->script = script;
    call->sent = ngx_current_msec;

    return call;
}


static ngx_int_t
ngx_http_zoom_redis_sha(ngx_http_zoom_redis_script_t *script)
{
    unsigned int  len;
    u_char        md[EVP_MAX_MD_SIZE];

    if (script->sha[0]) {
        return NGX_OK;
    }

    if (EVP_Digest(script->text, ngx_strlen(script->text), md, &len,
                   EVP_sha1(), NULL)
        != 1)
    {
        return NGX_ERROR;
    }

    ngx_hex_dump(script->sha, md, NGX_HTTP_ZOOM_REDIS_SHA_LEN / 2);

    return NGX_OK;
}


static void
ngx_http_zoom_redis_replied(redisAsyncContext *ac, void *data, void *privdata)
{
    redisReply                   *reply;
    ngx_http_zoom_redis_pt        handler;
    ngx_http_zoom_redis_call_t   *call;
    ngx_http_zoom_redis_calls_t  *calls;

    reply = data;
    call = privdata;
    calls = &ngx_http_zoom_redis_pending;

    if (reply && reply->type == REDIS_REPLY_ERROR) {

        if (ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
            && ngx_http_zoom_redis_again(call) == NGX_OK)
        {
            return;
        }

        ngx_http_zoom_redis_refused(call, reply);
        reply = NULL;

    } else if (reply == NULL) {
        ngx_http_zoom_redis_link_ends(calls->link);
    }

    ngx_http_zoom_count_fleet(*(reply ? &calls->fleet->trips
                                      : &calls->fleet->failures));

    handler = call->handler;
    data = call->data;

    ngx_http_zoom_redis_free(call);

    if (handler) {
        handler(data, reply);
    }
}


/*
 * If it is of the store as a whole, others fare no better.  One of a key, or of
 * one script, is no reason to do without the store.
 */

static void
ngx_http_zoom_redis_refused(ngx_http_zoom_redis_call_t *call,
    const redisReply *reply)
{
    time_t                        now;
    u_char                        text[NGX_HTTP_ZOOM_REDIS_REASON_MAX];
    ngx_atomic_uint_t             told;
    ngx_http_zoom_fleet_t        *fleet;
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;
    fleet = calls->fleet;

    if (call->vital
        || ngx_http_zoom_redis_error_whole(reply->str, reply->len))
    {
        ngx_http_zoom_redis_link_break(calls->link, reply->str, reply->len);
        return;
    }

    ngx_http_zoom_count_fleet(fleet->errors);

    now = ngx_time();
    told = fleet->complained;

    if (now - (time_t) told < NGX_HTTP_ZOOM_REDIS_COMPLAIN
        || !ngx_atomic_cmp_set(&fleet->complained, told, now))
    {
        return;
    }

    ngx_http_zoom_redis_error_text(text, sizeof(text), reply->str, reply->len);

    ngx_log_error(NGX_LOG_ERR, calls->link->log, 0,
                  "zoom: the store \"%V\" answered a question about \"%V\" "
                  "with \"%s\", so that this host did without an answer: %s",
                  &calls->link->conf->url, &call->key, text,
                  ngx_http_zoom_redis_error_advice(text));
}


/* It was started anew, or another one took over: it gets the script. */

static ngx_int_t
ngx_http_zoom_redis_again(ngx_http_zoom_redis_call_t *call)
{
    redisAsyncContext            *ac;
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;
    ac = calls->link->ac;

    if (call->again || ac == NULL
        || calls->link->state != NGX_HTTP_ZOOM_REDIS_OPEN)
    {
        return NGX_ERROR;
    }

    call->again = 1;

    if (redisAsyncCommand(ac, NULL, NULL, "SCRIPT LOAD %s", call->script->text)
        != REDIS_OK
        || redisAsyncFormattedCommand(ac, ngx_http_zoom_redis_replied, call,
                                      call->command, call->len)
           != REDIS_OK)
    {
        return NGX_ERROR;
    }

    /* the last in line now, with what it had of its time */

    ngx_queue_remove(&call->queue);
    ngx_queue_insert_tail(&calls->queue, &call->queue);

    return NGX_OK;
}


void
ngx_http_zoom_redis_vital(ngx_http_zoom_redis_call_t *call)
{
    call->vital = 1;
}


void
ngx_http_zoom_redis_leave(ngx_http_zoom_redis_call_t *call)
{
    call->handler = NULL;
}


static void
ngx_http_zoom_redis_free(ngx_http_zoom_redis_call_t *call)
{
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;

    ngx_queue_remove(&call->queue);
    calls->n--;

    /* a worker that quits waits for answers, not for the time they had */

    if (calls->n == 0) {
        ngx_http_zoom_timer_stop(&calls->timer);
    }

    redisFreeCommand(call->command);
    ngx_free(call);
}


static void
ngx_http_zoom_redis_arm(void)
{
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;

    if (!calls->timer.timer_set) {
        ngx_add_timer(&calls->timer, calls->link->conf->timeout);
    }
}


/* Replies come in order: the oldest tells of all. */

static void
ngx_http_zoom_redis_late(ngx_event_t *ev)
{
    ngx_msec_t                    timeout;
    ngx_msec_int_t                left;
    ngx_http_zoom_redis_call_t   *call;
    ngx_http_zoom_redis_calls_t  *calls;

    calls = &ngx_http_zoom_redis_pending;

    if (ngx_queue_empty(&calls->queue)) {
        return;
    }

    timeout = calls->link->conf->timeout;
    call = ngx_queue_data(ngx_queue_head(&calls->queue),
                          ngx_http_zoom_redis_call_t, queue);

    left = call->sent + timeout - ngx_current_msec;

    if (left > 0) {
        ngx_add_timer(&calls->timer, left);
        return;
    }

    ngx_http_zoom_redis_link_late(calls->link);
}

#endif
