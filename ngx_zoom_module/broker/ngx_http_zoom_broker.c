#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_kind.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_renew.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_worker_account.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_user.h"


/* how often the store may change under an ask before it just joins */

#define NGX_HTTP_ZOOM_ASK_TRIES    4

/* an access token with less left is not worth a request, seconds */

#define NGX_HTTP_ZOOM_ACCESS_LEFT  60

#define NGX_HTTP_ZOOM_PURGE_EVERY  1000

static ngx_int_t ngx_http_zoom_broker_key(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_key_t *key);
static ngx_int_t ngx_http_zoom_broker_look(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_broker_ill(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa);
static ngx_uint_t ngx_http_zoom_broker_usable(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_broker_stale(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec);
static void ngx_http_zoom_broker_hit(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec, u_char *value,
    ngx_http_zoom_status_e status);
static void ngx_http_zoom_broker_behind(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec);
static ngx_http_zoom_flight_t *ngx_http_zoom_broker_join(
    ngx_http_zoom_ask_t *ask, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec, ngx_uint_t *again);
static void ngx_http_zoom_broker_wait(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_broker_timeout(ngx_event_t *ev);
static void ngx_http_zoom_broker_done(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result);
static void ngx_http_zoom_broker_take(ngx_http_zoom_ask_t *ask,
    ngx_str_t *value);
static void ngx_http_zoom_broker_short(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_broker_fail(ngx_http_zoom_ask_t *ask,
    zoom_error_e error);
static ngx_uint_t ngx_http_zoom_broker_rescue(ngx_http_zoom_ask_t *ask,
    zoom_error_e error);
static ngx_int_t ngx_http_zoom_broker_finish(ngx_http_zoom_ask_t *ask);


static const ngx_http_zoom_flight_ops_t  ngx_http_zoom_broker_ops = {
    ngx_http_zoom_mint_run,
    ngx_http_zoom_broker_done
};


static ngx_http_zoom_zone_t  *ngx_http_zoom_broker_zone;
static size_t                 ngx_http_zoom_broker_size;
static u_char                 ngx_http_zoom_broker_value[
                                                     NGX_HTTP_ZOOM_VALUE_MAX];


ngx_int_t
ngx_http_zoom_broker_ask(ngx_http_zoom_ask_t *ask)
{
    ngx_uint_t                       i, again;
    ngx_http_zoom_key_t              key;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_record_t           rec;
    ngx_http_zoom_flight_t          *flight;
    u_char                           buf[NGX_HTTP_ZOOM_KEY_MAX];

    ask->flight = NULL;
    ask->error = ZOOM_OK;
    ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
    ask->limit = NGX_HTTP_ZOOM_LIMIT_NONE;
    ask->retry_after = 0;
    ask->mint_time = 0;
    ask->code = 0;
    ask->start = ngx_current_msec;
    ask->tracking_id[0] = '\0';
    ngx_str_null(&ask->token);

    key.data = buf;
    wa = ngx_http_zoom_worker_account(ask->account);

    if (wa == NULL || ngx_http_zoom_broker_key(ask, wa, &key) != NGX_OK) {
        ngx_http_zoom_broker_fail(ask, ZOOM_E_INTERNAL);
        return ngx_http_zoom_broker_finish(ask);
    }

    for (i = 0; i <= NGX_HTTP_ZOOM_ASK_TRIES; i++) {

        if (ngx_http_zoom_broker_look(ask, wa, &key, &rec) == NGX_OK
            || ngx_http_zoom_broker_ill(ask, wa))
        {
            return ngx_http_zoom_broker_finish(ask);
        }

        flight = ngx_http_zoom_broker_join(ask, &key,
                                           i < NGX_HTTP_ZOOM_ASK_TRIES
                                           ? &rec : NULL, &again);

        if (flight) {
            ngx_http_zoom_broker_wait(ask, flight);
            return NGX_AGAIN;
        }

        if (!again) {
            break;
        }
    }

    ngx_log_error(NGX_LOG_ERR, wa->log, 0,
                  "zoom: no room for another flight, increase \"zoom_zone\"");

    ask->retry_after = 1;
    ngx_http_zoom_broker_fail(ask, ZOOM_E_OVERLOADED);

    return ngx_http_zoom_broker_finish(ask);
}


static ngx_int_t
ngx_http_zoom_broker_key(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_key_t *key)
{
    ngx_int_t  rc;

    if (ask->kind == NGX_HTTP_ZOOM_OAUTH) {
        rc = ngx_http_zoom_key_access(key, ask->account);

    } else {
        rc = ngx_http_zoom_key_token(key, ask->account, ask->kind, &ask->user,
                                     ask->ttl, &ask->meeting,
                                     2 * ask->webinar + ask->bypass);
        key->once = ngx_http_zoom_kind_once(ask->kind);
    }

    key->state = ngx_http_zoom_state_index(wa->zone, wa->state);

    return rc;
}


/* NGX_OK: the answer is known without a flight, good or bad */

static ngx_int_t
ngx_http_zoom_broker_look(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec)
{
    u_char          *value;
    ngx_msec_int_t   left;

    value = ngx_http_zoom_broker_value;

    if (ngx_http_zoom_store_read(wa->zone, key, rec, value,
                                 NGX_HTTP_ZOOM_VALUE_MAX)
        != NGX_OK)
    {
        ngx_memzero(rec, sizeof(ngx_http_zoom_record_t));
        return NGX_DECLINED;
    }

    if (ngx_http_zoom_broker_usable(ask, rec)) {
        ngx_http_zoom_broker_hit(ask, rec, value, NGX_HTTP_ZOOM_STATUS_HIT);
        ngx_http_zoom_broker_behind(ask, wa, key, rec);
        return NGX_OK;
    }

    left = rec->until - ngx_current_msec;

    if (rec->failed > rec->published && left > 0) {
        ngx_explicit_memzero(value, rec->len);

        ask->retry_after = (left + 999) / 1000;
        ask->code = rec->code;
        ngx_memcpy(ask->tracking_id, rec->tracking_id,
                   sizeof(ask->tracking_id));

        ngx_http_zoom_broker_fail(ask, rec->error);
        return NGX_OK;
    }

    /* while Zoom is down nobody who has something waits for it */

    if (ngx_http_zoom_broker_stale(ask, rec)
        && (ngx_http_zoom_breaker_bad(wa->state, NGX_HTTP_ZOOM_OAUTH)
            || ngx_http_zoom_breaker_bad(wa->state, NGX_HTTP_ZOOM_ZAK)))
    {
        ngx_http_zoom_broker_hit(ask, rec, value, NGX_HTTP_ZOOM_STATUS_STALE);
        ngx_http_zoom_broker_behind(ask, wa, key, rec);
        return NGX_OK;
    }

    ngx_explicit_memzero(value, rec->len);

    return NGX_DECLINED;
}


/* health is asked for as it is now, not as it may be soon */

static ngx_uint_t
ngx_http_zoom_broker_ill(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa)
{
    zoom_error_e  error;

    error = wa->state->breakers[NGX_HTTP_ZOOM_OAUTH].error;

    if (!ask->health || error == ZOOM_OK
        || ngx_http_zoom_breaker_due(wa->state, NGX_HTTP_ZOOM_ZAK))
    {
        return 0;
    }

    ask->retry_after = 1;
    ngx_http_zoom_broker_fail(ask, error);

    return 1;
}


static ngx_uint_t
ngx_http_zoom_broker_usable(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec)
{
    time_t  now, age, left;

    if (rec->published == 0) {
        return 0;
    }

    now = ngx_time();
    age = now - rec->minted;
    left = rec->expires - now;

    if (ask->kind == NGX_HTTP_ZOOM_OAUTH) {

        /*
         * One with a short life is good for nearly all of it, or renewal had
         * no time; and any until it dies where no other is to be had.
         */

        if (rec->failed > rec->published) {
            return left > 0;
        }

        return left > ngx_min(NGX_HTTP_ZOOM_ACCESS_LEFT,
                              (rec->expires - rec->minted) / 20);
    }

    /* a clock that went back makes no token younger */

    return age >= 0 && age < ask->reuse && left > 0 && left >= ask->min_left;
}


static ngx_uint_t
ngx_http_zoom_broker_stale(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec)
{
    time_t  left;

    if (ask->kind != NGX_HTTP_ZOOM_ZAK || !ask->use_stale
        || rec->published == 0)
    {
        return 0;
    }

    left = rec->expires - ngx_time();

    return left > 0 && left >= ask->min_left;
}


static void
ngx_http_zoom_broker_hit(ngx_http_zoom_ask_t *ask, ngx_http_zoom_record_t *rec,
    u_char *value, ngx_http_zoom_status_e status)
{
    ngx_str_t  token;

    token.data = value;
    token.len = rec->len;

    ask->error = ZOOM_OK;
    ask->code = 0;
    ask->status = status;
    ask->expires = rec->expires;
    ask->published = rec->published;

    ngx_http_zoom_broker_take(ask, &token);

    ngx_explicit_memzero(value, rec->len);
}


/* served from the store, and soon to be replaced there */

static void
ngx_http_zoom_broker_behind(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_worker_account_t *wa, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec)
{
    time_t       age;
    ngx_uint_t   again;
    ngx_msec_t   deadline;

    if (rec->flight || ask->kind != NGX_HTTP_ZOOM_ZAK) {

        /* access tokens have a timer for it */
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
        && !ngx_http_zoom_breaker_due(wa->state, NGX_HTTP_ZOOM_ZAK))
    {
        return;
    }

    deadline = ask->deadline;
    ask->deadline = ngx_current_msec + NGX_HTTP_ZOOM_RENEW_TIME;

    ngx_http_zoom_flight_background(ngx_http_zoom_broker_join(ask, key, rec,
                                                              &again));
    ask->deadline = deadline;
}


static ngx_http_zoom_flight_t *
ngx_http_zoom_broker_join(ngx_http_zoom_ask_t *ask, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec, ngx_uint_t *again)
{
    ngx_http_zoom_mint_order_t  order;

    ngx_memzero(&order, sizeof(ngx_http_zoom_mint_order_t));

    order.head.size = sizeof(ngx_http_zoom_mint_order_t);
    order.head.ops = &ngx_http_zoom_broker_ops;
    order.wa = ngx_http_zoom_worker_account(ask->account);
    order.kind = ask->kind;

    order.ttl = ask->ttl;
    order.webinar = ask->webinar;
    order.bypass = ask->bypass;

    if (ask->user.len) {
        order.user_len = ngx_min(ask->user.len, ZOOM_USER_MAX);
        ngx_memcpy(order.user, ask->user.data, order.user_len);
    }

    if (ask->meeting.len) {
        order.meeting_len = ngx_min(ask->meeting.len, ZOOM_MEETING_ID_MAX);
        ngx_memcpy(order.meeting, ask->meeting.data, order.meeting_len);
    }

    return ngx_http_zoom_flight_join(key, rec, ask->deadline, &order.head,
                                     again);
}


static void
ngx_http_zoom_broker_wait(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_flight_t *flight)
{
    ngx_msec_int_t  left;

    ask->status = (flight->owner && ngx_queue_empty(&flight->waiters)
                   && flight->data == NULL)
                  ? NGX_HTTP_ZOOM_STATUS_MISS : NGX_HTTP_ZOOM_STATUS_SHARED;

    ask->flight = flight;
    ngx_queue_insert_tail(&flight->waiters, &ask->queue);

    left = ask->deadline - ngx_current_msec;

    ngx_http_zoom_timer_init(&ask->timer, ngx_http_zoom_broker_timeout,
                             ngx_cycle->log);
    ngx_add_timer(&ask->timer, ngx_max(left, 1));

    ngx_http_zoom_flight_start(flight);
}


void
ngx_http_zoom_broker_cancel(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_flight_t  *flight;

    flight = ask->flight;

    if (flight == NULL) {
        return;
    }

    ask->flight = NULL;
    ngx_queue_remove(&ask->queue);
    ngx_http_zoom_timer_stop(&ask->timer);

    ngx_http_zoom_flight_leave(flight);
}


static void
ngx_http_zoom_broker_timeout(ngx_event_t *ev)
{
    zoom_error_e          error;
    ngx_http_zoom_ask_t  *ask;

    ask = ngx_http_zoom_timer_object(ev, ngx_http_zoom_ask_t, timer);

    /* others may have more time to wait for a Zoom that is down */

    error = ngx_http_zoom_mint_trouble(ask->flight);

    ngx_http_zoom_broker_cancel(ask);

    ask->retry_after = 1;
    ngx_http_zoom_broker_fail(ask, error);
    (void) ngx_http_zoom_broker_finish(ask);

    ask->handler(ask);
}


static void
ngx_http_zoom_broker_done(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result)
{
    ngx_queue_t          *q;
    ngx_http_zoom_ask_t  *ask;

    /* a handler may cancel the asks of others: always take the first */

    while (!ngx_queue_empty(&flight->waiters)) {
        q = ngx_queue_head(&flight->waiters);
        ngx_queue_remove(q);

        ask = ngx_queue_data(q, ngx_http_zoom_ask_t, queue);

        ask->flight = NULL;
        ngx_http_zoom_timer_stop(&ask->timer);

        ask->limit = result->limit;
        ask->mint_time = result->time;
        ngx_memcpy(ask->tracking_id, result->tracking_id,
                   sizeof(ask->tracking_id));

        if (result->error == ZOOM_OK) {
            ask->expires = result->expires;
            ask->published = result->published;
            ngx_http_zoom_broker_take(ask, &result->value);
            ngx_http_zoom_broker_short(ask);

        } else {
            ask->retry_after = result->retry_after;
            ask->code = result->code;
            ngx_http_zoom_broker_fail(ask, result->error);
        }

        (void) ngx_http_zoom_broker_finish(ask);

        ask->handler(ask);
    }
}


static void
ngx_http_zoom_broker_take(ngx_http_zoom_ask_t *ask, ngx_str_t *value)
{
    if (ask->pool == NULL) {
        return;
    }

    ask->token.data = ngx_pstrdup(ask->pool, value);

    if (ask->token.data == NULL) {
        ask->error = ZOOM_E_INTERNAL;
        ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
        return;
    }

    ask->token.len = value->len;
}


/* a token just minted is handed out whatever its life, but not in silence */

static void
ngx_http_zoom_broker_short(ngx_http_zoom_ask_t *ask)
{
    time_t                           now;
    ngx_http_zoom_worker_account_t  *wa;

    now = ngx_time();

    if (ask->kind != NGX_HTTP_ZOOM_ZAK
        || ask->expires - now >= ask->min_left)
    {
        return;
    }

    wa = ngx_http_zoom_worker_account(ask->account);

    if (zoom_log_once(&wa->state->said[NGX_HTTP_ZOOM_ZAK][ZOOM_OK], now)
        == 0)
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, wa->log, 0,
                  "zoom: account \"%V\": Zoom minted a ZAK that lives for %T s "
                  "although \"zoom_min_left\" is %T s, it is handed out but "
                  "can't be reused", &ask->account->name, ask->expires - now,
                  ask->min_left);
}


/* an older token may still do */

static void
ngx_http_zoom_broker_fail(ngx_http_zoom_ask_t *ask, zoom_error_e error)
{
    if (ngx_http_zoom_broker_rescue(ask, error)) {
        return;
    }

    ask->error = error;
    ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
}


static ngx_uint_t
ngx_http_zoom_broker_rescue(ngx_http_zoom_ask_t *ask, zoom_error_e error)
{
    ngx_http_zoom_key_t              key;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_record_t           rec;
    u_char                           buf[NGX_HTTP_ZOOM_KEY_MAX];

    if (!ask->use_stale || ask->kind != NGX_HTTP_ZOOM_ZAK
        || error == ZOOM_E_USER_UNKNOWN || error == ZOOM_E_MEETING_UNKNOWN)
    {
        return 0;
    }

    key.data = buf;
    wa = ngx_http_zoom_worker_account(ask->account);

    if (wa == NULL
        || ngx_http_zoom_broker_key(ask, wa, &key) != NGX_OK
        || ngx_http_zoom_store_read(wa->zone, &key, &rec,
                                    ngx_http_zoom_broker_value,
                                    NGX_HTTP_ZOOM_VALUE_MAX)
           != NGX_OK)
    {
        return 0;
    }

    if (!ngx_http_zoom_broker_stale(ask, &rec)) {
        ngx_explicit_memzero(ngx_http_zoom_broker_value, rec.len);
        return 0;
    }

    ngx_http_zoom_broker_hit(ask, &rec, ngx_http_zoom_broker_value,
                             NGX_HTTP_ZOOM_STATUS_STALE);

    return ask->error == ZOOM_OK;
}


/* counts what callbacks get; the rest is the broker's own doing */

static ngx_int_t
ngx_http_zoom_broker_finish(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_state_t           *state;
    ngx_http_zoom_worker_account_t  *wa;

    wa = ngx_http_zoom_worker_account(ask->account);

    if (wa == NULL) {
        return NGX_OK;
    }

    state = wa->state;

    if (ask->kind == NGX_HTTP_ZOOM_OAUTH) {

        if (ask->health && ask->error == ZOOM_OK
            && ngx_http_zoom_breaker_known(state, NGX_HTTP_ZOOM_ZAK))
        {
            ask->error = state->breakers[NGX_HTTP_ZOOM_ZAK].error;
            ask->retry_after = 1;
        }

        return NGX_OK;
    }

    if (ask->error == ZOOM_OK) {
        ngx_http_zoom_count(&state->answers[ask->status]);

    } else {
        ngx_http_zoom_count(&state->errors[ask->error]);
    }

    if (ask->limit) {
        ngx_http_zoom_count(&state->limits[ask->limit]);
    }

    ngx_http_zoom_histogram_add(&state->wait_time,
                                ngx_current_msec - ask->start);

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_broker_purge(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t *n)
{
    ngx_uint_t                       busy;
    zoom_user_e                      type;
    ngx_http_zoom_key_t              key;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_state_t           *state;
    u_char                           buf[NGX_HTTP_ZOOM_KEY_MAX];

    *n = 0;

    if (user) {
        type = zoom_user_check(ngx_http_zoom_str(user));

        if (type != ZOOM_USER_ID && type != ZOOM_USER_EMAIL) {
            return NGX_DECLINED;
        }
    }

    key.data = buf;
    wa = ngx_http_zoom_worker_account(account);

    if (wa == NULL) {
        return NGX_ERROR;
    }

    state = wa->state;

    ngx_http_zoom_zone_lock(wa->zone);

    busy = (state->purged
            && ngx_current_msec - state->purged < NGX_HTTP_ZOOM_PURGE_EVERY);

    if (!busy) {
        state->purged = ngx_current_msec;
        ngx_http_zoom_breaker_reset(state);
    }

    ngx_http_zoom_zone_unlock(wa->zone);

    if (busy) {
        return NGX_BUSY;
    }

    if (ngx_http_zoom_key_prefix(&key, account, user) != NGX_OK) {
        return NGX_ERROR;
    }

    *n = ngx_http_zoom_publish_purge(wa->zone, &key);

    if (user) {
        return NGX_OK;
    }

    if (ngx_http_zoom_key_access(&key, account) != NGX_OK) {
        return NGX_ERROR;
    }

    *n += ngx_http_zoom_publish_purge(wa->zone, &key);

    return NGX_OK;
}


void
ngx_http_zoom_broker_count(zoom_error_e error)
{
    if (ngx_http_zoom_broker_zone && error < ZOOM_E_LAST) {
        ngx_http_zoom_count(&ngx_http_zoom_broker_zone->sh->errors[error]);
    }
}


void
ngx_http_zoom_broker_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_report_t *report)
{
    ngx_uint_t                       i;
    ngx_http_zoom_key_t              key;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_record_t           rec;
    u_char                           buf[NGX_HTTP_ZOOM_KEY_MAX];
    static ngx_http_zoom_state_t     none;

    ngx_memzero(report, sizeof(ngx_http_zoom_report_t));

    report->state = &none;

    key.data = buf;
    wa = ngx_http_zoom_worker_account(account);

    if (wa == NULL) {
        return;
    }

    report->state = wa->state;

    if (ngx_http_zoom_key_access(&key, account) == NGX_OK
        && ngx_http_zoom_store_look(wa->zone, &key, &rec) == NGX_OK
        && rec.published)
    {
        report->minted = rec.minted;
        report->expires = rec.expires;
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        report->labels[i].rate = wa->rates[i];

        ngx_http_zoom_quota_look(wa->zone, wa->quota, i,
                                 &wa->rates[i], &report->labels[i].used,
                                 &report->labels[i].wait);
    }
}


void
ngx_http_zoom_broker_zone_report(ngx_http_zoom_zone_report_t *report)
{
    uint32_t                 i;
    ngx_http_zoom_zone_t    *zone;
    ngx_http_zoom_shared_t  *sh;

    ngx_memzero(report, sizeof(ngx_http_zoom_zone_report_t));

    zone = ngx_http_zoom_broker_zone;

    if (zone == NULL) {
        return;
    }

    sh = zone->sh;

    report->size = ngx_http_zoom_broker_size;
    report->entries = sh->nentries;
    report->used = sh->nused;
    report->negative = sh->nnegative;
    report->blocks = sh->nblocks;
    report->free_blocks = sh->nfree;
    report->errors = sh->errors;

    for (i = 0; i < sh->nentries; i++) {
        report->flights += (zone->entries[i].used && zone->entries[i].flight);
    }

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        report->workers += (sh->workers[i].pid != 0);
    }
}


ngx_int_t
ngx_http_zoom_broker_init_process(ngx_cycle_t *cycle)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    if (zmcf == NULL || zmcf->zone == NULL) {
        return NGX_OK;
    }

    ngx_http_zoom_broker_zone = zmcf->zone->data;
    ngx_http_zoom_broker_size = zmcf->zone->shm.size;

    ngx_http_zoom_key_init_process(ngx_http_zoom_broker_zone->sh->seed);

    if (ngx_http_zoom_http_client_init_process(cycle) != NGX_OK
        || ngx_http_zoom_flight_init_process(ngx_http_zoom_broker_zone,
                                             cycle->log)
           != NGX_OK
        || ngx_http_zoom_worker_accounts_create(cycle) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_zoom_renew_start(cycle->log);

    return NGX_OK;
}


void
ngx_http_zoom_broker_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_zoom_broker_zone == NULL) {
        return;
    }

    ngx_http_zoom_renew_stop();
    ngx_http_zoom_worker_accounts_destroy();
    ngx_http_zoom_flight_exit_process();
    ngx_http_zoom_http_client_exit_process(cycle);

    ngx_http_zoom_broker_zone = NULL;
}


