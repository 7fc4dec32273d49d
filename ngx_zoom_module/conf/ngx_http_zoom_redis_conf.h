/* A zoom_store in Redis or Valkey, which the hosts of a fleet share. */

#ifndef _NGX_HTTP_ZOOM_REDIS_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/ssl.h>


#define NGX_HTTP_ZOOM_REDIS_PREFIX_MAX  64


typedef struct {
    ngx_str_t                     host;      /* without brackets; a null behind
                                                it */
    in_port_t                     port;
    ngx_addr_t                   *addrs;     /* of a name without a resolver */
    ngx_uint_t                    naddrs;
} ngx_http_zoom_redis_place_t;


typedef struct {
    ngx_str_t                     url;       /* for people: no secret in it */
    ngx_http_zoom_redis_place_t  *places;    /* one, or each sentinel's */
    ngx_uint_t                    nplaces;
    ngx_resolver_t               *resolver;  /* NULL: none */
    ngx_str_t                     master;    /* as the sentinels call it; a null
                                                behind it */
    ngx_uint_t                    db;
    ngx_str_t                     user;      /* empty: the default user */
    ngx_str_t                     password;  /* empty: none is asked for */
    ngx_str_t                     prefix;    /* of all keys */
    ngx_str_t                     trusted_certificate;
    SSL_CTX                      *ssl;       /* NULL: no TLS */
    ngx_msec_t                    timeout;   /* NGX_CONF_UNSET_MSEC: unset */
    u_char                       *file;      /* where it is declared */
    ngx_uint_t                    line;
    unsigned                      tls:1;
    unsigned                      sentinels:1;
} ngx_http_zoom_redis_conf_t;


/*
 * Whether it is an address, and no name; of IPv6 without brackets.  There is a
 * null behind it.  What nginx reads as an address beyond that, hiredis would
 * look up, and wait for it.
 */

static ngx_inline ngx_uint_t
ngx_http_zoom_redis_literal(const ngx_str_t *host)
{
    u_char  addr[16];

    return inet_pton(AF_INET, (char *) host->data, addr) == 1
           || inet_pton(AF_INET6, (char *) host->data, addr) == 1;
}


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
