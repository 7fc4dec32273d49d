/* Another user of the pool, where Zoom has refused one. */

#ifndef _NGX_HTTP_ZOOM_AGAIN_H_INCLUDED_
#define _NGX_HTTP_ZOOM_AGAIN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_ctx.h"
#include "zoom_error.h"


typedef zoom_error_e (*ngx_http_zoom_plan_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/*
 * The answer would be "error".  1: that may be the fault of the user, and
 * another is asked for as "plan" says, and "done" is called as by
 * ngx_http_zoom_ctx_ask(), or the request has been answered.
 */

ngx_uint_t ngx_http_zoom_again(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, ngx_http_zoom_plan_pt plan,
    ngx_http_zoom_done_pt done);


#endif /* _NGX_HTTP_ZOOM_AGAIN_H_INCLUDED_ */
