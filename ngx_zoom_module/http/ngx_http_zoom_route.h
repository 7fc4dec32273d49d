/*
 * The route of a callback, where another module finds it; and what such a
 * module may know of the callback.
 */

#ifndef _NGX_HTTP_ZOOM_ROUTE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ROUTE_H_INCLUDED_


#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_ctx.h"


/*
 * Asks for the route, which the location has; "done" is called at once or
 * later, with ctx->target.route, and in ctx->target.route_error and
 * ctx->target.why what came of it: ZOOM_OK, ZOOM_E_DENIED, ZOOM_E_NO_ACCOUNT
 * or ZOOM_E_ROUTE_FAILED.
 */

void ngx_http_zoom_route_find(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_done_pt done);


/* For the table in ngx_http_zoom_api.h. */

void ngx_http_zoom_route_set(ngx_conf_t *cf, ngx_http_zoom_route_pt handler);
void ngx_http_zoom_route_set_webhook(ngx_conf_t *cf,
    ngx_http_zoom_route_pt handler);
void ngx_http_zoom_route_set_allow(ngx_conf_t *cf,
    ngx_http_zoom_route_pt handler);
void ngx_http_zoom_route_done(ngx_http_request_t *r, ngx_int_t rc);
void ngx_http_zoom_route_bot(ngx_http_request_t *r,
    ngx_http_zoom_bot_t *bot);
ngx_int_t ngx_http_zoom_route_bot_link(ngx_http_request_t *r,
    ngx_http_zoom_bot_t *bot);
ngx_int_t ngx_http_zoom_route_metadata(ngx_http_request_t *r, ngx_uint_t n,
    ngx_str_t *name, ngx_str_t *value);
ngx_int_t ngx_http_zoom_route_header(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);
ngx_int_t ngx_http_zoom_route_arg(ngx_http_request_t *r,
    const ngx_str_t *name, ngx_str_t *value);


#endif /* _NGX_HTTP_ZOOM_ROUTE_H_INCLUDED_ */
