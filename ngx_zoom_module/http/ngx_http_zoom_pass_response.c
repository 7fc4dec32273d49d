/*
 * What Zoom answers to a request of the gateway: its head, what of the body the
 * call has to see, and the body on its way to the caller.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>
#include <nginx.h>

#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "zoom_header.h"


/* of a response; their bytes are bounded by upstream's buffer */

#define NGX_HTTP_ZOOM_PASS_HEADERS  100


#if (nginx_version >= 1027002)
#define ngx_http_zoom_parse_chunked(r, b, ctx)                                \
    ngx_http_parse_chunked(r, b, ctx, 0)
#else
#define ngx_http_zoom_parse_chunked(r, b, ctx)                                \
    ngx_http_parse_chunked(r, b, ctx)
#endif


static ngx_int_t ngx_http_zoom_pass_status(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response);
static ngx_int_t ngx_http_zoom_pass_header_lines(ngx_http_request_t *r,
    ngx_http_zoom_pass_t *pass);
static ngx_int_t ngx_http_zoom_pass_header(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response);
static ngx_int_t ngx_http_zoom_pass_known(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response, const ngx_table_elt_t *h);
static ngx_int_t ngx_http_zoom_pass_framing(
    ngx_http_zoom_pass_response_t *response, const ngx_str_t *name,
    const ngx_str_t *value);
static ngx_uint_t ngx_http_zoom_pass_is(const ngx_str_t *s, const char *word);
static void ngx_http_zoom_pass_note(ngx_http_zoom_pass_response_t *response,
    const ngx_str_t *name, const ngx_str_t *value);
static ngx_int_t ngx_http_zoom_pass_add(ngx_http_request_t *r,
    ngx_table_elt_t *h);
static void ngx_http_zoom_pass_lengths(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response);
static ngx_int_t ngx_http_zoom_pass_judge(ngx_http_request_t *r,
    ngx_http_zoom_pass_t *pass);
static ngx_int_t ngx_http_zoom_pass_look(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response);
static ngx_int_t ngx_http_zoom_pass_look_chunks(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response);
static ssize_t ngx_http_zoom_pass_deaf(ngx_connection_t *c, u_char *buf,
    size_t size);
static ngx_buf_t *ngx_http_zoom_pass_out(ngx_http_request_t *r, u_char *pos,
    u_char *last);
static ngx_int_t ngx_http_zoom_pass_filter_chunks(ngx_http_request_t *r,
    ngx_http_zoom_pass_t *pass);


/* of a refusal, until the call has seen it */

static u_char  ngx_http_zoom_pass_seen[NGX_HTTP_ZOOM_PASS_READ];


ngx_int_t
ngx_http_zoom_pass_process_header(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    while (!pass->response.head) {

        if (!pass->response.line) {
            rc = ngx_http_zoom_pass_status(r, &pass->response);

            if (rc != NGX_OK) {
                return rc;
            }
        }

        rc = ngx_http_zoom_pass_header_lines(r, pass);

        if (rc != NGX_OK) {
            return rc;
        }

        /* "100 Continue", though nobody asked for it */

        if (pass->response.zoom.status < NGX_HTTP_OK) {
            ngx_memzero(&pass->response,
                        sizeof(ngx_http_zoom_pass_response_t));
            r->state = 0;
        }
    }

    return ngx_http_zoom_pass_judge(r, pass);
}