/* renewal in the background: an ask that nobody waits for */

void
ngx_http_zoom_broker_renew(ngx_http_zoom_account_t *account)
{
    ngx_uint_t                       again;
    ngx_http_zoom_ask_t              ask;
    ngx_http_zoom_key_t              key;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_record_t           rec;
    u_char                           buf[NGX_HTTP_ZOOM_KEY_MAX];

    ngx_memzero(&ask, sizeof(ngx_http_zoom_ask_t));

    ask.account = account;
    ask.kind = NGX_HTTP_ZOOM_OAUTH;
    ask.deadline = ngx_current_msec + NGX_HTTP_ZOOM_RENEW_TIME;

    key.data = buf;
    wa = ngx_http_zoom_worker_account(account);

    if (ngx_http_zoom_broker_key(&ask, wa, &key) != NGX_OK) {
        return;
    }

    if (ngx_http_zoom_store_look(wa->zone, &key, &rec) != NGX_OK) {
        ngx_memzero(&rec, sizeof(ngx_http_zoom_record_t));
    }

    if (rec.flight || !ngx_http_zoom_renew_due(wa, &rec)) {
        return;
    }

    ngx_http_zoom_flight_background(ngx_http_zoom_broker_join(&ask, &key,
                                                              &rec, &again));
}
