/*
 * Turns: the line, in each worker, of the calls that take slots only after
 * those who wait for a token.
 */

#ifndef _NGX_HTTP_ZOOM_TURN_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TURN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_worker_account.h"
#include "zoom_limit.h"


typedef struct {
    /* Set by the caller; zeroed otherwise. */

    ngx_http_zoom_worker_account_t  *wa;
    zoom_label_e                 label;
    ngx_event_t                 *event;      /* posted when it comes first */

    /* Its own. */

    ngx_queue_t                  queue;
    ngx_uint_t                   queued;
} ngx_http_zoom_turn_t;


/*
 * NGX_OK: it may take a slot.  NGX_AGAIN: it stands in line, and asks again
 * after "*wait" milliseconds, or when it is told that it comes first.
 */

ngx_int_t ngx_http_zoom_turn_take(ngx_http_zoom_turn_t *turn,
    ngx_msec_t *wait);

/* Harmless when it is in no line. */
void ngx_http_zoom_turn_leave(ngx_http_zoom_turn_t *turn);


#endif /* _NGX_HTTP_ZOOM_TURN_H_INCLUDED_ */
