#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_fetch.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_module.h"
#include "ngx_http_zoom_timer.h"
#include "zoom_answer.h"
#include "zoom_oauth.h"
#include "zoom_token.h"


/* one exchange and three more, full jitter between them */

#define NGX_HTTP_ZOOM_MINT_TRIES   4
#define NGX_HTTP_ZOOM_MINT_JITTER  250

/* a try that gets less than this is not worth its cost to Zoom */

#define NGX_HTTP_ZOOM_MINT_LEAST   1000

/* for how long a failure stands, in milliseconds */

#define NGX_HTTP_ZOOM_HOLD_OUTAGE  1000
#define NGX_HTTP_ZOOM_HOLD_BROKEN  1000
#define NGX_HTTP_ZOOM_HOLD_UNKNOWN 10000
#define NGX_HTTP_ZOOM_HOLD_LIMIT   60000

#define NGX_HTTP_ZOOM_PATH_MAX     (3 * ZOOM_USER_MAX + 64)
#define NGX_HTTP_ZOOM_FORM_MAX     1024


typedef struct {
    ngx_http_zoom_flight_t      *flight;
    ngx_http_zoom_mint_order_t  *order;
    ngx_pool_t                  *pool;

    ngx_http_zoom_ask_t          access;
    ngx_http_zoom_fetch_t        fetch;
    ngx_event_t                  timer;

    ngx_msec_t                   start;
    ngx_uint_t                   tries;
    unsigned                     refreshed:1;
} ngx_http_zoom_mint_t;


static ngx_http_zoom_mint_t *ngx_http_zoom_mint_create(
    ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_mint_next(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_have_access(ngx_http_zoom_ask_t *ask);
static ngx_int_t ngx_http_zoom_mint_fetch_access(ngx_http_zoom_mint_t *mint);
static ngx_int_t ngx_http_zoom_mint_fetch_zak(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_send(ngx_http_zoom_mint_t *mint);
static void ngx_http_zoom_mint_answered(ngx_http_zoom_fetch_t *f);
static void ngx_http_zoom_mint_judge(ngx_http_zoom_mint_t *mint,
    zoom_judgement_t *j, ngx_http_zoom_result_t *result, zoom_buf_t *token);
static void ngx_http_zoom_mint_refresh(ngx_http_zoom_mint_t *mint,
    zoom_judgement_t *j);
static void ngx_http_zoom_mint_retry(ngx_http_zoom_mint_t *mint,
    zoom_judgement_t *j);
static void ngx_http_zoom_mint_again(ngx_event_t *ev);
static void ngx_http_zoom_mint_fail(ngx_http_zoom_mint_t *mint,
    zoom_judgement_t *j);
static void ngx_http_zoom_mint_hold(ngx_http_zoom_mint_t *mint,
    zoom_judgement_t *j, ngx_http_zoom_result_t *result);
static void ngx_http_zoom_mint_log(ngx_http_zoom_mint_t *mint,
    zoom_judgement_t *j);
static void ngx_http_zoom_mint_give_up(ngx_http_zoom_mint_t *mint,
    zoom_error_e error);
static void ngx_http_zoom_mint_land(ngx_http_zoom_mint_t *mint,
    ngx_http_zoom_result_t *result);
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

    pool = ngx_create_pool(2048, ngx_cycle->log);
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
    mint->order = (ngx_http_zoom_mint_order_t *) flight->order;
    mint->start = ngx_current_msec;

    ngx_http_zoom_timer_init(&mint->timer, ngx_http_zoom_mint_again,
                             ngx_cycle->log);

    flight->data = mint;

    return mint;
}


/* a try, from the access token on */

static void
ngx_http_zoom_mint_next(ngx_http_zoom_mint_t *mint)
{
    ngx_http_zoom_ask_t  *ask;

    if (!ngx_http_zoom_flight_wanted(mint->flight)) {
        ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ngx_cycle->log, 0,
                       "zoom mint: nobody waits any more");
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_TIMEOUT);
        return;
    }

    if (ngx_http_zoom_mint_left(mint) <= 0) {
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_TIMEOUT);
        return;
    }

    if (mint->order->kind == NGX_HTTP_ZOOM_ACCESS) {
        ngx_http_zoom_mint_send(mint);
        return;
    }

    ask = &mint->access;

    ask->account = mint->order->account;
    ask->kind = NGX_HTTP_ZOOM_ACCESS;
    ask->deadline = ngx_http_zoom_flight_deadline(mint->flight);
    ask->pool = mint->pool;
    ask->handler = ngx_http_zoom_mint_have_access;
    ask->data = mint;

    if (ngx_http_zoom_broker_ask(ask) == NGX_OK) {
        ngx_http_zoom_mint_have_access(ask);
    }
}


