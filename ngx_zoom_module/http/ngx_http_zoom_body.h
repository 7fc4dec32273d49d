/*
 * Reads a callback's body without ever writing it to a disk.
 */

#ifndef _NGX_HTTP_ZOOM_BODY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BODY_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * "rc" is NGX_OK with the body in ctx->callback.body, or a status: 400 if what
 * came is no body, 413 if it is over zlcf->body_max, 500.
 */

typedef void (*ngx_http_zoom_body_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);

/*
 * Calls the handler once, now or later; the handler finalizes the request,
 * for which r->main->count has been raised.  It is not called where nginx
 * ends the request itself: a client that went away or timed out.  What this
 * returns is what a content handler returns.
 */

ngx_int_t ngx_http_zoom_body_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_body_pt handler);

/* Throws the body away, when we do not read it. */
ngx_int_t ngx_http_zoom_body_discard(ngx_http_request_t *r);

/* 1 if the header announces more than we take. */
ngx_uint_t ngx_http_zoom_body_too_large(ngx_http_request_t *r);


#endif /* _NGX_HTTP_ZOOM_BODY_H_INCLUDED_ */
