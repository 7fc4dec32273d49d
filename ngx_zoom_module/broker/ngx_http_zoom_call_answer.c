/*
 * The end of an exchange: what its response, or the lack of one, means for the
 * call, for the breaker and for the limiter.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_call_step.h"


/* after a 429 without a hint, doubled with each, milliseconds */

#define NGX_HTTP_ZOOM_CALL_REFUSED     2000


static void ngx_http_zoom_call_settle(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_call_classify(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_good(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_refresh(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_too_late(ngx_http_zoom_call_t *call,
    uint64_t token);
static ngx_int_t ngx_http_zoom_call_refused(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_retry(ngx_http_zoom_call_t *call);
static ngx_msec_t ngx_http_zoom_call_delay(ngx_http_zoom_call_t *call);
static ngx_msec_t ngx_http_zoom_call_backoff(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_limited(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_final(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_call_rescope(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_call_works(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_call_over(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_call_is_news(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_call_tell(ngx_http_zoom_call_t *call,
    ngx_uint_t last);


void
ngx_http_zoom_call_answered(ngx_http_zoom_exchange_t *x)
{
    ngx_int_t              rc;
    ngx_http_zoom_call_t  *call;

    call = x->data;
    call->last = x;

    ngx_http_zoom_call_settle(call);
    ngx_http_zoom_call_classify(call);

    if (call->verdict.verdict != ZOOM_USE) {
        ngx_http_zoom_count(&call->wa->state->failures[call->service]);
    }

    switch (call->verdict.verdict) {

    case ZOOM_USE:
        rc = ngx_http_zoom_call_good(call);
        break;

    case ZOOM_REFRESH:
        rc = ngx_http_zoom_call_refresh(call);
        break;

    case ZOOM_RETRY:
        rc = ngx_http_zoom_call_retry(call);
        break;

    default: /* ZOOM_FINAL */
        rc = ngx_http_zoom_call_final(call);
        break;
    }

    if (rc == NGX_OK) {
        ngx_http_zoom_call_run(call);
    }
}


/* of two exchanges under way the later one has the slot */

static void
ngx_http_zoom_call_settle(ngx_http_zoom_call_t *call)
{
    if (ngx_http_zoom_call_under_way(call)) {
        return;
    }

    if (call->last->rc == NGX_OK) {
        ngx_http_zoom_slot_answered(&call->slot, call->wa);

    } else {
        ngx_http_zoom_slot_leave(&call->slot, call->wa);
    }
}


static void
ngx_http_zoom_call_classify(ngx_http_zoom_call_t *call)
{
    zoom_verdict_t            *v;
    ngx_http_zoom_exchange_t  *x;

    x = call->last;
    v = &call->verdict;

    ngx_memzero(v, sizeof(zoom_verdict_t));

    if (x->rc == NGX_OK) {
        call->ops->classify(call, x, v);

        if (v->date_off) {
            ngx_http_zoom_failure_clock(call->wa, v->date_off);
        }

        return;
    }

    v->wait = -1;

    /* a script may ask for less; no token is that long */

    if (x->too_large && call->foreign) {
        v->verdict = ZOOM_FINAL;
        v->error = ZOOM_E_ZOOM_INVALID;
        return;
    }

    v->verdict = ZOOM_RETRY;

    /* a queue of our own is no outage of Zoom's */

    if (x->queued) {
        v->error = ZOOM_E_OVERLOADED;

    } else {
        v->error = x->ours ? ZOOM_E_TIMEOUT : ZOOM_E_ZOOM_UNAVAILABLE;
    }
}


static ngx_int_t
ngx_http_zoom_call_good(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_worker_account_t  *wa;

    wa = call->wa;

    ngx_http_zoom_breaker_good(wa->zone, wa->state, call->service, wa->log);

    ngx_http_zoom_call_over(call);

    call->error = ZOOM_OK;
    call->responded = 1;

    return ngx_http_zoom_call_end(call);
}


/* the access token was refused before it expired: try once with another */

static ngx_int_t
ngx_http_zoom_call_refresh(ngx_http_zoom_call_t *call)
{
    uint64_t   token;
    ngx_int_t  rc;

    token = call->tokens[call->last - call->exchanges];

    if (call->spent) {
        return ngx_http_zoom_call_too_late(call, token);
    }

    if (call->refreshed && token == call->refused) {
        return ngx_http_zoom_call_refused(call);
    }

    if (call->anonymous || call->refreshed) {

        /* a problem of one user does not concern the account */

        if (call->user.len) {
            call->verdict.verdict = ZOOM_FINAL;
            call->verdict.error = ZOOM_E_ZOOM_REFUSED;
        }

        return ngx_http_zoom_call_fail(call);
    }

    call->refreshed = 1;
    call->refused = token;

    /* unless somebody else has renewed it by now */

    rc = ngx_http_zoom_access_refuse(&call->access, token, call->foreign);

    if (rc == NGX_ERROR) {
        return ngx_http_zoom_call_give_up(call, ZOOM_E_INTERNAL, 0);
    }

    if (rc == NGX_DECLINED) {

        /* another host seems to revoke it: do not compete with it */

        call->verdict.error = ZOOM_E_ZOOM_UNAVAILABLE;
        call->verdict.advice = "another host may be using the same app, access "
                               "tokens die as soon as they are renewed";

        return ngx_http_zoom_call_fail(call);
    }

    call->state = NGX_HTTP_ZOOM_CALL_GATE;

    return NGX_OK;
}


/* whoever comes next is to get another access token */

static ngx_int_t
ngx_http_zoom_call_too_late(ngx_http_zoom_call_t *call, uint64_t token)
{
    (void) ngx_http_zoom_access_refuse(&call->access, token, 1);

    call->verdict.verdict = ZOOM_FINAL;
    call->verdict.error = ZOOM_E_ZOOM_REFUSED;

    return ngx_http_zoom_call_fail(call);
}


/* the second refusal of an access token known to be dead is no news */

static ngx_int_t
ngx_http_zoom_call_refused(ngx_http_zoom_call_t *call)
{
    if (call->state != NGX_HTTP_ZOOM_CALL_SENT
        || ngx_http_zoom_call_under_way(call))
    {
        return NGX_AGAIN;
    }

    call->state = NGX_HTTP_ZOOM_CALL_GATE;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_call_retry(ngx_http_zoom_call_t *call)
{
    ngx_msec_t      delay;
    ngx_msec_int_t  left;

    if (call->verdict.error == ZOOM_E_RATE_LIMITED && !call->anonymous) {
        return ngx_http_zoom_call_limited(call);
    }

    if (call->spent) {
        return ngx_http_zoom_call_fail(call);
    }

    /* Zoom may have executed it, unless it was refused by a limit */

    if (call->single && !call->last->queued
        && call->verdict.error != ZOOM_E_RATE_LIMITED)
    {
        return ngx_http_zoom_call_fail(call);
    }

    left = ngx_http_zoom_call_left(call);
    delay = ngx_http_zoom_call_delay(call);

    /* a request that was stuck in our queue must not join it again */

    if (call->last->queued) {
        left = (ngx_msec_int_t) (ngx_current_msec + left - call->until);
    }

    if (!ngx_http_zoom_call_under_way(call)
        && (left - (ngx_msec_int_t) delay < NGX_HTTP_ZOOM_CALL_LEAST
            || (call->tries_max && call->tries >= call->tries_max)
            || (call->ops->serves && call->ops->serves(call))))
    {
        /* the next one is not to begin anew with what this one has learnt */

        if (call->verdict.error == ZOOM_E_RATE_LIMITED) {
            call->verdict.wait = (delay + 999) / 1000;
        }

        return ngx_http_zoom_call_fail(call);
    }

    ngx_http_zoom_call_tell(call, 0);

    ngx_http_zoom_count(&call->wa->state->retries);
    ngx_http_zoom_call_meet(call, call->verdict.error);

    /* the exchange beside it may be on its way to a slot */

    ngx_http_zoom_call_unready(call);

    call->state = NGX_HTTP_ZOOM_CALL_PAUSE;
    ngx_add_timer(&call->timer, delay);

    return NGX_AGAIN;
}


static ngx_msec_t
ngx_http_zoom_call_delay(ngx_http_zoom_call_t *call)
{
    ngx_msec_t  delay;

    delay = NGX_HTTP_ZOOM_CALL_JITTER << ngx_min(call->tries, 3);
    delay = 1 + ngx_random() % ngx_min(delay, NGX_HTTP_ZOOM_CALL_JITTER_MAX);

    if (call->verdict.error == ZOOM_E_RATE_LIMITED) {
        return delay + ngx_http_zoom_call_backoff(call);
    }

    if (call->verdict.wait > 0) {
        delay += ngx_min(call->verdict.wait, 3600) * 1000;
    }

    return delay;
}


/* As long as Zoom says, or twice as long each time. */

static ngx_msec_t
ngx_http_zoom_call_backoff(ngx_http_zoom_call_t *call)
{
    ngx_uint_t  n;

    n = ngx_min(call->refusals, 4);
    call->refusals++;

    if (call->verdict.wait > 0) {
        return ngx_min(call->verdict.wait, 3600) * 1000;
    }

    return NGX_HTTP_ZOOM_CALL_REFUSED << n;
}


/* the budget is shared: all slots move, and this call takes a new one */

static ngx_int_t
ngx_http_zoom_call_limited(ngx_http_zoom_call_t *call)
{
    ngx_msec_t                       wait;
    ngx_http_zoom_worker_account_t  *wa;

    wa = call->wa;

    wait = ngx_min(ngx_http_zoom_call_backoff(call), NGX_HTTP_ZOOM_CLOSE_MAX);

    ngx_http_zoom_slot_close(&call->slot, wa, wait);

    ngx_http_zoom_count(&wa->state->refused);

    if (!ngx_http_zoom_call_under_way(call)
        && ((ngx_msec_int_t) wait + NGX_HTTP_ZOOM_CALL_LEAST
            > ngx_http_zoom_call_left(call)
            || call->spent
            || (call->tries_max && call->tries >= call->tries_max)))
    {
        call->slot.limit = NGX_HTTP_ZOOM_LIMIT_REJECTED;
        return ngx_http_zoom_call_fail(call);
    }

    ngx_http_zoom_call_tell(call, 0);

    ngx_http_zoom_count(&wa->state->retries);
    ngx_http_zoom_call_meet(call, call->verdict.error);

    if (wa->account->dry_run) {

        /* without waiting for slots Zoom's delay still has to be kept */

        ngx_http_zoom_call_unready(call);

        call->state = NGX_HTTP_ZOOM_CALL_PAUSE;
        ngx_add_timer(&call->timer, wait);
        return NGX_AGAIN;
    }

    call->state = NGX_HTTP_ZOOM_CALL_GATE;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_call_final(ngx_http_zoom_call_t *call)
{
    if (ngx_http_zoom_call_rescope(call) == NGX_OK) {
        return NGX_OK;
    }

    if (call->ops->another
        && !ngx_http_zoom_call_under_way(call)
        && call->ops->another(call, &call->verdict))
    {
        call->state = NGX_HTTP_ZOOM_CALL_GATE;
        return NGX_OK;
    }

    return ngx_http_zoom_call_fail(call);
}


/*
 * A scope may have been added meanwhile, but an older access token does not
 * have it: the probe goes on with a new one.  NGX_DECLINED: it does not.
 */

static ngx_int_t
ngx_http_zoom_call_rescope(ngx_http_zoom_call_t *call)
{
    uint64_t  token;

    if (call->verdict.error != ZOOM_E_SCOPE_MISSING
        || !call->unscoped
        || call->anonymous
        || call->user.len
        || call->refreshed
        || ngx_http_zoom_call_under_way(call))
    {
        return NGX_DECLINED;
    }

    token = call->tokens[call->last - call->exchanges];

    /* not the token's fault, so this does not delay later renewals */

    if (ngx_http_zoom_access_refuse(&call->access, token, 1) != NGX_OK) {
        return NGX_DECLINED;
    }

    call->refreshed = 1;
    call->refused = token;

    ngx_http_zoom_call_unready(call);
    call->state = NGX_HTTP_ZOOM_CALL_ACCESS;

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_call_fail(ngx_http_zoom_call_t *call)
{
    zoom_verdict_t                  *v;
    ngx_http_zoom_worker_account_t  *wa;

    wa = call->wa;
    v = &call->verdict;

    if (ngx_http_zoom_call_works(call)) {
        ngx_http_zoom_breaker_good(wa->zone, wa->state, call->service,
                                   wa->log);
    }

    ngx_http_zoom_call_tell(call, 1);

    call->error = v->error;
    call->wait = (v->wait > 0) ? ngx_min(v->wait, 3600) * 1000 : 0;
    call->responded = 1;

    return ngx_http_zoom_call_end(call);
}


/* this request can't be fulfilled, but the service works */

static ngx_uint_t
ngx_http_zoom_call_works(ngx_http_zoom_call_t *call)
{
    if (call->last->rc != NGX_OK) {
        return 0;
    }

    switch (call->verdict.error) {

    case ZOOM_E_USER_UNKNOWN:
    case ZOOM_E_MEETING_UNKNOWN:
    case ZOOM_E_USER_NOT_IN_MEETING:
    case ZOOM_E_GRANT_EXPIRED:
        return 1;

    case ZOOM_E_ZOOM_REFUSED:
        return !call->anonymous;

    default:
        return call->foreign && call->verdict.verdict != ZOOM_RETRY;
    }
}


static void
ngx_http_zoom_call_over(ngx_http_zoom_call_t *call)
{
    u_char                          *p;
    ngx_http_zoom_worker_account_t  *wa;
    u_char                           buf[NGX_HTTP_ZOOM_TEXT_MAX / 2];

    wa = call->wa;

    if (!ngx_http_zoom_failure_over(wa, call->service, &call->subject)) {
        return;
    }

    p = call->ops->print(call, buf, buf + sizeof(buf));

    ngx_log_error(NGX_LOG_NOTICE, wa->log, 0,
                  "zoom: account \"%V\": %*s is given again",
                  &wa->account->name, (size_t) (p - buf), buf);
}


/* Whether it says something of the service, whatever was asked for. */

static ngx_uint_t
ngx_http_zoom_call_is_news(ngx_http_zoom_call_t *call)
{
    const zoom_verdict_t  *v;

    v = &call->verdict;

    if (v->verdict != ZOOM_RETRY) {
        return 0;
    }

    return zoom_error_is_outage(v->error)
           || (v->error == ZOOM_E_RATE_LIMITED && call->anonymous);
}


static void
ngx_http_zoom_call_tell(ngx_http_zoom_call_t *call, ngx_uint_t last)
{
    ngx_str_t                 what;
    zoom_verdict_t           *v;
    ngx_http_zoom_failure_t  *f;
    u_char                    buf[NGX_HTTP_ZOOM_TEXT_MAX / 2];

    v = &call->verdict;
    f = &call->failure;

    if (call->stray
        || (call->foreign && !ngx_http_zoom_call_is_news(call)))
    {

        /* the caller has to interpret it */

        return;
    }

    what.data = buf;
    what.len = call->ops->print(call, buf, buf + sizeof(buf)) - buf;

    ngx_http_zoom_failure_text(f, &what, call->last, v);

    f->subject = call->subject;
    f->event.last = last;
    f->event.harmless = (call->ops->serves && call->ops->serves(call) > 0);
    f->event.lone = (call->lone && v->verdict == ZOOM_FINAL);

    ngx_http_zoom_failure_tell(f, v);
}
