/*
 * Connections that wait for the next request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>
#include <ngx_http.h>

#include "ngx_http_zoom_peer.h"
#include "ngx_http_zoom_peer_kept.h"
#include "ngx_http_zoom_str.h"


/* of an account and a worker; how long one waits, milliseconds */

#define NGX_HTTP_ZOOM_PEER_KEPT      32
#define NGX_HTTP_ZOOM_PEER_KEPT_FOR  60000
#define NGX_HTTP_ZOOM_PEER_RECENT    5000


/*
 * From the heap: a pool gives nothing back before its connection ends, and one
 * that is used for days is kept many times.
 */

typedef struct {
    ngx_queue_t                  queue;
    ngx_http_zoom_peers_t       *peers;
    const ngx_http_zoom_origin_t *origin;
    ngx_connection_t            *connection;
    ngx_msec_t                   since;
} ngx_http_zoom_peer_item_t;


static ngx_uint_t ngx_http_zoom_peer_keepable(ngx_connection_t *c);
static void ngx_http_zoom_peer_idle(ngx_event_t *ev);
static void ngx_http_zoom_peer_quiet(ngx_event_t *ev);
static void ngx_http_zoom_peer_drop(ngx_http_zoom_peer_item_t *item);
static void ngx_http_zoom_peer_take(ngx_http_zoom_peer_item_t *item);
static ngx_uint_t ngx_http_zoom_peer_same(const ngx_http_zoom_origin_t *a,
    const ngx_http_zoom_origin_t *b);


ngx_http_zoom_peers_t *
ngx_http_zoom_peers_create(const ngx_http_zoom_client_conf_t *conf,
    ngx_log_t *log)
{
    ngx_http_zoom_peers_t  *peers;

    peers = ngx_calloc(sizeof(ngx_http_zoom_peers_t), log);
    if (peers == NULL) {
        return NULL;
    }

    peers->conf = conf;
    peers->log = log;
    peers->ssl.log = log;
    peers->ssl.buffer_size = NGX_SSL_BUFSIZE;

    ngx_queue_init(&peers->kept);

    if (ngx_ssl_create(&peers->ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL)
        != NGX_OK)
    {
        ngx_free(peers);
        return NULL;
    }

    if (conf->store) {
        SSL_CTX_set1_cert_store(peers->ssl.ctx, conf->store);
    }

    return peers;
}


void
ngx_http_zoom_peers_destroy(ngx_http_zoom_peers_t *peers)
{
    ngx_queue_t  *q, *next;

    for (q = ngx_queue_head(&peers->kept);
         q != ngx_queue_sentinel(&peers->kept);
         q = next)
    {
        next = ngx_queue_next(q);
        ngx_http_zoom_peer_drop(ngx_queue_data(q, ngx_http_zoom_peer_item_t,
                                               queue));
    }

    SSL_CTX_free(peers->ssl.ctx);

    ngx_free(peers);
}


ngx_connection_t *
ngx_http_zoom_peer_kept(ngx_http_zoom_peers_t *peers,
    const ngx_http_zoom_origin_t *origin, ngx_uint_t recent)
{
    ngx_queue_t                *q;
    ngx_connection_t           *c;
    ngx_http_zoom_peer_item_t  *item;

    for (q = ngx_queue_head(&peers->kept);
         q != ngx_queue_sentinel(&peers->kept);
         q = ngx_queue_next(q))
    {
        item = ngx_queue_data(q, ngx_http_zoom_peer_item_t, queue);

        if (recent
            && ngx_current_msec - item->since > NGX_HTTP_ZOOM_PEER_RECENT)
        {
            break;
        }

        if (ngx_http_zoom_peer_same(item->origin, origin)) {
            c = item->connection;

            ngx_http_zoom_peer_take(item);

            c->idle = 0;
            c->sent = 0;
            c->data = NULL;

            return c;
        }
    }

    return NULL;
}


