/*
 * URLs and names of the configuration.
 */

#ifndef _NGX_HTTP_ZOOM_URL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_URL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_URL_MAX  256


/* Where a request goes: an URL of the configuration, taken apart. */

typedef struct {
    ngx_str_t                    url;       /* https://host[:port]/path */
    ngx_str_t                    path;      /* of "url", or empty */
    ngx_str_t                    host;      /* no brackets around IPv6 */
    in_port_t                    port;
    unsigned                     https:1;
    unsigned                     literal:1; /* host is an address */
    ngx_addr_t                  *addrs;     /* for the gateway, where no
                                               resolver finds them, or NULL */
    ngx_uint_t                   naddrs;
} ngx_http_zoom_origin_t;


/*
 * Takes an URL apart: https, or http to a literal loopback address; no user,
 * query or fragment.  The host becomes lower case and a trailing slash is
 * dropped.  NULL on success, else why not, to follow "the URL of ...".
 */

const char *ngx_http_zoom_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_zoom_origin_t *origin);

/* Likewise a proxy's: http to any host, with a port and no path. */
const char *ngx_http_zoom_proxy_url(ngx_pool_t *pool, ngx_str_t *url,
    ngx_http_zoom_origin_t *origin);

/*
 * Looks a host up as nginx does that of "proxy_pass", while the configuration
 * is read.  NULL on success, else why not.
 */

const char *ngx_http_zoom_url_addrs(ngx_pool_t *pool, const ngx_str_t *host,
    in_port_t port, ngx_addr_t **addrs, ngx_uint_t *naddrs);

/* 1 if a host, without brackets, is an address already. */
ngx_uint_t ngx_http_zoom_url_literal(const ngx_str_t *host);

/* 1 if an address is one of the Internet, and not of a network around us. */
ngx_uint_t ngx_http_zoom_url_public(const struct sockaddr *sa);

/* 1 if "s" is 1 to "max" letters, digits, "_" or bytes of "others". */
ngx_uint_t ngx_http_zoom_name(ngx_str_t *s, const char *others, size_t max);


#endif /* _NGX_HTTP_ZOOM_URL_H_INCLUDED_ */
