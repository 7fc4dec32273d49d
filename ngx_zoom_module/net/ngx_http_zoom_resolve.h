/*
 * A host name through nginx's resolver, made into what CURLOPT_RESOLVE takes,
 * with all addresses: SNI and verification stay with the name.
 */

#ifndef _NGX_HTTP_ZOOM_RESOLVE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_RESOLVE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <curl/curl.h>


typedef struct ngx_http_zoom_resolve_s  ngx_http_zoom_resolve_t;

typedef void (*ngx_http_zoom_resolve_pt)(ngx_http_zoom_resolve_t *r);


struct ngx_http_zoom_resolve_s {
    /* Set by the caller; zeroed otherwise. */

    ngx_str_t                  host;
    in_port_t                  port;
    ngx_http_zoom_resolve_pt   handler;
    void                      *data;
    ngx_log_t                 *log;

    /* The result: a list of one entry, or NULL and an error in words. */

    struct curl_slist         *list;
    const char                *error;
    unsigned                   timedout:1;

    struct curl_slist          entry;
    ngx_resolver_ctx_t        *ctx;
};


/*
 * NGX_OK: the handler has been or will be called exactly once, unless "done"
 * comes first.  "host" must stay where it is until then.
 */

ngx_int_t ngx_http_zoom_resolve(ngx_http_zoom_resolve_t *r,
    ngx_resolver_t *resolver, ngx_msec_t timeout);

/* Cancels and frees, in whatever state. */
void ngx_http_zoom_resolve_done(ngx_http_zoom_resolve_t *r);


#endif /* _NGX_HTTP_ZOOM_RESOLVE_H_INCLUDED_ */
