/*
 * Connections to Zoom's hosts for what nginx's upstream carries: made, through
 * a proxy if need be, with the certificate verified before anything is sent, or
 * kept since an earlier request.
 */

#ifndef _NGX_HTTP_ZOOM_PEER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PEER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>
#include <ngx_http.h>

#include "ngx_http_zoom_client_conf.h"
#include "ngx_http_zoom_url.h"


/* so many addresses of a name are tried */

#define NGX_HTTP_ZOOM_PEER_ADDRS  4

#define NGX_HTTP_ZOOM_PEER_TEXT   256


/* What a worker keeps of an account: TLS, and idle connections. */

typedef struct ngx_http_zoom_peers_s  ngx_http_zoom_peers_t;
typedef struct ngx_http_zoom_peer_s  ngx_http_zoom_peer_t;

typedef void (*ngx_http_zoom_peer_pt)(ngx_http_zoom_peer_t *peer);


typedef enum {
    NGX_HTTP_ZOOM_PEER_NONE = 0,
    NGX_HTTP_ZOOM_PEER_RESOLVE,
    NGX_HTTP_ZOOM_PEER_CONNECT,
    NGX_HTTP_ZOOM_PEER_TUNNEL,       /* the proxy is asked for one */
    NGX_HTTP_ZOOM_PEER_HANDSHAKE
} ngx_http_zoom_peer_state_e;


typedef struct {
    socklen_t                    socklen;
    ngx_sockaddr_t               sockaddr;
} ngx_http_zoom_peer_addr_t;


struct ngx_http_zoom_peer_s {
    /* Set by the caller, zeroed otherwise. */

    ngx_http_zoom_peers_t       *peers;
    const ngx_http_zoom_origin_t *origin;    /* outlives the connection */
    ngx_msec_t                   timeout;    /* of all of it */
    unsigned                     fresh:1;    /* none that was kept, */
    unsigned                     recent:1;   /* or none that was for long: the
                                                request can't be repeated */
    unsigned                     outside:1;  /* only to the Internet */
    ngx_http_zoom_peer_pt        handler;
    void                        *data;

    /*
     * The result: a connection, whose data, log and event handlers are the
     * caller's to set; or NULL, and why in words for the log.
     */

    ngx_connection_t            *connection;
    const char                  *reason;
    const char                  *advice;     /* or NULL */
    unsigned                     timedout:1;
    unsigned                     untrusted:1;    /* for its certificate */
    unsigned                     kept:1;     /* it may be dead by now */

    /* Its own. */

    ngx_http_zoom_peer_state_e   state;
    unsigned                     inside:1;   /* the call that began it */
    unsigned                     inner:1;    /* an address was none of the
                                                Internet */
    ngx_event_t                  timer;
    ngx_resolver_ctx_t          *ctx;
    ngx_peer_connection_t        pc;
    ngx_uint_t                   naddrs;
    ngx_uint_t                   tried;
    ngx_http_zoom_peer_addr_t    addrs[NGX_HTTP_ZOOM_PEER_ADDRS];
    ngx_buf_t                    tunnel;     /* what the proxy is told, and
                                                says */
    u_char                       text[NGX_HTTP_ZOOM_PEER_TEXT];
};


/*
 * Both need the worker's event loop.  Destroying closes the idle connections;
 * those in use are their users'.
 */

ngx_http_zoom_peers_t *ngx_http_zoom_peers_create(
    const ngx_http_zoom_client_conf_t *conf, ngx_log_t *log);
void ngx_http_zoom_peers_destroy(ngx_http_zoom_peers_t *peers);

/*
 * NGX_OK: peer->connection is there.  NGX_AGAIN: the handler will be called,
 * never from inside this call, unless it is cancelled.  NGX_ERROR: there is
 * none, and why.
 */

ngx_int_t ngx_http_zoom_peer_get(ngx_http_zoom_peer_t *peer);

/* Gives up what is under way.  Harmless at any time. */
void ngx_http_zoom_peer_cancel(ngx_http_zoom_peer_t *peer);

/*
 * Takes back a connection over which a whole response came: it is kept for the
 * next request to that origin, or closed.
 */

void ngx_http_zoom_peer_keep(ngx_http_zoom_peers_t *peers,
    const ngx_http_zoom_origin_t *origin, ngx_connection_t *c);

void ngx_http_zoom_peer_close(ngx_connection_t *c);


#endif /* _NGX_HTTP_ZOOM_PEER_H_INCLUDED_ */
