/*
 * The half of a flight that lies in the zone: until when anybody waits, whether
 * anybody does, and what it met with.  For ngx_http_zoom_flight.c.
 */

#ifndef _NGX_HTTP_ZOOM_FLIGHT_ENTRY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FLIGHT_ENTRY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_zone.h"


/* On ngx_current_msec's clock, which may wrap around. */

#define ngx_http_zoom_later(a, b)  ((ngx_msec_int_t) ((a) - (b)) > 0)


/* The worker's; NULL before and after. */

extern ngx_http_zoom_zone_t  *ngx_http_zoom_flight_zone;


/* NULL: there is none that is still of this flight. */
ngx_http_zoom_entry_t *ngx_http_zoom_flight_entry(
    const ngx_http_zoom_flight_t *flight);

/* Somebody waits until "deadline". */
void ngx_http_zoom_flight_extend(ngx_http_zoom_flight_t *flight,
    ngx_msec_t deadline);


#endif /* _NGX_HTTP_ZOOM_FLIGHT_ENTRY_H_INCLUDED_ */
