/*
 * Callers in turn, over all workers: the lines before the labels of a quota.
 * Whoever is through takes a slot (ngx_http_zoom_quota.h).
 */

#ifndef _NGX_HTTP_ZOOM_CALLERS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CALLERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_limit.h"


typedef struct {
    /* Set by the caller; zeroed otherwise. */

    ngx_http_zoom_zone_t        *zone;
    ngx_http_zoom_quota_t       *quota;
    zoom_label_e                 label;
    const zoom_rate_t           *rates;      /* of all labels */
    ngx_http_zoom_rank_e         rank;
    uint32_t                     who;
    unsigned                     shared:1;   /* with other hosts, by runs */

    /* Its own: nothing has to be given back. */

    int64_t                      turn;
    int64_t                      due;        /* of a request whose turn has
                                                come; microseconds, 0: not */
} ngx_http_zoom_in_line_t;


/*
 * Joins the caller's line for a request that is worth nothing after "left".
 * Times in milliseconds.
 *
 * NGX_OK: it may take a slot.  NGX_AGAIN: it stands in line, and looks again
 * after "*wait".  NGX_DECLINED: no slot in time, one could be had in "*wait".
 */

ngx_int_t ngx_http_zoom_callers_join(ngx_http_zoom_in_line_t *in,
    ngx_msec_t left, ngx_msec_t *wait);

/* Looks again.  It may take longer now than "left". */
ngx_int_t ngx_http_zoom_callers_wait(ngx_http_zoom_in_line_t *in,
    ngx_msec_t left, ngx_msec_t *wait);

/* What it would say, if nothing is done about it. */
ngx_int_t ngx_http_zoom_callers_until(const ngx_http_zoom_in_line_t *in,
    ngx_msec_t left, ngx_msec_t *wait);

/* NGX_OK: who joined would not be declined. */
ngx_int_t ngx_http_zoom_callers_look(const ngx_http_zoom_in_line_t *in,
    ngx_msec_t left, ngx_msec_t *wait);


#endif /* _NGX_HTTP_ZOOM_CALLERS_H_INCLUDED_ */
