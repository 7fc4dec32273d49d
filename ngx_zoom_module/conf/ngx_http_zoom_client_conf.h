/* How the requests of an account travel. */

#ifndef _NGX_HTTP_ZOOM_CLIENT_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CLIENT_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <openssl/ssl.h>


/* Const, and outlives every client that is made of it. */

typedef struct {
    ngx_str_t                    name;             /* account's, for logs */
    ngx_uint_t                   connections;      /* per host, 0: auto */
    ngx_msec_t                   connect_timeout;
    ngx_msec_t                   request_timeout;
    ngx_flag_t                   http2;
    ngx_str_t                    proxy;            /* http://host:port, empty;
                                                      not for http origins */
    ngx_str_t                    proxy_host;       /* to resolve, no brackets */
    in_port_t                    proxy_port;
    ngx_addr_t                  *proxy_addrs;      /* as those of an origin */
    ngx_uint_t                   nproxy_addrs;
    X509_STORE                  *store;            /* read by the master */
    ngx_resolver_t              *resolver;         /* NULL: curl's own */
    ngx_msec_t                   resolver_timeout;
} ngx_http_zoom_client_conf_t;


#endif /* _NGX_HTTP_ZOOM_CLIENT_CONF_H_INCLUDED_ */
