/*
 * The lane of the requests of which Zoom takes one at a time from an account:
 * those that make a user.  Of all workers one has it.
 */

#ifndef _NGX_HTTP_ZOOM_LANE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LANE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_worker_account.h"


typedef struct {
    /* Set by the caller; zeroed otherwise. */

    ngx_http_zoom_worker_account_t  *wa;
    ngx_event_t                 *event;      /* posted when it comes first */

    /* Its own. */

    ngx_queue_t                  queue;
    uint64_t                     number;     /* of the hold; 0: none */
    unsigned                     queued:1;
} ngx_http_zoom_lane_t;


/*
 * NGX_OK: it has the lane, for "left" milliseconds at most, and may ask again.
 * NGX_AGAIN: it stands in line, and asks again after "*wait" milliseconds, or
 * when it is told that it comes first.
 */

ngx_int_t ngx_http_zoom_lane_take(ngx_http_zoom_lane_t *lane, ngx_msec_t left,
    ngx_msec_t *wait);

/* Harmless when it neither has the lane nor stands in line. */
void ngx_http_zoom_lane_leave(ngx_http_zoom_lane_t *lane);


#endif /* _NGX_HTTP_ZOOM_LANE_H_INCLUDED_ */
