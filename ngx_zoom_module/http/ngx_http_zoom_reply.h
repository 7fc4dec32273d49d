/*
 * What a caller gets: docs/directives.md, "zoom_response", and docs/errors.md.
 */

#ifndef _NGX_HTTP_ZOOM_REPLY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REPLY_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * What these return is for ngx_http_finalize_request().
 *
 * A body is sent as it is; one with a token in it must be ctx->reply.answer,
 * which is wiped in the end.
 */

ngx_int_t ngx_http_zoom_reply(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t status, const char *type, ngx_str_t *body);

/* Likewise, a body of "size" bytes in a chain, which is not empty. */
ngx_int_t ngx_http_zoom_reply_chain(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t status, const char *type,
    ngx_chain_t *out, off_t size);

/*
 * An error, or its status alone where an error_page wants it.  "why" is for
 * the log, NULL if there is nothing to add: the level is "error" for
 * ZOOM_E_INTERNAL and "info" for what the broker has logged; 4xx are refused as
 * ngx_http_zoom_refuse() says.
 */

ngx_int_t ngx_http_zoom_reply_error(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);

/* Likewise, with another status than the error's own. */
ngx_int_t ngx_http_zoom_reply_status(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, ngx_uint_t status,
    const char *why);

/* 429: the caller has no more of zoom_limit before ctx->reply.after. */
ngx_int_t ngx_http_zoom_reply_limited(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/*
 * Likewise, with other words than the error's own, which are about tokens.
 * They need no escape.
 */

ngx_int_t ngx_http_zoom_reply_words(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *message);

/* 204. */
ngx_int_t ngx_http_zoom_reply_empty(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/* One more header; both strings live as long as the request. */
ngx_int_t ngx_http_zoom_reply_add(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value);

/* 405, with the methods that would do. */
ngx_int_t ngx_http_zoom_reply_method(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char *methods);


#endif /* _NGX_HTTP_ZOOM_REPLY_H_INCLUDED_ */
