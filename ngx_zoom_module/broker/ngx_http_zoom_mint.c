#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_waiter.h"
#include "zoom_oauth.h"


/* the mint, its job, an access token and what is sent: one block of memory */

#define NGX_HTTP_ZOOM_MINT_POOL     6144

/*
 * For how long a failure stands, in milliseconds, for the one who was asked
 * for; what concerns the account is the breaker's.
 */

#define NGX_HTTP_ZOOM_HOLD_REFUSED  1000
#define NGX_HTTP_ZOOM_HOLD_UNKNOWN  10000

/* Zoom tells the host of each bot that is too early. */

#define NGX_HTTP_ZOOM_HOLD_EARLY    5000

/* how long a renewal that failed stands, milliseconds */

#define NGX_HTTP_ZOOM_HOLD_RENEWAL  5000


typedef struct ngx_http_zoom_mint_s  ngx_http_zoom_mint_t;

struct ngx_http_zoom_mint_s {
    ngx_http_zoom_call_t         call;
    ngx_http_zoom_flight_t      *flight;
    ngx_http_zoom_mint_job_t    *job;        /* a copy */
    ngx_pool_t                  *pool;
    zoom_verdict_t               first;      /* no, before another was tried */
    ngx_str_t                    token;      /* in ngx_http_zoom_mint_buf, or
                                                in the pool */
    ngx_http_zoom_minted_t       minted;
    ngx_http_zoom_result_t       result;     /* when the call is over */
    unsigned                     over:1;
};


static void ngx_http_zoom_mint_run(ngx_http_zoom_flight_t *flight);
static ngx_http_zoom_mint_t *ngx_http_zoom_mint_create(
    ngx_http_zoom_flight_t *flight);
static ngx_int_t ngx_http_zoom_mint_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_mint_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v);
static u_char *ngx_http_zoom_mint_print(ngx_http_zoom_call_t *call, u_char *p,
    u_char *last);