static ngx_int_t
ngx_http_zoom_pass_status(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response)
{
    ngx_int_t  rc;

    rc = ngx_http_parse_status_line(r, &r->upstream->buffer,
                                    &response->status);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    response->line = 1;

    if (rc == NGX_ERROR || response->status.code == 101) {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    response->zoom.status = (int) response->status.code;
    response->length = -1;
    response->close = (response->status.http_version < NGX_HTTP_VERSION_11);

    r->upstream->headers_in.status_n = response->status.code;

    if (r->upstream->state) {
        r->upstream->state->status = response->status.code;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_pass_header_lines(ngx_http_request_t *r,
    ngx_http_zoom_pass_t *pass)
{
    ngx_int_t  rc;

    for ( ;; ) {

        rc = ngx_http_parse_header_line(r, &r->upstream->buffer, 1);

        if (rc == NGX_OK) {

            if (++pass->response.nheaders > NGX_HTTP_ZOOM_PASS_HEADERS) {
                return NGX_HTTP_UPSTREAM_INVALID_HEADER;
            }

            rc = ngx_http_zoom_pass_header(r, &pass->response);

            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        if (rc == NGX_HTTP_PARSE_HEADER_DONE) {
            pass->response.head = 1;
            ngx_http_zoom_pass_lengths(r, &pass->response);

            return NGX_OK;
        }

        return (rc == NGX_AGAIN) ? NGX_AGAIN
                                 : NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }
}


static ngx_int_t
ngx_http_zoom_pass_header(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response)
{
    ngx_table_elt_t  h;

    ngx_memzero(&h, sizeof(ngx_table_elt_t));

    h.hash = r->header_hash;

    h.key.len = r->header_name_end - r->header_name_start;
    h.value.len = r->header_end - r->header_start;

    h.key.data = ngx_pnalloc(r->pool, h.key.len + 1 + h.value.len + 1
                                      + h.key.len);
    if (h.key.data == NULL) {
        return NGX_ERROR;
    }

    h.value.data = h.key.data + h.key.len + 1;
    h.lowcase_key = h.value.data + h.value.len + 1;

    ngx_memcpy(h.key.data, r->header_name_start, h.key.len);
    h.key.data[h.key.len] = '\0';

    ngx_memcpy(h.value.data, r->header_start, h.value.len);
    h.value.data[h.value.len] = '\0';

    ngx_strlow(h.lowcase_key, h.key.data, h.key.len);

    return ngx_http_zoom_pass_known(r, response, &h);
}


static ngx_int_t
ngx_http_zoom_pass_known(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response, const ngx_table_elt_t *h)
{
    ngx_int_t         rc;
    ngx_str_t         name;
    ngx_table_elt_t  *copy;

    if (response->zoom.status < NGX_HTTP_OK) {
        return NGX_OK;
    }

    name.data = h->lowcase_key;
    name.len = h->key.len;

    rc = ngx_http_zoom_pass_framing(response, &name, &h->value);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    ngx_http_zoom_pass_note(response, &name, &h->value);

    if (!zoom_header_answers(ngx_http_zoom_str(&name))) {
        return NGX_OK;
    }

    copy = ngx_list_push(&r->upstream->headers_in.headers);
    if (copy == NULL) {
        return NGX_ERROR;
    }

    *copy = *h;

    return ngx_http_zoom_pass_add(r, copy);
}


/* NGX_DECLINED: it is about something else. */

static ngx_int_t
ngx_http_zoom_pass_framing(ngx_http_zoom_pass_response_t *response,
    const ngx_str_t *name, const ngx_str_t *value)
{
    if (ngx_http_zoom_pass_is(name, "content-length")) {

        if (response->has_length) {
            return NGX_HTTP_UPSTREAM_INVALID_HEADER;
        }

        response->has_length = 1;
        response->length = ngx_atoof(value->data, value->len);

        return (response->length == NGX_ERROR)
               ? NGX_HTTP_UPSTREAM_INVALID_HEADER : NGX_OK;
    }

    if (ngx_http_zoom_pass_is(name, "transfer-encoding")) {

        if (response->is_chunked || !ngx_http_zoom_pass_is(value, "chunked")) {
            return NGX_HTTP_UPSTREAM_INVALID_HEADER;
        }

        response->is_chunked = 1;

        return NGX_OK;
    }

    if (ngx_http_zoom_pass_is(name, "connection")) {

        if (ngx_strlcasestrn(value->data, value->data + value->len,
                             (u_char *) "close", 5 - 1))
        {
            response->close = 1;
        }

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_zoom_pass_is(const ngx_str_t *s, const char *word)
{
    return s->len == ngx_strlen(word)
           && ngx_strncasecmp(s->data, (u_char *) word, s->len) == 0;
}


/* What the call wants to know. */

static void
ngx_http_zoom_pass_note(ngx_http_zoom_pass_response_t *response,
    const ngx_str_t *name, const ngx_str_t *value)
{
    time_t            t;
    zoom_str_t        text;
    zoom_response_t  *zoom;

    zoom = &response->zoom;
    text = ngx_http_zoom_str(value);

    if (ngx_http_zoom_pass_is(name, "x-zm-trackingid")) {
        zoom->tracking_id = text;

    } else if (ngx_http_zoom_pass_is(name, "x-ratelimit-type")) {
        zoom->rate_type = text;

    } else if (ngx_http_zoom_pass_is(name, "x-ratelimit-category")) {
        zoom->rate_category = text;

    } else if (ngx_http_zoom_pass_is(name, "location")) {
        response->location = *value;

    } else if (ngx_http_zoom_pass_is(name, "retry-after")) {
        t = ngx_parse_http_time(value->data, value->len);
        zoom->retry_after = text;
        zoom->retry_at = (t == NGX_ERROR) ? 0 : t;

    } else if (ngx_http_zoom_pass_is(name, "date")) {
        t = ngx_parse_http_time(value->data, value->len);
        zoom->date = (t == NGX_ERROR) ? 0 : t;
    }
}


/* For those that nginx treats in a way of its own. */

static ngx_int_t
ngx_http_zoom_pass_add(ngx_http_request_t *r, ngx_table_elt_t *h)
{
    ngx_int_t                       rc;
    ngx_http_upstream_header_t     *hh;
    ngx_http_upstream_main_conf_t  *umcf;

    umcf = ngx_http_get_module_main_conf(r, ngx_http_upstream_module);

    hh = ngx_hash_find(&umcf->headers_in_hash, h->hash, h->lowcase_key,
                       h->key.len);
    if (hh == NULL) {
        return NGX_OK;
    }

    rc = hh->handler(r, h, hh->offset);

    return (rc == NGX_OK || rc == NGX_HTTP_UPSTREAM_INVALID_HEADER) ? rc
                                                                  : NGX_ERROR;
}


/* RFC 9112, 6.3 */

static void
ngx_http_zoom_pass_lengths(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response)
{
    ngx_http_upstream_t  *u;

    u = r->upstream;

    if (response->zoom.status == NGX_HTTP_NO_CONTENT
        || response->zoom.status == NGX_HTTP_NOT_MODIFIED)
    {
        response->length = 0;
        response->is_chunked = 0;

    } else if (response->is_chunked) {

        /* who reads the length would find another end */

        if (response->has_length) {
            response->close = 1;
        }

        response->length = -1;
    }

    u->headers_in.content_length_n =
        (response->zoom.status == NGX_HTTP_NOT_MODIFIED) ? -1
                                                         : response->length;
}


static ngx_int_t
ngx_http_zoom_pass_judge(ngx_http_request_t *r, ngx_http_zoom_pass_t *pass)
{
    ngx_int_t             rc;
    ngx_connection_t     *c;
    ngx_http_upstream_t  *u;

    u = r->upstream;
    c = u->peer.connection;

    if (pass->response.zoom.status >= NGX_HTTP_BAD_REQUEST) {

        rc = ngx_http_zoom_pass_look(r, &pass->response);

        if (rc != NGX_OK) {
            return rc;
        }
    }

    if (ngx_http_zoom_pass_responded(pass)) {
        u->conf = (ngx_http_upstream_conf_t *) &pass->conf->streaming;

        /* of what has no body upstream asks no filter */

        u->keepalive = (pass->response.length == 0
                        && !pass->response.close
                        && u->buffer.pos == u->buffer.last);
        return NGX_OK;
    }

    /* nothing more of it is read, until upstream has been taken apart */

    u->keepalive = (pass->response.whole && !pass->response.close);

    pass->recv = c->recv;
    c->recv = ngx_http_zoom_pass_deaf;

    /* or upstream would take a full buffer for a head that is too large */

    u->buffer.pos = u->buffer.start;
    u->buffer.last = u->buffer.start;

    return NGX_AGAIN;
}


static ssize_t
ngx_http_zoom_pass_deaf(ngx_connection_t *c, u_char *buf, size_t size)
{
    return NGX_AGAIN;
}


/* NGX_OK: what there is of the body is all that will be looked at. */

static ngx_int_t
ngx_http_zoom_pass_look(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response)
{
    size_t      n;
    ngx_buf_t  *b;

    b = &r->upstream->buffer;

    if (response->is_chunked) {
        return ngx_http_zoom_pass_look_chunks(r, response);
    }

    n = b->last - b->pos;

    response->zoom.body.data = b->pos;
    response->zoom.body.len = ngx_min(n, NGX_HTTP_ZOOM_PASS_READ);

    if (response->length >= 0 && (off_t) n >= response->length) {
        response->zoom.body.len = ngx_min((size_t) response->length,
                                          NGX_HTTP_ZOOM_PASS_READ);
        response->whole = ((off_t) n == response->length);

        return NGX_OK;
    }

    return (n >= NGX_HTTP_ZOOM_PASS_READ || b->last == b->end
            || response->length == -1)
           ? NGX_OK : NGX_AGAIN;
}


/* From the beginning each time: these bodies are short. */

static ngx_int_t
ngx_http_zoom_pass_look_chunks(ngx_http_request_t *r,
    ngx_http_zoom_pass_response_t *response)
{
    size_t              n;
    ngx_int_t           rc;
    ngx_buf_t           b;
    zoom_buf_t          seen;
    ngx_http_chunked_t  chunked;

    b = r->upstream->buffer;

    ngx_memzero(&chunked, sizeof(ngx_http_chunked_t));

    zoom_buf_init(&seen, ngx_http_zoom_pass_seen, NGX_HTTP_ZOOM_PASS_READ);

    for ( ;; ) {
        rc = ngx_http_zoom_parse_chunked(r, &b, &chunked);

        if (rc != NGX_OK) {
            break;
        }

        n = (size_t) ngx_min((off_t) (b.last - b.pos), chunked.size);

        zoom_buf_add(&seen, b.pos, n);

        b.pos += n;
        chunked.size -= n;
    }

    response->zoom.body.data = seen.data;
    response->zoom.body.len = seen.len;

    if (rc == NGX_DONE) {
        response->whole = (b.pos == b.last);
        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        return NGX_HTTP_UPSTREAM_INVALID_HEADER;
    }

    return (seen.overflow || b.last == b.end) ? NGX_OK : NGX_AGAIN;
}


ngx_int_t
ngx_http_zoom_pass_filter_init(void *data)
{
    ngx_http_zoom_pass_t *pass = data;

    ngx_http_upstream_t  *u;

    u = pass->request->upstream;

    u->length = pass->response.is_chunked ? 1 : pass->response.length;

    if (u->length == 0) {
        u->keepalive = !pass->response.close;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_pass_filter(void *data, ssize_t bytes)
{
    ngx_http_zoom_pass_t *pass = data;

    ngx_buf_t            *b;
    ngx_http_request_t   *r;
    ngx_http_upstream_t  *u;

    r = pass->request;
    u = r->upstream;
    b = &u->buffer;

    b->pos = b->last;
    b->last += bytes;

    if (pass->response.is_chunked) {
        return ngx_http_zoom_pass_filter_chunks(r, pass);
    }

    /* more than was announced is of nobody's */

    if (u->length != -1 && bytes > u->length) {
        bytes = (ssize_t) u->length;
        pass->response.close = 1;
    }

    if (bytes && ngx_http_zoom_pass_out(r, b->pos, b->pos + bytes) == NULL) {
        return NGX_ERROR;
    }

    if (u->length == -1) {
        return NGX_OK;
    }

    u->length -= bytes;

    if (u->length == 0) {
        u->keepalive = !pass->response.close;
    }

    return NGX_OK;
}


static ngx_buf_t *
ngx_http_zoom_pass_out(ngx_http_request_t *r, u_char *pos, u_char *last)
{
    ngx_buf_t            *b;
    ngx_chain_t          *cl, **ll;
    ngx_http_upstream_t  *u;

    u = r->upstream;

    for (ll = &u->out_bufs; *ll; ll = &(*ll)->next) { /* void */ }

    cl = ngx_chain_get_free_buf(r->pool, &u->free_bufs);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    b->flush = 1;
    b->memory = 1;
    b->tag = u->output.tag;
    b->pos = pos;
    b->last = last;

    cl->next = NULL;
    *ll = cl;

    return b;
}


static ngx_int_t
ngx_http_zoom_pass_filter_chunks(ngx_http_request_t *r,
    ngx_http_zoom_pass_t *pass)
{
    size_t               n;
    ngx_int_t            rc;
    ngx_buf_t           *b;
    ngx_http_chunked_t  *chunked;

    b = &r->upstream->buffer;
    chunked = &pass->response.chunked;

    for ( ;; ) {
        rc = ngx_http_zoom_parse_chunked(r, b, chunked);

        if (rc != NGX_OK) {
            break;
        }

        n = (size_t) ngx_min((off_t) (b->last - b->pos), chunked->size);

        if (n && ngx_http_zoom_pass_out(r, b->pos, b->pos + n) == NULL) {
            return NGX_ERROR;
        }

        b->pos += n;
        chunked->size -= n;
    }

    if (rc == NGX_DONE) {
        r->upstream->length = 0;
        r->upstream->keepalive = (!pass->response.close && b->pos == b->last);

        return NGX_OK;
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: Zoom sent a chunk that is none");
        return NGX_ERROR;
    }

    return NGX_OK;
}
