/*
 * The code of a device: Zoom is asked until its user has decided, or it dies.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_connecting.h"
#include "ngx_http_zoom_device.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_timer.h"
#include "zoom_error.h"
#include "zoom_grant.h"


#define NGX_HTTP_ZOOM_DEVICE_SLOW  5         /* RFC 8628, 3.5; seconds */


static void ngx_http_zoom_device_replace(
    const ngx_http_zoom_connecting_t *c);
static void ngx_http_zoom_device_late(ngx_http_zoom_connecting_t *c);
static void ngx_http_zoom_device_wait(ngx_http_zoom_connecting_t *c);


void
ngx_http_zoom_device_started(ngx_http_zoom_connecting_t *c)
{
    c->dies = ngx_current_msec + c->connect.device.life * 1000;

    if (c->alias[0]) {
        ngx_http_zoom_device_replace(c);
    }

    ngx_http_zoom_connect_tell(c, ZOOM_OK);
    ngx_http_zoom_device_wait(c);
}


/*
 * One person has one code, or could take the places of all others: whoever asks
 * for another one types that.
 */

static void
ngx_http_zoom_device_replace(const ngx_http_zoom_connecting_t *c)
{
    ngx_queue_t                 *q;
    ngx_http_zoom_connecting_t  *other;

    for (q = ngx_queue_head(&ngx_http_zoom_connecting);
         q != ngx_queue_sentinel(&ngx_http_zoom_connecting);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_http_zoom_connecting_t, queue);

        if (other == c || other->wa != c->wa || other->dies == 0
            || ngx_strcmp(other->alias, c->alias) != 0)
        {
            continue;
        }

        other->replaced = 1;

        if (other->timer.timer_set) {
            ngx_add_timer(&other->timer, 0);
        }
    }
}


void
ngx_http_zoom_device_polled(ngx_http_zoom_connecting_t *c)
{
    if (c->call.error != ZOOM_OK) {

        /* of an outage the user who types a code knows nothing */

        if (zoom_error_info(c->call.error)->status
            >= NGX_HTTP_SERVICE_UNAVAILABLE)
        {
            ngx_http_zoom_device_wait(c);
            return;
        }

        ngx_http_zoom_connect_fail(c, c->call.error);
        return;
    }

    switch (c->reason) {

    case ZOOM_DEVICE_NONE:
        ngx_http_zoom_connect_step(c, NGX_HTTP_ZOOM_CONNECT_PROFILE);
        return;

    case ZOOM_DEVICE_SLOW_DOWN:
        c->connect.device.interval += NGX_HTTP_ZOOM_DEVICE_SLOW;

        /* fall through */

    case ZOOM_DEVICE_PENDING:
        ngx_http_zoom_device_wait(c);
        return;

    case ZOOM_DEVICE_DENIED:
        ngx_log_error(NGX_LOG_INFO, c->wa->log, 0,
                      "zoom: account \"%V\": a user of a device declined",
                      &c->wa->account->name);

        ngx_http_zoom_connect_declined(c->wa->account);
        ngx_http_zoom_connect_over(c);
        return;

    default: /* ZOOM_DEVICE_EXPIRED */
        ngx_http_zoom_device_late(c);
    }
}


static void
ngx_http_zoom_device_late(ngx_http_zoom_connecting_t *c)
{
    ngx_log_error(NGX_LOG_INFO, c->wa->log, 0,
                  "zoom: account \"%V\": a user of a device %s",
                  &c->wa->account->name,
                  c->replaced ? "has asked for another code"
                              : "took too long");

    ngx_http_zoom_count(&c->wa->state->connects[
                                              NGX_HTTP_ZOOM_CONNECTS_EXPIRED]);
    ngx_http_zoom_connect_over(c);
}


static void
ngx_http_zoom_device_wait(ngx_http_zoom_connecting_t *c)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (c->dies - ngx_current_msec);

    if (left <= 0 || c->replaced) {
        ngx_http_zoom_device_late(c);
        return;
    }

    ngx_add_timer(&c->timer, c->connect.device.interval * 1000);
}


void
ngx_http_zoom_device_timer(ngx_event_t *ev)
{
    ngx_http_zoom_connecting_t  *c;

    c = ngx_http_zoom_timer_object(ev, ngx_http_zoom_connecting_t, timer);

    if (c->replaced) {
        ngx_http_zoom_device_late(c);
        return;
    }

    ngx_http_zoom_connect_step(c, NGX_HTTP_ZOOM_CONNECT_POLL);
}
