#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_call_step.h"
#include "ngx_http_zoom_timer.h"


/*
 * While Zoom is down, a second exchange is started beside one that has not
 * been answered for so long, in milliseconds.
 */

#define NGX_HTTP_ZOOM_CALL_HEDGE       1000


/* see ngx_http_zoom_call_step.h */

typedef ngx_int_t (*ngx_http_zoom_call_step_pt)(ngx_http_zoom_call_t *call);


static void ngx_http_zoom_call_init(ngx_http_zoom_call_t *call,
    ngx_uint_t watched);
static ngx_int_t ngx_http_zoom_call_gate(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_knock(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_call_hasty(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_get_access(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_call_access_handler(ngx_http_zoom_access_t *a);
static ngx_int_t ngx_http_zoom_call_have_access(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_get_slot(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_take_slot(ngx_http_zoom_call_t *call,
    ngx_msec_t left, ngx_msec_t *wait);
static ngx_int_t ngx_http_zoom_call_go(ngx_http_zoom_call_t *call);
static ngx_http_zoom_exchange_t *ngx_http_zoom_call_exchange(
    ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_not_sent(ngx_http_zoom_call_t *call,
    ngx_int_t rc);
static void ngx_http_zoom_call_sending(ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_call_timer(ngx_event_t *ev);
static void ngx_http_zoom_call_hedge(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_call_linger(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_call_wanted(ngx_http_zoom_call_t *call);


static const ngx_http_zoom_call_step_pt  ngx_http_zoom_call_steps[] = {
    ngx_http_zoom_call_gate,
    ngx_http_zoom_call_get_access,
    ngx_http_zoom_call_get_slot,
    ngx_http_zoom_call_go
};


void
ngx_http_zoom_call_start(ngx_http_zoom_call_t *call, ngx_uint_t watched)
{
    ngx_http_zoom_call_init(call, watched);
    ngx_http_zoom_call_run(call);
}


void
ngx_http_zoom_call_post(ngx_http_zoom_call_t *call, ngx_uint_t watched)
{
    ngx_http_zoom_call_init(call, watched);
    ngx_post_event(&call->timer, &ngx_posted_events);
}


static void
ngx_http_zoom_call_init(ngx_http_zoom_call_t *call, ngx_uint_t watched)
{
    call->state = NGX_HTTP_ZOOM_CALL_GATE;
    call->start = ngx_current_msec;
    call->last = &call->exchanges[0];

    call->failure.wa = call->wa;
    call->failure.service = call->service;

    if (call->transport == NULL) {
        call->transport = call->wa->transport;
    }

    ngx_http_zoom_timer_init(&call->timer, ngx_http_zoom_call_timer,
                             ngx_cycle->log);

    call->timer.cancelable = watched;

    ngx_http_zoom_fair_init(&call->fair, call->wa, call->label,
                            call->humble ? NGX_HTTP_ZOOM_REQUESTS
                                         : NGX_HTTP_ZOOM_MINTS, call->who);

    call->slot.line.event = &call->timer;

    call->lane.wa = call->wa;
    call->lane.event = &call->timer;
}


void
ngx_http_zoom_call_run(ngx_http_zoom_call_t *call)
{
    while (ngx_http_zoom_call_steps[call->state](call) == NGX_OK) {
        /* void */
    }
}


/* start of a try: is it still wanted, and does the breaker permit it? */

static ngx_int_t
ngx_http_zoom_call_gate(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_call_unready(call);

    call->waited = 0;

    if (!ngx_http_zoom_call_wanted(call)) {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                       "zoom call: nobody waits any more");
        call->dropped = 1;
        return ngx_http_zoom_call_give_up(call, ZOOM_E_TIMEOUT, 0);
    }

    if (ngx_http_zoom_call_left(call) <= 0) {
        call->dropped = 1;
        return ngx_http_zoom_call_give_up(call,
                                          ngx_http_zoom_call_trouble(call), 0);
    }

    return ngx_http_zoom_call_knock(call);
}


static ngx_int_t
ngx_http_zoom_call_knock(ngx_http_zoom_call_t *call)
{
    ngx_msec_t    wait;
    zoom_error_e  error;

    switch (ngx_http_zoom_breaker_gate(call->wa->zone, call->wa->state,
                                       call->service,
                                       ngx_http_zoom_call_hasty(call),
                                       &error, &wait))
    {

    case NGX_HTTP_ZOOM_FOLLOW:

        if (ngx_http_zoom_call_left(call) > NGX_HTTP_ZOOM_CALL_LEAST) {
            ngx_add_timer(&call->timer, wait + ngx_random() % (wait + 1));
            return NGX_AGAIN;
        }

        /* fall through */

    case NGX_HTTP_ZOOM_FINE:
        call->hedge = 0;
        call->state = NGX_HTTP_ZOOM_CALL_ACCESS;
        return NGX_OK;

    case NGX_HTTP_ZOOM_PROBE:
        call->probe = 1;
        call->unscoped = (error == ZOOM_E_SCOPE_MISSING);

        /* the reason for the caller, should it take too long */

        if (error == ZOOM_E_ZOOM_UNAVAILABLE) {
            call->hedge = !call->foreign && !call->solo;
            ngx_http_zoom_call_meet(call, error);
        }

        call->state = NGX_HTTP_ZOOM_CALL_ACCESS;
        return NGX_OK;

    case NGX_HTTP_ZOOM_PAUSE:

        if (ngx_http_zoom_call_left(call) - (ngx_msec_int_t) wait
            > NGX_HTTP_ZOOM_CALL_LEAST)
        {
            ngx_http_zoom_call_meet(call, error);
            ngx_add_timer(&call->timer,
                          wait + ngx_random() % NGX_HTTP_ZOOM_CALL_JITTER);
            return NGX_AGAIN;
        }

        /* fall through */

    default: /* NGX_HTTP_ZOOM_STOP */
        return ngx_http_zoom_call_give_up(call, error, wait);
    }
}


/* a mint outlives its callers, a foreign call does not */

static ngx_uint_t
ngx_http_zoom_call_hasty(ngx_http_zoom_call_t *call)
{
    return call->foreign
           && ngx_http_zoom_call_left(call)
              < (ngx_msec_int_t) call->wa->account->client.request_timeout;
}


static ngx_int_t
ngx_http_zoom_call_get_access(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_access_t  *a;

    if (call->anonymous) {
        call->state = NGX_HTTP_ZOOM_CALL_SLOT;
        return NGX_OK;
    }

    a = &call->access;

    a->wa = call->wa;
    a->user = call->user;
    a->deadline = ngx_current_msec + ngx_http_zoom_call_left(call);
    a->stale_after = call->stale_after;
    a->pool = call->pool;
    a->handler = ngx_http_zoom_call_access_handler;
    a->data = call;

    if (ngx_http_zoom_access_get(a) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    return ngx_http_zoom_call_have_access(call);
}


static void
ngx_http_zoom_call_access_handler(ngx_http_zoom_access_t *a)
{
    ngx_http_zoom_call_t  *call;

    call = a->data;

    if (ngx_http_zoom_call_have_access(call) == NGX_OK) {
        ngx_http_zoom_call_run(call);
    }
}


static ngx_int_t
ngx_http_zoom_call_have_access(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_access_t  *a;

    a = &call->access;

    if (a->error == ZOOM_OK) {
        call->state = NGX_HTTP_ZOOM_CALL_SLOT;
        return NGX_OK;
    }

    if (ngx_http_zoom_call_left(call) > 0
        && (a->error == ZOOM_E_TIMEOUT
            || (ngx_msec_int_t) (a->deadline - ngx_current_msec) <= 0))
    {
        /* a waiter with more time has joined meanwhile */

        call->state = NGX_HTTP_ZOOM_CALL_GATE;
        return NGX_OK;
    }

    if (ngx_http_zoom_call_linger(call)) {
        return NGX_AGAIN;
    }

    /* already logged, and stored under the access token's own key */

    call->error = a->error;
    call->wait = a->retry_after * 1000;

    call->verdict.error = a->error;
    call->verdict.code = a->code;
    ngx_memcpy(call->verdict.tracking_id, a->tracking_id,
               sizeof(a->tracking_id));

    return ngx_http_zoom_call_end(call);
}


static ngx_int_t
ngx_http_zoom_call_get_slot(ngx_http_zoom_call_t *call)
{
    ngx_int_t       rc;
    ngx_msec_t      wait;
    ngx_msec_int_t  left;

    left = ngx_http_zoom_call_left(call);

    /*
     * The callers may have left or run out of time while it waited for a slot;
     * and those in line must not all find out that an outage has begun.
     */

    if (!ngx_http_zoom_call_wanted(call)
        || (call->waited
            && (left <= 0
                || (!call->probe
                    && ngx_http_zoom_breaker_bad(call->wa->state,
                                                 call->service)))))
    {
        call->state = NGX_HTTP_ZOOM_CALL_GATE;
        return NGX_OK;
    }

    wait = 0;

    rc = ngx_http_zoom_call_take_slot(call, ngx_max(left, 0), &wait);

    if (rc == NGX_OK) {
        call->state = NGX_HTTP_ZOOM_CALL_SEND;
        return NGX_OK;
    }

    if (rc == NGX_AGAIN) {
        call->waited = 1;
        ngx_add_timer(&call->timer, ngx_max(wait, 1));
        return NGX_AGAIN;
    }

    return ngx_http_zoom_call_give_up(call, ZOOM_E_RATE_LIMITED, wait);
}


/* a step that answers NGX_AGAIN is asked again after "*wait" */

static ngx_int_t
ngx_http_zoom_call_take_slot(ngx_http_zoom_call_t *call, ngx_msec_t left,
    ngx_msec_t *wait)
{
    ngx_int_t  rc;

    if (call->label == ZOOM_NLABELS) {
        return NGX_OK;
    }

    if (call->slot.taken) {
        /* slots may move; a slot is wasted if the answer comes too late */

        left -= ngx_min(left, NGX_HTTP_ZOOM_CALL_LEAST / 4);

        return ngx_http_zoom_slot_due(&call->slot, call->wa, left, wait);
    }

    if (call->serial
        && ngx_http_zoom_lane_take(&call->lane, left, wait) != NGX_OK)
    {
        ngx_http_zoom_call_meet(call, ZOOM_E_RATE_LIMITED);
        *wait = ngx_min(*wait, left);
        return NGX_AGAIN;
    }

    left = ngx_http_zoom_fair_time(left);

    rc = ngx_http_zoom_fair_take(&call->fair, left, wait);

    if (rc != NGX_OK) {
        return ngx_http_zoom_slot_turn(&call->slot, rc);
    }

    rc = ngx_http_zoom_slot_reserve(&call->slot, call->wa, call->label, left,
                                    wait);
    return rc;
}


static ngx_int_t
ngx_http_zoom_call_go(ngx_http_zoom_call_t *call)
{
    ngx_int_t                  rc;
    ngx_msec_int_t             left;
    ngx_http_zoom_exchange_t  *x;

    x = ngx_http_zoom_call_exchange(call);

    /*
     * It waits for a connection while anybody waits for it.  Once sent it gets
     * its full time: a late token is stored for others, and callers have
     * timers of their own.
     */

    left = ngx_http_zoom_call_left(call);
    call->until = ngx_current_msec + left;

    left -= ngx_min(left / 4, NGX_HTTP_ZOOM_CALL_LEAST / 4);

    x->patience = ngx_max(left, 1);
    x->once = call->single;
    x->handler = ngx_http_zoom_call_answered;
    x->sending = ngx_http_zoom_call_sending;
    x->data = call;
    x->log = ngx_cycle->log;

    if (call->ops->busy) {
        call->ops->busy(call, x->patience
                        + call->wa->account->client.request_timeout);
    }

    call->tries++;

    rc = call->ops->send(call, &call->access.token, x);

    ngx_http_zoom_access_wipe(&call->access);

    if (rc != NGX_OK) {
        return ngx_http_zoom_call_not_sent(call, rc);
    }

    call->probe = 0;
    call->state = NGX_HTTP_ZOOM_CALL_SENT;
    call->tokens[x - call->exchanges] = call->access.published;

    ngx_http_zoom_count(&call->wa->state->requests[call->service]);

    if (call->hedge) {
        ngx_add_timer(&call->timer, NGX_HTTP_ZOOM_CALL_HEDGE);
    }

    return NGX_AGAIN;
}


ngx_int_t
ngx_http_zoom_call_send(ngx_http_zoom_call_t *call,
    ngx_http_zoom_exchange_t *x)
{
    return call->transport->send(call->wa->client, x);
}


/*
 * The exchange to use.  If two are under way the older one goes on, or a slow
 * Zoom would never be heard; the younger one is cancelled, since a Zoom that
 * is back does not answer requests that hung before.
 */

static ngx_http_zoom_exchange_t *
ngx_http_zoom_call_exchange(ngx_http_zoom_call_t *call)
{
    if (call->exchanges[0].transfer && call->exchanges[1].transfer) {
        call->transport->cancel(call->last);

    } else {
        call->last = &call->exchanges[call->exchanges[0].transfer ? 1 : 0];
    }

    ngx_memzero(call->last, sizeof(ngx_http_zoom_exchange_t));

    return call->last;
}


static ngx_int_t
ngx_http_zoom_call_not_sent(ngx_http_zoom_call_t *call, ngx_int_t rc)
{
    zoom_verdict_t            *v;
    ngx_http_zoom_exchange_t  *x;

    if (ngx_http_zoom_call_linger(call)) {
        return NGX_AGAIN;
    }

    x = call->last;
    v = &call->verdict;

    ngx_memzero(v, sizeof(zoom_verdict_t));

    v->verdict = ZOOM_FINAL;
    v->wait = 1;
    v->error = (rc == NGX_BUSY) ? ZOOM_E_OVERLOADED : ZOOM_E_INTERNAL;

    x->reason = (rc == NGX_BUSY)
                ? "too many requests are waiting for a connection"
                : "could not start a request";
    x->advice = (rc == NGX_BUSY) ? "increase \"connections\"" : NULL;
    x->rc = NGX_ERROR;

    return ngx_http_zoom_call_fail(call);
}


static void
ngx_http_zoom_call_sending(ngx_http_zoom_exchange_t *x)
{
    ngx_http_zoom_call_t  *call;

    call = x->data;
    call->wired = 1;

    ngx_http_zoom_slot_sent(&call->slot, call->wa);
}


ngx_int_t
ngx_http_zoom_call_give_up(ngx_http_zoom_call_t *call, zoom_error_e error,
    ngx_msec_t wait)
{
    if (ngx_http_zoom_call_linger(call)) {
        return NGX_AGAIN;
    }

    if (error != ZOOM_E_RATE_LIMITED) {
        ngx_http_zoom_failure_was_last(&call->failure);
    }

    ngx_memzero(&call->verdict, sizeof(zoom_verdict_t));

    call->verdict.error = error;
    call->error = error;
    call->wait = wait;

    return ngx_http_zoom_call_end(call);
}


ngx_int_t
ngx_http_zoom_call_end(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_call_cancel(call);

    call->ops->done(call);

    return NGX_DONE;
}


void
ngx_http_zoom_call_cancel(ngx_http_zoom_call_t *call)
{
    if (call->start == 0 || call->state == NGX_HTTP_ZOOM_CALL_DONE) {
        return;
    }

    if (call->probe) {
        call->probe = 0;
        ngx_http_zoom_breaker_unused(call->wa->zone, call->wa->state,
                                     call->service);
    }

    call->transport->cancel(&call->exchanges[0]);
    call->transport->cancel(&call->exchanges[1]);

    ngx_http_zoom_slot_leave(&call->slot, call->wa);
    ngx_http_zoom_lane_leave(&call->lane);

    ngx_http_zoom_call_unready(call);

    call->state = NGX_HTTP_ZOOM_CALL_DONE;
}


/* a slot's time has come, a pause is over, or an exchange takes long */

static void
ngx_http_zoom_call_timer(ngx_event_t *ev)
{
    ngx_http_zoom_call_t  *call;

    call = ngx_http_zoom_timer_object(ev, ngx_http_zoom_call_t, timer);

    switch (call->state) {

    case NGX_HTTP_ZOOM_CALL_SENT:
        ngx_http_zoom_call_hedge(call);
        return;

    case NGX_HTTP_ZOOM_CALL_PAUSE:
        call->state = NGX_HTTP_ZOOM_CALL_GATE;
        break;

    default: /* NGX_HTTP_ZOOM_CALL_GATE, NGX_HTTP_ZOOM_CALL_SLOT */
        break;
    }

    ngx_http_zoom_call_run(call);
}


/* Zoom is down and an exchange may hang: start another beside it */

static void
ngx_http_zoom_call_hedge(ngx_http_zoom_call_t *call)
{
    if (!ngx_http_zoom_call_wanted(call)
        || ngx_http_zoom_call_left(call) <= 0
        || !ngx_http_zoom_breaker_ready(call->wa->state, call->service))
    {
        ngx_add_timer(&call->timer,
                      1 + ngx_random() % NGX_HTTP_ZOOM_CALL_JITTER);
        return;
    }

    call->state = NGX_HTTP_ZOOM_CALL_GATE;
    ngx_http_zoom_call_run(call);
}


/* no further try, but an exchange under way may still succeed */

static ngx_uint_t
ngx_http_zoom_call_linger(ngx_http_zoom_call_t *call)
{
    if (!ngx_http_zoom_call_under_way(call)) {
        return 0;
    }

    ngx_http_zoom_call_unready(call);

    call->dropped = 0;
    call->state = NGX_HTTP_ZOOM_CALL_SENT;

    ngx_add_timer(&call->timer, NGX_HTTP_ZOOM_CALL_HEDGE);

    return 1;
}


void
ngx_http_zoom_call_unready(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_slot_drop(&call->slot);
    ngx_http_zoom_fair_leave(&call->fair);
    ngx_http_zoom_timer_stop(&call->timer);
    ngx_http_zoom_access_cancel(&call->access);
    ngx_http_zoom_access_wipe(&call->access);
}


ngx_msec_int_t
ngx_http_zoom_call_left(ngx_http_zoom_call_t *call)
{
    if (call->ops->left) {
        return call->ops->left(call);
    }

    return (ngx_msec_int_t) (call->deadline - ngx_current_msec);
}


void
ngx_http_zoom_call_meet(ngx_http_zoom_call_t *call, zoom_error_e trouble)
{
    if (call->ops->meet) {
        call->ops->meet(call, trouble);
        return;
    }

    call->trouble = trouble;
}


static ngx_uint_t
ngx_http_zoom_call_wanted(ngx_http_zoom_call_t *call)
{
    return call->ops->wanted == NULL || call->ops->wanted(call);
}


zoom_error_e
ngx_http_zoom_call_trouble(ngx_http_zoom_call_t *call)
{
    zoom_error_e             trouble;
    ngx_http_zoom_flight_t  *flight;

    trouble = call->ops->trouble ? call->ops->trouble(call) : call->trouble;
    flight = call->access.waiter.flight;

    if (trouble == ZOOM_OK && flight) {
        trouble = ngx_http_zoom_flight_trouble(flight);
    }

    return trouble ? trouble : ZOOM_E_TIMEOUT;
}
