/* What there is to tell of pools. */

#ifndef _NGX_HTTP_ZOOM_STATUS_POOLS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STATUS_POOLS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_pool_pick.h"
#include "ngx_http_zoom_writer.h"


/* so many users who are out are named */
#define NGX_HTTP_ZOOM_STATUS_OUT  20


typedef struct {
    const ngx_http_zoom_pool_conf_t  *conf;
    ngx_http_zoom_pool_count_t   count;
    ngx_uint_t                   nout;
    ngx_http_zoom_member_row_t   out[NGX_HTTP_ZOOM_STATUS_OUT];
} ngx_http_zoom_pool_report_t;


/* An array of such reports in "pool"; NULL: no memory. */
ngx_array_t *ngx_http_zoom_status_pools(ngx_pool_t *pool,
    const ngx_http_zoom_main_conf_t *zmcf);

/* The member "pools", behind others. */
void ngx_http_zoom_json_pools(ngx_http_zoom_writer_t *w,
    const ngx_array_t *pools);

void ngx_http_zoom_prometheus_pools(ngx_http_zoom_writer_t *w,
    const ngx_array_t *pools);

/* Tables, of the pools of that account. */
void ngx_http_zoom_html_pools(ngx_http_zoom_writer_t *w,
    const ngx_array_t *pools, const ngx_str_t *account);


#endif /* _NGX_HTTP_ZOOM_STATUS_POOLS_H_INCLUDED_ */