static void
ngx_http_zoom_mint_have_access(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t   result;

    mint = ask->data;

    if (ask->error == ZOOM_OK) {
        ngx_http_zoom_mint_send(mint);
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

    /* it has been logged, and stands under the access token's own key */

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = ask->error;
    result.retry_after = ask->retry_after;
    ngx_memcpy(result.tracking_id, ask->tracking_id,
               sizeof(result.tracking_id));

    ngx_http_zoom_mint_land(mint, &result);
}


static void
ngx_http_zoom_mint_send(ngx_http_zoom_mint_t *mint)
{
    ngx_int_t                rc;
    ngx_msec_int_t           left;
    zoom_judgement_t         j;
    ngx_http_zoom_fetch_t   *f;

    f = &mint->fetch;

    ngx_memzero(f, sizeof(ngx_http_zoom_fetch_t));

    left = ngx_http_zoom_mint_left(mint);

    f->timeout = ngx_max(left, 1);
    f->handler = ngx_http_zoom_mint_answered;
    f->data = mint;
    f->log = ngx_cycle->log;

    mint->tries++;

    rc = (mint->order->kind == NGX_HTTP_ZOOM_ACCESS)
         ? ngx_http_zoom_mint_fetch_access(mint)
         : ngx_http_zoom_mint_fetch_zak(mint);

    if (mint->access.token.len) {
        ngx_explicit_memzero(mint->access.token.data, mint->access.token.len);
        ngx_str_null(&mint->access.token);
    }

    if (rc == NGX_OK) {
        return;
    }

    ngx_memzero(&j, sizeof(zoom_judgement_t));

    j.verdict = ZOOM_FINAL;
    j.wait = 1;
    j.error = (rc == NGX_BUSY) ? ZOOM_E_OVERLOADED : ZOOM_E_INTERNAL;

    mint->fetch.reason = (rc == NGX_BUSY)
                         ? "too many requests are waiting for a connection"
                         : "could not start a request";
    mint->fetch.advice = (rc == NGX_BUSY) ? "increase \"connections\"" : NULL;
    mint->fetch.rc = NGX_ERROR;

    ngx_http_zoom_mint_fail(mint, &j);
}


static ngx_int_t
ngx_http_zoom_mint_fetch_access(ngx_http_zoom_mint_t *mint)
{
    ngx_int_t                 rc;
    zoom_buf_t                authorization, body;
    ngx_http_zoom_fetch_t    *f;
    ngx_http_zoom_account_t  *account;
    u_char                    buf[NGX_HTTP_ZOOM_FORM_MAX],
                              form[NGX_HTTP_ZOOM_FORM_MAX];

    f = &mint->fetch;
    account = mint->order->account;

    zoom_buf_init(&authorization, buf, sizeof(buf));
    zoom_oauth_authorization(&authorization,
                             ngx_http_zoom_str(&account->client_id),
                             ngx_http_zoom_str(&account->client_secret));

    zoom_buf_init(&body, form, sizeof(form));
    zoom_oauth_body(&body, ngx_http_zoom_str(&account->account_id));

    f->origin = &account->oauth;
    f->authorization.data = authorization.data;
    f->authorization.len = authorization.len;
    f->body.data = body.data;
    f->body.len = body.len;

    rc = NGX_ERROR;

    if (!authorization.overflow && !body.overflow) {
        rc = ngx_http_zoom_fetch(mint->order->client, f);
    }

    ngx_explicit_memzero(buf, sizeof(buf));
    ngx_explicit_memzero(form, sizeof(form));

    return rc;
}


static ngx_int_t
ngx_http_zoom_mint_fetch_zak(ngx_http_zoom_mint_t *mint)
{
    u_char                      *p;
    size_t                       len;
    ngx_int_t                    rc;
    zoom_buf_t                   path;
    zoom_str_t                   user;
    ngx_http_zoom_fetch_t       *f;
    ngx_http_zoom_mint_order_t  *order;
    u_char                       buf[NGX_HTTP_ZOOM_PATH_MAX];

    f = &mint->fetch;
    order = mint->order;

    user.data = order->user;
    user.len = order->len;

    zoom_buf_init(&path, buf, sizeof(buf));
    zoom_zak_path(&path, user, order->ttl);

    len = sizeof("Bearer ") - 1 + mint->access.token.len;

    p = ngx_pnalloc(mint->pool, len);
    if (p == NULL || path.overflow) {
        return NGX_ERROR;
    }

    f->origin = &order->account->api;
    f->path.data = path.data;
    f->path.len = path.len;
    f->authorization.data = p;
    f->authorization.len = len;

    p = ngx_cpymem(p, "Bearer ", sizeof("Bearer ") - 1);
    ngx_memcpy(p, mint->access.token.data, mint->access.token.len);

    rc = ngx_http_zoom_fetch(order->client, f);

    ngx_explicit_memzero(f->authorization.data, len);

    return rc;
}


static void
ngx_http_zoom_mint_answered(ngx_http_zoom_fetch_t *f)
{
    zoom_buf_t               token;
    zoom_judgement_t         j;
    ngx_http_zoom_mint_t    *mint;
    ngx_http_zoom_result_t   result;
    static u_char            buf[ZOOM_ACCESS_TOKEN_MAX];

    mint = f->data;

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    zoom_buf_init(&token, buf, sizeof(buf));
    ngx_http_zoom_mint_judge(mint, &j, &result, &token);

    switch (j.verdict) {

    case ZOOM_USE:
        result.value.data = token.data;
        result.value.len = token.len;
        result.minted = ngx_time();
        ngx_memcpy(result.tracking_id, j.tracking_id,
                   sizeof(result.tracking_id));

        ngx_http_zoom_mint_land(mint, &result);
        break;

    case ZOOM_REFRESH:
        ngx_http_zoom_mint_refresh(mint, &j);
        break;

    case ZOOM_RETRY:
        ngx_http_zoom_mint_retry(mint, &j);
        break;

    default: /* ZOOM_FINAL */
        ngx_http_zoom_mint_fail(mint, &j);
        break;
    }

    ngx_explicit_memzero(buf, token.len);
}


static void
ngx_http_zoom_mint_judge(ngx_http_zoom_mint_t *mint, zoom_judgement_t *j,
    ngx_http_zoom_result_t *result, zoom_buf_t *token)
{
    int64_t                 life, expires;
    ngx_http_zoom_fetch_t  *f;

    f = &mint->fetch;

    ngx_memzero(j, sizeof(zoom_judgement_t));

    if (f->rc != NGX_OK) {
        j->verdict = ZOOM_RETRY;
        j->error = ZOOM_E_ZOOM_UNAVAILABLE;
        j->wait = -1;
        return;
    }

    if (mint->order->kind == NGX_HTTP_ZOOM_ACCESS) {
        zoom_oauth_judge(&f->answer, ngx_time(), token, &life, j);
        result->expires = ngx_time() + life;
        return;
    }

    zoom_zak_judge(&f->answer, ngx_time(), mint->order->ttl, token, &expires,
                   j);
    result->expires = expires;
}


/* the access token died before its time: one more try with another */

static void
ngx_http_zoom_mint_refresh(ngx_http_zoom_mint_t *mint, zoom_judgement_t *j)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    if (mint->order->kind == NGX_HTTP_ZOOM_ACCESS || mint->refreshed) {
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    mint->refreshed = 1;

    key.data = buf;

    if (ngx_http_zoom_key_access(&key, mint->order->account) != NGX_OK) {
        ngx_http_zoom_mint_give_up(mint, ZOOM_E_INTERNAL);
        return;
    }

    /* unless somebody else has renewed it by now */

    ngx_http_zoom_flight_outdate(&key, mint->access.published);

    ngx_http_zoom_mint_next(mint);
}


static void
ngx_http_zoom_mint_retry(ngx_http_zoom_mint_t *mint, zoom_judgement_t *j)
{
    ngx_msec_t      delay;
    ngx_msec_int_t  left;

    left = ngx_http_zoom_mint_left(mint);

    /* it was our own budget that ran out, not Zoom's time */

    if (mint->fetch.timedout && left < NGX_HTTP_ZOOM_MINT_LEAST) {
        j->error = ZOOM_E_TIMEOUT;
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    delay = 1 + ngx_random() % (NGX_HTTP_ZOOM_MINT_JITTER << mint->tries);

    if (j->wait > 0) {
        delay += ngx_min(j->wait, 3600) * 1000;
    }

    if (mint->tries >= NGX_HTTP_ZOOM_MINT_TRIES
        || left - (ngx_msec_int_t) delay < NGX_HTTP_ZOOM_MINT_LEAST)
    {
        ngx_http_zoom_mint_fail(mint, j);
        return;
    }

    ngx_log_error(NGX_LOG_INFO, ngx_cycle->log, 0,
                  "zoom: account \"%V\": %s, trying again in %M ms",
                  &mint->order->account->name,
                  mint->fetch.rc == NGX_OK
                  ? (char *) j->message : mint->fetch.reason, delay);

    ngx_http_zoom_flight_meet(mint->flight, j->error);

    ngx_add_timer(&mint->timer, delay);
}


static void
ngx_http_zoom_mint_again(ngx_event_t *ev)
{
    ngx_http_zoom_mint_t  *mint;

    mint = ngx_http_zoom_timer_object(ev, ngx_http_zoom_mint_t, timer);

    ngx_http_zoom_mint_next(mint);
}


static void
ngx_http_zoom_mint_fail(ngx_http_zoom_mint_t *mint, zoom_judgement_t *j)
{
    ngx_http_zoom_result_t  result;

    ngx_http_zoom_mint_log(mint, j);

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = j->error;
    ngx_memcpy(result.tracking_id, j->tracking_id,
               sizeof(result.tracking_id));

    ngx_http_zoom_mint_hold(mint, j, &result);
    ngx_http_zoom_mint_land(mint, &result);
}


static void
ngx_http_zoom_mint_hold(ngx_http_zoom_mint_t *mint, zoom_judgement_t *j,
    ngx_http_zoom_result_t *result)
{
    switch (j->error) {

    case ZOOM_E_TIMEOUT:
    case ZOOM_E_INTERNAL:
        break;

    case ZOOM_E_ZOOM_UNAVAILABLE:
    case ZOOM_E_OVERLOADED:
    case ZOOM_E_ZOOM_INVALID:
        result->hold = NGX_HTTP_ZOOM_HOLD_OUTAGE;
        break;

    case ZOOM_E_RATE_LIMITED:

        /* no hint locks an account for longer without another try */

        result->hold = ngx_min(ngx_max(j->wait, 1) * 1000,
                               NGX_HTTP_ZOOM_HOLD_LIMIT);
        break;

    case ZOOM_E_USER_UNKNOWN:
    case ZOOM_E_MEETING_UNKNOWN:
        result->hold = NGX_HTTP_ZOOM_HOLD_UNKNOWN;
        break;

    default:
        result->hold = NGX_HTTP_ZOOM_HOLD_BROKEN;
        result->backoff = 1;
        break;
    }

    result->retry_after = ngx_max((time_t) (result->hold + 999) / 1000,
                                  (time_t) ngx_min(j->wait, 86400));
}


static void
ngx_http_zoom_mint_log(ngx_http_zoom_mint_t *mint, zoom_judgement_t *j)
{
    u_char                      *p, *last;
    ngx_str_t                    user;
    const char                  *advice;
    ngx_http_zoom_fetch_t       *f;
    ngx_http_zoom_mint_order_t  *order;
    const zoom_error_info_t     *info;
    u_char                       buf[NGX_MAX_ERROR_STR];

    f = &mint->fetch;
    order = mint->order;
    info = zoom_error_info(j->error);

    p = buf;
    last = buf + sizeof(buf);

    user.data = order->user;
    user.len = order->len;

    if (order->kind == NGX_HTTP_ZOOM_ACCESS) {
        p = ngx_slprintf(p, last, "no access token");

    } else {
        p = ngx_slprintf(p, last, "no ZAK for user \"%V\"", &user);
    }

    p = ngx_slprintf(p, last, " (%*s): ", info->name.len, info->name.data);

    if (f->rc != NGX_OK) {
        p = ngx_slprintf(p, last, "%s", f->reason ? f->reason : "no answer");
        advice = f->advice;

    } else {
        p = ngx_slprintf(p, last, "Zoom answered %d, code %d, \"%s\", "
                         "tracking id \"%s\"", f->answer.status, j->code,
                         j->message, j->tracking_id);
        advice = j->advice;
    }

    if (advice) {
        p = ngx_slprintf(p, last, "; %s", advice);
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "zoom: account \"%V\": %*s", &order->account->name,
                  p - buf, buf);
}


static void
ngx_http_zoom_mint_give_up(ngx_http_zoom_mint_t *mint, zoom_error_e error)
{
    ngx_http_zoom_result_t  result;

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = error;

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

    ngx_http_zoom_broker_cancel(&mint->access);
    ngx_http_zoom_timer_stop(&mint->timer);

    if (mint->access.token.len) {
        ngx_explicit_memzero(mint->access.token.data, mint->access.token.len);
    }

    ngx_http_zoom_flight_land(flight, result);

    /* "result" may point into it */
    ngx_destroy_pool(pool);
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
