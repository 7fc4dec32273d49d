#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_flight_entry.h"
#include "ngx_http_zoom_full.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_name.h"
#include "ngx_http_zoom_publish.h"
#include "ngx_http_zoom_str.h"


/* how often the store may change under us before we just join */

#define NGX_HTTP_ZOOM_ACCESS_TRIES  4

/* what a flight in the background may take, milliseconds */

#define NGX_HTTP_ZOOM_ACCESS_TIME   12000


static ngx_int_t ngx_http_zoom_access_fetch(ngx_http_zoom_access_t *a);
static ngx_int_t ngx_http_zoom_access_key(const ngx_http_zoom_access_t *a,
    ngx_http_zoom_key_t *key);
static ngx_http_zoom_flight_t *ngx_http_zoom_access_join(
    ngx_http_zoom_access_t *a, const ngx_http_zoom_key_t *key,
    const ngx_http_zoom_record_t *rec, ngx_uint_t *again);
static void ngx_http_zoom_access_done(ngx_http_zoom_access_t *a);
static void ngx_http_zoom_access_behind(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_record_t *rec);
static void ngx_http_zoom_access_clear(ngx_http_zoom_access_t *a);
static ngx_int_t ngx_http_zoom_access_stored(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_access_usable(
    const ngx_http_zoom_record_t *rec);
static time_t ngx_http_zoom_access_left(const ngx_http_zoom_record_t *rec);
static ngx_msec_t ngx_http_zoom_access_until(const ngx_http_zoom_access_t *a,
    const ngx_http_zoom_record_t *rec);
static void ngx_http_zoom_access_hit(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_record_t *rec, u_char *value,
    ngx_http_zoom_status_e status);
static void ngx_http_zoom_access_take(ngx_http_zoom_access_t *a,
    const ngx_str_t *value);
static void ngx_http_zoom_access_landed(ngx_http_zoom_waiter_t *w,
    const ngx_http_zoom_result_t *result);
static void ngx_http_zoom_access_late(ngx_http_zoom_waiter_t *w);
static ngx_int_t ngx_http_zoom_access_settle(ngx_http_zoom_access_t *a);


#define ngx_http_zoom_access_of(w)                                            \
    ngx_queue_data(w, ngx_http_zoom_access_t, waiter)


static u_char  ngx_http_zoom_access_value[NGX_HTTP_ZOOM_VALUE_MAX];


ngx_int_t
ngx_http_zoom_access_get(ngx_http_zoom_access_t *a)
{
    ngx_http_zoom_access_clear(a);

    if (!ngx_http_zoom_account_of_users(a->wa->account)) {
        return ngx_http_zoom_access_fetch(a);
    }

    if (a->user.len == 0 || a->user.len > ZOOM_USER_MAX) {
        a->error = ZOOM_E_NO_USER;
        return NGX_OK;
    }

    a->naming = 1;

    if (ngx_http_zoom_access_fetch(a) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    a->naming = 0;

    return (a->error == ZOOM_OK) ? ngx_http_zoom_access_fetch(a) : NGX_OK;
}


/* One of the two: whose the name is, or the access token. */

static ngx_int_t
ngx_http_zoom_access_fetch(ngx_http_zoom_access_t *a)
{
    ngx_uint_t               i, again;
    ngx_http_zoom_key_t      key;
    ngx_http_zoom_record_t   rec;
    ngx_http_zoom_flight_t  *flight;
    u_char                   buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_access_key(a, &key) != NGX_OK) {
        a->error = ZOOM_E_INTERNAL;
        return NGX_OK;
    }

    for (i = 0; i <= NGX_HTTP_ZOOM_ACCESS_TRIES; i++) {

        if (ngx_http_zoom_access_stored(a, &key, &rec) == NGX_OK) {
            return NGX_OK;
        }

        flight = ngx_http_zoom_access_join(a, &key,
                                           i < NGX_HTTP_ZOOM_ACCESS_TRIES
                                           ? &rec : NULL, &again);

        if (flight) {
            a->waiter.landed = ngx_http_zoom_access_landed;
            a->waiter.late = ngx_http_zoom_access_late;
            a->status = ngx_http_zoom_waiter_wait(&a->waiter, flight,
                                         ngx_http_zoom_access_until(a, &rec));
            return NGX_AGAIN;
        }

        if (!again) {
            break;
        }
    }

    ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_FLIGHTS, a->wa->log);

    a->retry_after = 1;
    a->error = ZOOM_E_OVERLOADED;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_access_key(const ngx_http_zoom_access_t *a,
    ngx_http_zoom_key_t *key)
{
    ngx_str_t   name;
    zoom_buf_t  folded;
    u_char      buf[ZOOM_USER_MAX];

    if (!ngx_http_zoom_account_of_users(a->wa->account)) {
        return ngx_http_zoom_key_access(key, a->wa);
    }

    if (!a->naming) {
        return ngx_http_zoom_key_user_access(key, a->wa, &a->id);
    }

    zoom_buf_init(&folded, buf, sizeof(buf));
    zoom_user_fold(&folded, ngx_http_zoom_str(&a->user));

    name.data = folded.data;
    name.len = folded.len;

    return ngx_http_zoom_key_name(key, a->wa, &name);
}


static ngx_http_zoom_flight_t *
ngx_http_zoom_access_join(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_record_t *rec,
    ngx_uint_t *again)
{
    ngx_http_zoom_name_job_t    name;
    const ngx_http_zoom_job_t  *job;

    job = a->wa->grant;

    if (a->naming) {
        ngx_http_zoom_name_job(&name, a->wa, &a->user);
        job = &name.head;

    } else if (a->wa->user_grant) {
        job = a->wa->user_grant(a->wa, &a->id);
    }

    return ngx_http_zoom_flight_join(key, rec, a->deadline, job, again);
}


static void
ngx_http_zoom_access_clear(ngx_http_zoom_access_t *a)
{
    a->waiter.flight = NULL;
    a->naming = 0;
    a->error = ZOOM_OK;
    a->status = NGX_HTTP_ZOOM_STATUS_NONE;
    a->expires = 0;
    a->lacks = 0;
    a->retry_after = 0;
    a->code = 0;
    a->tracking_id[0] = '\0';
    a->published = 0;
    ngx_str_null(&a->token);
}


/* NGX_OK: the store knows the answer, good or bad */

static ngx_int_t
ngx_http_zoom_access_stored(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec)
{
    u_char          *value;
    ngx_int_t        rc;
    ngx_msec_int_t   left;

    value = ngx_http_zoom_access_value;

    if (ngx_http_zoom_store_read(a->wa->zone, key, rec, value,
                                 NGX_HTTP_ZOOM_VALUE_MAX)
        != NGX_OK)
    {
        ngx_memzero(rec, sizeof(ngx_http_zoom_record_t));
        return NGX_DECLINED;
    }

    left = rec->until - ngx_current_msec;
    rc = NGX_OK;

    if (ngx_http_zoom_access_usable(rec)) {
        ngx_http_zoom_access_hit(a, rec, value, NGX_HTTP_ZOOM_STATUS_HIT);
        ngx_http_zoom_access_behind(a, key, rec);

    } else if (rec->failed > rec->published && left > 0) {
        a->error = rec->error;
        a->code = rec->code;
        a->retry_after = (left + 999) / 1000;
        ngx_memcpy(a->tracking_id, rec->tracking_id, sizeof(a->tracking_id));

    } else {
        rc = NGX_DECLINED;
    }

    ngx_explicit_memzero(value, rec->len);

    return rc;
}


/*
 * A token with a short life is used until shortly before its end, or there
 * would be no time for a renewal; any token is used to its end if no other can
 * be had.
 */

static ngx_uint_t
ngx_http_zoom_access_usable(const ngx_http_zoom_record_t *rec)
{
    time_t  left;

    left = ngx_http_zoom_access_left(rec);

    if (rec->failed > rec->published) {
        return left > 0;
    }

    return left > ngx_min(NGX_HTTP_ZOOM_ACCESS_LEFT,
                          (rec->expires - rec->minted) / 20);
}


static time_t
ngx_http_zoom_access_left(const ngx_http_zoom_record_t *rec)
{
    return rec->published ? rec->expires - ngx_time() : 0;
}


/* how long to wait for another one at first */

static ngx_msec_t
ngx_http_zoom_access_until(const ngx_http_zoom_access_t *a,
    const ngx_http_zoom_record_t *rec)
{
    ngx_msec_t  ripe;

    ripe = ngx_current_msec + a->stale_after;

    return (ngx_http_zoom_access_left(rec) > 0
            && ngx_http_zoom_later(a->deadline, ripe))
           ? ripe : a->deadline;
}


static void
ngx_http_zoom_access_hit(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_record_t *rec, u_char *value,
    ngx_http_zoom_status_e status)
{
    ngx_str_t  token;

    token.data = value;
    token.len = rec->len;

    a->status = status;
    a->expires = rec->expires;
    a->lacks = rec->lacks;
    a->published = rec->published;

    ngx_http_zoom_access_take(a, &token);
}


static void
ngx_http_zoom_access_take(ngx_http_zoom_access_t *a, const ngx_str_t *value)
{
    if (a->naming) {
        a->id.data = a->id_text;
        a->id.len = ngx_min(value->len, sizeof(a->id_text));
        ngx_memcpy(a->id_text, value->data, a->id.len);
        return;
    }

    if (a->pool == NULL) {
        return;
    }

    a->token.data = ngx_pstrdup(a->pool, (ngx_str_t *) value);

    if (a->token.data == NULL) {
        a->error = ZOOM_E_INTERNAL;
        a->status = NGX_HTTP_ZOOM_STATUS_NONE;
        return;
    }

    a->token.len = value->len;
}


static void
ngx_http_zoom_access_landed(ngx_http_zoom_waiter_t *w,
    const ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_access_t  *a;

    a = ngx_http_zoom_access_of(w);

    a->error = result->error;
    ngx_memcpy(a->tracking_id, result->tracking_id, sizeof(a->tracking_id));

    if (result->error == ZOOM_OK) {
        a->expires = result->expires;
        a->lacks = result->lacks;
        a->published = result->published;
        ngx_http_zoom_access_take(a, &result->value);

    } else {
        a->status = NGX_HTTP_ZOOM_STATUS_NONE;
        a->retry_after = result->retry_after;
        a->code = result->code;
    }

    ngx_http_zoom_access_done(a);
}


/* A name has been resolved: the access token of that user is next. */

static void
ngx_http_zoom_access_done(ngx_http_zoom_access_t *a)
{
    if (a->naming) {
        a->naming = 0;

        if (a->error == ZOOM_OK
            && ngx_http_zoom_access_fetch(a) == NGX_AGAIN)
        {
            return;
        }
    }

    a->handler(a);
}


static void
ngx_http_zoom_access_late(ngx_http_zoom_waiter_t *w)
{
    zoom_error_e             trouble;
    ngx_http_zoom_access_t  *a;

    a = ngx_http_zoom_access_of(w);

    if (ngx_http_zoom_later(a->deadline, ngx_current_msec)) {

        if (ngx_http_zoom_access_settle(a) == NGX_OK) {
            ngx_http_zoom_access_done(a);
            return;
        }

        ngx_http_zoom_waiter_extend(w, a->deadline);
        return;
    }

    /* others may be able to wait longer while Zoom is down */

    trouble = ngx_http_zoom_flight_trouble(w->flight);

    ngx_http_zoom_waiter_leave(w);

    a->status = NGX_HTTP_ZOOM_STATUS_NONE;
    a->error = trouble ? trouble : ZOOM_E_TIMEOUT;
    a->retry_after = 1;

    a->handler(a);
}


/* the old token while it lives, unless Zoom has refused it meanwhile */

static ngx_int_t
ngx_http_zoom_access_settle(ngx_http_zoom_access_t *a)
{
    u_char                  *value;
    ngx_int_t                rc;
    ngx_http_zoom_key_t      key;
    ngx_http_zoom_record_t   rec;
    u_char                   buf[NGX_HTTP_ZOOM_KEY_MAX];

    rc = NGX_DECLINED;
    key.data = buf;
    value = ngx_http_zoom_access_value;

    if (ngx_http_zoom_access_key(a, &key) != NGX_OK
        || ngx_http_zoom_store_read(a->wa->zone, &key, &rec, value,
                                    NGX_HTTP_ZOOM_VALUE_MAX)
           != NGX_OK)
    {
        return NGX_DECLINED;
    }

    if (ngx_http_zoom_access_left(&rec) > 0) {
        ngx_http_zoom_flight_keep(a->waiter.flight, ngx_current_msec
                                                   + NGX_HTTP_ZOOM_ACCESS_TIME);
        ngx_http_zoom_waiter_leave(&a->waiter);
        ngx_http_zoom_access_hit(a, &rec, value, NGX_HTTP_ZOOM_STATUS_STALE);
        rc = NGX_OK;
    }

    ngx_explicit_memzero(value, rec.len);

    return rc;
}


void
ngx_http_zoom_access_cancel(ngx_http_zoom_access_t *a)
{
    ngx_http_zoom_waiter_leave(&a->waiter);
}


void
ngx_http_zoom_access_wipe(ngx_http_zoom_access_t *a)
{
    if (a->token.len) {
        ngx_explicit_memzero(a->token.data, a->token.len);
        ngx_str_null(&a->token);
    }
}


ngx_int_t
ngx_http_zoom_access_refuse(const ngx_http_zoom_access_t *a,
    uint64_t published, ngx_uint_t foreign)
{
    ngx_int_t               rc;
    ngx_http_zoom_key_t     key;
    ngx_http_zoom_state_t  *pace;
    u_char                  buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_access_key(a, &key) != NGX_OK) {
        return NGX_ERROR;
    }

    /* a refusal of one user's token says nothing of the others' */

    pace = ngx_http_zoom_account_of_users(a->wa->account) ? NULL
                                                          : a->wa->state;

    rc = ngx_http_zoom_publish_refuse(a->wa->zone, &key, published, pace,
                                      foreign);

    if (rc == NGX_OK) {
        ngx_http_zoom_count(&a->wa->state->refreshes);
    }

    return rc;
}


