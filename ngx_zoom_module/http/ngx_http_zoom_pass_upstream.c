/*
 * How nginx's upstream is made to carry a request of the gateway.
 *
 * The connection is there before upstream begins, and when it ends without a
 * response upstream, asking for another one, gets a connection that does
 * nothing, until it is taken apart.  So no attempt ever finalizes the request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_pass.h"


static ngx_int_t ngx_http_zoom_pass_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_http_zoom_pass_get_peer(ngx_peer_connection_t *pc,
    void *data);
static void ngx_http_zoom_pass_park(ngx_http_zoom_pass_t *pass,
    ngx_peer_connection_t *pc);
static void ngx_http_zoom_pass_unpark(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_free_peer(ngx_peer_connection_t *pc,
    void *data, ngx_uint_t state);
static void ngx_http_zoom_pass_broken(ngx_http_zoom_pass_t *pass,
    ngx_connection_t *c);
static ngx_int_t ngx_http_zoom_pass_reinit_request(ngx_http_request_t *r);
static void ngx_http_zoom_pass_abort_request(ngx_http_request_t *r);
static void ngx_http_zoom_pass_finalize_request(ngx_http_request_t *r,
    ngx_int_t rc);


static struct sockaddr  ngx_http_zoom_pass_sockaddr;


ngx_http_upstream_srv_conf_t  ngx_http_zoom_pass_server = {
    .peer = { NULL, ngx_http_zoom_pass_init_peer, NULL },
    .host = ngx_string("zoom"),
    .no_port = 1
};


ngx_int_t
ngx_http_zoom_pass_carry(ngx_http_zoom_pass_t *pass, ngx_connection_t *c)
{
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    r = pass->request;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        ngx_http_zoom_peer_close(c);
        return NGX_ERROR;
    }

    u = r->upstream;

    u->output.tag = (ngx_buf_tag_t) &ngx_http_zoom_module;
    u->conf = (ngx_http_upstream_conf_t *) &pass->conf->upstream;
    u->accel = 1;

    u->create_request = ngx_http_zoom_pass_create_request;
    u->reinit_request = ngx_http_zoom_pass_reinit_request;
    u->process_header = ngx_http_zoom_pass_process_header;
    u->abort_request = ngx_http_zoom_pass_abort_request;
    u->finalize_request = ngx_http_zoom_pass_finalize_request;

    u->input_filter_init = ngx_http_zoom_pass_filter_init;
    u->input_filter = ngx_http_zoom_pass_filter;
    u->input_filter_ctx = pass;

    ngx_memzero(&pass->response, sizeof(ngx_http_zoom_pass_response_t));

    pass->connection = c;
    pass->connected = pass->origin;
    pass->carried = 1;
    pass->head_sent = 0;
    pass->free = NULL;
    pass->busy = NULL;
    pass->recv = NULL;

    r->state = 0;

    /* what happens in there may free the request */

    ngx_http_upstream_init(r);

    return NGX_OK;
}


void
ngx_http_zoom_pass_drop(ngx_http_zoom_pass_t *pass)
{
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    r = pass->request;
    u = r->upstream;

    if (!pass->carried
        || (pass->state != NGX_HTTP_ZOOM_PASS_JUDGED
            && pass->state != NGX_HTTP_ZOOM_PASS_LOST
            && pass->state != NGX_HTTP_ZOOM_PASS_REDIRECTED
            && pass->state != NGX_HTTP_ZOOM_PASS_FAILED))
    {
        return;
    }

    ngx_http_zoom_pass_unpark(pass);

    pass->dropping = 1;

    /* as ngx_http_upstream_create() does it with an earlier one */

    r->main->count++;
    (*u->cleanup)(r);

    pass->dropping = 0;
    pass->carried = 0;

    (void) ngx_http_zoom_ctx_watch(r, pass->ctx);
}


static ngx_int_t
ngx_http_zoom_pass_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_upstream_t   *u;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);
    u = r->upstream;

    u->peer.get = ngx_http_zoom_pass_get_peer;
    u->peer.free = ngx_http_zoom_pass_free_peer;
    u->peer.data = pass;

    /* one more than is ever made: the parked one */

    u->peer.tries = 2;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_pass_get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_http_zoom_pass_t *pass = data;

    pc->sockaddr = &ngx_http_zoom_pass_sockaddr;
    pc->socklen = sizeof(struct sockaddr);
    pc->name = (ngx_str_t *) &pass->origin->host;
    pc->cached = 0;

    if (pass->connection) {
        pc->connection = pass->connection;
        pass->connection = NULL;

        return NGX_DONE;
    }

    ngx_http_zoom_pass_park(pass, pc);

    return NGX_AGAIN;
}


