/*
 * Pools, for scripts of both kinds.
 */

#ifndef _NGX_HTTP_ZOOM_SCRIPT_POOL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SCRIPT_POOL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_conf.h"


/* As in the table of ngx_http_zoom_api.h; "r" may be NULL. */

const ngx_http_zoom_pool_conf_t *ngx_http_zoom_script_pool(
    const ngx_str_t *name, ngx_str_t *account);
ngx_int_t ngx_http_zoom_script_pick(const ngx_http_zoom_pool_conf_t *conf,
    ngx_http_request_t *r, ngx_http_zoom_pool_req_t *req);
ngx_uint_t ngx_http_zoom_script_unlease(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_str_t *distinct, const ngx_str_t *user);
ngx_int_t ngx_http_zoom_script_member(const ngx_http_zoom_pool_conf_t *conf,
    ngx_uint_t *at, ngx_http_zoom_member_report_t *user);


#endif /* _NGX_HTTP_ZOOM_SCRIPT_POOL_H_INCLUDED_ */
