#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_flight_entry.h"
#include "ngx_http_zoom_flight_claim.h"
#include "ngx_http_zoom_flying.h"
#include "ngx_http_zoom_full.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_wake.h"
#include "ngx_http_zoom_worker.h"
#include "ngx_http_zoom_zone.h"


#define NGX_HTTP_ZOOM_FLIGHT_BUCKETS  256

/*
 * A worker that waits for another's flight is woken.  It also checks by itself
 * whether the owner lives, in case no new worker replaces it; without a slot
 * it can't be woken, and polls.
 */

#define NGX_HTTP_ZOOM_LOOK            250
#define NGX_HTTP_ZOOM_POLL            20


static ngx_http_zoom_flight_t *ngx_http_zoom_flight_find(
    const ngx_http_zoom_key_t *key);
static ngx_http_zoom_flight_t *ngx_http_zoom_flight_create(
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_job_t *job);
static void ngx_http_zoom_flight_free(ngx_http_zoom_flight_t *flight);
static ngx_int_t ngx_http_zoom_flight_enter(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_record_t *rec);
static void ngx_http_zoom_flight_open(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;
static void ngx_http_zoom_flight_run(ngx_event_t *ev);
static void ngx_http_zoom_flight_restart(ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_flight_end(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result);
static void ngx_http_zoom_flight_woken(void);
static ngx_http_zoom_flight_t *ngx_http_zoom_flight_ended(
    ngx_queue_t *bucket);
static void ngx_http_zoom_flight_look(ngx_event_t *ev);
static ngx_uint_t ngx_http_zoom_flight_lost(const ngx_http_zoom_entry_t *e,
    ngx_http_zoom_workers_t *alive);
static void ngx_http_zoom_flight_expire(ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_flight_check(ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_flight_arm(void);


#define ngx_http_zoom_flight_bucket(hash)                                     \
    &ngx_http_zoom_flights[(hash) % NGX_HTTP_ZOOM_FLIGHT_BUCKETS]

static ngx_queue_t   ngx_http_zoom_flights[
                                              NGX_HTTP_ZOOM_FLIGHT_BUCKETS];
static ngx_uint_t    ngx_http_zoom_followers;
static ngx_uint_t    ngx_http_zoom_self;
static ngx_event_t   ngx_http_zoom_look_timer;


ngx_int_t
ngx_http_zoom_flight_init_process(ngx_http_zoom_zone_t *zone, ngx_log_t *log)
{
    ngx_uint_t  i;

    ngx_http_zoom_flight_zone = zone;

    ngx_http_zoom_zone_enter(zone);

    for (i = 0; i < NGX_HTTP_ZOOM_FLIGHT_BUCKETS; i++) {
        ngx_queue_init(&ngx_http_zoom_flights[i]);
    }

    ngx_http_zoom_timer_init(&ngx_http_zoom_look_timer,
                             ngx_http_zoom_flight_look, log);
    ngx_http_zoom_look_timer.cancelable = 1;

    ngx_http_zoom_self = ngx_http_zoom_worker_claim(zone,
                                                   ngx_http_zoom_flight_woken,
                                                   log);
    return NGX_OK;
}


void
ngx_http_zoom_flight_exit_process(void)
{
    if (ngx_http_zoom_flight_zone) {

        /* the flights of the slot may now be taken over by others */

        ngx_http_zoom_timer_stop(&ngx_http_zoom_look_timer);
        ngx_http_zoom_worker_release(ngx_http_zoom_flight_zone);
        ngx_http_zoom_flight_zone = NULL;
    }
}


ngx_http_zoom_flight_t *
ngx_http_zoom_flight_join(const ngx_http_zoom_key_t *key,
    const ngx_http_zoom_record_t *rec, ngx_msec_t deadline,
    const ngx_http_zoom_job_t *job, ngx_uint_t *again)
{
    ngx_int_t                rc;
    ngx_http_zoom_flight_t  *flight;

    *again = 0;

    flight = key->once ? NULL : ngx_http_zoom_flight_find(key);

    if (flight) {
        ngx_http_zoom_flight_extend(flight, deadline);
        return flight;
    }

    flight = ngx_http_zoom_flight_create(key, job);
    if (flight == NULL) {
        return NULL;
    }

    flight->deadline = deadline;

    if (key->once) {
        flight->owner = 1;
        ngx_http_zoom_followers--;
        return flight;
    }

    rc = ngx_http_zoom_flight_enter(flight, rec);

    if (rc != NGX_OK) {
        *again = (rc == NGX_AGAIN);
        ngx_http_zoom_flight_free(flight);
        return NULL;
    }

    return flight;
}


static ngx_http_zoom_flight_t *
ngx_http_zoom_flight_find(const ngx_http_zoom_key_t *key)
{
    ngx_queue_t             *q, *bucket;
    ngx_http_zoom_flight_t  *flight;

    bucket = ngx_http_zoom_flight_bucket(key->hash);

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, ngx_http_zoom_flight_t, queue);

        if (flight->key.hash == key->hash
            && flight->key.len == key->len
            && ngx_memcmp(flight->key.data, key->data, key->len) == 0)
        {
            return flight;
        }
    }

    return NULL;
}


static ngx_http_zoom_flight_t *
ngx_http_zoom_flight_create(const ngx_http_zoom_key_t *key,
    const ngx_http_zoom_job_t *job)
{
    u_char                  *p;
    ngx_http_zoom_flight_t  *flight;

    flight = ngx_calloc(sizeof(ngx_http_zoom_flight_t) + job->size
                        + key->len, ngx_cycle->log);
    if (flight == NULL) {
        return NULL;
    }

    p = (u_char *) flight + sizeof(ngx_http_zoom_flight_t);

    flight->job = (ngx_http_zoom_job_t *) p;
    p = ngx_cpymem(p, job, job->size);

    flight->key = *key;
    flight->key.data = p;
    ngx_memcpy(p, key->data, key->len);

    ngx_http_zoom_timer_init(&flight->event, ngx_http_zoom_flight_run,
                             ngx_cycle->log);

    ngx_queue_init(&flight->waiters);
    ngx_queue_insert_tail(ngx_http_zoom_flight_bucket(key->hash),
                          &flight->queue);

    /* counted as a follower until it turns out to be the owner */

    ngx_http_zoom_followers++;

    return flight;
}


static void
ngx_http_zoom_flight_free(ngx_http_zoom_flight_t *flight)
{
    if (!flight->owner) {
        ngx_http_zoom_followers--;
    }

    ngx_http_zoom_timer_stop(&flight->event);
    ngx_queue_remove(&flight->queue);
    ngx_free(flight);
}


/* joins the flight of another worker, or opens one */

static ngx_int_t
ngx_http_zoom_flight_enter(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_record_t *rec)
{
    uint64_t                 published, failed;
    ngx_http_zoom_zone_t    *zone;
    ngx_http_zoom_worker_t  *workers;
    ngx_http_zoom_entry_t   *e;

    zone = ngx_http_zoom_flight_zone;
    workers = zone->sh->workers;

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, &flight->key);

    published = e ? e->published : 0;
    failed = e ? e->failed : 0;

    if (rec && (published > rec->published || failed > rec->failed)) {
        ngx_http_zoom_zone_unlock(zone);
        return NGX_AGAIN;
    }

    if (e == NULL) {
        e = ngx_http_zoom_store_insert(zone, &flight->key, ngx_time());

        if (e == NULL) {
            ngx_http_zoom_zone_unlock(zone);
            return NGX_ERROR;
        }
    }

    flight->entry = e - zone->entries;

    if (ngx_http_zoom_entry_flies(e)
        && (e->owner == NGX_HTTP_ZOOM_NO_WORKER
            || (uint32_t) workers[e->owner].epoch == e->owner_epoch))
    {
        flight->number = e->flight;

        if (ngx_http_zoom_later(flight->deadline, e->deadline)) {
            e->deadline = flight->deadline;
        }

        if (ngx_http_zoom_self != NGX_HTTP_ZOOM_NO_WORKER) {
            ngx_http_zoom_workers_set(&e->waiters, ngx_http_zoom_self);

        } else {
            e->polled = 1;
        }

        ngx_http_zoom_zone_unlock(zone);

        return NGX_OK;
    }

    ngx_http_zoom_flight_open(flight, e);

    ngx_http_zoom_zone_unlock(zone);

    ngx_http_zoom_followers--;

    return NGX_OK;
}


/* under lock: ours; waiters of an owner that died stay in the bitmap */

static void
ngx_http_zoom_flight_open(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_entry_t *e)
{
    ngx_http_zoom_flying_begin(ngx_http_zoom_flight_zone, e,
                               ngx_http_zoom_self);

    e->deadline = flight->deadline;
    e->grace = 0;
    e->trouble = ZOOM_OK;
    e->polled = 0;

    if (ngx_http_zoom_self != NGX_HTTP_ZOOM_NO_WORKER) {
        ngx_http_zoom_workers_clear(&e->waiters, ngx_http_zoom_self);
    }

    flight->number = e->flight;
    flight->owner = 1;
}


void
ngx_http_zoom_flight_start(ngx_http_zoom_flight_t *flight)
{
    if (!flight->owner) {
        ngx_http_zoom_flight_arm();
        return;
    }

    if (flight->data == NULL && flight->claim == NULL
        && !flight->event.posted)
    {
        ngx_post_event(&flight->event, &ngx_posted_events);
    }
}


void
ngx_http_zoom_flight_background(ngx_http_zoom_flight_t *flight)
{
    if (flight == NULL) {
        return;
    }

    if (flight->owner) {
        flight->background = 1;
        ngx_http_zoom_flight_start(flight);
        return;
    }

    ngx_http_zoom_flight_leave(flight);
}


static void
ngx_http_zoom_flight_run(ngx_event_t *ev)
{
    ngx_http_zoom_flight_t  *flight;

    flight = ngx_http_zoom_timer_object(ev, ngx_http_zoom_flight_t, event);

    if (ngx_http_zoom_flight_claim(flight) == NGX_OK) {
        flight->job->ops->run(flight);
    }
}


void
ngx_http_zoom_flight_leave(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_entry_t  *e;

    if (flight->owner || flight->ended
        || !ngx_queue_empty(&flight->waiters))
    {
        return;
    }

    /* its owner need not mint for us */

    ngx_http_zoom_zone_lock(ngx_http_zoom_flight_zone);

    e = ngx_http_zoom_flight_entry(flight);

    if (e && ngx_http_zoom_self != NGX_HTTP_ZOOM_NO_WORKER) {
        ngx_http_zoom_workers_clear(&e->waiters, ngx_http_zoom_self);
    }

    ngx_http_zoom_zone_unlock(ngx_http_zoom_flight_zone);

    ngx_http_zoom_flight_free(flight);
}


void
ngx_http_zoom_flight_land(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result)
{
    ngx_int_t                rc;
    ngx_uint_t               outdated;
    ngx_http_zoom_zone_t    *zone;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_workers_t  waiters;

    ngx_memzero(&waiters, sizeof(ngx_http_zoom_workers_t));

    rc = NGX_OK;
    zone = ngx_http_zoom_flight_zone;

    if (flight->key.once) {
        ngx_http_zoom_publish_once(zone, &flight->key, result);
        ngx_http_zoom_flight_end(flight, result);
        return;
    }

    outdated = 0;

    if (result->error == ZOOM_OK) {
        result->sum = ngx_http_zoom_flight_claim_sum(&result->value);
    }

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, &flight->key);

    if (e == NULL) {
        e = ngx_http_zoom_store_insert(zone, &flight->key, ngx_time());
    }

    if (e) {
        outdated = (e->outdated >= flight->number);

        if (!outdated) {
            rc = ngx_http_zoom_publish(zone, e, flight->number, result);
        }

        if (e->flight == flight->number) {
            waiters = e->waiters;
            ngx_memzero(&e->waiters, sizeof(ngx_http_zoom_workers_t));
            ngx_http_zoom_flying_end(zone, e);
        }
    }

    ngx_http_zoom_zone_unlock(zone);

    if (rc != NGX_OK) {
        ngx_http_zoom_full(NGX_HTTP_ZOOM_FULL_TOKENS, ngx_cycle->log);
    }

    ngx_http_zoom_flight_claim_land(flight, outdated ? NULL : result);

    if (outdated) {
        ngx_http_zoom_flight_restart(flight);
        ngx_http_zoom_wake_workers(zone->wake, &waiters);
        return;
    }

    ngx_http_zoom_wake_workers(zone->wake, &waiters);

    result->published = flight->number;
    result->shared = 0;

    ngx_http_zoom_flight_end(flight, result);
}


