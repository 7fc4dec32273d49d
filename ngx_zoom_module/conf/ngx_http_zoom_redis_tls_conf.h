/* TLS of a zoom_store in Redis: who is believed to be it. */

#ifndef _NGX_HTTP_ZOOM_REDIS_TLS_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_TLS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_conf.h"


/* Reads the CA certificates; the context lives as long as the cycle. */
char *ngx_http_zoom_redis_tls_conf(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis);


#endif /* _NGX_HTTP_ZOOM_REDIS_TLS_CONF_H_INCLUDED_ */
