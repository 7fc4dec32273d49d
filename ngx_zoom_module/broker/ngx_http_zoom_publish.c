#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_publish.h"


/* seconds; nobody is told to come back later than the next day */

#define NGX_HTTP_ZOOM_RETRY_MAX   86400

/* entries that are looked at before other workers get the lock */

#define NGX_HTTP_ZOOM_PURGE_STEP  4096


static ngx_uint_t ngx_http_zoom_publish_public(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_result_t *result);
static void ngx_http_zoom_publish_failed(ngx_http_zoom_entry_t *e,
    uint64_t number, const ngx_http_zoom_result_t *result)
    ngx_http_zoom_under_lock;


ngx_int_t
ngx_http_zoom_publish(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, uint64_t number,
    const ngx_http_zoom_result_t *result)
{
    if (e->published > number || e->failed > number) {
        return NGX_OK;
    }

    if (result->error != ZOOM_OK && e->published == 0) {
        ngx_http_zoom_store_negative(zone, e);
    }

    if (!ngx_http_zoom_publish_public(zone, result)) {
        return NGX_OK;
    }

    if (result->error != ZOOM_OK) {
        ngx_http_zoom_publish_failed(e, number, result);
        return NGX_OK;
    }

    ngx_memcpy(e->tracking_id, result->tracking_id, sizeof(e->tracking_id));

    if (ngx_http_zoom_store_set(zone, e, &result->value, ngx_time())
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    e->published = number;
    e->sum = result->sum;
    e->minted = result->minted;
    e->expires = result->expires;
    e->lacks = result->lacks;

    /* pinned entries need no second chance: there the bit marks use */

    e->referenced = !e->pinned;

    if (!e->pinned && e->state < zone->sh->nstates) {
        zone->states[e->state].latest = e - zone->entries;
    }

    return NGX_OK;
}


/*
 * A failure that concerns this worker alone, a flight that nobody waited for
 * any more, or a configuration that is no longer in force: waiters elsewhere
 * should mint for themselves.
 */

static ngx_uint_t
ngx_http_zoom_publish_public(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_result_t *result)
{
    if (result->dropped) {
        return 0;
    }

    switch (result->error) {

    case ZOOM_OK:
        return 1;

    case ZOOM_E_TIMEOUT:
    case ZOOM_E_OVERLOADED:
    case ZOOM_E_INTERNAL:
        return 0;

    default:
        return !ngx_http_zoom_zone_outdated(zone);
    }
}


/* under lock */

static void
ngx_http_zoom_publish_failed(ngx_http_zoom_entry_t *e, uint64_t number,
    const ngx_http_zoom_result_t *result)
{
    ngx_memcpy(e->tracking_id, result->tracking_id, sizeof(e->tracking_id));

    e->failed = number;
    e->error = result->error;
    e->retry_after = ngx_min(result->retry_after, NGX_HTTP_ZOOM_RETRY_MAX);
    e->code = result->code;
    e->until = ngx_current_msec + result->hold;
}


void
ngx_http_zoom_publish_once(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_entry_t  *e;

    if (result->error == ZOOM_OK || result->hold == 0
        || !ngx_http_zoom_publish_public(zone, result))
    {
        return;
    }

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, key);

    if (e == NULL) {
        e = ngx_http_zoom_store_insert(zone, key, ngx_time());
    }

    if (e) {
        ngx_http_zoom_store_negative(zone, e);
        ngx_http_zoom_publish_failed(e, ++zone->sh->flights, result);
    }

    ngx_http_zoom_zone_unlock(zone);
}


ngx_int_t
ngx_http_zoom_publish_refuse(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, uint64_t published,
    ngx_http_zoom_state_t *state, ngx_uint_t foreign)
{
    ngx_int_t               rc;
    ngx_http_zoom_entry_t  *e;

    rc = NGX_OK;

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, key);

    if (e && e->published && e->published == published) {

        if (state == NULL || ngx_http_zoom_breaker_refresh(state, foreign)) {
            ngx_http_zoom_store_drop(zone, e);

        } else {
            rc = NGX_DECLINED;
        }
    }

    ngx_http_zoom_zone_unlock(zone);

    return rc;
}


void
ngx_http_zoom_publish_scoped(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, uint64_t published, unsigned types)
{
    ngx_http_zoom_entry_t  *e;

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, key);

    if (e && e->published == published) {
        e->lacks &= ~types;
    }

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_publish_value(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, const ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_entry_t  *e;

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, key);

    if (e == NULL) {
        e = ngx_http_zoom_store_insert(zone, key, ngx_time());
    }

    /* without room it is fetched again when somebody asks */

    if (e) {
        e->outdated = zone->sh->flights;
        (void) ngx_http_zoom_publish(zone, e, ++zone->sh->flights, result);
    }

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_publish_forget(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key)
{
    ngx_http_zoom_entry_t  *e;

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, key);

    if (e) {
        ngx_http_zoom_store_drop(zone, e);

        e->outdated = zone->sh->flights;
        e->until = ngx_current_msec;
    }

    ngx_http_zoom_zone_unlock(zone);
}


ngx_uint_t
ngx_http_zoom_publish_purge(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *prefix)
{
    uint32_t                i;
    ngx_uint_t              n;
    ngx_http_zoom_entry_t  *e;

    n = 0;

    ngx_http_zoom_zone_lock(zone);

    for (i = 0; i < zone->sh->carved; i++) {

        /* what gets in meanwhile is new, or passed by later */

        if (i % NGX_HTTP_ZOOM_PURGE_STEP == NGX_HTTP_ZOOM_PURGE_STEP - 1) {
            ngx_http_zoom_zone_unlock(zone);
            ngx_http_zoom_zone_lock(zone);
        }

        e = &zone->entries[i];

        if (!ngx_http_zoom_store_prefix(zone, e, prefix->data, prefix->len)) {
            continue;
        }

        n += (e->published != 0);

        ngx_http_zoom_store_drop(zone, e);

        e->outdated = zone->sh->flights;
        e->until = ngx_current_msec;
    }

    ngx_http_zoom_zone_unlock(zone);

    return n;
}
