#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_turn.h"


static ngx_http_zoom_turn_t *ngx_http_zoom_turn_first(
    const ngx_http_zoom_turn_t *turn);


/* in the order they came, of all accounts and labels */

static ngx_queue_t  ngx_http_zoom_turns = {
    &ngx_http_zoom_turns, &ngx_http_zoom_turns
};


ngx_int_t
ngx_http_zoom_turn_take(ngx_http_zoom_turn_t *turn, ngx_msec_t *wait)
{
    ngx_http_zoom_worker_account_t  *wa;

    wa = turn->wa;

    if (wa->account->dry_run) {
        return NGX_OK;
    }

    if (!turn->queued) {
        turn->queued = 1;
        ngx_queue_insert_tail(&ngx_http_zoom_turns, &turn->queue);
    }

    /* the first that may not go yet looks again, the others wait for it */

    if (ngx_http_zoom_turn_first(turn) != turn) {
        *wait = NGX_MAX_INT32_VALUE;
        return NGX_AGAIN;
    }

    if (ngx_http_zoom_quota_turn(wa->zone, wa->quota, turn->label,
                                 &wa->rates[turn->label], wait)
        != NGX_OK)
    {
        return NGX_AGAIN;
    }

    ngx_http_zoom_turn_leave(turn);

    return NGX_OK;
}


/* the first in line for the same limit */

static ngx_http_zoom_turn_t *
ngx_http_zoom_turn_first(const ngx_http_zoom_turn_t *turn)
{
    ngx_queue_t           *q;
    ngx_http_zoom_turn_t  *other;

    for (q = ngx_queue_head(&ngx_http_zoom_turns);
         q != ngx_queue_sentinel(&ngx_http_zoom_turns);
         q = ngx_queue_next(q))
    {
        other = ngx_queue_data(q, ngx_http_zoom_turn_t, queue);

        if (other->wa->quota == turn->wa->quota
            && other->label == turn->label)
        {
            return other;
        }
    }

    return NULL;
}


void
ngx_http_zoom_turn_leave(ngx_http_zoom_turn_t *turn)
{
    ngx_http_zoom_turn_t  *first;

    if (!turn->queued) {
        return;
    }

    turn->queued = 0;
    ngx_queue_remove(&turn->queue);

    first = ngx_http_zoom_turn_first(turn);

    if (first && !first->event->posted) {
        ngx_http_zoom_timer_stop(first->event);
        ngx_post_event(first->event, &ngx_posted_events);
    }
}
