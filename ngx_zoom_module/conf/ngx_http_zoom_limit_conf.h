/* The directive zoom_limit, and how rates are written. */

#ifndef _NGX_HTTP_ZOOM_LIMIT_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LIMIT_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#define NGX_HTTP_ZOOM_RATE_MAX    100000
#define NGX_HTTP_ZOOM_LIMITS_MAX  8


typedef struct {
    ngx_http_complex_value_t     key;
    ngx_uint_t                   rate;       /* requests in 1000 seconds */
    ngx_uint_t                   burst;
    uint32_t                     where;      /* keys of other limits are
                                                other keys */
} ngx_http_zoom_limit_conf_t;


char *ngx_http_zoom_set_limit(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* "10r/s" or "90r/m": requests in 1000 seconds, or NGX_ERROR. */
ngx_int_t ngx_http_zoom_rate(u_char *p, u_char *last);


#endif /* _NGX_HTTP_ZOOM_LIMIT_CONF_H_INCLUDED_ */
