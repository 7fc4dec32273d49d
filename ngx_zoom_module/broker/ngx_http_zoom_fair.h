/*
 * A call's place in the line of its caller, before it takes a slot: callers
 * who want more than a limit lets through take turns, and those who wait for a
 * token come before requests.
 */

#ifndef _NGX_HTTP_ZOOM_FAIR_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FAIR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_callers.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_limit.h"


/* An answer with less time than this is not worth a request, milliseconds. */

#define NGX_HTTP_ZOOM_FAIR_ANSWER  1000


typedef struct {
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_in_line_t      line;
    unsigned                     joined:1;
    unsigned                     through:1;
} ngx_http_zoom_fair_t;


/* Of the time that somebody waits so much is there before a slot. */

#define ngx_http_zoom_fair_time(left)                                         \
    ((left) - ngx_min((left) / 4, NGX_HTTP_ZOOM_FAIR_ANSWER))


/* For a call that is not in line. */
void ngx_http_zoom_fair_init(ngx_http_zoom_fair_t *fair,
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label,
    ngx_http_zoom_rank_e rank, uint32_t who);

/*
 * NGX_OK: it may take a slot.  NGX_AGAIN: it stands in line, and asks again
 * after "*wait" milliseconds.  NGX_DECLINED: its turn does not come in time.
 */

ngx_int_t ngx_http_zoom_fair_take(ngx_http_zoom_fair_t *fair,
    ngx_msec_t left, ngx_msec_t *wait);

/* Another try, or none any more.  Harmless when it is in no line. */
void ngx_http_zoom_fair_leave(ngx_http_zoom_fair_t *fair);

/* Whether a caller would be declined right now: NGX_OK, or NGX_DECLINED. */
ngx_int_t ngx_http_zoom_fair_look(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label, uint32_t who, ngx_msec_t left, ngx_msec_t *wait);


#endif /* _NGX_HTTP_ZOOM_FAIR_H_INCLUDED_ */