/* a purge came between: those who wait still need another token */

static void
ngx_http_zoom_flight_restart(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_result_t  result;

    flight->data = NULL;
    flight->owner = 0;
    flight->background = 0;
    ngx_http_zoom_followers++;

    if (!ngx_queue_empty(&flight->waiters)
        && ngx_http_zoom_flight_enter(flight, NULL) == NGX_OK)
    {
        ngx_http_zoom_flight_start(flight);
        return;
    }

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = ZOOM_E_OVERLOADED;
    result.retry_after = 1;

    ngx_http_zoom_flight_end(flight, &result);
}


/* from here on nobody joins it, and a waiter that leaves does not free it */

static void
ngx_http_zoom_flight_end(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result)
{
    flight->ended = 1;

    ngx_queue_remove(&flight->queue);
    ngx_queue_init(&flight->queue);

    flight->job->ops->done(flight, result);

    ngx_http_zoom_flight_free(flight);
}


static void
ngx_http_zoom_flight_woken(void)
{
    ngx_uint_t               i;
    ngx_http_zoom_flight_t  *flight;

    for (i = 0; i < NGX_HTTP_ZOOM_FLIGHT_BUCKETS; i++) {

        /* what follows from a landing may change the whole list */

        for ( ;; ) {
            flight = ngx_http_zoom_flight_ended(&ngx_http_zoom_flights[i]);

            if (flight == NULL) {
                break;
            }

            ngx_http_zoom_flight_check(flight);
        }
    }
}