static void
ngx_http_zoom_pass_park(ngx_http_zoom_pass_t *pass, ngx_peer_connection_t *pc)
{
    ngx_connection_t  *c;

    c = &pass->none;

    ngx_memzero(c, sizeof(ngx_connection_t));
    ngx_memzero(&pass->none_read, sizeof(ngx_event_t));
    ngx_memzero(&pass->none_write, sizeof(ngx_event_t));

    c->fd = (ngx_socket_t) -1;
    c->read = &pass->none_read;
    c->write = &pass->none_write;
    c->pool = pass->request->pool;

    c->read->data = c;
    c->write->data = c;
    c->write->write = 1;

    pc->connection = c;
    pc->sockaddr = NULL;

    pass->parked = 1;
}


static void
ngx_http_zoom_pass_unpark(ngx_http_zoom_pass_t *pass)
{
    if (!pass->parked) {
        return;
    }

    pass->parked = 0;

    if (pass->none_write.timer_set) {
        ngx_del_timer(&pass->none_write);
    }

    pass->request->upstream->peer.connection = NULL;
}


static void
ngx_http_zoom_pass_free_peer(ngx_peer_connection_t *pc, void *data,
    ngx_uint_t state)
{
    ngx_http_zoom_pass_t *pass = data;

    ngx_connection_t     *c;
    ngx_http_upstream_t  *u;

    c = pc->connection;
    u = pass->request->upstream;

    if (c == NULL) {
        return;
    }

    if (state & NGX_PEER_FAILED) {
        ngx_http_zoom_pass_broken(pass, c);
        return;
    }

    /* an origin of this request alone is gone with it */

    if (!u->keepalive || !u->request_body_sent
        || pass->connected
           != ngx_http_zoom_pass_origin(pass->ctx->target.account,
                                        pass->conf->kind))
    {
        return;
    }

    if (pass->recv) {
        c->recv = pass->recv;
    }

    pc->connection = NULL;

    ngx_http_zoom_peer_keep(pass->call.wa->peers, pass->connected, c);
}


/* upstream closes it, and asks for another one */

static void
ngx_http_zoom_pass_broken(ngx_http_zoom_pass_t *pass, ngx_connection_t *c)
{
    const char           *why;
    ngx_uint_t            timedout;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    r = pass->request;
    u = r->upstream;

    timedout = c->read->timedout || c->write->timedout;

    if (timedout) {
        why = u->request_body_sent ? "timed out while waiting for the answer"
                                   : "timed out while the request was sent";

    } else if (pass->response.line) {
        why = "answer is not HTTP, or too large";

    } else {
        why = "connection was closed before the answer";

        /* it may have been dead for long: no reason to distrust Zoom */

        pass->fresh = pass->reused;
    }

    /* or upstream would finalize, or look at links that it has freed */

    r->request_body_no_buffering = 0;
    u->request_bufs = NULL;

    /* what was answered is not lost, nor is what is to follow it */

    if (pass->state == NGX_HTTP_ZOOM_PASS_SENT) {
        ngx_http_zoom_pass_lost(pass, why, timedout);
    }
}


static ngx_int_t
ngx_http_zoom_pass_reinit_request(ngx_http_request_t *r)
{
    return NGX_OK;
}


static void
ngx_http_zoom_pass_abort_request(ngx_http_request_t *r)
{
    ngx_log_debug0(NGX_LOG_DEBUG_HTTP, r->connection->log, 0,
                   "zoom pass: abort");
}


static void
ngx_http_zoom_pass_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    ngx_http_zoom_pass_unpark(pass);

    if (pass->state == NGX_HTTP_ZOOM_PASS_ANSWER && !pass->dropping
        && (rc == NGX_ERROR || rc >= NGX_HTTP_SPECIAL_RESPONSE)
        && rc != NGX_HTTP_CLIENT_CLOSED_REQUEST)
    {
        pass->cut = 1;
    }

    ngx_http_zoom_pass_finalized(pass);

    if (!pass->dropping) {
        pass->carried = 0;
    }
}
