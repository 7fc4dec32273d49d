#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flying.h"
#include "ngx_http_zoom_zone.h"


void
ngx_http_zoom_flying_begin(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, ngx_uint_t slot)
{
    uint32_t                 n;
    ngx_http_zoom_shared_t  *sh;
    ngx_http_zoom_worker_t  *worker;

    ngx_http_zoom_flying_end(zone, e);

    sh = zone->sh;

    e->flight = ++sh->flights;
    e->owner = slot;
    e->owner_epoch = (uint32_t) ngx_pid;
    e->fly_prev = NGX_HTTP_ZOOM_NONE;
    e->fly_next = NGX_HTTP_ZOOM_NONE;

    sh->nflying++;

    if (slot >= NGX_HTTP_ZOOM_MAX_WORKERS) {
        return;
    }

    n = e - zone->entries;
    worker = &sh->workers[slot];

    e->owner_epoch = (uint32_t) worker->epoch;
    e->fly_next = worker->flights;

    if (worker->flights != NGX_HTTP_ZOOM_NONE) {
        zone->entries[worker->flights].fly_prev = n;
    }

    worker->flights = n;
}


void
ngx_http_zoom_flying_end(ngx_http_zoom_zone_t *zone, ngx_http_zoom_entry_t *e)
{
    if (e->flight == 0) {
        return;
    }

    e->flight = 0;

    zone->sh->nflying--;

    if (e->fly_next != NGX_HTTP_ZOOM_NONE) {
        zone->entries[e->fly_next].fly_prev = e->fly_prev;
    }

    if (e->fly_prev != NGX_HTTP_ZOOM_NONE) {
        zone->entries[e->fly_prev].fly_next = e->fly_next;

    } else if (e->owner < NGX_HTTP_ZOOM_MAX_WORKERS) {
        zone->sh->workers[e->owner].flights = e->fly_next;
    }
}


void
ngx_http_zoom_flying_drop(ngx_http_zoom_zone_t *zone, ngx_uint_t slot,
    ngx_http_zoom_workers_t *waiters)
{
    ngx_uint_t               i;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_worker_t  *worker;

    worker = &zone->sh->workers[slot];

    while (worker->flights != NGX_HTTP_ZOOM_NONE) {
        e = &zone->entries[worker->flights];

        for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS / 64; i++) {
            waiters->bits[i] |= e->waiters.bits[i];
            e->waiters.bits[i] = 0;
        }

        ngx_http_zoom_flying_end(zone, e);
    }
}
