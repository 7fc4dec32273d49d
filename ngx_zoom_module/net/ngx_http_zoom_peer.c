/*
 * Connections to Zoom's hosts for what nginx's upstream carries.
 *
 *     resolve -> connect -> tunnel -> handshake
 *
 * Upstream could do most of this, but then a connection that can't be made is
 * a line of the error log for each request, and the call does not hear why.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_event_connect.h>
#include <ngx_http.h>

#include <openssl/x509v3.h>

#include "ngx_http_zoom_peer.h"
#include "ngx_http_zoom_peer_kept.h"
#include "ngx_http_zoom_timer.h"


/* the head of a proxy's answer */

#define NGX_HTTP_ZOOM_PEER_TUNNEL_MAX  4096


static const ngx_addr_t *ngx_http_zoom_peer_fixed(ngx_http_zoom_peer_t *peer,
    ngx_uint_t *n);
static ngx_int_t ngx_http_zoom_peer_resolve(ngx_http_zoom_peer_t *peer);
static void ngx_http_zoom_peer_resolved(ngx_resolver_ctx_t *ctx);
static void ngx_http_zoom_peer_address(ngx_http_zoom_peer_t *peer,
    struct sockaddr *sockaddr, socklen_t socklen);
static ngx_int_t ngx_http_zoom_peer_nowhere(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_connect(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_begin(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_connected(ngx_http_zoom_peer_t *peer);
static void ngx_http_zoom_peer_event(ngx_event_t *ev);
static ngx_int_t ngx_http_zoom_peer_error(ngx_connection_t *c);
static ngx_int_t ngx_http_zoom_peer_tunnel(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_tunnel_ask(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_tunnel_read(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_tunnel_end(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_handshake(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_expect(ngx_http_zoom_peer_t *peer,
    SSL *ssl);
static void ngx_http_zoom_peer_shook(ngx_connection_t *c);
static ngx_int_t ngx_http_zoom_peer_verify(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_done(ngx_http_zoom_peer_t *peer);
static ngx_int_t ngx_http_zoom_peer_fail(ngx_http_zoom_peer_t *peer,
    const char *reason, const char *advice);
static void ngx_http_zoom_peer_timeout(ngx_event_t *ev);
static void ngx_http_zoom_peer_finish(ngx_http_zoom_peer_t *peer,
    ngx_int_t rc);


/* what goes wrong is told once, by whoever asked */

static ngx_log_t  ngx_http_zoom_peer_silence;


ngx_int_t
ngx_http_zoom_peer_get(ngx_http_zoom_peer_t *peer)
{
    ngx_int_t          rc;
    ngx_uint_t         i, n;
    const ngx_addr_t  *addrs;

    peer->connection = peer->fresh ? NULL
                       : ngx_http_zoom_peer_kept(peer->peers, peer->origin,
                                                 peer->recent);

    if (peer->connection) {
        peer->kept = 1;
        return NGX_OK;
    }

    ngx_http_zoom_timer_init(&peer->timer, ngx_http_zoom_peer_timeout,
                             ngx_cycle->log);

    ngx_add_timer(&peer->timer, peer->timeout);

    addrs = ngx_http_zoom_peer_fixed(peer, &n);

    peer->inside = 1;

    if (n) {
        for (i = 0; i < n; i++) {
            ngx_http_zoom_peer_address(peer, addrs[i].sockaddr,
                                       addrs[i].socklen);
        }

        rc = peer->naddrs ? ngx_http_zoom_peer_connect(peer)
                          : ngx_http_zoom_peer_nowhere(peer);

    } else {
        rc = ngx_http_zoom_peer_resolve(peer);
    }

    peer->inside = 0;

    return rc;
}


/* The proxy's, if there is one. */

static const ngx_addr_t *
ngx_http_zoom_peer_fixed(ngx_http_zoom_peer_t *peer, ngx_uint_t *n)
{
    const ngx_http_zoom_client_conf_t  *conf;

    conf = peer->peers->conf;

    if (conf->proxy.len && peer->origin->https) {
        *n = conf->nproxy_addrs;
        return conf->proxy_addrs;
    }

    *n = peer->origin->naddrs;

    return peer->origin->addrs;
}


static ngx_int_t
ngx_http_zoom_peer_resolve(ngx_http_zoom_peer_t *peer)
{
    ngx_resolver_ctx_t                 *ctx;
    const ngx_http_zoom_client_conf_t  *conf;

    conf = peer->peers->conf;

    peer->state = NGX_HTTP_ZOOM_PEER_RESOLVE;

    ctx = conf->resolver ? ngx_resolve_start(conf->resolver, NULL) : NULL;

    if (ctx == NULL || ctx == NGX_NO_RESOLVER) {
        return ngx_http_zoom_peer_fail(peer, "could not resolve host",
                                       "set \"resolver\"");
    }

    ctx->name = (conf->proxy.len && peer->origin->https)
                ? conf->proxy_host : peer->origin->host;
    ctx->handler = ngx_http_zoom_peer_resolved;
    ctx->data = peer;
    ctx->timeout = conf->resolver_timeout;

    peer->ctx = ctx;

    if (ngx_resolve_name(ctx) != NGX_OK) {
        peer->ctx = NULL;
        return ngx_http_zoom_peer_fail(peer, "could not resolve host",
                                       "check \"resolver\"");
    }

    if (peer->ctx) {
        return NGX_AGAIN;
    }

    /* the resolver knew it, and has called the handler */

    return peer->naddrs ? ngx_http_zoom_peer_connect(peer)
                        : ngx_http_zoom_peer_nowhere(peer);
}


static void
ngx_http_zoom_peer_resolved(ngx_resolver_ctx_t *ctx)
{
    ngx_int_t                           rc;
    ngx_uint_t                          i, port;
    ngx_http_zoom_peer_t               *peer;
    const ngx_http_zoom_client_conf_t  *conf;

    peer = ctx->data;
    conf = peer->peers->conf;

    port = (conf->proxy.len && peer->origin->https) ? conf->proxy_port
                                                    : peer->origin->port;

    for (i = 0; ctx->state == NGX_OK && i < ctx->naddrs; i++) {
        ngx_http_zoom_peer_address(peer, ctx->addrs[i].sockaddr,
                                   ctx->addrs[i].socklen);
    }

    for (i = 0; i < peer->naddrs; i++) {
        ngx_inet_set_port(&peer->addrs[i].sockaddr.sockaddr,
                          (in_port_t) port);
    }

    ngx_resolve_name_done(ctx);
    peer->ctx = NULL;

    if (peer->inside) {
        return;
    }

    rc = peer->naddrs ? ngx_http_zoom_peer_connect(peer)
                      : ngx_http_zoom_peer_nowhere(peer);

    ngx_http_zoom_peer_finish(peer, rc);
}


static ngx_int_t
ngx_http_zoom_peer_nowhere(ngx_http_zoom_peer_t *peer)
{
    return peer->inner
           ? ngx_http_zoom_peer_fail(peer, "its address is none of the "
                                     "Internet", NULL)
           : ngx_http_zoom_peer_fail(peer, "could not resolve host",
                                     "check \"resolver\"");
}


/* A proxy is the operator's, wherever it is, and looks names up itself. */

static void
ngx_http_zoom_peer_address(ngx_http_zoom_peer_t *peer,
    struct sockaddr *sockaddr, socklen_t socklen)
{
    ngx_http_zoom_peer_addr_t  *addr;

    if (peer->outside && peer->peers->conf->proxy.len == 0
        && !ngx_http_zoom_url_public(sockaddr))
    {
        peer->inner = 1;
        return;
    }

    if (peer->naddrs == NGX_HTTP_ZOOM_PEER_ADDRS
        || socklen > (socklen_t) sizeof(ngx_sockaddr_t))
    {
        return;
    }

    addr = &peer->addrs[peer->naddrs++];

    addr->socklen = socklen;
    ngx_memcpy(&addr->sockaddr, sockaddr, socklen);
}


/* To the next address that takes it. */

static ngx_int_t
ngx_http_zoom_peer_connect(ngx_http_zoom_peer_t *peer)
{
    ngx_int_t  rc;

    peer->state = NGX_HTTP_ZOOM_PEER_CONNECT;

    while (peer->tried < peer->naddrs) {

        rc = ngx_http_zoom_peer_begin(peer);

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc == NGX_OK) {
            return ngx_http_zoom_peer_connected(peer);
        }

        if (rc == NGX_ERROR) {
            return ngx_http_zoom_peer_fail(peer, "could not make a connection",
                                           "see \"worker_connections\"");
        }
    }

    return ngx_http_zoom_peer_fail(peer, peer->reason ? peer->reason
                                         : "could not connect", NULL);
}


/* NGX_DECLINED: not this one. */

static ngx_int_t
ngx_http_zoom_peer_begin(ngx_http_zoom_peer_t *peer)
{
    ngx_int_t                   rc;
    ngx_connection_t           *c;
    ngx_peer_connection_t      *pc;
    ngx_http_zoom_peer_addr_t  *addr;

    addr = &peer->addrs[peer->tried++];
    pc = &peer->pc;

    ngx_memzero(pc, sizeof(ngx_peer_connection_t));

    pc->sockaddr = &addr->sockaddr.sockaddr;
    pc->socklen = addr->socklen;
    pc->name = (ngx_str_t *) &peer->origin->host;
    pc->get = ngx_event_get_peer;
    pc->log = &ngx_http_zoom_peer_silence;
    pc->log_error = NGX_ERROR_ERR;

    rc = ngx_event_connect_peer(pc);

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return (rc == NGX_ERROR) ? NGX_ERROR : NGX_DECLINED;
    }

    c = pc->connection;

    c->pool = ngx_create_pool(512, ngx_cycle->log);
    if (c->pool == NULL) {
        ngx_close_connection(c);
        pc->connection = NULL;
        return NGX_ERROR;
    }

    c->data = peer;
    c->read->handler = ngx_http_zoom_peer_event;
    c->write->handler = ngx_http_zoom_peer_event;

    return rc;
}


static ngx_int_t
ngx_http_zoom_peer_connected(ngx_http_zoom_peer_t *peer)
{
    if (!peer->origin->https) {
        return ngx_http_zoom_peer_done(peer);
    }

    return peer->peers->conf->proxy.len ? ngx_http_zoom_peer_tunnel(peer)
                                        : ngx_http_zoom_peer_handshake(peer);
}


static void
ngx_http_zoom_peer_event(ngx_event_t *ev)
{
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_http_zoom_peer_t  *peer;

    c = ev->data;
    peer = c->data;

    if (peer->state == NGX_HTTP_ZOOM_PEER_TUNNEL) {
        rc = ngx_http_zoom_peer_tunnel(peer);

    } else if (ngx_http_zoom_peer_error(c) == NGX_OK) {
        rc = ngx_http_zoom_peer_connected(peer);

    } else {
        peer->reason = "could not connect: it was refused";

        ngx_http_zoom_peer_close(c);
        peer->pc.connection = NULL;

        rc = ngx_http_zoom_peer_connect(peer);
    }

    ngx_http_zoom_peer_finish(peer, rc);
}


static ngx_int_t
ngx_http_zoom_peer_error(ngx_connection_t *c)
{
    int        err;
    socklen_t  len;

    err = 0;
    len = sizeof(int);

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, (void *) &err, &len) == -1) {
        return NGX_ERROR;
    }

    return err ? NGX_ERROR : NGX_OK;
}


static ngx_int_t
ngx_http_zoom_peer_tunnel(ngx_http_zoom_peer_t *peer)
{
    ngx_int_t  rc;

    rc = NGX_OK;

    if (peer->state != NGX_HTTP_ZOOM_PEER_TUNNEL) {
        rc = ngx_http_zoom_peer_tunnel_ask(peer);

        peer->state = NGX_HTTP_ZOOM_PEER_TUNNEL;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_peer_tunnel_read(peer);
    }

    if (rc == NGX_ERROR) {
        return ngx_http_zoom_peer_fail(peer, "the proxy gave no tunnel",
                                       "check \"proxy\"");
    }

    if (rc == NGX_AGAIN) {
        return (ngx_handle_read_event(peer->pc.connection->read, 0) == NGX_OK)
               ? NGX_AGAIN
               : ngx_http_zoom_peer_fail(peer, "the proxy gave no tunnel",
                                         NULL);
    }

    return ngx_http_zoom_peer_handshake(peer);
}


/* Short enough for the buffer of a socket that nothing was sent over. */

static ngx_int_t
ngx_http_zoom_peer_tunnel_ask(ngx_http_zoom_peer_t *peer)
{
    u_char            *p;
    ssize_t            n;
    ngx_buf_t         *b;
    const char        *open, *close;
    ngx_connection_t  *c;

    c = peer->pc.connection;
    b = &peer->tunnel;

    b->start = ngx_palloc(c->pool, NGX_HTTP_ZOOM_PEER_TUNNEL_MAX);
    if (b->start == NULL) {
        return NGX_ERROR;
    }

    b->end = b->start + NGX_HTTP_ZOOM_PEER_TUNNEL_MAX;
    b->pos = b->start;
    b->last = b->start;

    open = ngx_strlchr(peer->origin->host.data, peer->origin->host.data
                       + peer->origin->host.len, ':') ? "[" : "";
    close = *open ? "]" : "";

    p = ngx_slprintf(b->start, b->end,
                     "CONNECT %s%V%s:%d HTTP/1.1" CRLF
                     "Host: %s%V%s:%d" CRLF CRLF,
                     open, &peer->origin->host, close,
                     (int) peer->origin->port,
                     open, &peer->origin->host, close,
                     (int) peer->origin->port);

    n = c->send(c, b->start, p - b->start);

    return (n == p - b->start) ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_zoom_peer_tunnel_read(ngx_http_zoom_peer_t *peer)
{
    ssize_t            n;
    ngx_int_t          rc;
    ngx_buf_t         *b;
    ngx_connection_t  *c;

    c = peer->pc.connection;
    b = &peer->tunnel;

    /* a byte at a time: what follows the head is TLS's */

    for ( ;; ) {

        if (b->last == b->end) {
            return NGX_ERROR;
        }

        n = c->recv(c, b->last, 1);

        if (n == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (n != 1) {
            return NGX_ERROR;
        }

        b->last++;

        rc = ngx_http_zoom_peer_tunnel_end(peer);

        if (rc != NGX_AGAIN) {
            return rc;
        }
    }
}


static ngx_int_t
ngx_http_zoom_peer_tunnel_end(ngx_http_zoom_peer_t *peer)
{
    ngx_buf_t  *b;

    b = &peer->tunnel;

    if (b->last - b->start < 12
        || ngx_strncmp(b->last - 2, "\n\n", 2) != 0)
    {
        if (b->last - b->start < 4
            || ngx_strncmp(b->last - 4, CRLF CRLF, 4) != 0)
        {
            return NGX_AGAIN;
        }
    }

    return (b->last - b->start >= 12
            && ngx_strncmp(b->start, "HTTP/1.", 7) == 0
            && ngx_strncmp(b->start + 8, " 2", 2) == 0)
           ? NGX_OK : NGX_ERROR;
}


static ngx_int_t
ngx_http_zoom_peer_handshake(ngx_http_zoom_peer_t *peer)
{
    ngx_int_t          rc;
    ngx_connection_t  *c;

    c = peer->pc.connection;

    peer->state = NGX_HTTP_ZOOM_PEER_HANDSHAKE;

    if (ngx_tcp_nodelay(c) != NGX_OK
        || ngx_ssl_create_connection(&peer->peers->ssl, c,
                                     NGX_SSL_BUFFER|NGX_SSL_CLIENT)
           != NGX_OK
        || ngx_http_zoom_peer_expect(peer, c->ssl->connection) != NGX_OK)
    {
        return ngx_http_zoom_peer_fail(peer, "TLS: could not begin", NULL);
    }

    c->sendfile = 0;

    rc = ngx_ssl_handshake(c);

    if (rc == NGX_AGAIN) {
        c->ssl->handler = ngx_http_zoom_peer_shook;
        return NGX_AGAIN;
    }

    return ngx_http_zoom_peer_verify(peer);
}


/* Whose certificate it must be; looked at when the handshake is over. */

static ngx_int_t
ngx_http_zoom_peer_expect(ngx_http_zoom_peer_t *peer, SSL *ssl)
{
    u_char             *host;
    X509_VERIFY_PARAM  *param;

    host = peer->text;

    if (peer->origin->host.len >= sizeof(peer->text)) {
        return NGX_ERROR;
    }

    (void) ngx_cpystrn(host, peer->origin->host.data,
                       peer->origin->host.len + 1);

    param = SSL_get0_param(ssl);

    if (peer->origin->literal) {
        return X509_VERIFY_PARAM_set1_ip_asc(param, (char *) host)
               ? NGX_OK : NGX_ERROR;
    }

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);

    return (X509_VERIFY_PARAM_set1_host(param, (char *) host,
                                        peer->origin->host.len)
            && SSL_set_tlsext_host_name(ssl, (char *) host))
           ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_zoom_peer_shook(ngx_connection_t *c)
{
    ngx_http_zoom_peer_t  *peer;

    peer = c->data;

    ngx_http_zoom_peer_finish(peer, ngx_http_zoom_peer_verify(peer));
}


static ngx_int_t
ngx_http_zoom_peer_verify(ngx_http_zoom_peer_t *peer)
{
    long               rc;
    ngx_connection_t  *c;

    c = peer->pc.connection;

    if (!c->ssl->handshaked) {
        return ngx_http_zoom_peer_fail(peer, "TLS: the handshake failed",
                                       NULL);
    }

    rc = SSL_get_verify_result(c->ssl->connection);

    if (rc == X509_V_OK) {
        return ngx_http_zoom_peer_done(peer);
    }

    (void) ngx_snprintf(peer->text, sizeof(peer->text),
                        "TLS: certificate verify failed: %s%Z",
                        X509_verify_cert_error_string(rc));

    peer->text[sizeof(peer->text) - 1] = '\0';
    peer->untrusted = 1;

    return ngx_http_zoom_peer_fail(peer, (char *) peer->text,
                                   "check \"trusted_certificate\"");
}


static ngx_int_t
ngx_http_zoom_peer_done(ngx_http_zoom_peer_t *peer)
{
    ngx_http_zoom_timer_stop(&peer->timer);

    peer->state = NGX_HTTP_ZOOM_PEER_NONE;
    peer->connection = peer->pc.connection;
    peer->pc.connection = NULL;
    peer->reason = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_peer_fail(ngx_http_zoom_peer_t *peer, const char *reason,
    const char *advice)
{
    ngx_http_zoom_peer_cancel(peer);

    peer->connection = NULL;
    peer->reason = reason;
    peer->advice = advice;

    return NGX_ERROR;
}


void
ngx_http_zoom_peer_cancel(ngx_http_zoom_peer_t *peer)
{
    if (peer->timer.handler) {
        ngx_http_zoom_timer_stop(&peer->timer);
    }

    if (peer->ctx) {
        ngx_resolve_name_done(peer->ctx);
        peer->ctx = NULL;
    }

    if (peer->pc.connection) {
        ngx_http_zoom_peer_close(peer->pc.connection);
        peer->pc.connection = NULL;
    }

    peer->state = NGX_HTTP_ZOOM_PEER_NONE;
}


static void
ngx_http_zoom_peer_timeout(ngx_event_t *ev)
{
    ngx_http_zoom_peer_t  *peer;

    static const char *const  reasons[] = {
        [NGX_HTTP_ZOOM_PEER_RESOLVE] = "timed out while resolving",
        [NGX_HTTP_ZOOM_PEER_CONNECT] = "timed out while connecting",
        [NGX_HTTP_ZOOM_PEER_TUNNEL] = "timed out while asking the proxy",
        [NGX_HTTP_ZOOM_PEER_HANDSHAKE] = "timed out in the TLS handshake"
    };

    peer = ngx_http_zoom_timer_object(ev, ngx_http_zoom_peer_t, timer);

    peer->timedout = 1;

    (void) ngx_http_zoom_peer_fail(peer, reasons[peer->state], NULL);

    peer->handler(peer);
}


/* The end of a step that the event loop began. */

static void
ngx_http_zoom_peer_finish(ngx_http_zoom_peer_t *peer, ngx_int_t rc)
{
    if (rc != NGX_AGAIN) {
        peer->handler(peer);
    }
}
