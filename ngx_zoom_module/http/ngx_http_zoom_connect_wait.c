#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_connect_wait.h"


typedef struct {
    ngx_http_request_t              *request;
    ngx_http_zoom_ctx_t             *ctx;
    ngx_http_zoom_connect_t         *connect;    /* NULL: it is over */
    ngx_http_zoom_connect_reply_pt   reply;
} ngx_http_zoom_connect_wait_t;


static void ngx_http_zoom_connect_waited(ngx_http_zoom_connect_t *c);
static void ngx_http_zoom_connect_left_alone(void *data);


ngx_int_t
ngx_http_zoom_connect_wait(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_connect_t *c, ngx_http_zoom_connect_reply_pt reply)
{
    ngx_http_cleanup_t            *cln;
    ngx_http_zoom_connect_wait_t  *w;

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_zoom_connect_wait_t));

    if (cln == NULL || ngx_http_zoom_ctx_watch(r, ctx) != NGX_OK) {
        return NGX_ERROR;
    }

    w = cln->data;

    w->request = r;
    w->ctx = ctx;
    w->connect = c;
    w->reply = reply;

    cln->handler = ngx_http_zoom_connect_left_alone;

    c->handler = ngx_http_zoom_connect_waited;
    c->data = w;

    return NGX_OK;
}


static void
ngx_http_zoom_connect_waited(ngx_http_zoom_connect_t *c)
{
    ngx_connection_t              *conn;
    ngx_http_request_t            *r;
    ngx_http_zoom_connect_wait_t  *w;

    w = c->data;
    r = w->request;
    conn = r->connection;

    w->connect = NULL;
    w->ctx->reply.after = c->retry_after;

    ngx_http_set_log_request(conn->log, r);

    ngx_http_finalize_request(r, w->reply(r, w->ctx, c));

    ngx_http_run_posted_requests(conn);
}


static void
ngx_http_zoom_connect_left_alone(void *data)
{
    ngx_http_zoom_connect_wait_t  *w = data;

    if (w->connect) {
        w->connect->handler = NULL;
        w->connect = NULL;
    }
}
