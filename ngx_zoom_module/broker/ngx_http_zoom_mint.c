#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_kind.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_slot.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_oauth.h"
#include "zoom_response.h"


/* full jitter between tries, up to so many milliseconds */

#define NGX_HTTP_ZOOM_MINT_JITTER      250
#define NGX_HTTP_ZOOM_MINT_JITTER_MAX  2000

/* a try that gets less than this is not worth its cost to Zoom */

#define NGX_HTTP_ZOOM_MINT_LEAST       1000

/*
 * While Zoom is down a call that has not been answered after so long gets
 * another one beside it, milliseconds.
 */

#define NGX_HTTP_ZOOM_MINT_HEDGE       1000

/* how long a renewal that failed stands, milliseconds */

#define NGX_HTTP_ZOOM_HOLD_RENEWAL     5000


typedef struct {
    ngx_http_zoom_flight_t         *flight;
    ngx_http_zoom_mint_order_t      order;
    ngx_http_zoom_worker_account_t *wa;
    ngx_http_zoom_service_e            kind;
    ngx_pool_t                     *pool;

    ngx_http_zoom_ask_t          access;
    ngx_http_zoom_exchange_t     calls[2];
    uint64_t                     tokens[2];  /* the flights of their access
                                                tokens */
    ngx_http_zoom_exchange_t    *fetch;      /* the last one sent, or done */
    ngx_http_zoom_slot_t         ticket;
    ngx_event_t                  timer;      /* of a pause, a ticket, or the
                                                next call beside another */

    ngx_msec_t                   start;
    ngx_uint_t                   tries;

    ngx_http_zoom_complaint_t    complaint;  /* the last one, tried again */
    zoom_verdict_t               webinar;    /* why it is none */

    unsigned                     probe:1;    /* and nobody else */
    unsigned                     hedge:1;    /* Zoom is down */
    unsigned                     dropped:1;  /* nobody waits any more */
    unsigned                     refreshed:1;
} ngx_http_zoom_mint_t;


#define ngx_http_zoom_mint_calling(mint)                                      \
    ((mint)->calls[0].transfer || (mint)->calls[1].transfer)


