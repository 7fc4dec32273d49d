/*
 * Any request to Zoom's REST API.
 *
 *     turn -> ticket -> access token -> exchange -> judge -> again, or done
 *
 * A request that Zoom refused unseen (401, 429) is sent again, whatever it is;
 * one that may have been executed only if doing it twice is as good as once.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_oauth.h"
#include "zoom_response.h"


#define NGX_HTTP_ZOOM_API_CALL_BEARER     (ZOOM_ACCESS_TOKEN_MAX + 16)

/* as with tokens: full jitter, and what is not worth its cost to Zoom */

#define NGX_HTTP_ZOOM_API_CALL_JITTER     250
#define NGX_HTTP_ZOOM_API_CALL_LEAST      1000
#define NGX_HTTP_ZOOM_API_CALL_TRIES      5


static void ngx_http_zoom_api_call_next(ngx_http_zoom_api_call_t *req);
static ngx_int_t ngx_http_zoom_api_call_turn(ngx_http_zoom_api_call_t *req,
    ngx_msec_t *wait);
static ngx_http_zoom_api_call_t *ngx_http_zoom_api_call_first(
    const ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_call_leave(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_call_access(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_call_have_access(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_api_call_send(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_call_sending(ngx_http_zoom_exchange_t *f);
static void ngx_http_zoom_api_call_answered(ngx_http_zoom_exchange_t *f);
static ngx_uint_t ngx_http_zoom_api_call_refresh(ngx_http_zoom_api_call_t *req);
static ngx_uint_t ngx_http_zoom_api_call_pause(ngx_http_zoom_api_call_t *req,
    ngx_msec_t delay);
static void ngx_http_zoom_api_call_take(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_call_again(ngx_event_t *ev);
static void ngx_http_zoom_api_call_fail(ngx_http_zoom_api_call_t *req,
    zoom_error_e error, const char *reason, ngx_msec_t wait);
static void ngx_http_zoom_api_call_done(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_call_wipe(ngx_http_zoom_api_call_t *req);
static ngx_uint_t ngx_http_zoom_api_call_safe(
    const ngx_http_zoom_api_call_t *req);
static ngx_msec_int_t ngx_http_zoom_api_call_left(
    const ngx_http_zoom_api_call_t *req);


/* Those that wait for a turn in this worker, in the order they came. */

static ngx_queue_t  ngx_http_zoom_api_calls = {
    &ngx_http_zoom_api_calls, &ngx_http_zoom_api_calls
};


void
ngx_http_zoom_api_call(ngx_http_zoom_api_call_t *req)
{
    req->wa = ngx_http_zoom_worker_account(req->account);
    req->busy = 1;

    ngx_http_zoom_timer_init(&req->timer, ngx_http_zoom_api_call_again,
                             ngx_cycle->log);

    /* never from inside this call */

    ngx_post_event(&req->timer, &ngx_posted_events);
}


void
ngx_http_zoom_api_call_cancel(ngx_http_zoom_api_call_t *req)
{
    if (!req->busy) {
        return;
    }

    req->busy = 0;

    ngx_http_zoom_timer_stop(&req->timer);
    ngx_http_zoom_broker_cancel(&req->access);
    ngx_http_zoom_http_client_cancel(&req->fetch);
    ngx_http_zoom_api_call_wipe(req);
    ngx_http_zoom_api_call_leave(req);
}


/* A try, from its slot on. */

static void
ngx_http_zoom_api_call_next(ngx_http_zoom_api_call_t *req)
{
    ngx_int_t       rc;
    ngx_msec_t      wait;
    ngx_msec_int_t  left;

    left = ngx_http_zoom_api_call_left(req);

    if (req->wa == NULL) {
        ngx_http_zoom_api_call_fail(req, ZOOM_E_INTERNAL, NULL, 0);
        return;
    }

    if (left <= 0) {
        ngx_http_zoom_api_call_fail(req, req->queued ? ZOOM_E_RATE_LIMITED
                                                    : ZOOM_E_TIMEOUT,
                                    NULL, 1000);
        return;
    }

    wait = 0;

    if (req->ticket.taken) {
        rc = ngx_http_zoom_slot_due(&req->ticket, req->wa, left, &wait);

    } else if (ngx_http_zoom_api_call_turn(req, &wait) == NGX_OK) {
        rc = ngx_http_zoom_slot_reserve(&req->ticket, req->wa, req->label,
                                        left, &wait);

    } else {
        rc = NGX_AGAIN;
    }

    if (rc == NGX_OK) {
        ngx_http_zoom_api_call_access(req);
        return;
    }

    if (rc == NGX_DECLINED) {
        ngx_http_zoom_api_call_fail(req, ZOOM_E_RATE_LIMITED, NULL, wait);
        return;
    }

    ngx_add_timer(&req->timer, ngx_min(ngx_max(wait, 1), (ngx_msec_t) left));
}


/*
 * NGX_OK: it may take a ticket.  Of those that may not yet the first in line
 * looks again after "*wait"; all others have time till they are first.
 */

static ngx_int_t
ngx_http_zoom_api_call_turn(ngx_http_zoom_api_call_t *req, ngx_msec_t *wait)
{
    ngx_http_zoom_worker_account_t  *wa;

    wa = req->wa;

    if (wa->account->dry_run) {
        return NGX_OK;
    }

    if (!req->queued) {
        req->queued = 1;
        ngx_queue_insert_tail(&ngx_http_zoom_api_calls, &req->queue);
    }

    if (ngx_http_zoom_api_call_first(req) != req) {
        *wait = NGX_MAX_INT32_VALUE;
        return NGX_AGAIN;
    }

    if (ngx_http_zoom_quota_turn(wa->zone, wa->quota, req->label,
                                 &wa->rates[req->label], wait)
        != NGX_OK)
    {
        return NGX_AGAIN;
    }

    ngx_http_zoom_api_call_leave(req);

    return NGX_OK;
}


/* The first in line for the same limit. */

static ngx_http_zoom_api_call_t *
ngx_http_zoom_api_call_first(const ngx_http_zoom_api_call_t *req)
{
    ngx_queue_t               *q;
    ngx_http_zoom_api_call_t  *other;

    for (q = ngx_queue_head(&ngx_http_zoom_api_calls);
         q != ngx_queue_sentinel(&ngx_http_zoom_api_calls);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_http_zoom_api_call_t, queue);

        if (other->wa->quota == req->wa->quota
            && other->label == req->label)
        {
            return other;
        }
    }

    return NULL;
}


static void
ngx_http_zoom_api_call_leave(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_api_call_t  *first;

    if (!req->queued) {
        return;
    }

    req->queued = 0;
    ngx_queue_remove(&req->queue);

    first = ngx_http_zoom_api_call_first(req);

    if (first && !first->timer.posted) {
        ngx_http_zoom_timer_stop(&first->timer);
        ngx_post_event(&first->timer, &ngx_posted_events);
    }
}


static void
ngx_http_zoom_api_call_access(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_ask_t  *ask;

    ask = &req->access;

    ngx_memzero(ask, sizeof(ngx_http_zoom_ask_t));

    ask->account = req->account;
    ask->kind = NGX_HTTP_ZOOM_OAUTH;
    ask->deadline = req->deadline;
    ask->pool = req->pool;
    ask->handler = ngx_http_zoom_api_call_have_access;
    ask->data = req;

    if (ngx_http_zoom_broker_ask(ask) == NGX_OK) {
        ngx_http_zoom_api_call_have_access(ask);
    }
}


static void
ngx_http_zoom_api_call_have_access(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_api_call_t  *req;

    req = ask->data;

    if (ask->error == ZOOM_OK) {
        ngx_http_zoom_api_call_send(req);
        return;
    }

    ngx_memcpy(req->tracking_id, ask->tracking_id, sizeof(req->tracking_id));

    ngx_http_zoom_api_call_fail(req, ask->error, NULL, ask->retry_after * 1000);
}


static void
ngx_http_zoom_api_call_send(ngx_http_zoom_api_call_t *req)
{
    ngx_int_t                  rc;
    zoom_buf_t                 b;
    ngx_http_zoom_exchange_t  *f;
    u_char                     buf[NGX_HTTP_ZOOM_API_CALL_BEARER];

    zoom_buf_init(&b, buf, sizeof(buf));
    zoom_buf_c(&b, "Bearer ");
    zoom_buf_add(&b, req->access.token.data, req->access.token.len);

    ngx_http_zoom_api_call_wipe(req);

    f = &req->fetch;
    ngx_memzero(f, sizeof(ngx_http_zoom_exchange_t));

    f->origin = &req->account->api;
    f->path = req->path;
    f->authorization.data = b.data;
    f->authorization.len = b.len;
    f->method = req->method;
    f->body = req->body;
    f->json = 1;
    f->body_max = NGX_HTTP_ZOOM_API_CALL_ANSWER_MAX;

    if (req->answer_max) {
        f->body_max = ngx_min(f->body_max, req->answer_max);
    }

    f->once = !ngx_http_zoom_api_call_safe(req);
    f->timeout = ngx_http_zoom_api_call_left(req);
    f->handler = ngx_http_zoom_api_call_answered;
    f->sending = ngx_http_zoom_api_call_sending;
    f->data = req;
    f->log = ngx_cycle->log;

    req->tries++;

    rc = b.overflow ? NGX_ERROR
        : ngx_http_zoom_http_client_send(req->wa->client, f);

    ngx_explicit_memzero(buf, b.len);

    if (rc == NGX_BUSY) {
        ngx_http_zoom_api_call_fail(req, ZOOM_E_OVERLOADED, "too many requests "
                                    "are waiting for a connection", 1000);

    } else if (rc != NGX_OK) {
        ngx_http_zoom_api_call_fail(req, ZOOM_E_INTERNAL,
                                    "could not start a request", 0);
    }
}


static void
ngx_http_zoom_api_call_sending(ngx_http_zoom_exchange_t *f)
{
    ngx_http_zoom_api_call_t  *req;

    req = f->data;

    ngx_http_zoom_slot_sent(&req->ticket, req->wa);
    ngx_http_zoom_count(&req->wa->state->scripts);
}


static void
ngx_http_zoom_api_call_answered(ngx_http_zoom_exchange_t *f)
{
    ngx_msec_t                 wait;
    zoom_verdict_t             j;
    ngx_http_zoom_api_call_t  *req;

    req = f->data;
    wait = 1 + ngx_random() % (NGX_HTTP_ZOOM_API_CALL_JITTER
                               << ngx_min(req->tries, 3));

    if (f->too_large) {
        ngx_http_zoom_api_call_fail(req, ZOOM_E_ZOOM_INVALID, f->reason, 0);
        return;
    }

    if (f->rc != NGX_OK) {

        if ((f->queued || ngx_http_zoom_api_call_safe(req))
            && ngx_http_zoom_api_call_pause(req, wait))
        {
            return;
        }

        ngx_http_zoom_api_call_fail(req, f->queued ? ZOOM_E_OVERLOADED
                                                  : ZOOM_E_ZOOM_UNAVAILABLE,
                                    f->reason, 1000);
        return;
    }

    if (f->answer.status >= 400) {
        ngx_memzero(&j, sizeof(zoom_verdict_t));
        zoom_api_classify_error(&f->answer, ngx_time(), &j);

        if (j.verdict == ZOOM_REFRESH && ngx_http_zoom_api_call_refresh(req)) {
            return;
        }

        if (f->answer.status == NGX_HTTP_TOO_MANY_REQUESTS) {
            wait = ngx_min(ngx_max(j.wait, 1) * 1000,
                           NGX_HTTP_ZOOM_CLOSE_MAX);

            ngx_http_zoom_slot_close(&req->ticket, req->wa, wait);
            ngx_http_zoom_count(&req->wa->state->refused);

            if (ngx_http_zoom_api_call_pause(req, wait)) {
                return;
            }
        }

        if (f->answer.status >= 500 && ngx_http_zoom_api_call_safe(req)
            && ngx_http_zoom_api_call_pause(req, wait))
        {
            return;
        }
    }

    ngx_http_zoom_api_call_take(req);
}


/* 1: another try is under way, with another access token. */

static ngx_uint_t
ngx_http_zoom_api_call_refresh(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    /* unless somebody else has renewed it by now */

    if (req->refreshed
        || ngx_http_zoom_key_access(&key, req->account) != NGX_OK
        || ngx_http_zoom_publish_refuse(req->wa->zone, &key,
                                        req->access.published,
                                        req->wa->state)
           != NGX_OK)
    {
        return 0;
    }

    req->refreshed = 1;

    ngx_http_zoom_count(&req->wa->state->refreshes);

    return ngx_http_zoom_api_call_pause(req, 1);
}


/* 1: there is time for another try. */

static ngx_uint_t
ngx_http_zoom_api_call_pause(ngx_http_zoom_api_call_t *req, ngx_msec_t delay)
{
    if (req->tries >= NGX_HTTP_ZOOM_API_CALL_TRIES
        || ngx_http_zoom_api_call_left(req) - (ngx_msec_int_t) delay
           < NGX_HTTP_ZOOM_API_CALL_LEAST)
    {
        return 0;
    }

    ngx_http_zoom_count(&req->wa->state->retries);

    ngx_add_timer(&req->timer, delay);

    return 1;
}


/* What Zoom said is the answer, good or bad. */

static void
ngx_http_zoom_api_call_take(ngx_http_zoom_api_call_t *req)
{
    size_t                     len;
    ngx_str_t                  text;
    const zoom_response_t     *a;
    ngx_http_zoom_exchange_t  *f;

    f = &req->fetch;
    a = &f->answer;

    req->status = a->status;

    len = ngx_min(a->tracking_id.len, ZOOM_TRACKING_ID_MAX);

    ngx_memcpy(req->tracking_id, a->tracking_id.data, len);
    req->tracking_id[len] = '\0';

    text.data = (u_char *) a->body.data;
    text.len = a->body.len;

    req->answer.data = ngx_pnalloc(req->pool, text.len + f->head.len + 1);

    if (req->answer.data == NULL) {
        ngx_http_zoom_api_call_fail(req, ZOOM_E_INTERNAL, "no memory", 0);
        return;
    }

    if (text.len) {
        ngx_memcpy(req->answer.data, text.data, text.len);
    }

    req->answer.len = text.len;

    req->head.data = req->answer.data + text.len;
    req->head.len = f->head.len;

    if (f->head.len) {
        ngx_memcpy(req->head.data, f->head.data, f->head.len);
    }

    ngx_http_zoom_api_call_done(req);
}


/* The beginning, a pause or the wait for a turn or a slot is over. */

static void
ngx_http_zoom_api_call_again(ngx_event_t *ev)
{
    ngx_http_zoom_api_call_t  *req;

    req = ngx_http_zoom_timer_object(ev, ngx_http_zoom_api_call_t, timer);

    ngx_http_zoom_api_call_next(req);
}


static void
ngx_http_zoom_api_call_fail(ngx_http_zoom_api_call_t *req, zoom_error_e error,
    const char *reason, ngx_msec_t wait)
{
    req->error = error;
    req->retry_after = (wait + 999) / 1000;

    if (reason) {
        ngx_cpystrn(req->why, (u_char *) reason, sizeof(req->why));
        req->reason = (char *) req->why;

        ngx_log_error(NGX_LOG_INFO, req->wa->log, 0,
                      "zoom: account \"%V\": a request of a script failed: %s",
                      &req->account->name, reason);
    }

    ngx_http_zoom_api_call_done(req);
}


static void
ngx_http_zoom_api_call_done(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_api_call_cancel(req);

    req->handler(req);
}


static void
ngx_http_zoom_api_call_wipe(ngx_http_zoom_api_call_t *req)
{
    ngx_str_t  *token;

    token = &req->access.token;

    if (token->len) {
        ngx_explicit_memzero(token->data, token->len);
        ngx_str_null(token);
    }
}


static ngx_uint_t
ngx_http_zoom_api_call_safe(const ngx_http_zoom_api_call_t *req)
{
    return ngx_strcmp(req->method, "POST") != 0
           && ngx_strcmp(req->method, "PATCH") != 0;
}


static ngx_msec_int_t
ngx_http_zoom_api_call_left(const ngx_http_zoom_api_call_t *req)
{
    return (ngx_msec_int_t) (req->deadline - ngx_current_msec);
}
