/*
 * Reads a callback's body without ever writing it to a disk.
 *
 * nginx hands the body over as it arrives (request_body_no_buffering), so the
 * ceiling and the answer beyond it are ours.  A body that is there at once,
 * as nearly all are, is used where it lies.  One that others have read before
 * us may be in a file, where client_body_early_read or the mirror module put it
 * a moment ago.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_body.h"


#define NGX_HTTP_ZOOM_BODY_FIRST  1024


typedef struct ngx_http_zoom_body_s  ngx_http_zoom_body_t;


struct ngx_http_zoom_body_s {
    ngx_http_zoom_body_pt        handler;
    u_char                      *data;
    size_t                       len;
    size_t                       size;
    size_t                       max;
    ngx_int_t                    rc;
    ngx_uint_t                   later;      /* the caller has returned: tell
                                                its handler */
};


static void ngx_http_zoom_body_arrived(ngx_http_request_t *r);
static void ngx_http_zoom_body_more(ngx_http_request_t *r);
static ngx_int_t ngx_http_zoom_body_in_place(ngx_http_request_t *r,
    ngx_http_zoom_body_t *body);
static ngx_int_t ngx_http_zoom_body_take(ngx_http_request_t *r,
    ngx_http_zoom_body_t *body);
static ngx_int_t ngx_http_zoom_body_add(ngx_http_request_t *r,
    ngx_http_zoom_body_t *body, ngx_buf_t *b);
static ngx_int_t ngx_http_zoom_body_room(ngx_http_request_t *r,
    ngx_http_zoom_body_t *body, size_t n);
static ngx_int_t ngx_http_zoom_body_put_back(ngx_http_request_t *r,
    ngx_http_zoom_body_t *body);
static void ngx_http_zoom_body_end(ngx_http_request_t *r, ngx_int_t rc);


ngx_int_t
ngx_http_zoom_body_read(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    size_t max, ngx_http_zoom_body_pt handler)
{
    ngx_int_t              rc;
    ngx_http_zoom_body_t  *body;

    body = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_body_t));
    if (body == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body->handler = handler;
    body->max = max;
    body->rc = NGX_AGAIN;

    ctx->reader = body;

    r->request_body_no_buffering = 1;
    r->request_body_in_file_only = 0;

    rc = ngx_http_read_client_request_body(r, ngx_http_zoom_body_arrived);

    if (rc < NGX_HTTP_SPECIAL_RESPONSE) {
        r->main->count--;

    } else {

        /* our function was not called, and nginx has taken the count back */

        ngx_http_zoom_body_end(r, rc);
    }

    body->later = 1;

    return body->rc;
}


static void
ngx_http_zoom_body_arrived(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t   *ctx;
    ngx_http_zoom_body_t  *body;

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    body = ctx->reader;

    if (r->reading_body) {
        r->read_event_handler = ngx_http_zoom_body_more;
        ngx_http_zoom_body_more(r);
        return;
    }

    ngx_http_zoom_body_end(r, ngx_http_zoom_body_in_place(r, body));
}


/* An event: more of the body, its end, or the client's. */

static void
ngx_http_zoom_body_more(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_zoom_ctx_t   *ctx;
    ngx_http_zoom_body_t  *body;

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    body = ctx->reader;

    for ( ;; ) {
        rc = ngx_http_zoom_body_take(r, body);

        if (rc != NGX_OK) {
            break;
        }

        if (!r->reading_body) {
            rc = ngx_http_zoom_body_put_back(r, body);
            break;
        }

        rc = ngx_http_read_unbuffered_request_body(r);

        if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
            break;
        }

        if (rc == NGX_AGAIN && r->request_body->bufs == NULL) {
            return;
        }
    }

    ngx_http_zoom_body_end(r, rc);
}


/*
 * The whole body is there, and another module may have been the reader.  It is
 * left as it is, for whoever gets the request after us.
 */

