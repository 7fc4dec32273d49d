/*
 * Reads a callback's body without ever writing it to a disk.
 */

#ifndef _NGX_HTTP_ZOOM_BODY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BODY_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * "rc" is NGX_OK with the body in ctx->callback.body, or a status: 400 if what
 * came is no body, 413 if it is over "max" bytes, 500.  From the event loop.
 */

typedef void (*ngx_http_zoom_body_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);

/*
 * For a handler of any phase, and as often as one likes: a body that has been
 * read is there at once.  What is there at once is returned as "rc", and the
 * handler is not called.  NGX_AGAIN: it will be, once, unless nginx ends the
 * request itself, since the client went away or timed out.
 *
 * r->main->count stays as it is.  After NGX_AGAIN a content handler raises it
 * and returns NGX_DONE, and the handler finalizes the request.  One of an
 * earlier phase returns NGX_AGAIN, and the handler lets the phases go on, which
 * call it again: r->write_event_handler = ngx_http_core_run_phases, and that.
 */

ngx_int_t ngx_http_zoom_body_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, size_t max, ngx_http_zoom_body_pt handler);

/* 1 if there is nobody left to answer: "rc" is for nginx. */
ngx_uint_t ngx_http_zoom_body_gone(ngx_http_request_t *r, ngx_int_t rc);

/* Throws the body away, when we do not read it. */
ngx_int_t ngx_http_zoom_body_discard(ngx_http_request_t *r);

/* 1 if the header announces more than zlcf->body_max. */
ngx_uint_t ngx_http_zoom_body_too_large(ngx_http_request_t *r);


#endif /* _NGX_HTTP_ZOOM_BODY_H_INCLUDED_ */
