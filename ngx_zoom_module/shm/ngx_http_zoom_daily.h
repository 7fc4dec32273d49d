/*
 * What users have written in a day: Zoom lets each create and change so many
 * meetings and webinars.  Over all workers, by the days of UTC.
 */

#ifndef _NGX_HTTP_ZOOM_DAILY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_DAILY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"


/*
 * One more of the user with that hash, of "most".  0, and "*day" is what it
 * counts for; or the seconds until the next day.
 *
 * Where more users have written today than the table holds, the one that has
 * written least is forgotten.
 */

time_t ngx_http_zoom_daily_take(ngx_http_zoom_zone_t *zone, uint64_t user,
    ngx_uint_t most, uint32_t *day);

/* It was not written after all. */
void ngx_http_zoom_daily_give_back(ngx_http_zoom_zone_t *zone, uint64_t user,
    uint32_t day);


#endif /* _NGX_HTTP_ZOOM_DAILY_H_INCLUDED_ */