/* a flight of another worker's that is not in progress any more */

static ngx_http_zoom_flight_t *
ngx_http_zoom_flight_ended(ngx_queue_t *bucket)
{
    ngx_queue_t             *q;
    ngx_http_zoom_flight_t  *flight;

    for (q = ngx_queue_head(bucket);
         q != ngx_queue_sentinel(bucket);
         q = ngx_queue_next(q))
    {
        flight = ngx_queue_data(q, ngx_http_zoom_flight_t, queue);

        if (!flight->owner && ngx_http_zoom_flight_entry(flight) == NULL) {
            return flight;
        }
    }

    return NULL;
}


static void
ngx_http_zoom_flight_look(ngx_event_t *ev)
{
    ngx_uint_t               i;
    ngx_queue_t             *q, *bucket;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_workers_t  alive;
    ngx_http_zoom_flight_t  *flight;

    ngx_memzero(&alive, sizeof(ngx_http_zoom_workers_t));

    for (i = 0; i < NGX_HTTP_ZOOM_FLIGHT_BUCKETS; i++) {
        bucket = &ngx_http_zoom_flights[i];

        for (q = ngx_queue_head(bucket);
             q != ngx_queue_sentinel(bucket);
             q = ngx_queue_next(q))
        {
            flight = ngx_queue_data(q, ngx_http_zoom_flight_t, queue);
            e = ngx_http_zoom_flight_entry(flight);

            if (!flight->owner && e && ngx_http_zoom_flight_lost(e, &alive)) {
                ngx_http_zoom_flight_expire(flight);
            }
        }
    }

    ngx_http_zoom_flight_woken();
    ngx_http_zoom_flight_arm();
}