void
ngx_http_zoom_peer_keep(ngx_http_zoom_peers_t *peers,
    const ngx_http_zoom_origin_t *origin, ngx_connection_t *c)
{
    ngx_queue_t                *q;
    ngx_http_zoom_peer_item_t  *item;

    item = ngx_http_zoom_peer_keepable(c)
           ? ngx_alloc(sizeof(ngx_http_zoom_peer_item_t), peers->log) : NULL;

    if (item == NULL) {
        ngx_http_zoom_peer_close(c);
        return;
    }

    if (peers->nkept == NGX_HTTP_ZOOM_PEER_KEPT) {
        q = ngx_queue_last(&peers->kept);
        ngx_http_zoom_peer_drop(ngx_queue_data(q, ngx_http_zoom_peer_item_t,
                                               queue));
    }

    item->peers = peers;
    item->origin = origin;
    item->connection = c;
    item->since = ngx_current_msec;

    ngx_queue_insert_head(&peers->kept, &item->queue);
    peers->nkept++;

    c->data = item;
    c->idle = 1;
    c->log = peers->log;
    c->pool->log = peers->log;
    c->read->log = peers->log;
    c->write->log = peers->log;

    c->read->handler = ngx_http_zoom_peer_idle;
    c->write->handler = ngx_http_zoom_peer_quiet;

    ngx_add_timer(c->read, NGX_HTTP_ZOOM_PEER_KEPT_FOR);

    if (c->read->ready) {
        ngx_http_zoom_peer_idle(c->read);
    }
}


static ngx_uint_t
ngx_http_zoom_peer_keepable(ngx_connection_t *c)
{
    if (c->read->eof || c->read->error || c->read->timedout
        || c->write->error || c->write->timedout
        || (c->ssl && SSL_pending(c->ssl->connection))
        || ngx_terminate || ngx_exiting)
    {
        return 0;
    }

    if (c->write->timer_set) {
        ngx_del_timer(c->write);
    }

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    c->read->delayed = 0;

    return ngx_handle_read_event(c->read, 0) == NGX_OK;
}


/* it has something to say, which is its end; or has waited too long */

static void
ngx_http_zoom_peer_idle(ngx_event_t *ev)
{
    int                n;
    char               buf[1];
    ngx_connection_t  *c;

    c = ev->data;

    if (!c->close && !c->read->timedout) {

        n = recv(c->fd, buf, 1, MSG_PEEK);

        if (n == -1 && ngx_socket_errno == NGX_EAGAIN) {
            ev->ready = 0;

            if (ngx_handle_read_event(c->read, 0) == NGX_OK) {
                return;
            }
        }
    }

    ngx_http_zoom_peer_drop(c->data);
}


static void
ngx_http_zoom_peer_quiet(ngx_event_t *ev)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, ev->log, 0, "zoom peer: quiet");
}


static void
ngx_http_zoom_peer_drop(ngx_http_zoom_peer_item_t *item)
{
    ngx_connection_t  *c;

    c = item->connection;

    ngx_http_zoom_peer_take(item);
    ngx_http_zoom_peer_close(c);
}


/* Frees the item. */

static void
ngx_http_zoom_peer_take(ngx_http_zoom_peer_item_t *item)
{
    ngx_queue_remove(&item->queue);
    item->peers->nkept--;

    if (item->connection->read->timer_set) {
        ngx_del_timer(item->connection->read);
    }

    ngx_free(item);
}


void
ngx_http_zoom_peer_close(ngx_connection_t *c)
{
    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        (void) ngx_ssl_shutdown(c);
    }

    if (c->pool) {
        ngx_destroy_pool(c->pool);
    }

    ngx_close_connection(c);
}


static ngx_uint_t
ngx_http_zoom_peer_same(const ngx_http_zoom_origin_t *a,
    const ngx_http_zoom_origin_t *b)
{
    return a == b
           || (a->https == b->https
               && a->port == b->port
               && ngx_http_zoom_same(&a->host, &b->host));
}
