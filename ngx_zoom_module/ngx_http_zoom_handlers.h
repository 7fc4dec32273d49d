/* The content handlers, and how each begins. */

#ifndef _NGX_HTTP_ZOOM_HANDLERS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HANDLERS_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


ngx_int_t ngx_http_zoom_tokens_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_health_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_status_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_purge_handler(ngx_http_request_t *r);

/*
 * The checks that need no body: 405, 413, 401.  NGX_AGAIN to go on, else the
 * request has been answered and this is what the content handler returns.
 */

ngx_int_t ngx_http_zoom_enter(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t **ctx, ngx_uint_t methods, const char *allow);

/*
 * Likewise, with all that there is to check for a handler that wants no body:
 * a proof in the body is none.
 */

ngx_int_t ngx_http_zoom_enter_bodiless(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t **ctx, ngx_uint_t methods, const char *allow);


#endif /* _NGX_HTTP_ZOOM_HANDLERS_H_INCLUDED_ */