/* its owner is dead or long overdue; each owner is looked up once */

static ngx_uint_t
ngx_http_zoom_flight_lost(const ngx_http_zoom_entry_t *e,
    ngx_http_zoom_workers_t *alive)
{
    uint32_t  owner, epoch;

    owner = e->owner;
    epoch = e->owner_epoch;

    if (!ngx_http_zoom_entry_flies(e)) {
        return 1;
    }

    if (owner < NGX_HTTP_ZOOM_MAX_WORKERS) {

        if (ngx_http_zoom_workers_has(alive, owner)
            && (uint32_t) ngx_http_zoom_flight_zone->sh->workers[owner].epoch
               == epoch)
        {
            return 0;
        }

        ngx_http_zoom_workers_set(alive, owner);
    }

    return !ngx_http_zoom_worker_alive(ngx_http_zoom_flight_zone, owner, epoch);
}


/* the safety net: an owner that neither landed nor gave its slot back */

static void
ngx_http_zoom_flight_expire(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_entry_t  *e;

    ngx_http_zoom_zone_lock(ngx_http_zoom_flight_zone);

    e = ngx_http_zoom_flight_entry(flight);

    if (e) {
        ngx_http_zoom_flying_end(ngx_http_zoom_flight_zone, e);
    }

    ngx_http_zoom_zone_unlock(ngx_http_zoom_flight_zone);
}


