/* The content handlers, and how each begins. */

#ifndef _NGX_HTTP_ZOOM_HANDLERS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HANDLERS_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


ngx_int_t ngx_http_zoom_tokens_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_join_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_health_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_status_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_purge_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_connect_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_connected_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_disconnect_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_grants_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_pass_handler(ngx_http_request_t *r);

/*
 * A handler of the preaccess phase: looks at the proofs in the header, so that
 * a refusal by another module finds the secrets overwritten.  It refuses
 * nothing itself.
 */

ngx_int_t ngx_http_zoom_preaccess_handler(ngx_http_request_t *r);

/*
 * The checks that need no body: 405, 413, 401.  NGX_AGAIN to go on, else the
 * request has been answered and this is what the content handler returns.
 */

ngx_int_t ngx_http_zoom_enter(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t **ctx, ngx_uint_t methods, const char *allow);

/*
 * The whole way in of a handler that wants no body: a proof in the body is
 * none.  "content" is what it does then, at once or when other hosts have been
 * asked.  What the content handler returns.
 */

ngx_int_t ngx_http_zoom_enter_bodiless(ngx_http_request_t *r,
    ngx_uint_t methods, const char *allow, ngx_http_zoom_content_pt content);

/*
 * Reads the body into ctx->callback.body and calls "done", now or later, with
 * r->main->count raised; a body that can't be read is answered with the error.
 * What the content handler returns.
 */

ngx_int_t ngx_http_zoom_enter_body(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_done_pt done);

/*
 * The whole way in of a handler that is asked by the arguments of a GET or by
 * the body of a POST: ngx_http_zoom_enter(), then "get" or "post" as above.
 */

ngx_int_t ngx_http_zoom_enter_callback(ngx_http_request_t *r,
    ngx_http_zoom_done_pt get, ngx_http_zoom_done_pt post);

/*
 * All proofs of a POST, whose body is JSON: ZOOM_OK and that in
 * ngx_http_zoom_callback_doc, until the next request; ZOOM_E_BAD_CALLBACK: it
 * is none, or another error, with its reason.
 */

zoom_error_e ngx_http_zoom_prove(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/* Likewise of a request whose body is not read. */
zoom_error_e ngx_http_zoom_prove_bodiless(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/*
 * What follows is for handlers that have raised r->main->count.
 *
 * The callback is authenticated and parsed: now variables may be read.  Where
 * NGX_OK is not returned the request has been finalized with an error.
 */

ngx_int_t ngx_http_zoom_ready(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx);

/*
 * 1 if a variable was read before there was anything in it, which the log has
 * been told.
 */

ngx_uint_t ngx_http_zoom_too_early(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/* Finalizes the request with an error.  "why" is for the log. */
void ngx_http_zoom_fail(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why);

/*
 * Sets ctx->target.user, if any of ctx->target.types needs it; the latter also
 * ctx->target.account before.  ZOOM_OK, or an error and its reason for the log.
 */

zoom_error_e ngx_http_zoom_use_user(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
zoom_error_e ngx_http_zoom_route(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/* Likewise to one of zoom_user's pool, and when called again to the next. */
zoom_error_e ngx_http_zoom_use_pool(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);


#endif /* _NGX_HTTP_ZOOM_HANDLERS_H_INCLUDED_ */
