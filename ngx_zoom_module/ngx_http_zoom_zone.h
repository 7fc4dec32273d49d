/*
 * The shared memory zone: tokens, flights and the slots of the workers.
 */

#ifndef _NGX_HTTP_ZOOM_ZONE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ZONE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_ZONE_MIN      (256 * 1024)
#define NGX_HTTP_ZOOM_ZONE_DEFAULT  (8 * 1024 * 1024)


/*
 * Adds the zone at configuration time.  NULL, with the cause logged, on
 * failure.
 */

ngx_shm_zone_t *ngx_http_zoom_zone_add(ngx_conf_t *cf, size_t size,
    void *tag);


#endif /* _NGX_HTTP_ZOOM_ZONE_H_INCLUDED_ */
