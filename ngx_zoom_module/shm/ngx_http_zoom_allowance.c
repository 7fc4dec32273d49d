#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_allowance.h"
#include "ngx_http_zoom_counters_table.h"
#include "ngx_http_zoom_zone.h"


static int64_t ngx_http_zoom_allowance_wait(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_allowed_t *allowed, int64_t now)
    ngx_http_zoom_under_lock;
static ngx_http_zoom_allowance_t *ngx_http_zoom_allowance_find(
    ngx_http_zoom_zone_t *zone, uint64_t key) ngx_http_zoom_under_lock;


int64_t
ngx_http_zoom_allowance_take(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_allowed_t *allowed, ngx_uint_t n)
{
    int64_t     wait, now, longest;
    ngx_uint_t  i;

    longest = 0;
    now = (int64_t) ngx_current_msec * 1000;

    ngx_http_zoom_zone_lock(zone);

    for (i = 0; i < n; i++) {
        wait = ngx_http_zoom_allowance_wait(zone, &allowed[i], now);
        longest = ngx_max(longest, wait);
    }

    for (i = 0; longest == 0 && i < n; i++) {
        ngx_http_zoom_allowance_find(zone, allowed[i].key)->until
                                                            += allowed[i].gap;
    }

    ngx_http_zoom_zone_unlock(zone);

    return longest;
}


static int64_t
ngx_http_zoom_allowance_wait(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_allowed_t *allowed, int64_t now)
{
    int64_t                     most, wait;
    ngx_http_zoom_allowance_t  *a;

    most = (int64_t) allowed->burst * allowed->gap;

    a = ngx_http_zoom_allowance_find(zone, allowed->key);

    /* a clock that starts anew, or another rate, keeps nobody out for long */

    a->until = ngx_min(ngx_max(a->until, now), now + most + allowed->gap);

    wait = a->until - now - most;

    return ngx_max(wait, 0);
}


static ngx_http_zoom_allowance_t *
ngx_http_zoom_allowance_find(ngx_http_zoom_zone_t *zone, uint64_t key)
{
    ngx_uint_t                  i;
    ngx_http_zoom_allowance_t  *set, *place;

    set = &zone->allowances[(key % zone->sh->nallowances)
                            * NGX_HTTP_ZOOM_COUNTERS_WAYS];
    place = set;

    for (i = 0; i < NGX_HTTP_ZOOM_COUNTERS_WAYS; i++) {

        if (set[i].key == key) {
            return &set[i];
        }

        if (set[i].until < place->until) {
            place = &set[i];
        }
    }

    place->key = key;
    place->until = 0;

    return place;
}