/* the flight we waited for is not in progress any more */

static void
ngx_http_zoom_flight_check(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_record_t   rec;
    ngx_http_zoom_result_t   result;
    static u_char            value[NGX_HTTP_ZOOM_VALUE_MAX];

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    if (ngx_http_zoom_store_read(ngx_http_zoom_flight_zone, &flight->key, &rec,
                                 value, sizeof(value))
        != NGX_OK)
    {
        ngx_memzero(&rec, sizeof(ngx_http_zoom_record_t));
    }

    if (rec.published >= flight->number || rec.failed >= flight->number) {

        if (rec.published >= rec.failed) {
            result.value.data = value;
            result.value.len = rec.len;
            result.minted = rec.minted;
            result.expires = rec.expires;
            result.lacks = rec.lacks;
            result.published = rec.published;

        } else {
            result.error = rec.error;
            result.code = rec.code;
            result.hold = ngx_http_zoom_later(rec.until, ngx_current_msec)
                          ? rec.until - ngx_current_msec : 0;
            result.retry_after = ngx_max((time_t) (result.hold + 999) / 1000,
                                         rec.retry_after);
        }

        result.shared = 1;
        ngx_memcpy(result.tracking_id, rec.tracking_id,
                   sizeof(result.tracking_id));

        ngx_http_zoom_flight_end(flight, &result);
        ngx_explicit_memzero(value, sizeof(value));

        return;
    }

    ngx_explicit_memzero(value, sizeof(value));

    /* its owner died */

    if (ngx_http_zoom_flight_enter(flight, NULL) != NGX_OK) {
        result.error = ZOOM_E_OVERLOADED;
        result.retry_after = 1;
        ngx_http_zoom_flight_end(flight, &result);
        return;
    }

    ngx_http_zoom_flight_start(flight);
}


static void
ngx_http_zoom_flight_arm(void)
{
    if (ngx_http_zoom_followers && !ngx_http_zoom_look_timer.timer_set) {
        ngx_add_timer(&ngx_http_zoom_look_timer,
                      (ngx_http_zoom_self == NGX_HTTP_ZOOM_NO_WORKER)
                      ? NGX_HTTP_ZOOM_POLL : NGX_HTTP_ZOOM_LOOK);
    }
}
