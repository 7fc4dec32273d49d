/*
 * Which tokens a request gets: zoom_types, and what each of them needs.
 */

#ifndef _NGX_HTTP_ZOOM_TYPES_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TYPES_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/* The zoom_types directive; the list is empty for "none". */
char *ngx_http_zoom_set_types(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* The list where there is no directive: a ZAK.  NULL: no memory. */
ngx_array_t *ngx_http_zoom_types_default(ngx_conf_t *cf);

/* Whether any in the list is a user's, or is of that kind. */
ngx_uint_t ngx_http_zoom_types_of_user(const ngx_array_t *types);
ngx_uint_t ngx_http_zoom_types_have(const ngx_array_t *types,
    ngx_http_zoom_kind_e kind);

/* The first that is given only where zoom_allow_meeting says so, or NULL. */
const char *ngx_http_zoom_types_guarded(const ngx_array_t *types);

/*
 * When the callback is known: those of zoom_types that it gets, into
 * ctx->types.  An answer that holds one token only ("single") is for that of
 * ?type= or for the first.  ZOOM_OK or ZOOM_E_BAD_TYPE.
 */

zoom_error_e ngx_http_zoom_types_choose(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t single);

/* Likewise, those that are a user's. */
void ngx_http_zoom_types_choose_users(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/*
 * When there is a route of another module's: the types that it chose of
 * zoom_types, and those of the tokens that it brings; where it says nothing
 * ctx->types stays.  ZOOM_OK, ZOOM_E_BAD_TYPE or ZOOM_E_ROUTE_FAILED.
 */

zoom_error_e ngx_http_zoom_types_routed(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t single, const char **why);

/* Its kind, NGX_HTTP_ZOOM_NKINDS: there is no such type. */
ngx_http_zoom_kind_e ngx_http_zoom_types_kind(const ngx_str_t *name);

/* Whether ctx->user is needed for any of them. */
ngx_uint_t ngx_http_zoom_types_need_user(const ngx_http_zoom_ctx_t *ctx);

/*
 * When the route is known: ctx->batch, with an ask for each.  What lacks a
 * meeting or is not allowed for it has its error already.  ZOOM_OK if there is
 * any to be asked for, else the first error; "*why" is for the log.
 */

zoom_error_e ngx_http_zoom_types_plan(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/*
 * When all are in: what failed goes without, unless it is the ZAK or all there
 * is.  ZOOM_OK or that error.
 */

zoom_error_e ngx_http_zoom_types_lacking(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/*
 * The tokens as JSON, into ctx->answer, under the names that platforms have
 * for them; with "plain" also under those of MeetStream.  NGX_ERROR: no
 * memory.
 */

ngx_int_t ngx_http_zoom_types_json(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t plain);


#endif /* _NGX_HTTP_ZOOM_TYPES_H_INCLUDED_ */
