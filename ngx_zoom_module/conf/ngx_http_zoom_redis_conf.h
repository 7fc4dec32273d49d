/* A zoom_store in Redis or Valkey, which the hosts of a fleet share. */

#ifndef _NGX_HTTP_ZOOM_REDIS_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_REDIS_PORT        6379
#define NGX_HTTP_ZOOM_REDIS_PREFIX_MAX  64


typedef struct {
    ngx_str_t                    url;        /* for people: no secret in it */
    ngx_addr_t                  *addrs;      /* of the host, one or more */
    ngx_uint_t                   naddrs;
    ngx_uint_t                   db;
    ngx_str_t                    user;       /* empty: the default user */
    ngx_str_t                    password;   /* empty: none is asked for */
    ngx_str_t                    prefix;     /* of all keys */
    ngx_msec_t                   timeout;    /* NGX_CONF_UNSET_MSEC: unset */
} ngx_http_zoom_redis_conf_t;


/* Whether it names a store of that kind, well or badly. */
ngx_uint_t ngx_http_zoom_redis_named(const ngx_str_t *value);

/* redis://host[:port][/db]; NULL: logged. */
ngx_http_zoom_redis_conf_t *ngx_http_zoom_redis_place(ngx_conf_t *cf,
    ngx_str_t *value);

/*
 * NGX_OK: one of its parameters.  NGX_DECLINED: it is none.  NGX_ERROR: it has
 * no valid value, and that was logged.
 */

ngx_int_t ngx_http_zoom_redis_parameter(ngx_conf_t *cf, ngx_str_t *value,
    ngx_http_zoom_redis_conf_t *redis);

/* All parameters are there: defaults, and what does not go together. */
char *ngx_http_zoom_redis_finish(ngx_conf_t *cf,
    ngx_http_zoom_redis_conf_t *redis);


#endif /* _NGX_HTTP_ZOOM_REDIS_CONF_H_INCLUDED_ */