static ngx_http_zoom_mint_t *ngx_http_zoom_mint_create(
    ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_mint_next(ngx_http_zoom_mint_t *mint);
static ngx_int_t ngx_http_zoom_mint_gate(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_have_access(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_mint_queue(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_turn(ngx_http_zoom_mint_t *mint, ngx_int_t rc,
    ngx_msec_t wait);
static void ngx_http_zoom_mint_send(ngx_http_zoom_mint_t *mint);
static ngx_http_zoom_exchange_t *ngx_http_zoom_mint_call(
    ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_sending(ngx_http_zoom_exchange_t *f);
static void ngx_http_zoom_mint_answered(ngx_http_zoom_exchange_t *f);
static void ngx_http_zoom_mint_judge(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t   *j, ngx_http_zoom_result_t *result, zoom_buf_t *token);
static void ngx_http_zoom_mint_done(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t   *j, ngx_http_zoom_result_t *result);
static void ngx_http_zoom_mint_refresh(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t *j);
static void ngx_http_zoom_mint_retry(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t *j);
static void ngx_http_zoom_mint_limited(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t *j);
static void ngx_http_zoom_mint_again(ngx_event_t *ev);
static void ngx_http_zoom_mint_hedge(ngx_http_zoom_mint_t *mint);
static ngx_uint_t ngx_http_zoom_mint_wait(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_final(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t *j);
static void ngx_http_zoom_mint_fail(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t *j);
static time_t ngx_http_zoom_mint_renewal(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_tell(ngx_http_zoom_mint_t *mint,
    zoom_verdict_t   *j, ngx_uint_t last);
static void ngx_http_zoom_mint_give_up(ngx_http_zoom_mint_t *mint,
    zoom_error_e error, ngx_msec_t wait);
static void ngx_http_zoom_mint_land(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result);
static void ngx_http_zoom_mint_unready(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_wipe(ngx_http_zoom_mint_t *mint);
static ngx_msec_int_t ngx_http_zoom_mint_left(ngx_http_zoom_mint_t *mint);


void
ngx_http_zoom_mint_run(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t   result;

    mint = ngx_http_zoom_mint_create(flight);

    if (mint == NULL) {
        ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));
        result.error = ZOOM_E_INTERNAL;
        ngx_http_zoom_flight_land(flight, &result);
        return;
    }

    ngx_http_zoom_mint_next(mint);
}


static ngx_http_zoom_mint_t *
ngx_http_zoom_mint_create(ngx_http_zoom_flight_t *flight)
{
    ngx_pool_t            *pool;
    ngx_http_zoom_mint_t  *mint;

    /* the request that started it may be gone before it ends */

    pool = ngx_create_pool(4096, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    mint = ngx_pcalloc(pool, sizeof(ngx_http_zoom_mint_t));
    if (mint == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    mint->pool = pool;
    mint->flight = flight;
    mint->order = *(const ngx_http_zoom_mint_order_t *) flight->order;
    mint->wa = mint->order.wa;
    mint->kind = mint->order.kind;
    mint->start = ngx_current_msec;
    mint->fetch = &mint->calls[0];

    ngx_http_zoom_timer_init(&mint->timer, ngx_http_zoom_mint_again,
                             ngx_cycle->log);

    /* who waits has a timer that is not: a worker quits without the rest */
    mint->timer.cancelable = 1;

    flight->data = mint;

    return mint;
}


/* a try, from the access token on */

static void
ngx_http_zoom_mint_next(ngx_http_zoom_mint_t *mint)
{
    ngx_http_zoom_ask_t  *ask;

    ngx_http_zoom_mint_unready(mint);

    if (!ngx_http_zoom_flight_wanted(mint->flight)) {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                       "zoom mint: nobody waits any more");
        mint->dropped = 1;
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_TIMEOUT, 0);
        return;
    }

    if (ngx_http_zoom_mint_left(mint) <= 0) {
        mint->dropped = 1;
        ngx_http_zoom_mint_give_up(mint,
                                   ngx_http_zoom_mint_trouble(mint->flight),
                                   0);
        return;
    }

    if (ngx_http_zoom_mint_gate(mint) != NGX_OK) {
        return;
    }

    if (mint->kind == NGX_HTTP_ZOOM_OAUTH) {
        ngx_http_zoom_mint_send(mint);
        return;
    }

    ask = &mint->access;

    ask->account = mint->wa->account;
    ask->kind = NGX_HTTP_ZOOM_OAUTH;
    ask->deadline = ngx_http_zoom_flight_deadline(mint->flight);
    ask->pool = mint->pool;
    ask->handler = ngx_http_zoom_mint_have_access;
    ask->data = mint;

    if (ngx_http_zoom_broker_ask(ask) == NGX_OK) {
        ngx_http_zoom_mint_have_access(ask);
    }
}


/* NGX_OK: to go on; else somebody else probes and we wait or give up */

static ngx_int_t
ngx_http_zoom_mint_gate(ngx_http_zoom_mint_t *mint)
{
    ngx_msec_t    wait;
    zoom_error_e  error;

    switch (ngx_http_zoom_breaker_gate(mint->wa->zone, mint->wa->state,
                                       mint->kind, &error, &wait))
    {

    case NGX_HTTP_ZOOM_FINE:
        mint->hedge = 0;
        return NGX_OK;

    case NGX_HTTP_ZOOM_PROBE:
        mint->probe = 1;

        /* if it takes too long that is why */

        if (error == ZOOM_E_ZOOM_UNAVAILABLE) {
            mint->hedge = 1;
            ngx_http_zoom_flight_meet(mint->flight, error);
        }

        return NGX_OK;

    case NGX_HTTP_ZOOM_PAUSE:

        if (ngx_http_zoom_mint_left(mint) - (ngx_msec_int_t) wait
            > NGX_HTTP_ZOOM_MINT_LEAST)
        {
            ngx_http_zoom_flight_meet(mint->flight, error);
            ngx_add_timer(&mint->timer,
                          wait + ngx_random() % NGX_HTTP_ZOOM_MINT_JITTER);
            return NGX_AGAIN;
        }

        /* fall through */

    default: /* NGX_HTTP_ZOOM_STOP */
        ngx_http_zoom_mint_give_up(mint, error, wait);
        return NGX_DECLINED;
    }
}


static void
ngx_http_zoom_mint_have_access(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t   result;

    mint = ask->data;

    if (ask->error == ZOOM_OK) {
        ngx_http_zoom_mint_queue(mint);
        return;
    }

    if (ngx_http_zoom_mint_left(mint) > 0
        && (ask->error == ZOOM_E_TIMEOUT
            || (ngx_msec_int_t) (ask->deadline - ngx_current_msec) <= 0))
    {
        /* somebody with more time has joined meanwhile */

        ngx_http_zoom_mint_next(mint);
        return;
    }

    if (ngx_http_zoom_mint_wait(mint)) {
        return;
    }

    /* it has been logged, and stands under the access token's own key */

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = ask->error;
    result.retry_after = ask->retry_after;
    result.code = ask->code;
    ngx_memcpy(result.tracking_id, ask->tracking_id,
               sizeof(result.tracking_id));

    ngx_http_zoom_mint_land(mint, &result);
}


static void
ngx_http_zoom_mint_queue(ngx_http_zoom_mint_t *mint)
{
    ngx_int_t       rc;
    ngx_msec_t      wait;
    ngx_msec_int_t  left;

    if (!ngx_http_zoom_flight_wanted(mint->flight)) {
        mint->dropped = 1;
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_TIMEOUT, 0);
        return;
    }

    left = ngx_max(ngx_http_zoom_mint_left(mint), 0);
    left -= ngx_min(left / 4, NGX_HTTP_ZOOM_MINT_LEAST);
    wait = 0;

    rc = ngx_http_zoom_slot_reserve(&mint->ticket, mint->wa,
                                    ngx_http_zoom_kind_label(mint->kind), left,
                                    &wait);

    ngx_http_zoom_mint_turn(mint, rc, wait);
}


static void
ngx_http_zoom_mint_turn(ngx_http_zoom_mint_t *mint, ngx_int_t rc,
    ngx_msec_t wait)
{
    switch (rc) {

    case NGX_OK:
        ngx_http_zoom_mint_send(mint);
        return;

    case NGX_AGAIN:
        ngx_add_timer(&mint->timer, wait);
        return;

    default: /* NGX_DECLINED */
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_RATE_LIMITED, wait);
    }
}


static void
ngx_http_zoom_mint_send(ngx_http_zoom_mint_t *mint)
{
    ngx_int_t                  rc;
    zoom_verdict_t             j;
    ngx_http_zoom_exchange_t  *f;

    f = ngx_http_zoom_mint_call(mint);

    /*
     * All of its time, whoever waits now: a token that comes late is there
     * for others, and those whose time is over have timers of their own.
     */

    f->timeout = mint->wa->account->client.request_timeout;
    f->handler = ngx_http_zoom_mint_answered;
    f->sending = ngx_http_zoom_mint_sending;
    f->data = mint;
    f->log = ngx_cycle->log;

    ngx_http_zoom_flight_busy(mint->flight, f->timeout);

    mint->tries++;

    rc = ngx_http_zoom_kind_fetch(&mint->order, &mint->access.token, f);

    ngx_http_zoom_mint_wipe(mint);

    if (rc == NGX_OK) {
        mint->probe = 0;
        mint->tokens[f - mint->calls] = mint->access.published;
        ngx_http_zoom_count(&mint->wa->state->requests[mint->kind]);

        if (mint->hedge) {
            ngx_add_timer(&mint->timer, NGX_HTTP_ZOOM_MINT_HEDGE);
        }

        return;
    }

    if (ngx_http_zoom_mint_wait(mint)) {
        return;
    }

    ngx_memzero(&j, sizeof(zoom_verdict_t));

    j.verdict = ZOOM_FINAL;
    j.wait = 1;
    j.error = (rc == NGX_BUSY) ? ZOOM_E_OVERLOADED : ZOOM_E_INTERNAL;

    f->reason = (rc == NGX_BUSY)
                ? "too many requests are waiting for a connection"
                : "could not start a request";
    f->advice = (rc == NGX_BUSY) ? "increase \"connections\"" : NULL;
    f->rc = NGX_ERROR;

    ngx_http_zoom_mint_fail(mint, &j);
}


/*
 * The call to be sent.  Of two that are under way the older one goes on, for
 * a Zoom that is slow would never be heard otherwise; the younger is given up
 * for the next, for a Zoom that is back does not answer what hung before.
 */

static ngx_http_zoom_exchange_t *
ngx_http_zoom_mint_call(ngx_http_zoom_mint_t *mint)
{
    if (mint->calls[0].transfer && mint->calls[1].transfer) {
        ngx_http_zoom_http_client_cancel(mint->fetch);

    } else {
        mint->fetch = &mint->calls[mint->calls[0].transfer ? 1 : 0];
    }

    ngx_memzero(mint->fetch, sizeof(ngx_http_zoom_exchange_t));

    return mint->fetch;
}


static void
ngx_http_zoom_mint_sending(ngx_http_zoom_exchange_t *f)
{
    ngx_http_zoom_mint_t  *mint;

    mint = f->data;

    ngx_http_zoom_slot_sent(&mint->ticket, mint->wa);
}


static void
ngx_http_zoom_mint_answered(ngx_http_zoom_exchange_t *f)
{
    zoom_buf_t               token;
    zoom_verdict_t           j;
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t   result;
    static u_char            buf[ZOOM_ACCESS_TOKEN_MAX];

    mint = f->data;
    mint->fetch = f;

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    zoom_buf_init(&token, buf, sizeof(buf));
    ngx_http_zoom_mint_judge(mint, &j, &result, &token);

    if (j.verdict != ZOOM_USE) {
        ngx_http_zoom_count(&mint->wa->state->failures[mint->kind]);
    }

    switch (j.verdict) {

    case ZOOM_USE:
        result.value.data = token.data;
        result.value.len = token.len;
        ngx_http_zoom_mint_done(mint, &j, &result);
        break;

    case ZOOM_REFRESH:
        ngx_http_zoom_mint_refresh(mint, &j);
        break;

    case ZOOM_RETRY:
        ngx_http_zoom_mint_retry(mint, &j);
        break;

    default: /* ZOOM_FINAL */
        ngx_http_zoom_mint_final(mint, &j);
        break;
    }

    ngx_explicit_memzero(buf, token.len);
}


static void
ngx_http_zoom_mint_judge(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j,
    ngx_http_zoom_result_t *result, zoom_buf_t *token)
{
    ngx_http_zoom_exchange_t  *f;

    f = mint->fetch;

    ngx_memzero(j, sizeof(zoom_verdict_t));

    if (f->rc != NGX_OK) {
        j->verdict = ZOOM_RETRY;
        j->wait = -1;

        /* a crowd of our own is no outage of Zoom's */

        j->error = f->queued ? ZOOM_E_OVERLOADED : ZOOM_E_ZOOM_UNAVAILABLE;
        return;
    }

    ngx_http_zoom_kind_judge(&mint->order, &f->answer, token, &result->expires,
                             j);
}


static void
ngx_http_zoom_mint_done(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j,
    ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_state_t           *state;
    ngx_http_zoom_worker_account_t  *wa;

    wa = mint->wa;
    state = wa->state;

    ngx_http_zoom_breaker_good(wa->zone, state, mint->kind, wa->log);

    ngx_http_zoom_count(&state->minted[mint->kind]);

    if (mint->kind != NGX_HTTP_ZOOM_OAUTH) {
        ngx_http_zoom_histogram_add(&state->mint_time,
                                    ngx_current_msec - mint->start);
    }

    result->minted = ngx_time();
    ngx_memcpy(result->tracking_id, j->tracking_id,
               sizeof(result->tracking_id));

    ngx_http_zoom_mint_land(mint, result);
}


/* the access token died before its time: one more try with another */

static void
ngx_http_zoom_mint_refresh(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j)
{
    uint64_t              token;
    ngx_int_t             rc;
    ngx_http_zoom_key_t   key;
    u_char                buf[NGX_HTTP_ZOOM_KEY_MAX];

    if (mint->kind == NGX_HTTP_ZOOM_OAUTH || mint->refreshed) {
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    mint->refreshed = 1;

    key.data = buf;

    if (ngx_http_zoom_key_access(&key, mint->wa->account) != NGX_OK) {
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_INTERNAL, 0);
        return;
    }

    /* unless somebody else has renewed it by now */

    token = mint->tokens[mint->fetch - mint->calls];

    rc = ngx_http_zoom_publish_refuse(mint->wa->zone, &key, token,
                                      mint->wa->state);

    if (rc == NGX_DECLINED) {

        /* others seem to revoke it: no war of refreshes */

        j->error = ZOOM_E_ZOOM_UNAVAILABLE;
        j->advice = "another host may be using the same app, access tokens "
                    "die as soon as they are renewed";
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    ngx_http_zoom_count(&mint->wa->state->refreshes);

    ngx_http_zoom_mint_next(mint);
}


static void
ngx_http_zoom_mint_retry(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j)
{
    ngx_msec_t      delay;
    ngx_msec_int_t  left;

    if (j->error == ZOOM_E_RATE_LIMITED && mint->kind != NGX_HTTP_ZOOM_OAUTH) {
        ngx_http_zoom_mint_limited(mint, j);
        return;
    }

    left = ngx_http_zoom_mint_left(mint);

    delay = NGX_HTTP_ZOOM_MINT_JITTER << ngx_min(mint->tries, 3);
    delay = 1 + ngx_random() % ngx_min(delay, NGX_HTTP_ZOOM_MINT_JITTER_MAX);

    if (j->wait > 0) {
        delay += ngx_min(j->wait, 3600) * 1000;
    }

    if (!ngx_http_zoom_mint_calling(mint)
        && (left - (ngx_msec_int_t) delay < NGX_HTTP_ZOOM_MINT_LEAST
            || ngx_http_zoom_mint_renewal(mint)))
    {
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    ngx_http_zoom_mint_tell(mint, j, 0);

    ngx_http_zoom_count(&mint->wa->state->retries);
    ngx_http_zoom_flight_meet(mint->flight, j->error);

    ngx_add_timer(&mint->timer, delay);
}


/* others spend the same budget: all slots move, we take another one */

static void
ngx_http_zoom_mint_limited(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j)
{
    ngx_msec_t                       wait;
    ngx_http_zoom_worker_account_t  *wa;

    wa = mint->wa;

    wait = ngx_min(ngx_max(j->wait, 1) * 1000, NGX_HTTP_ZOOM_CLOSE_MAX);

    ngx_http_zoom_slot_close(&mint->ticket, wa, wait);

    ngx_http_zoom_count(&wa->state->refused);

    if ((ngx_msec_int_t) wait + NGX_HTTP_ZOOM_MINT_LEAST
        > ngx_http_zoom_mint_left(mint))
    {
        mint->ticket.limit = NGX_HTTP_ZOOM_LIMIT_REJECTED;
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    ngx_http_zoom_mint_tell(mint, j, 0);

    ngx_http_zoom_count(&wa->state->retries);
    ngx_http_zoom_flight_meet(mint->flight, j->error);

    if (wa->account->dry_run) {

        /* it does not wait for a slot, but Zoom has to be obeyed */

        ngx_add_timer(&mint->timer, wait);
        return;
    }

    ngx_http_zoom_mint_next(mint);
}


static void
ngx_http_zoom_mint_again(ngx_event_t *ev)
{
    ngx_int_t              rc;
    ngx_msec_t             wait;
    ngx_msec_int_t         left;
    ngx_http_zoom_mint_t  *mint;

    mint = ngx_http_zoom_timer_object(ev, ngx_http_zoom_mint_t, timer);

    if (mint->ticket.taken) {
        /* slots move; without an answer in time it is spent in vain */

        left = ngx_http_zoom_mint_left(mint) - NGX_HTTP_ZOOM_MINT_LEAST / 4;

        rc = ngx_http_zoom_slot_due(&mint->ticket, mint->wa,
                                    ngx_max(left, 0), &wait);

        ngx_http_zoom_mint_turn(mint, rc, wait);
        return;
    }

    if (ngx_http_zoom_mint_calling(mint)) {
        ngx_http_zoom_mint_hedge(mint);
        return;
    }

    ngx_http_zoom_mint_next(mint);
}


/* Zoom is down, and what was sent may hang: another call beside it */

static void
ngx_http_zoom_mint_hedge(ngx_http_zoom_mint_t *mint)
{
    if (!ngx_http_zoom_flight_wanted(mint->flight)
        || ngx_http_zoom_mint_left(mint) <= 0
        || !ngx_http_zoom_breaker_ready(mint->wa->state, mint->kind))
    {
        ngx_add_timer(&mint->timer,
                      1 + ngx_random() % NGX_HTTP_ZOOM_MINT_JITTER);
        return;
    }

    ngx_http_zoom_mint_next(mint);
}


/* there is no other call, but one that is under way may still bring it */

static ngx_uint_t
ngx_http_zoom_mint_wait(ngx_http_zoom_mint_t *mint)
{
    if (!ngx_http_zoom_mint_calling(mint)) {
        return 0;
    }

    ngx_http_zoom_mint_unready(mint);

    mint->dropped = 0;

    ngx_add_timer(&mint->timer, NGX_HTTP_ZOOM_MINT_HEDGE);

    return 1;
}


/*
 * A link of a webinar's form may be that of a meeting with registration, and
 * an account may have no webinars at all: the other is asked for, and if that
 * does not know it either the first answer counts.
 */

static void
ngx_http_zoom_mint_final(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j)
{
    zoom_verdict_t  *first;

    first = &mint->webinar;

    if (mint->order.webinar && !ngx_http_zoom_mint_calling(mint)) {
        ngx_log_error(NGX_LOG_INFO, mint->wa->log, 0,
                      "zoom: account \"%V\": no webinar \"%*s\", code %d, "
                      "\"%s\": looking for a meeting",
                      &mint->wa->account->name, mint->order.meeting_len,
                      mint->order.meeting, j->code, j->message);

        *first = *j;
        mint->order.webinar = 0;

        ngx_http_zoom_mint_next(mint);
        return;
    }

    if (j->error == ZOOM_E_MEETING_UNKNOWN && first->error) {
        mint->order.webinar = 1;
        j = first;
    }

    ngx_http_zoom_mint_fail(mint, j);
}


static void
ngx_http_zoom_mint_fail(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j)
{
    time_t                  left;
    ngx_http_zoom_result_t  result;

    if (j->error == ZOOM_E_USER_UNKNOWN || j->error == ZOOM_E_MEETING_UNKNOWN
        || (j->error == ZOOM_E_ZOOM_REFUSED
            && ngx_http_zoom_kind_once(mint->kind)))
    {
        /* who is asked for is unknown, but Zoom works and lets us ask */

        ngx_http_zoom_breaker_good(mint->wa->zone, mint->wa->state,
                                   mint->kind, mint->wa->log);
    }

    ngx_http_zoom_mint_tell(mint, j, 1);
    ngx_http_zoom_complaint_result(mint->kind, j, &result);

    left = ngx_http_zoom_mint_renewal(mint);

    if (left > 1) {

        /* when it dies it is time for another try; seconds are rounded */

        result.hold = ngx_max(result.hold,
                              ngx_min((ngx_msec_t) (left - 1) * 1000,
                                      NGX_HTTP_ZOOM_HOLD_RENEWAL));
    }

    ngx_http_zoom_mint_land(mint, &result);
}


/* for how long the old access token still serves, seconds */

static time_t
ngx_http_zoom_mint_renewal(ngx_http_zoom_mint_t *mint)
{
    ngx_http_zoom_record_t  rec;

    if (mint->kind != NGX_HTTP_ZOOM_OAUTH
        || ngx_http_zoom_store_look(mint->wa->zone, &mint->flight->key,
                                    &rec)
           != NGX_OK
        || rec.published == 0 || rec.expires <= ngx_time())
    {
        return 0;
    }

    return rec.expires - ngx_time();
}


static void
ngx_http_zoom_mint_tell(ngx_http_zoom_mint_t *mint, zoom_verdict_t *j,
    ngx_uint_t last)
{
    ngx_http_zoom_failure_t  *failure;

    failure = &mint->complaint.failure;

    failure->last = last;
    failure->harmless = ngx_http_zoom_mint_renewal(mint) > 0;

    ngx_http_zoom_complaint(&mint->complaint, &mint->order, mint->fetch, j);
}


static void
ngx_http_zoom_mint_give_up(ngx_http_zoom_mint_t *mint, zoom_error_e error,
    ngx_msec_t wait)
{
    ngx_http_zoom_result_t  result;

    if (ngx_http_zoom_mint_wait(mint)) {
        return;
    }

    if (error != ZOOM_E_RATE_LIMITED) {
        ngx_http_zoom_complaint_last(&mint->complaint, &mint->order);
    }

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = error;
    result.retry_after = (wait + 999) / 1000;

    ngx_http_zoom_mint_land(mint, &result);
}


static void
ngx_http_zoom_mint_land(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result)
{
    ngx_pool_t              *pool;
    ngx_http_zoom_flight_t  *flight;

    pool = mint->pool;
    flight = mint->flight;

    result->time = ngx_current_msec - mint->start;
    result->limit = mint->ticket.limit;
    result->dropped = mint->dropped;

    if (mint->probe) {
        ngx_http_zoom_breaker_unused(mint->wa->zone, mint->wa->state,
                                     mint->kind);
    }

    ngx_http_zoom_http_client_cancel(&mint->calls[0]);
    ngx_http_zoom_http_client_cancel(&mint->calls[1]);

    ngx_http_zoom_mint_unready(mint);

    /* the flight may be flown again, or be gone, when this returns */

    flight->data = NULL;

    ngx_http_zoom_flight_land(flight, result);

    ngx_destroy_pool(pool);
}


/* takes back what was done towards a call that was not sent */

static void
ngx_http_zoom_mint_unready(ngx_http_zoom_mint_t *mint)
{
    mint->ticket.taken = 0;

    ngx_http_zoom_timer_stop(&mint->timer);
    ngx_http_zoom_broker_cancel(&mint->access);
    ngx_http_zoom_mint_wipe(mint);
}


static void
ngx_http_zoom_mint_wipe(ngx_http_zoom_mint_t *mint)
{
    if (mint->access.token.len) {
        ngx_explicit_memzero(mint->access.token.data, mint->access.token.len);
        ngx_str_null(&mint->access.token);
    }
}


zoom_error_e
ngx_http_zoom_mint_trouble(ngx_http_zoom_flight_t *flight)
{
    zoom_error_e           trouble;
    ngx_http_zoom_mint_t  *mint;

    trouble = ngx_http_zoom_flight_trouble(flight);
    mint = flight->data;

    if (trouble == ZOOM_OK && mint && mint->access.flight) {
        trouble = ngx_http_zoom_flight_trouble(mint->access.flight);
    }

    return trouble ? trouble : ZOOM_E_TIMEOUT;
}


static ngx_msec_int_t
ngx_http_zoom_mint_left(ngx_http_zoom_mint_t *mint)
{
    return (ngx_msec_int_t) (ngx_http_zoom_flight_deadline(mint->flight)
                             - ngx_current_msec);
}