static ngx_int_t
ngx_http_zoom_body_in_place(ngx_http_request_t *r, ngx_http_zoom_body_t *body)
{
    ngx_int_t     rc;
    ngx_buf_t    *b;
    ngx_uint_t    n;
    ngx_chain_t  *cl;

    if (r->request_body == NULL) {
        return NGX_OK;
    }

    n = 0;
    b = NULL;

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        if (ngx_buf_size(cl->buf)) {
            b = cl->buf;
            n++;
        }
    }

    if (n == 1 && ngx_buf_in_memory(b)) {
        body->data = b->pos;
        body->len = b->last - b->pos;

        return (body->len > body->max) ? NGX_HTTP_REQUEST_ENTITY_TOO_LARGE
                                       : NGX_OK;
    }

    for (cl = r->request_body->bufs; cl; cl = cl->next) {

        rc = ngx_http_zoom_body_add(r, body, cl->buf);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_body_take(ngx_http_request_t *r, ngx_http_zoom_body_t *body)
{
    ngx_int_t     rc;
    ngx_chain_t  *cl, *next;

    rc = NGX_OK;

    for (cl = r->request_body->bufs; cl; cl = next) {

        if (rc == NGX_OK) {
            rc = ngx_http_zoom_body_add(r, body, cl->buf);
        }

        /* a buffer that is used up is filled again */

        cl->buf->pos = cl->buf->last;

        next = cl->next;
        ngx_free_chain(r->pool, cl);
    }

    r->request_body->bufs = NULL;

    return rc;
}


static ngx_int_t
ngx_http_zoom_body_add(ngx_http_request_t *r, ngx_http_zoom_body_t *body,
    ngx_buf_t *b)
{
    off_t      size;
    size_t     n;
    ngx_int_t  rc;

    size = ngx_buf_size(b);

    if (size == 0) {
        return NGX_OK;
    }

    if (size > (off_t) (body->max - body->len)) {
        return NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;
    }

    n = (size_t) size;

    rc = ngx_http_zoom_body_room(r, body, n);

    if (rc != NGX_OK) {
        return rc;
    }

    if (ngx_buf_in_memory(b)) {
        ngx_memcpy(body->data + body->len, b->pos, n);

    } else if (ngx_read_file(b->file, body->data + body->len, n, b->file_pos)
               != (ssize_t) n)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body->len += n;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_body_room(ngx_http_request_t *r, ngx_http_zoom_body_t *body,
    size_t n)
{
    u_char  *data;
    size_t   size;

    if (n <= body->size - body->len) {
        return NGX_OK;
    }

    size = ngx_max(body->size * 2, NGX_HTTP_ZOOM_BODY_FIRST);

    /* it is held as long as the callback waits */

    if (body->size == 0 && r->headers_in.content_length_n > 0) {
        size = (size_t) ngx_min(r->headers_in.content_length_n,
                                (off_t) body->max);
    }

    size = ngx_max(size, body->len + n);
    size = ngx_min(size, body->max);

    data = ngx_pnalloc(r->pool, size);
    if (data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (body->len) {
        ngx_memcpy(data, body->data, body->len);
    }

    body->data = data;
    body->size = size;

    return NGX_OK;
}


/* For whoever gets the request after us, as error_page may have it. */

static ngx_int_t
ngx_http_zoom_body_put_back(ngx_http_request_t *r, ngx_http_zoom_body_t *body)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    r->request_body_no_buffering = 0;

    if (r->headers_in.content_length_n == -1) {
        r->headers_in.content_length_n = body->len;
    }

    if (body->len == 0) {
        return NGX_OK;
    }

    b = ngx_calloc_buf(r->pool);
    if (b == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->start = body->data;
    b->pos = body->data;
    b->last = body->data + body->len;
    b->end = b->last;
    b->memory = 1;
    b->last_buf = 1;

    cl->buf = b;
    cl->next = NULL;

    r->request_body->bufs = cl;

    return NGX_OK;
}


static void
ngx_http_zoom_body_end(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_connection_t      *c;
    ngx_http_zoom_ctx_t   *ctx;
    ngx_http_zoom_body_t  *body;

    c = r->connection;

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    body = ctx->reader;

    if (c->read->timer_set) {
        ngx_del_timer(c->read);
    }

    r->read_event_handler = ngx_http_block_reading;

    if (rc == NGX_OK) {
        ctx->callback.body.data = body->data;
        ctx->callback.body.len = body->len;

    } else {

        /* the rest of the body is of no use, nor is the connection */

        r->keepalive = 0;

#if (NGX_HTTP_V2)
        if (r->stream) {
            r->stream->skip_data = 1;
        }
#endif
    }

    body->rc = rc;

    if (!body->later) {
        return;
    }

    if (ngx_http_zoom_body_gone(r, rc)) {
        ngx_http_finalize_request(r, rc);
        return;
    }

    body->handler(r, ctx, rc);
}


ngx_uint_t
ngx_http_zoom_body_gone(ngx_http_request_t *r, ngx_int_t rc)
{
    return rc >= NGX_HTTP_SPECIAL_RESPONSE
           && (r->connection->error || r->connection->timedout);
}


ngx_int_t
ngx_http_zoom_body_discard(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    /* a client that asks first is not told to send what nobody reads */

    if (r->headers_in.expect && !r->expect_tested) {
        r->expect_tested = 1;
        r->keepalive = 0;
    }

    rc = ngx_http_discard_request_body(r);

    if (rc != NGX_OK) {
        r->keepalive = 0;
    }

    return rc;
}


ngx_uint_t
ngx_http_zoom_body_too_large(ngx_http_request_t *r)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

#if (NGX_HTTP_V2)

    /* what HTTP/2 read ahead would go to a file */

    if (r->stream && r->request_body == NULL && r->stream->preread
        && r->stream->preread->last - r->stream->preread->pos
           > zlcf->body_max)
    {
        return 1;
    }

#endif

    return r->headers_in.content_length_n > zlcf->body_max;
}
