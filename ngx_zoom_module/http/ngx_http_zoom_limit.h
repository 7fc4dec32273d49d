/*
 * zoom_limit: how much of a location each caller may have.
 */

#ifndef _NGX_HTTP_ZOOM_LIMIT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LIMIT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_ctx.h"


/*
 * To be called when the caller is known, and before anything is asked of Zoom.
 * NGX_DECLINED: go on.  Else the request has been answered with 429, or could
 * not be: to be returned, or to be finalized with.
 */

ngx_int_t ngx_http_zoom_limit(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);


#endif /* _NGX_HTTP_ZOOM_LIMIT_H_INCLUDED_ */
