/*
 * One HTTP exchange with Zoom: libcurl's multi_socket interface on nginx's
 * event loop.  Knows nothing of tokens or users.
 */

#ifndef _NGX_HTTP_ZOOM_FETCH_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FETCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/ssl.h>

#include "zoom_response.h"


/*
 * A client is one account's half of the transport in one worker: a multi
 * handle with its connections and caches.  Its configuration is const and
 * outlives it.
 */

typedef struct {
    ngx_str_t                    name;             /* account's, for logs */
    ngx_uint_t                   connections;      /* per host */
    ngx_msec_t                   connect_timeout;
    ngx_msec_t                   request_timeout;
    ngx_flag_t                   http2;
    ngx_str_t                    proxy;            /* http://host:port, empty;
                                                      not for http origins */
    ngx_str_t                    proxy_host;       /* to resolve, no brackets */
    in_port_t                    proxy_port;
    X509_STORE                  *store;            /* read by the master */
    ngx_resolver_t              *resolver;         /* NULL: curl's own */
    ngx_msec_t                   resolver_timeout;
} ngx_http_zoom_client_conf_t;


/* Where a request goes: an URL of the configuration, taken apart. */

typedef struct {
    ngx_str_t                    url;       /* https://host[:port]/path */
    ngx_str_t                    host;      /* no brackets around IPv6 */
    in_port_t                    port;
    unsigned                     https:1;
    unsigned                     literal:1; /* host is an address */
} ngx_http_zoom_origin_t;


typedef struct ngx_http_zoom_client_s  ngx_http_zoom_client_t;
typedef struct ngx_http_zoom_fetch_s   ngx_http_zoom_fetch_t;

typedef void (*ngx_http_zoom_fetch_pt)(ngx_http_zoom_fetch_t *f);


struct ngx_http_zoom_fetch_s {
    /*
     * Set by the caller, zeroed otherwise.  Strings are copied when the fetch
     * starts; the caller may wipe its own at once.  "path" is appended to
     * origin->url as it is and begins with "/" or "?" unless it is empty.
     * With "body" the request is a POST of a form, else a GET, unless "method"
     * is something else.
     */

    const ngx_http_zoom_origin_t *origin;
    ngx_str_t                    path;
    ngx_str_t                    authorization;    /* the header's value */
    ngx_str_t                    body;
    const char                  *method;           /* NULL, or in capitals */
    size_t                       body_max;         /* of the answer; 0:
                                                      ZOOM_RESPONSE_BODY_MAX */
    unsigned                     json:1;           /* body is, no form */
    unsigned                     once:1;           /* never sent twice */
    ngx_msec_t                   timeout;          /* of this exchange, queue
                                                      and all; at most
                                                      request_timeout counts */
    ngx_http_zoom_fetch_pt       handler;
    ngx_http_zoom_fetch_pt       sending;          /* or NULL; see below */
    void                        *data;
    ngx_log_t                   *log;

    /*
     * Set when the handler is called.  NGX_OK: "answer" is Zoom's, borrowed
     * until the handler returns.  NGX_ERROR: no usable answer came, "reason"
     * says why in words for the log ("could not connect: ...", "TLS:
     * certificate verify failed: ..."), "advice" what to do about it or NULL.
     * Both hold no secret and are borrowed likewise.
     */

    ngx_int_t                    rc;
    zoom_response_t              answer;
    ngx_str_t                    head;             /* its header lines */
    const char                  *reason;
    const char                  *advice;
    unsigned                     timedout:1;
    unsigned                     too_large:1;      /* above "body_max" */
    unsigned                     queued:1;         /* never left the queue
                                                      behind "connections" */

    void                        *transfer;         /* fetch's own */
};


/* Once per worker process, before and after all clients. */
ngx_int_t ngx_http_zoom_fetch_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_fetch_exit_process(ngx_cycle_t *cycle);

ngx_http_zoom_client_t *ngx_http_zoom_client_create(ngx_cycle_t *cycle,
    const ngx_http_zoom_client_conf_t *conf);

/*
 * Ends every transfer without calling its handler and gives back connections
 * and timers.
 */

void ngx_http_zoom_client_destroy(ngx_http_zoom_client_t *client);

/*
 * Starts an exchange.  NGX_OK: the handler will be called exactly once, never
 * from inside this call, unless the fetch is cancelled or the client
 * destroyed.  NGX_BUSY: the queue behind "connections" is full.  NGX_ERROR: it
 * could not start (memory, a control character in a header).  The caller owns
 * the struct, which must stay where it is, and its log as well, until the
 * handler was called or the fetch cancelled; the handler may free it, start
 * others and cancel others.
 *
 * "sending" is called when there is a connection and the request goes over it,
 * a second time if that had died and the request is sent again.  It must
 * neither start nor cancel a fetch.  Before curl 7.80 it is not called.
 */

ngx_int_t ngx_http_zoom_fetch(ngx_http_zoom_client_t *client,
    ngx_http_zoom_fetch_t *f);

/* Safe when done, or never started. */
void ngx_http_zoom_fetch_cancel(ngx_http_zoom_fetch_t *f);


/*
 * Reads CA certificates into a store, at configuration time.  A NULL file is
 * the system's bundle, looked for where the distributions put it.  On failure
 * NULL, the cause has been logged through ngx_conf_log_error.  The caller
 * frees it (X509_STORE_free) after all clients; they only borrow.
 */

X509_STORE *ngx_http_zoom_ca_store(ngx_conf_t *cf, ngx_str_t *file);


#endif /* _NGX_HTTP_ZOOM_FETCH_H_INCLUDED_ */
