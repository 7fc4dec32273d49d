#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_evict.h"
#include "ngx_http_zoom_flying.h"
#include "ngx_http_zoom_zone.h"


/* failures that are looked at for one of an account */

#define NGX_HTTP_ZOOM_EVICT_FAILURES  64

/*
 * Entries that are passed by for having been used.  In a large zone where all
 * were, a whole turn of the clock would hold the lock for too long.
 */

#define NGX_HTTP_ZOOM_EVICT_CHANCES   1024


static uint32_t ngx_http_zoom_evict_victim(ngx_http_zoom_zone_t *zone,
    uint32_t state) ngx_http_zoom_under_lock;
static ngx_http_zoom_entry_t *ngx_http_zoom_evict_clock(
    ngx_http_zoom_zone_t *zone, const ngx_http_zoom_entry_t *keep,
    uint32_t state, time_t now) ngx_http_zoom_under_lock;


ngx_http_zoom_entry_t *
ngx_http_zoom_evict_next(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, const ngx_http_zoom_evict_t *whose,
    time_t now)
{
    uint32_t                victim;
    ngx_http_zoom_entry_t  *e;

    e = ngx_http_zoom_evict_failure(zone, keep, whose);

    if (e) {
        return e;
    }

    victim = ngx_http_zoom_evict_victim(zone, whose->state);

    e = ngx_http_zoom_evict_clock(zone, keep, victim, now);

    /* an account above its share, with nothing but flights, has to wait */

    if (e == NULL && victim != whose->state) {
        e = ngx_http_zoom_evict_clock(zone, keep, NGX_HTTP_ZOOM_NONE, now);
    }

    return e;
}


/* the oldest failure of those; none that is being mended */

ngx_http_zoom_entry_t *
ngx_http_zoom_evict_failure(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, const ngx_http_zoom_evict_t *whose)
{
    uint32_t                n;
    ngx_uint_t              steps;
    ngx_http_zoom_entry_t  *e, *oldest, *fellow;

    oldest = NULL;
    fellow = NULL;
    n = zone->sh->negative_head;

    for (steps = 0;
         n != NGX_HTTP_ZOOM_NONE && steps < NGX_HTTP_ZOOM_EVICT_FAILURES;
         steps++)
    {
        e = &zone->entries[n];
        n = e->follow;

        if (ngx_http_zoom_entry_flies(e) || (keep && e == keep)) {
            continue;
        }

        if (e->state == whose->state) {

            if (e->who == whose->who) {
                return e;
            }

            fellow = fellow ? fellow : e;
        }

        oldest = oldest ? oldest : e;
    }

    return fellow ? fellow : oldest;
}


/* the account that makes room: one above its share, else the largest */

static uint32_t
ngx_http_zoom_evict_victim(ngx_http_zoom_zone_t *zone, uint32_t state)
{
    uint32_t                 i, n, most;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    most = 0;
    n = 0;

    for (i = 0; i < sh->nstates; i++) {
        n += (zone->states[i].entries != 0);

        if (zone->states[i].entries > zone->states[most].entries) {
            most = i;
        }
    }

    if (state < sh->nstates
        && zone->states[state].entries >= sh->nused / ngx_max(n, 1))
    {
        return state;
    }

    return most;
}


/* second chance: two turns of the clock find one if there is any */

static ngx_http_zoom_entry_t *
ngx_http_zoom_evict_clock(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state, time_t now)
{
    uint32_t                 i, chances;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    chances = 0;

    for (i = 0; i / 2 < sh->carved; i++) {

        if (sh->hand >= sh->carved) {
            sh->hand = 0;
        }

        e = &zone->entries[sh->hand++];

        if (!e->used || ngx_http_zoom_entry_flies(e) || e == keep
            || (state != NGX_HTTP_ZOOM_NONE && e->state != state)
            || (e->pinned && e->published && e->expires > now))
        {
            continue;
        }

        if (e->referenced && e->published && e->expires > now
            && chances++ < NGX_HTTP_ZOOM_EVICT_CHANCES)
        {
            e->referenced = 0;
            continue;
        }

        return e;
    }

    return NULL;
}
