/* Who waits for a flight: a place in its queue, and a time of its own. */

#ifndef _NGX_HTTP_ZOOM_WAITER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WAITER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_publish.h"
#include "ngx_http_zoom_state.h"


typedef struct ngx_http_zoom_waiter_s  ngx_http_zoom_waiter_t;

struct ngx_http_zoom_waiter_s {
    /*
     * Set by the caller.  One of the two is called, once, from the event loop,
     * unless the waiter leaves before: "landed" with the flight's result,
     * "late" when the time is over, with the waiter still in the queue: it has
     * to leave, or to get more time.
     */

    void                       (*landed)(ngx_http_zoom_waiter_t *w,
                                       const ngx_http_zoom_result_t *result);
    void                       (*late)(ngx_http_zoom_waiter_t *w);

    /* Its own. */

    ngx_queue_t                  queue;
    ngx_http_zoom_flight_t      *flight;     /* NULL: does not wait */
    ngx_event_t                  timer;
};


/*
 * Waits until "deadline" on ngx_current_msec's clock, and lets the flight take
 * off.  MISS: the flight is for this waiter; SHARED: it was there before.
 */

ngx_http_zoom_status_e ngx_http_zoom_waiter_wait(ngx_http_zoom_waiter_t *w,
    ngx_http_zoom_flight_t *flight, ngx_msec_t deadline);

/* From its "late": goes on waiting until "deadline". */
void ngx_http_zoom_waiter_extend(ngx_http_zoom_waiter_t *w,
    ngx_msec_t deadline);

/* The flight goes on for others.  Harmless on a waiter that does not wait. */
void ngx_http_zoom_waiter_leave(ngx_http_zoom_waiter_t *w);

/* The "done" of every flight that has waiters. */
void ngx_http_zoom_waiters_land(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result);


#endif /* _NGX_HTTP_ZOOM_WAITER_H_INCLUDED_ */
