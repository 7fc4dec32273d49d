/*
 * Which tokens a request gets: zoom_types, and what each of them needs.
 */

#ifndef _NGX_HTTP_ZOOM_TYPES_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TYPES_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * When the callback is known: those of zoom_types that it gets, into
 * ctx->target.types.  An answer that holds one token only ("single") is for
 * that of ?type= or for the first.  ZOOM_OK or ZOOM_E_BAD_TYPE.
 */

zoom_error_e ngx_http_zoom_types_choose(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t single);

/*
 * When there is a route of another module's: the types that it chose of
 * zoom_types, and those of the tokens that it brings; where it says nothing
 * ctx->target.types stays.  ZOOM_OK, ZOOM_E_BAD_TYPE or ZOOM_E_ROUTE_FAILED.
 */

zoom_error_e ngx_http_zoom_types_routed(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t single, const char **why);

/* Whether ctx->target.user is needed for any of them. */
ngx_uint_t ngx_http_zoom_types_need_user(const ngx_http_zoom_ctx_t *ctx);

/*
 * When the route is known: ctx->batch, with an ask for each.  What lacks a
 * meeting or is not allowed for it has its error already.  ZOOM_OK if there is
 * any to be asked for, else the first error; "*why" is for the log.
 */

zoom_error_e ngx_http_zoom_types_plan(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/*
 * When all results are in: tokens that failed are left out, unless it is the
 * ZAK, or the only one.  ZOOM_OK or that error.
 */

zoom_error_e ngx_http_zoom_types_lacking(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/* For an answer that holds one token: the first there is.  Not NULL by then. */
const ngx_str_t *ngx_http_zoom_types_one(const ngx_http_zoom_ctx_t *ctx);

/*
 * The tokens as JSON, into ctx->reply.answer, under the names that platforms
 * have for them; with "plain" also under those of MeetStream.  NGX_ERROR: no
 * memory.
 */

ngx_int_t ngx_http_zoom_types_json(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t plain);


#endif /* _NGX_HTTP_ZOOM_TYPES_H_INCLUDED_ */
