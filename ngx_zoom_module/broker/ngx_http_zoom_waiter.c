#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_waiter.h"


static void ngx_http_zoom_waiter_timeout(ngx_event_t *ev);


ngx_http_zoom_status_e
ngx_http_zoom_waiter_wait(ngx_http_zoom_waiter_t *w,
    ngx_http_zoom_flight_t *flight, ngx_msec_t deadline)
{
    ngx_http_zoom_status_e  status;

    status = (flight->owner && ngx_queue_empty(&flight->waiters)
              && flight->data == NULL)
             ? NGX_HTTP_ZOOM_STATUS_MISS : NGX_HTTP_ZOOM_STATUS_SHARED;

    w->flight = flight;
    ngx_queue_insert_tail(&flight->waiters, &w->queue);

    ngx_http_zoom_timer_init(&w->timer, ngx_http_zoom_waiter_timeout,
                             ngx_cycle->log);
    ngx_http_zoom_waiter_extend(w, deadline);

    ngx_http_zoom_flight_start(flight);

    return status;
}


void
ngx_http_zoom_waiter_extend(ngx_http_zoom_waiter_t *w, ngx_msec_t deadline)
{
    ngx_msec_int_t  left;

    left = deadline - ngx_current_msec;

    ngx_add_timer(&w->timer, ngx_max(left, 1));
}


void
ngx_http_zoom_waiter_leave(ngx_http_zoom_waiter_t *w)
{
    ngx_http_zoom_flight_t  *flight;

    flight = w->flight;

    if (flight == NULL) {
        return;
    }

    w->flight = NULL;
    ngx_queue_remove(&w->queue);
    ngx_http_zoom_timer_stop(&w->timer);

    ngx_http_zoom_flight_leave(flight);
}


static void
ngx_http_zoom_waiter_timeout(ngx_event_t *ev)
{
    ngx_http_zoom_waiter_t  *w;

    w = ngx_http_zoom_timer_object(ev, ngx_http_zoom_waiter_t, timer);

    w->late(w);
}


void
ngx_http_zoom_waiters_land(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result)
{
    ngx_queue_t             *q;
    ngx_http_zoom_waiter_t  *w;

    /* one may make others leave: always take the first */

    while (!ngx_queue_empty(&flight->waiters)) {
        q = ngx_queue_head(&flight->waiters);
        ngx_queue_remove(q);

        w = ngx_queue_data(q, ngx_http_zoom_waiter_t, queue);

        w->flight = NULL;
        ngx_http_zoom_timer_stop(&w->timer);

        w->landed(w, result);
    }
}