static ngx_msec_int_t ngx_http_zoom_mint_left(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_mint_wanted(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_mint_busy(ngx_http_zoom_call_t *call,
    ngx_msec_t time);
static void ngx_http_zoom_mint_meet(ngx_http_zoom_call_t *call,
    zoom_error_e trouble);
static zoom_error_e ngx_http_zoom_mint_met(ngx_http_zoom_call_t *call);
static ngx_uint_t ngx_http_zoom_mint_another(ngx_http_zoom_call_t *call,
    zoom_verdict_t *v);
static time_t ngx_http_zoom_mint_serves(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_mint_done(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_mint_minted(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result);
static void ngx_http_zoom_mint_failed(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result);
static ngx_msec_t ngx_http_zoom_mint_hold(ngx_http_zoom_mint_t *mint);
static ngx_int_t ngx_http_zoom_mint_keep(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_land(ngx_http_zoom_mint_t *mint);


const ngx_http_zoom_flight_ops_t  ngx_http_zoom_mint_flight = {
    ngx_http_zoom_mint_run,
    ngx_http_zoom_waiters_land
};


static const ngx_http_zoom_call_ops_t  ngx_http_zoom_mint_call = {
    ngx_http_zoom_mint_send,
    ngx_http_zoom_mint_classify,
    ngx_http_zoom_mint_print,
    ngx_http_zoom_mint_left,
    ngx_http_zoom_mint_wanted,
    ngx_http_zoom_mint_busy,
    ngx_http_zoom_mint_meet,
    ngx_http_zoom_mint_met,
    ngx_http_zoom_mint_another,
    ngx_http_zoom_mint_serves,
    ngx_http_zoom_mint_done
};


/* used by one mint at a time, from its response to its landing */

static u_char  ngx_http_zoom_mint_buf[ZOOM_ACCESS_TOKEN_MAX];


static void
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

    if (mint->job->ops->before
        && mint->job->ops->before(mint->job) == NGX_AGAIN)
    {
        return;
    }

    /* whoever waits has a timer, which a worker that quits heeds */

    ngx_http_zoom_call_start(&mint->call, 1);
}


static ngx_http_zoom_mint_t *
ngx_http_zoom_mint_create(ngx_http_zoom_flight_t *flight)
{
    ngx_pool_t            *pool;
    ngx_http_zoom_mint_t  *mint;

    /* the request that started it may be gone before it ends */

    pool = ngx_create_pool(NGX_HTTP_ZOOM_MINT_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    mint = ngx_pcalloc(pool, sizeof(ngx_http_zoom_mint_t));
    if (mint == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    mint->job = ngx_palloc(pool, flight->job->size);
    if (mint->job == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    ngx_memcpy(mint->job, flight->job, flight->job->size);

    mint->pool = pool;
    mint->flight = flight;

    mint->call.ops = &ngx_http_zoom_mint_call;
    mint->call.data = mint;
    mint->call.wa = mint->job->wa;
    mint->call.service = mint->job->service;
    mint->call.label = mint->job->label;
    mint->call.who = mint->job->who;
    mint->call.subject = mint->job->subject;
    mint->call.stale_after = mint->job->stale_after;
    mint->call.pool = pool;
    mint->call.anonymous = mint->job->anonymous;
    mint->call.lone = mint->job->lone;
    mint->call.solo = mint->job->solo;

    mint->job->mint = mint;

    if (mint->job->ops->user) {
        mint->job->ops->user(mint->job, &mint->call.user);
    }

    flight->data = mint;

    return mint;
}


static ngx_int_t
ngx_http_zoom_mint_send(ngx_http_zoom_call_t *call, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    return mint->job->ops->send(call, mint->job, access, x);
}


static void
ngx_http_zoom_mint_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v)
{
    zoom_buf_t             token;
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    zoom_buf_init(&token, ngx_http_zoom_mint_buf,
                  sizeof(ngx_http_zoom_mint_buf));

    ngx_memzero(&mint->minted, sizeof(ngx_http_zoom_minted_t));

    mint->job->ops->classify(mint->job, &x->response, &token, &mint->minted,
                             v);

    if (v->verdict == ZOOM_USE) {
        mint->token.data = token.data;
        mint->token.len = token.len;
        return;
    }

    ngx_explicit_memzero(token.data, token.len);
}


static u_char *
ngx_http_zoom_mint_print(ngx_http_zoom_call_t *call, u_char *p, u_char *last)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    return mint->job->ops->print(mint->job, p, last);
}


static ngx_msec_int_t
ngx_http_zoom_mint_left(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    return (ngx_msec_int_t) (ngx_http_zoom_flight_deadline(mint->flight)
                             - ngx_current_msec);
}


static ngx_uint_t
ngx_http_zoom_mint_wanted(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    return ngx_http_zoom_flight_wanted(mint->flight);
}


static void
ngx_http_zoom_mint_busy(ngx_http_zoom_call_t *call, ngx_msec_t time)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    ngx_http_zoom_flight_busy(mint->flight, time);
}


static void
ngx_http_zoom_mint_meet(ngx_http_zoom_call_t *call, zoom_error_e trouble)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    ngx_http_zoom_flight_meet(mint->flight, trouble);
}


static zoom_error_e
ngx_http_zoom_mint_met(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    return ngx_http_zoom_flight_trouble(mint->flight);
}


static ngx_uint_t
ngx_http_zoom_mint_another(ngx_http_zoom_call_t *call, zoom_verdict_t *v)
{
    ngx_uint_t             rc;
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    if (mint->job->ops->another == NULL) {
        return 0;
    }

    rc = mint->job->ops->another(mint->job, &mint->first, v);

    /* what it asks for, or failed for, has changed */

    call->lone = mint->job->lone;

    return rc;
}


static time_t
ngx_http_zoom_mint_serves(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_mint_t  *mint;

    mint = call->data;

    return mint->job->ops->serves ? mint->job->ops->serves(mint->job) : 0;
}


static void
ngx_http_zoom_mint_done(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t  *result;

    mint = call->data;
    result = &mint->result;

    mint->over = 1;

    result->error = call->error;
    result->limit = call->slot.limit;
    result->dropped = call->dropped;
    result->time = ngx_current_msec - call->start;
    ngx_memcpy(result->tracking_id, call->verdict.tracking_id,
               sizeof(result->tracking_id));

    if (call->error == ZOOM_OK) {
        ngx_http_zoom_mint_minted(mint, result);

    } else {
        ngx_http_zoom_mint_failed(mint, result);
    }

    if (mint->job->ops->after && call->responded) {

        if (ngx_http_zoom_mint_keep(mint) != NGX_OK) {
            result->error = ZOOM_E_INTERNAL;
        }

        if (mint->job->ops->after(mint->job, call->error) == NGX_AGAIN) {
            return;
        }
    }

    ngx_http_zoom_mint_land(mint);
}


/* Others use the buffer while the landing waits. */

static ngx_int_t
ngx_http_zoom_mint_keep(ngx_http_zoom_mint_t *mint)
{
    ngx_str_t  token;

    token = mint->token;

    if (token.len == 0) {
        return NGX_OK;
    }

    mint->token.data = ngx_pstrdup(mint->pool, &token);
    ngx_explicit_memzero(token.data, token.len);

    mint->result.value = mint->token;

    if (mint->token.data == NULL) {
        mint->token.len = 0;
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_zoom_mint_land(ngx_http_zoom_mint_t *mint)
{
    ngx_pool_t              *pool;
    ngx_str_t                token;
    ngx_http_zoom_flight_t  *flight;
    ngx_http_zoom_result_t   result;

    pool = mint->pool;
    token = mint->token;
    flight = mint->flight;
    result = mint->result;

    /* the flight may be flown again, or be gone, when this returns */

    flight->data = NULL;

    ngx_http_zoom_flight_land(flight, &result);

    ngx_explicit_memzero(token.data, token.len);
    ngx_destroy_pool(pool);
}


void
ngx_http_zoom_mint_go(ngx_http_zoom_mint_job_t *job, zoom_error_e error,
    ngx_msec_t hold)
{
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t  *result;

    mint = job->mint;
    result = &mint->result;

    if (error == ZOOM_OK && !mint->over) {
        ngx_http_zoom_call_start(&mint->call, 1);
        return;
    }

    if (error != ZOOM_OK) {
        result->error = error;
        result->hold = hold;
        result->retry_after = ngx_max((time_t) (hold + 999) / 1000, 1);
        ngx_str_null(&result->value);
    }

    ngx_http_zoom_mint_land(mint);
}


ngx_pool_t *
ngx_http_zoom_mint_pool(const ngx_http_zoom_mint_job_t *job)
{
    return job->mint->pool;
}


void
ngx_http_zoom_mint_delayed(ngx_http_zoom_mint_job_t *job,
    zoom_error_e trouble, ngx_msec_t time)
{
    ngx_http_zoom_flight_busy(job->mint->flight, time);
    ngx_http_zoom_flight_meet(job->mint->flight, trouble);
}


static void
ngx_http_zoom_mint_minted(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_state_t  *state;

    state = mint->job->wa->state;

    ngx_http_zoom_count(&state->minted[mint->job->service]);

    if (!mint->job->anonymous) {
        ngx_http_zoom_histogram_add(&state->mint_time, result->time);
        ngx_http_zoom_access_scoped(&mint->call.access,
                         1u << (mint->job->service - NGX_HTTP_ZOOM_ZAK));
    }

    result->value = mint->token;
    result->minted = ngx_time();
    result->expires = mint->minted.expires;
    result->lacks = mint->minted.lacks;
}


/* and how long that stands */

static void
ngx_http_zoom_mint_failed(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result)
{
    time_t                 left;
    ngx_http_zoom_call_t  *call;

    call = &mint->call;

    result->code = call->verdict.code;
    result->retry_after = (call->wait + 999) / 1000;

    if (!call->responded) {
        return;
    }

    result->hold = ngx_http_zoom_mint_hold(mint);
    result->retry_after = ngx_max((time_t) (result->hold + 999) / 1000,
                                  ngx_min(result->retry_after, 60));

    left = ngx_http_zoom_mint_serves(call);

    if (left > 1) {

        /* when it expires another try is due; seconds are rounded */

        result->hold = ngx_max(result->hold,
                               ngx_min((ngx_msec_t) (left - 1) * 1000,
                                       NGX_HTTP_ZOOM_HOLD_RENEWAL));
    }
}


static ngx_msec_t
ngx_http_zoom_mint_hold(ngx_http_zoom_mint_t *mint)
{
    zoom_verdict_t  *v;

    v = &mint->call.verdict;

    switch (v->error) {

    case ZOOM_E_USER_UNKNOWN:
    case ZOOM_E_MEETING_UNKNOWN:
        return NGX_HTTP_ZOOM_HOLD_UNKNOWN;

    case ZOOM_E_USER_NOT_IN_MEETING:
        return NGX_HTTP_ZOOM_HOLD_EARLY;

    case ZOOM_E_ZOOM_REFUSED:
    case ZOOM_E_ZOOM_INVALID:
        return NGX_HTTP_ZOOM_HOLD_REFUSED;

    case ZOOM_E_RATE_LIMITED:

        /* what has no label has none that could be closed */

        if (mint->job->label == ZOOM_NLABELS) {
            return ngx_min(ngx_max(v->wait, 1) * 1000,
                           NGX_HTTP_ZOOM_CLOSE_MAX);
        }

        return 0;

    default:
        return 0;
    }
}


zoom_error_e
ngx_http_zoom_mint_trouble(ngx_http_zoom_flight_t *flight)
{
    zoom_error_e           trouble;
    ngx_http_zoom_mint_t  *mint;

    mint = flight->data;

    if (mint && mint->call.start) {
        return ngx_http_zoom_call_trouble(&mint->call);
    }

    trouble = ngx_http_zoom_flight_trouble(flight);

    return trouble ? trouble : ZOOM_E_TIMEOUT;
}
