/*
 * Sentinels, which tell where the master is: one of them is asked, and one
 * listened to.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_SENTINEL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_SENTINEL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_redis_link.h"


/*
 * Both links of the store ask here where to connect, and are told when it has
 * changed.
 */

void ngx_http_zoom_redis_sentinel_start(const ngx_http_zoom_redis_conf_t *conf,
    ngx_http_zoom_redis_link_t *link, ngx_http_zoom_redis_link_t *news);

void ngx_http_zoom_redis_sentinel_stop(void);


#endif /* _NGX_HTTP_ZOOM_REDIS_SENTINEL_H_INCLUDED_ */
