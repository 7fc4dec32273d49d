/*
 * Several asks of one request, side by side: who made them is told once, when
 * all are in.
 */

#ifndef _NGX_HTTP_ZOOM_BATCH_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BATCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_ask.h"


typedef struct ngx_http_zoom_batch_s  ngx_http_zoom_batch_t;

typedef void (*ngx_http_zoom_batch_pt)(ngx_http_zoom_batch_t *batch);


/* All zero: an empty one. */

struct ngx_http_zoom_batch_s {
    ngx_http_zoom_ask_t         *asks;
    ngx_uint_t                   n;
    ngx_uint_t                   size;
    ngx_uint_t                   waiting;    /* asks that are not in yet */

    ngx_http_zoom_batch_pt       handler;    /* set by the caller */
    void                        *data;
    uint32_t                     who;        /* takes turns with others */
};


/* Makes room for "size" asks.  NGX_ERROR: no memory. */
ngx_int_t ngx_http_zoom_batch_init(ngx_http_zoom_batch_t *batch,
    ngx_pool_t *pool, ngx_uint_t size);

/*
 * The next one, zeroed, with the batch's pool: the caller fills in the rest
 * of its part but for handlers, data and deadline.  Never more than there is
 * room for.
 */

ngx_http_zoom_ask_t *ngx_http_zoom_batch_add(ngx_http_zoom_batch_t *batch,
    ngx_pool_t *pool, zoom_token_type_e type);

/*
 * Asks for all of them; one that has an error or a token already
 * is left out and keeps it.  If one fails that is marked "vital" the others are
 * given up with its error.
 *
 * NGX_OK: all are in, the handler is not called.  NGX_AGAIN: it will be called
 * exactly once, unless the batch is cancelled.
 */

ngx_int_t ngx_http_zoom_batch_ask(ngx_http_zoom_batch_t *batch,
    ngx_msec_t deadline);

/* Gives up what is not in yet: that is its error.  Harmless when done. */
void ngx_http_zoom_batch_cancel(ngx_http_zoom_batch_t *batch,
    zoom_error_e error);

/* The longest that a failure asks to wait, in seconds; 0: none does. */
time_t ngx_http_zoom_batch_retry_after(const ngx_http_zoom_batch_t *batch);

/* Overwrites the tokens. */
void ngx_http_zoom_batch_wipe(ngx_http_zoom_batch_t *batch);


#endif /* _NGX_HTTP_ZOOM_BATCH_H_INCLUDED_ */
