#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_lane.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds between two looks at a lane that another worker has */
#define NGX_HTTP_ZOOM_LANE_EVERY  50

/* and for which the lane is kept beyond the time that its holder has */
#define NGX_HTTP_ZOOM_LANE_GRACE  1000


static ngx_http_zoom_lane_t *ngx_http_zoom_lane_first(
    const ngx_http_zoom_lane_t *lane);


/* in the order they came, of all accounts */

static ngx_queue_t  ngx_http_zoom_lanes = {
    &ngx_http_zoom_lanes, &ngx_http_zoom_lanes
};


ngx_int_t
ngx_http_zoom_lane_take(ngx_http_zoom_lane_t *lane, ngx_msec_t left,
    ngx_msec_t *wait)
{
    ngx_http_zoom_worker_account_t  *wa;

    wa = lane->wa;

    if (!lane->queued) {
        lane->queued = 1;
        ngx_queue_insert_tail(&ngx_http_zoom_lanes, &lane->queue);
    }

    /* of those here the first looks, all others have time */

    if (ngx_http_zoom_lane_first(lane) != lane) {
        *wait = NGX_MAX_INT32_VALUE;
        return NGX_AGAIN;
    }

    if (lane->number) {
        return NGX_OK;
    }

    lane->number = ngx_http_zoom_quota_hold(wa->zone, wa->quota,
                                            left + NGX_HTTP_ZOOM_LANE_GRACE);
    if (lane->number) {
        return NGX_OK;
    }

    *wait = NGX_HTTP_ZOOM_LANE_EVERY + ngx_random() % NGX_HTTP_ZOOM_LANE_EVERY;

    return NGX_AGAIN;
}


/* the first in line of the same Zoom account; it stays there with the lane */

static ngx_http_zoom_lane_t *
ngx_http_zoom_lane_first(const ngx_http_zoom_lane_t *lane)
{
    ngx_queue_t           *q;
    ngx_http_zoom_lane_t  *other;

    for (q = ngx_queue_head(&ngx_http_zoom_lanes);
         q != ngx_queue_sentinel(&ngx_http_zoom_lanes);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_http_zoom_lane_t, queue);

        if (other->wa->quota == lane->wa->quota) {
            return other;
        }
    }

    return NULL;
}


void
ngx_http_zoom_lane_leave(ngx_http_zoom_lane_t *lane)
{
    ngx_http_zoom_lane_t  *first;

    if (!lane->queued) {
        return;
    }

    lane->queued = 0;
    ngx_queue_remove(&lane->queue);

    if (lane->number) {
        ngx_http_zoom_quota_let_go(lane->wa->zone, lane->wa->quota,
                                   lane->number);
        lane->number = 0;
    }

    first = ngx_http_zoom_lane_first(lane);

    if (first && !first->event->posted) {
        ngx_http_zoom_timer_stop(first->event);
        ngx_post_event(first->event, &ngx_posted_events);
    }
}
