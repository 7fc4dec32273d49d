#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_counters_table.h"
#include "ngx_http_zoom_daily.h"
#include "ngx_http_zoom_zone.h"


#define NGX_HTTP_ZOOM_DAY  86400


static ngx_http_zoom_daily_t *ngx_http_zoom_daily_find(
    ngx_http_zoom_zone_t *zone, uint64_t user, uint32_t day)
    ngx_http_zoom_under_lock;
static ngx_http_zoom_daily_t *ngx_http_zoom_daily_set(
    ngx_http_zoom_zone_t *zone, uint64_t user) ngx_http_zoom_under_lock;


time_t
ngx_http_zoom_daily_take(ngx_http_zoom_zone_t *zone, uint64_t user,
    ngx_uint_t most, uint32_t *day)
{
    time_t                  now, wait;
    ngx_http_zoom_daily_t  *d;

    now = ngx_time();
    wait = 0;
    *day = now / NGX_HTTP_ZOOM_DAY;

    ngx_http_zoom_zone_lock(zone);

    d = ngx_http_zoom_daily_find(zone, user, *day);

    if (d->writes < most) {
        d->writes++;

    } else {
        wait = NGX_HTTP_ZOOM_DAY - now % NGX_HTTP_ZOOM_DAY;
    }

    ngx_http_zoom_zone_unlock(zone);

    return wait;
}


/* its own, else one of another day, else that of whoever has written least */

static ngx_http_zoom_daily_t *
ngx_http_zoom_daily_find(ngx_http_zoom_zone_t *zone, uint64_t user,
    uint32_t day)
{
    ngx_uint_t              i;
    ngx_http_zoom_daily_t  *set, *place;

    set = ngx_http_zoom_daily_set(zone, user);
    place = set;

    for (i = 0; i < NGX_HTTP_ZOOM_COUNTERS_WAYS; i++) {

        if (set[i].user == user && set[i].day == day) {
            return &set[i];
        }

        if (place->day == day
            && (set[i].day != day || set[i].writes < place->writes))
        {
            place = &set[i];
        }
    }

    place->user = user;
    place->day = day;
    place->writes = 0;

    return place;
}


static ngx_http_zoom_daily_t *
ngx_http_zoom_daily_set(ngx_http_zoom_zone_t *zone, uint64_t user)
{
    return &zone->daily[(user % zone->sh->ndaily)
                        * NGX_HTTP_ZOOM_COUNTERS_WAYS];
}


void
ngx_http_zoom_daily_give_back(ngx_http_zoom_zone_t *zone, uint64_t user,
    uint32_t day)
{
    ngx_uint_t              i;
    ngx_http_zoom_daily_t  *set;

    ngx_http_zoom_zone_lock(zone);

    set = ngx_http_zoom_daily_set(zone, user);

    for (i = 0; i < NGX_HTTP_ZOOM_COUNTERS_WAYS; i++) {

        if (set[i].user == user && set[i].day == day && set[i].writes) {
            set[i].writes--;
            break;
        }
    }

    ngx_http_zoom_zone_unlock(zone);
}
