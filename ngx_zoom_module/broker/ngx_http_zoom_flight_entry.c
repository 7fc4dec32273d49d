/* What all workers know of a flight, in the zone. */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_flight_entry.h"
#include "ngx_http_zoom_flying.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_error.h"


ngx_http_zoom_zone_t  *ngx_http_zoom_flight_zone;


ngx_http_zoom_entry_t *
ngx_http_zoom_flight_entry(const ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_zone_t  *zone;

    zone = ngx_http_zoom_flight_zone;

    if (flight->key.once
        || !ngx_http_zoom_flying(zone, flight->entry, flight->number))
    {
        return NULL;
    }

    return &zone->entries[flight->entry];
}


void
ngx_http_zoom_flight_extend(ngx_http_zoom_flight_t *flight,
    ngx_msec_t deadline)
{
    ngx_http_zoom_entry_t  *e;

    if (!ngx_http_zoom_later(deadline, flight->deadline)) {
        return;
    }

    flight->deadline = deadline;

    ngx_http_zoom_zone_lock(ngx_http_zoom_flight_zone);

    e = ngx_http_zoom_flight_entry(flight);

    if (e && ngx_http_zoom_later(deadline, e->deadline)) {
        e->deadline = deadline;
    }

    ngx_http_zoom_zone_unlock(ngx_http_zoom_flight_zone);
}


void
ngx_http_zoom_flight_keep(ngx_http_zoom_flight_t *flight, ngx_msec_t deadline)
{
    ngx_http_zoom_entry_t  *e;

    ngx_http_zoom_flight_extend(flight, deadline);

    if (flight->owner) {
        flight->background = 1;
        return;
    }

    ngx_http_zoom_zone_lock(ngx_http_zoom_flight_zone);

    e = ngx_http_zoom_flight_entry(flight);

    if (e) {
        e->polled = 1;
    }

    ngx_http_zoom_zone_unlock(ngx_http_zoom_flight_zone);
}


ngx_msec_t
ngx_http_zoom_flight_deadline(ngx_http_zoom_flight_t *flight)
{
    ngx_msec_t              deadline;
    ngx_http_zoom_entry_t  *e;

    e = ngx_http_zoom_flight_entry(flight);

    if (e == NULL) {
        return flight->deadline;
    }

    deadline = e->deadline;

    return ngx_http_zoom_later(deadline, flight->deadline)
           ? deadline : flight->deadline;
}


ngx_uint_t
ngx_http_zoom_flight_wanted(ngx_http_zoom_flight_t *flight)
{
    ngx_uint_t              i;
    ngx_http_zoom_entry_t  *e;

    if (flight->background || !ngx_queue_empty(&flight->waiters)) {
        return 1;
    }

    e = ngx_http_zoom_flight_entry(flight);

    if (e == NULL) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS / 64; i++) {
        if (e->waiters.bits[i]) {
            return 1;
        }
    }

    return e->polled;
}


void
ngx_http_zoom_flight_busy(ngx_http_zoom_flight_t *flight, ngx_msec_t time)
{
    ngx_msec_int_t          late;
    ngx_http_zoom_entry_t  *e;

    if (flight->key.once) {
        return;
    }

    ngx_http_zoom_zone_lock(ngx_http_zoom_flight_zone);

    e = ngx_http_zoom_flight_entry(flight);

    if (e) {
        late = ngx_current_msec + time - e->deadline;
        e->grace = (late > 0) ? late : e->grace;
    }

    ngx_http_zoom_zone_unlock(ngx_http_zoom_flight_zone);
}


void
ngx_http_zoom_flight_meet(ngx_http_zoom_flight_t *flight,
    zoom_error_e trouble)
{
    ngx_http_zoom_entry_t  *e;

    if (flight->key.once) {
        flight->trouble = trouble;
        return;
    }

    ngx_http_zoom_zone_lock(ngx_http_zoom_flight_zone);

    e = ngx_http_zoom_flight_entry(flight);

    if (e) {
        e->trouble = trouble;
    }

    ngx_http_zoom_zone_unlock(ngx_http_zoom_flight_zone);
}


zoom_error_e
ngx_http_zoom_flight_trouble(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_entry_t  *e;

    e = ngx_http_zoom_flight_entry(flight);

    return e ? e->trouble : flight->trouble;
}
