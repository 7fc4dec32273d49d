/*
 * A mint's place among the requests that Zoom's limits let through, and what
 * became of it for the log.
 */

#ifndef _NGX_HTTP_ZOOM_SLOT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SLOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_runs.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_limit.h"


/* No hint of Zoom's closes anything for longer without another try, ms. */

#define NGX_HTTP_ZOOM_CLOSE_MAX  60000


/*
 * Zero at the beginning, but for line.event, which is posted when there is a
 * reason to ask again before it is time; "limit" outlives the slots of several
 * tries.
 */

typedef struct {
    ngx_http_zoom_line_t         line;       /* where hosts share the limit */
    int64_t                      stamp;      /* likewise, or 0: of what is to
                                                be told of the latest request */
    zoom_slot_t                  place;
    zoom_label_e                 label;
    ngx_http_zoom_limit_e        limit;
    unsigned                     taken:1;
    unsigned                     spent:1;    /* by the latest request */
} ngx_http_zoom_slot_t;


/*
 * Takes a slot, or with one taken looks whether its time has come, for a
 * request that is worth nothing after "left".  Times in milliseconds.
 *
 * NGX_OK: send it now, the slot is spent.  NGX_AGAIN: come back after
 * "*wait".  NGX_DECLINED: no slot in time, the next is in "*wait".
 */

ngx_int_t ngx_http_zoom_slot_reserve(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label, ngx_msec_t left,
    ngx_msec_t *wait);
ngx_int_t ngx_http_zoom_slot_due(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait);

/* What a caller's line says before, NGX_AGAIN or NGX_DECLINED; returns it. */
ngx_int_t ngx_http_zoom_slot_turn(ngx_http_zoom_slot_t *slot, ngx_int_t rc);

/* No slot is wanted any more; one that is spent stays. */
void ngx_http_zoom_slot_drop(ngx_http_zoom_slot_t *slot);

/* The request, with or without a slot, goes over the wire now. */
void ngx_http_zoom_slot_sent(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa);

/* It was answered; or it will be no more, or was never sent. */
void ngx_http_zoom_slot_answered(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa);
void ngx_http_zoom_slot_leave(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa);

/* Zoom refused the request all the same: nobody goes before "wait". */
void ngx_http_zoom_slot_close(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t wait);


#endif /* _NGX_HTTP_ZOOM_SLOT_H_INCLUDED_ */
