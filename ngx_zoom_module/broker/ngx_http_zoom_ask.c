#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_ask.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_fair.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_flight_entry.h"
#include "ngx_http_zoom_full.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_token.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_log_once.h"
#include "zoom_token_type.h"


/* how often the store may change under an ask before it just joins */

#define NGX_HTTP_ZOOM_ASK_TRIES   4

/* what a flight in the background may take, milliseconds */

#define NGX_HTTP_ZOOM_ASK_BEHIND  12000


static void ngx_http_zoom_ask_clear(ngx_http_zoom_ask_t *ask);
static ngx_int_t ngx_http_zoom_ask_wait(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_key_t *key);
static ngx_int_t ngx_http_zoom_ask_look(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_ask_hopeless(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_ask_usable(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_ask_stale(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec);
static ngx_msec_t ngx_http_zoom_ask_until(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec);
static void ngx_http_zoom_ask_hit(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec, u_char *value,
    ngx_http_zoom_status_e status);
static void ngx_http_zoom_ask_behind(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec);
static ngx_http_zoom_flight_t *ngx_http_zoom_ask_join(
    ngx_http_zoom_ask_t *ask, const ngx_http_zoom_key_t *key,
    const ngx_http_zoom_record_t *rec, ngx_msec_t deadline,
    ngx_uint_t *again);
static void ngx_http_zoom_ask_landed(ngx_http_zoom_waiter_t *w,
    const ngx_http_zoom_result_t *result);
static ngx_uint_t ngx_http_zoom_ask_outdated(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_result_t *result);
static void ngx_http_zoom_ask_again(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ask_late(ngx_http_zoom_waiter_t *w);
static void ngx_http_zoom_ask_ripen(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ask_take(ngx_http_zoom_ask_t *ask,
    const ngx_str_t *value);
static void ngx_http_zoom_ask_short(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ask_fail(ngx_http_zoom_ask_t *ask,
    zoom_error_e error);
static ngx_uint_t ngx_http_zoom_ask_rescue(ngx_http_zoom_ask_t *ask,
    zoom_error_e error);
static void ngx_http_zoom_ask_count(ngx_http_zoom_ask_t *ask);


#define ngx_http_zoom_ask_of(w)                                               \
    ngx_queue_data(w, ngx_http_zoom_ask_t, waiter)


static u_char  ngx_http_zoom_ask_value[NGX_HTTP_ZOOM_VALUE_MAX];


ngx_int_t
ngx_http_zoom_ask(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    ngx_http_zoom_ask_clear(ask);

    key.data = buf;

    if (ask->wa == NULL
        || ngx_http_zoom_key_token(&key, ask->wa, &ask->req) != NGX_OK)
    {
        ngx_http_zoom_ask_fail(ask, ZOOM_E_INTERNAL);

    } else if (ngx_http_zoom_ask_wait(ask, &key) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_http_zoom_ask_count(ask);

    return NGX_OK;
}


static void
ngx_http_zoom_ask_clear(ngx_http_zoom_ask_t *ask)
{
    ask->wa = ngx_http_zoom_worker_account(ask->account);

    ask->waiter.flight = NULL;
    ask->error = ZOOM_OK;
    ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
    ask->limit = NGX_HTTP_ZOOM_LIMIT_NONE;
    ask->retry_after = 0;
    ask->mint_time = 0;
    ask->code = 0;
    ask->start = ngx_current_msec;
    ask->ripe = 0;
    ask->again = 0;
    ask->tracking_id[0] = '\0';
    ngx_str_null(&ask->token);
}


/* NGX_OK: it is known, good or bad; NGX_AGAIN: a flight will bring it */

static ngx_int_t
ngx_http_zoom_ask_wait(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_key_t *key)
{
    ngx_uint_t               i, again;
    ngx_http_zoom_record_t   rec;
    ngx_http_zoom_flight_t  *flight;

    key->who = ask->who;

    for (i = 0; i <= NGX_HTTP_ZOOM_ASK_TRIES; i++) {

        if (ngx_http_zoom_ask_look(ask, key, &rec) == NGX_OK
            || ngx_http_zoom_ask_hopeless(ask, &rec))
        {
            return NGX_OK;
        }

        flight = ngx_http_zoom_ask_join(ask, key,
                                        i < NGX_HTTP_ZOOM_ASK_TRIES ? &rec
                                                                    : NULL,
                                        ask->deadline, &again);

        if (flight) {
            ask->waiter.landed = ngx_http_zoom_ask_landed;
            ask->waiter.late = ngx_http_zoom_ask_late;
            ask->status = ngx_http_zoom_waiter_wait(&ask->waiter, flight,
                                         ngx_http_zoom_ask_until(ask, &rec));
            return NGX_AGAIN;
        }

        if (!again) {
            break;
        }
    }

    ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_FLIGHTS, ask->wa->log);

    ask->retry_after = 1;
    ngx_http_zoom_ask_fail(ask, ZOOM_E_OVERLOADED);

    return NGX_OK;
}


/* NGX_OK: the answer is known without a flight, good or bad */

static ngx_int_t
ngx_http_zoom_ask_look(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec)
{
    u_char          *value;
    ngx_msec_int_t   left;

    value = ngx_http_zoom_ask_value;

    if (ngx_http_zoom_store_read(ask->wa->zone, key, rec, value,
                                 NGX_HTTP_ZOOM_VALUE_MAX)
        != NGX_OK)
    {
        ngx_memzero(rec, sizeof(ngx_http_zoom_record_t));
        return NGX_DECLINED;
    }

    if (ngx_http_zoom_ask_usable(ask, rec)) {
        ngx_http_zoom_ask_hit(ask, rec, value, NGX_HTTP_ZOOM_STATUS_HIT);
        ngx_http_zoom_ask_behind(ask, key, rec);
        return NGX_OK;
    }

    left = rec->until - ngx_current_msec;

    if (rec->failed > rec->published && left > 0) {
        ngx_explicit_memzero(value, rec->len);

        ask->retry_after = (left + 999) / 1000;
        ask->code = rec->code;
        ngx_memcpy(ask->tracking_id, rec->tracking_id,
                   sizeof(ask->tracking_id));

        ngx_http_zoom_ask_fail(ask, rec->error);
        return NGX_OK;
    }

    /* while Zoom is down nobody waits who can be served a stale token */

    if (ngx_http_zoom_ask_stale(ask, rec)
        && (ngx_http_zoom_breaker_bad(ask->wa->state, NGX_HTTP_ZOOM_OAUTH)
            || ngx_http_zoom_breaker_bad(ask->wa->state, NGX_HTTP_ZOOM_ZAK)))
    {
        ngx_http_zoom_ask_hit(ask, rec, value, NGX_HTTP_ZOOM_STATUS_STALE);
        ngx_http_zoom_ask_behind(ask, key, rec);
        return NGX_OK;
    }

    ngx_explicit_memzero(value, rec->len);

    return NGX_DECLINED;
}


/*
 * A flight of its own would be refused a slot: in a flood of these none is made
 * and nothing is stored.
 */

static ngx_uint_t
ngx_http_zoom_ask_hopeless(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_record_t *rec)
{
    ngx_msec_t      wait;
    ngx_msec_int_t  left;

    if (rec->flight) {
        return 0;
    }

    left = (ngx_msec_int_t) (ask->deadline - ngx_current_msec);
    left = ngx_max(left, 0);

    if (ngx_http_zoom_fair_look(ask->wa, zoom_token_types[ask->req.type].label,
                                ask->who, ngx_http_zoom_fair_time(left), &wait)
        == NGX_OK)
    {
        return 0;
    }

    ask->limit = NGX_HTTP_ZOOM_LIMIT_REJECTED;
    ask->retry_after = ngx_max((time_t) (wait + 999) / 1000, 1);

    ngx_http_zoom_ask_fail(ask, ZOOM_E_RATE_LIMITED);

    return 1;
}


static ngx_uint_t
ngx_http_zoom_ask_usable(ngx_http_zoom_ask_t *ask, ngx_http_zoom_record_t *rec)
{
    time_t  now, age, left;

    if (rec->published == 0) {
        return 0;
    }

    now = ngx_time();
    age = now - rec->minted;
    left = rec->expires - now;

    /* a clock that went back makes no token younger */

    return age >= 0 && age < ask->reuse && left > 0 && left >= ask->min_left;
}


static ngx_uint_t
ngx_http_zoom_ask_stale(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec)
{
    time_t  left;

    if (ask->req.type != ZOOM_ZAK || !ask->use_stale
        || rec->published == 0)
    {
        return 0;
    }

    /* a user that Zoom did not know when last asked */

    if (rec->failed > rec->published && rec->error == ZOOM_E_USER_UNKNOWN) {
        return 0;
    }

    left = rec->expires - ngx_time();

    return left > 0 && left >= ask->min_left;
}


/* how long to wait for a flight at first */

static ngx_msec_t
ngx_http_zoom_ask_until(ngx_http_zoom_ask_t *ask, ngx_http_zoom_record_t *rec)
{
    ngx_msec_t  ripe;

    ripe = ask->start + ask->stale_after;

    return (ngx_http_zoom_ask_stale(ask, rec)
            && ngx_http_zoom_later(ask->deadline, ripe))
           ? ripe : ask->deadline;
}


static void
ngx_http_zoom_ask_hit(ngx_http_zoom_ask_t *ask, ngx_http_zoom_record_t *rec,
    u_char *value, ngx_http_zoom_status_e status)
{
    ngx_str_t  token;

    token.data = value;
    token.len = rec->len;

    ask->error = ZOOM_OK;
    ask->code = 0;
    ask->status = status;
    ask->expires = rec->expires;

    ngx_http_zoom_ask_take(ask, &token);

    ngx_explicit_memzero(value, rec->len);
}


/* served from the store, and soon to be replaced there */

static void
ngx_http_zoom_ask_behind(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec)
{
    time_t      age;
    ngx_uint_t  again;

    if (rec->flight || ask->req.type != ZOOM_ZAK) {
        return;
    }

    if (rec->failed > rec->published
        && (ngx_msec_int_t) (rec->until - ngx_current_msec) > 0)
    {
        return;
    }

    age = ngx_time() - rec->minted;

    if (ask->status == NGX_HTTP_ZOOM_STATUS_HIT
        && age < ask->reuse - ask->reuse / 10)
    {
        return;
    }

    if (ask->status == NGX_HTTP_ZOOM_STATUS_STALE
        && !ngx_http_zoom_breaker_due(ask->wa->state, NGX_HTTP_ZOOM_ZAK))
    {
        return;
    }

    ngx_http_zoom_flight_background(
        ngx_http_zoom_ask_join(ask, key, rec,
                               ngx_current_msec + NGX_HTTP_ZOOM_ASK_BEHIND,
                               &again));
}


static ngx_http_zoom_flight_t *
ngx_http_zoom_ask_join(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_record_t *rec,
    ngx_msec_t deadline, ngx_uint_t *again)
{
    ngx_http_zoom_token_job_t  job;

    ngx_http_zoom_token_job(&job, ask->wa, &ask->req);

    job.mint.who = ask->who;
    job.mint.stale_after = ask->stale_after;
    job.mint.head.reuse = ask->reuse;
    job.mint.head.min_left = ask->min_left;
    job.mint.head.shared = (ask->reuse > 0);

    return ngx_http_zoom_flight_join(key, rec, deadline, &job.mint.head,
                                     again);
}


void
ngx_http_zoom_ask_cancel(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_waiter_leave(&ask->waiter);
}


static void
ngx_http_zoom_ask_landed(ngx_http_zoom_waiter_t *w,
    const ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_ask_t  *ask;

    ask = ngx_http_zoom_ask_of(w);

    if (!ask->again && ngx_http_zoom_ask_outdated(ask, result)) {
        ngx_http_zoom_ask_again(ask);
        return;
    }

    ask->limit = result->limit;
    ask->mint_time = result->time;
    ngx_memcpy(ask->tracking_id, result->tracking_id,
               sizeof(ask->tracking_id));

    if (result->error == ZOOM_OK) {

        if (result->foreign) {
            ask->status = NGX_HTTP_ZOOM_STATUS_SHARED;
        }

        ask->expires = result->expires;
        ngx_http_zoom_ask_take(ask, &result->value);
        ngx_http_zoom_ask_short(ask);

    } else {
        ask->retry_after = result->retry_after;
        ask->code = result->code;
        ngx_http_zoom_ask_fail(ask, result->error);
    }

    ngx_http_zoom_ask_count(ask);

    ask->handler(ask);
}


/*
 * It was not minted for us but came from another host, for somebody who is
 * content with less.
 */

static ngx_uint_t
ngx_http_zoom_ask_outdated(ngx_http_zoom_ask_t *ask,
    const ngx_http_zoom_result_t *result)
{
    time_t                  began;
    ngx_http_zoom_record_t  rec;

    began = ngx_time() - (time_t) (ngx_current_msec - ask->start) / 1000 - 1;

    if (result->error != ZOOM_OK || result->minted >= began) {
        return 0;
    }

    ngx_memzero(&rec, sizeof(ngx_http_zoom_record_t));

    rec.published = 1;
    rec.minted = result->minted;
    rec.expires = result->expires;

    return !ngx_http_zoom_ask_usable(ask, &rec);
}


/* Once: the zone has what came, and knows that it won't do. */

static void
ngx_http_zoom_ask_again(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    ask->again = 1;
    key.data = buf;

    if (ngx_http_zoom_key_token(&key, ask->wa, &ask->req) != NGX_OK) {
        ngx_http_zoom_ask_fail(ask, ZOOM_E_INTERNAL);

    } else if (ngx_http_zoom_ask_wait(ask, &key) == NGX_AGAIN) {
        return;
    }

    ngx_http_zoom_ask_count(ask);

    ask->handler(ask);
}


static void
ngx_http_zoom_ask_late(ngx_http_zoom_waiter_t *w)
{
    zoom_error_e          error;
    ngx_http_zoom_ask_t  *ask;

    ask = ngx_http_zoom_ask_of(w);

    if (ngx_http_zoom_later(ask->deadline, ngx_current_msec)) {
        ngx_http_zoom_ask_ripen(ask);
        return;
    }

    /* others may be able to wait longer while Zoom is down */

    error = ngx_http_zoom_mint_trouble(w->flight);

    ngx_http_zoom_waiter_leave(w);

    ask->retry_after = 1;
    ngx_http_zoom_ask_fail(ask, error);
    ngx_http_zoom_ask_count(ask);

    ask->handler(ask);
}


static void
ngx_http_zoom_ask_ripen(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_waiter_extend(&ask->waiter, ask->deadline);

    ask->ripe = 1;

    if (ask->ripened) {
        ask->ripened(ask);
        return;
    }

    if (ngx_http_zoom_ask_settle(ask) == NGX_OK) {
        ask->handler(ask);
    }
}


ngx_int_t
ngx_http_zoom_ask_settle(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_status_e  status;

    ask->ripe = 0;
    status = ask->status;

    if (!ngx_http_zoom_ask_rescue(ask, ZOOM_E_TIMEOUT)) {

        /* it may have been purged meanwhile */

        ask->error = ZOOM_OK;
        ask->status = status;

        return NGX_DECLINED;
    }

    ngx_http_zoom_flight_keep(ask->waiter.flight,
                              ngx_current_msec + NGX_HTTP_ZOOM_ASK_BEHIND);
    ngx_http_zoom_waiter_leave(&ask->waiter);

    ngx_http_zoom_ask_count(ask);

    return NGX_OK;
}


static void
ngx_http_zoom_ask_take(ngx_http_zoom_ask_t *ask, const ngx_str_t *value)
{
    u_char  *p;

    p = ngx_pnalloc(ask->pool, ask->before + value->len + ask->after);

    if (p == NULL) {
        ask->error = ZOOM_E_INTERNAL;
        ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
        return;
    }

    ask->token.data = p + ask->before;
    ask->token.len = value->len;

    ngx_memcpy(ask->token.data, value->data, value->len);
}


/* a new token is handed out whatever its life is, with a warning */

static void
ngx_http_zoom_ask_short(ngx_http_zoom_ask_t *ask)
{
    time_t  now;

    now = ngx_time();

    if (ask->req.type != ZOOM_ZAK
        || ask->expires - now >= ask->min_left)
    {
        return;
    }

    if (zoom_log_once(&ask->wa->state->said[NGX_HTTP_ZOOM_ZAK][ZOOM_OK], now)
        == 0)
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, ask->wa->log, 0,
                  "zoom: account \"%V\": Zoom minted a ZAK that lives for %T s "
                  "although \"zoom_min_left\" is %T s, it is handed out but "
                  "can't be reused", &ask->account->name, ask->expires - now,
                  ask->min_left);
}


/* an older token may still do */

static void
ngx_http_zoom_ask_fail(ngx_http_zoom_ask_t *ask, zoom_error_e error)
{
    if (ngx_http_zoom_ask_rescue(ask, error)) {
        return;
    }

    ask->error = error;
    ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
}


static ngx_uint_t
ngx_http_zoom_ask_rescue(ngx_http_zoom_ask_t *ask, zoom_error_e error)
{
    ngx_http_zoom_key_t     key;
    ngx_http_zoom_record_t  rec;
    u_char                  buf[NGX_HTTP_ZOOM_KEY_MAX];

    if (!ask->use_stale || ask->req.type != ZOOM_ZAK
        || error == ZOOM_E_USER_UNKNOWN || error == ZOOM_E_MEETING_UNKNOWN
        || error == ZOOM_E_NOT_CONNECTED || error == ZOOM_E_GRANT_EXPIRED)
    {
        return 0;
    }

    key.data = buf;

    if (ask->wa == NULL
        || ngx_http_zoom_key_token(&key, ask->wa, &ask->req) != NGX_OK
        || ngx_http_zoom_store_read(ask->wa->zone, &key, &rec,
                                    ngx_http_zoom_ask_value,
                                    NGX_HTTP_ZOOM_VALUE_MAX)
           != NGX_OK)
    {
        return 0;
    }

    if (!ngx_http_zoom_ask_stale(ask, &rec)) {
        ngx_explicit_memzero(ngx_http_zoom_ask_value, rec.len);
        return 0;
    }

    ngx_http_zoom_ask_hit(ask, &rec, ngx_http_zoom_ask_value,
                          NGX_HTTP_ZOOM_STATUS_STALE);

    return ask->error == ZOOM_OK;
}


static void
ngx_http_zoom_ask_count(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_state_t  *state;
    ngx_http_zoom_tally_t  *tally;

    if (ask->wa == NULL) {
        return;
    }

    state = ask->wa->state;
    tally = ngx_http_zoom_state_tally(state);

    if (ask->error == ZOOM_OK) {
        ngx_http_zoom_count(&tally->answers[ask->status]);

    } else {
        ngx_http_zoom_count(&state->errors[ask->error]);
    }

    if (ask->limit) {
        ngx_http_zoom_count(&state->limits[ask->limit]);
    }

    ngx_http_zoom_histogram_add(&tally->wait_time,
                                ngx_current_msec - ask->start);
}
