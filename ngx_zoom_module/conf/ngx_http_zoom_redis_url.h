/* Where a zoom_store in Redis or Valkey is. */

#ifndef _NGX_HTTP_ZOOM_REDIS_URL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_conf.h"


/* Whether it names a store of that kind, well or badly. */
ngx_uint_t ngx_http_zoom_redis_named(const ngx_str_t *value);

/* redis://, rediss:// or redis+sentinel://; NULL: logged. */
ngx_http_zoom_redis_conf_t *ngx_http_zoom_redis_url(ngx_conf_t *cf,
    ngx_str_t *value);

/*
 * When the http block has been read: its resolver looks names up while nginx
 * runs, or else they are looked up now.
 */

char *ngx_http_zoom_redis_find(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis);


#endif /* _NGX_HTTP_ZOOM_REDIS_URL_H_INCLUDED_ */