void
ngx_http_zoom_access_scoped(const ngx_http_zoom_access_t *a, unsigned types)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    if ((a->lacks & types) == 0) {
        return;
    }

    key.data = buf;

    if (ngx_http_zoom_access_key(a, &key) == NGX_OK) {
        ngx_http_zoom_publish_scoped(a->wa->zone, &key, a->published, types);
    }
}


/*
 * A user's token is renewed only when it is used towards its end, so that of
 * ten thousand none is renewed in vain, and never all at once.
 */

static void
ngx_http_zoom_access_behind(ngx_http_zoom_access_t *a,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_record_t *rec)
{
    time_t      life;
    ngx_uint_t  again;

    if (a->naming || !ngx_http_zoom_account_of_users(a->wa->account)
        || rec->flight || ngx_http_zoom_breaker_down(a->wa->state)
        || (rec->failed > rec->published
            && (ngx_msec_int_t) (rec->until - ngx_current_msec) > 0))
    {
        return;
    }

    life = rec->expires - rec->minted;

    if (ngx_time() - rec->minted
        < life * 8 / 10 + life * (time_t) (rec->published * 7 % 11) / 100)
    {
        return;
    }

    ngx_http_zoom_flight_background(
        ngx_http_zoom_flight_join(key, rec,
                                  ngx_current_msec + NGX_HTTP_ZOOM_ACCESS_TIME,
                                  a->wa->user_grant(a->wa, &a->id), &again));
}


void
ngx_http_zoom_access_look(ngx_http_zoom_worker_account_t *wa,
    ngx_http_zoom_record_t *rec)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_key_access(&key, wa) != NGX_OK
        || ngx_http_zoom_store_look(wa->zone, &key, rec) != NGX_OK)
    {
        ngx_memzero(rec, sizeof(ngx_http_zoom_record_t));
    }
}


void
ngx_http_zoom_access_renew(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_record_t *rec)
{
    ngx_uint_t           again;
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_key_access(&key, wa) != NGX_OK) {
        return;
    }

    ngx_http_zoom_flight_background(
        ngx_http_zoom_flight_join(&key, rec,
                                  ngx_current_msec + NGX_HTTP_ZOOM_ACCESS_TIME,
                                  wa->grant, &again));
}
