/*
 * Limits that all hosts keep together: the line, in each worker, of the calls
 * that wait for a slot which the store's clock hands out, and what is told to
 * that clock.  Of a store that is away each host has its part, and the limits
 * are kept by ngx_http_zoom_quota.h alone.
 */

#ifndef _NGX_HTTP_ZOOM_RUNS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_RUNS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_worker_account.h"
#include "zoom_limit.h"


/* A call's place in line. */

typedef struct {
    /* Set by the caller; zeroed otherwise. */

    ngx_event_t                 *event;      /* posted when it comes first, or
                                                there is something for it */

    /* Its own. */

    ngx_queue_t                  queue;
    ngx_http_zoom_worker_account_t  *wa;
    zoom_label_e                 label;
    unsigned                     queued:1;
    unsigned                     delayed:1;  /* there was none at once */
} ngx_http_zoom_line_t;


/* Whether the account's limits are kept by all hosts, just now. */
ngx_uint_t ngx_http_zoom_runs_used(ngx_http_zoom_worker_account_t *wa);

/* What may be spent, just now: by all hosts, or of a host's part. */
const zoom_rate_t *ngx_http_zoom_runs_rate(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label);

/* They are not: the host goes on with its part. */
void ngx_http_zoom_runs_part(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label);

/* 0: it stands in line.  Else how long it would wait, more than "left". */
ngx_msec_t ngx_http_zoom_runs_enter(ngx_http_zoom_line_t *line,
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label, ngx_msec_t left);

/* How long somebody who enters now would wait, 1 at least. */
ngx_msec_t ngx_http_zoom_runs_wait(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label);

/*
 * NGX_OK: "slot" is spent now, and "*stamp" is what the clock calls it.
 * NGX_AGAIN: come back after "*wait", or when told.  NGX_DECLINED: the store is
 * away, it stands in no line.
 */

ngx_int_t ngx_http_zoom_runs_take(ngx_http_zoom_line_t *line,
    zoom_slot_t *slot, int64_t *stamp, ngx_msec_t *wait);

/* Harmless when it is in no line. */
void ngx_http_zoom_runs_leave(ngx_http_zoom_line_t *line);

/*
 * The request of a slot had arrived at Zoom by "at", in microseconds, or was
 * not sent: 0.
 */

void ngx_http_zoom_runs_settle(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label, int64_t stamp, int64_t at);


#endif /* _NGX_HTTP_ZOOM_RUNS_H_INCLUDED_ */
