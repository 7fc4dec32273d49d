/* A request that waits for a user's grant; what it waits for goes on alone. */

#ifndef _NGX_HTTP_ZOOM_CONNECT_WAIT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CONNECT_WAIT_H_INCLUDED_


#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_ctx.h"


typedef ngx_int_t (*ngx_http_zoom_connect_reply_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_connect_t *c);


/*
 * "reply" answers the request when it is done, and returns what finalizes it.
 * For a handler that has raised r->main->count.  NGX_ERROR: no memory, it will
 * not be called.
 */

ngx_int_t ngx_http_zoom_connect_wait(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_connect_t *c,
    ngx_http_zoom_connect_reply_pt reply);


#endif /* _NGX_HTTP_ZOOM_CONNECT_WAIT_H_INCLUDED_ */
