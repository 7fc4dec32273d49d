/*
 * What the gateway sends to Zoom.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "zoom_header.h"


/* "0000000000000000" CRLF: a size of 64 bits, in hexadecimal */

#define NGX_HTTP_ZOOM_PASS_SIZE  18


static size_t ngx_http_zoom_pass_size(ngx_http_zoom_pass_t *pass,
    const ngx_str_t *access);
static ngx_str_t ngx_http_zoom_pass_host(const ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_headers(ngx_http_zoom_pass_t *pass,
    zoom_buf_t *b);
static ngx_uint_t ngx_http_zoom_pass_sent(const ngx_http_zoom_pass_t *pass,
    const ngx_table_elt_t *header);
static void ngx_http_zoom_pass_length(ngx_http_zoom_pass_t *pass,
    zoom_buf_t *b);
static ngx_chain_t *ngx_http_zoom_pass_append(ngx_http_request_t *r,
    ngx_chain_t *last, const ngx_chain_t *in);
static ngx_chain_t **ngx_http_zoom_pass_chunk(ngx_http_zoom_pass_t *pass,
    ngx_chain_t **ll, ngx_chain_t *in);
static ngx_chain_t **ngx_http_zoom_pass_chain(ngx_http_request_t *r,
    ngx_chain_t **ll, ngx_buf_t *b);
static ngx_chain_t **ngx_http_zoom_pass_text(ngx_http_zoom_pass_t *pass,
    ngx_chain_t **ll, const char *format, off_t size);


ngx_int_t
ngx_http_zoom_pass_head(ngx_http_zoom_pass_t *pass, const ngx_str_t *access)
{
    size_t       size;
    u_char      *p;
    ngx_str_t    host;
    zoom_buf_t   b;

    ngx_http_zoom_pass_wipe(pass);

    size = ngx_http_zoom_pass_size(pass, access);

    p = ngx_pnalloc(pass->request->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    host = ngx_http_zoom_pass_host(pass);

    zoom_buf_init(&b, p, size);

    zoom_buf_c(&b, zoom_method_name(pass->method));
    zoom_buf_c(&b, " ");
    zoom_buf_str(&b, ngx_http_zoom_str(&pass->uri));
    zoom_buf_c(&b, " HTTP/1.1" CRLF "Host: ");
    zoom_buf_str(&b, ngx_http_zoom_str(&host));
    zoom_buf_c(&b, CRLF);

    if (access->len) {
        zoom_buf_c(&b, "Authorization: Bearer ");
        zoom_buf_str(&b, ngx_http_zoom_str(access));
        zoom_buf_c(&b, CRLF);
    }

    ngx_http_zoom_pass_headers(pass, &b);

    /* it was read as that, and may be no other thing to Zoom */

    if (pass->conf->kind == NGX_HTTP_ZOOM_PASS_GRAPHQL) {
        zoom_buf_c(&b, "Content-Type: application/json" CRLF);
    }

    ngx_http_zoom_pass_length(pass, &b);

    zoom_buf_c(&b, CRLF);

    pass->head.data = b.data;
    pass->head.len = b.len;

    if (b.overflow) {
        ngx_http_zoom_pass_wipe(pass);
        return NGX_ERROR;
    }

    return NGX_OK;
}


static size_t
ngx_http_zoom_pass_size(ngx_http_zoom_pass_t *pass, const ngx_str_t *access)
{
    size_t            size;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    size = pass->uri.len + access->len + NGX_HTTP_ZOOM_URL_MAX + 256;

    for (part = &pass->request->headers_in.headers.part;
         part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            size += h[i].key.len + h[i].value.len + sizeof(": " CRLF) - 1;
        }
    }

    return size;
}


/* Of the URL, with its port if that is there. */

static ngx_str_t
ngx_http_zoom_pass_host(const ngx_http_zoom_pass_t *pass)
{
    u_char           *p, *last;
    ngx_str_t         host;
    const ngx_str_t  *url;

    url = &pass->origin->url;
    last = url->data + url->len;

    host.data = ngx_strlchr(url->data, last, '/') + 2;

    p = ngx_strlchr(host.data, last, '/');

    host.len = (p ? p : last) - host.data;

    return host;
}


static void
ngx_http_zoom_pass_headers(ngx_http_zoom_pass_t *pass, zoom_buf_t *b)
{
    zoom_str_t        name;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &pass->request->headers_in.headers.part;
         part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            name.data = h[i].lowcase_key;
            name.len = h[i].key.len;

            if (h[i].hash == 0 || !zoom_header_asks(name)
                || (pass->conf->kind == NGX_HTTP_ZOOM_PASS_GRAPHQL
                    && zoom_str_eq(name, zoom_str_c("content-type")))
                || ngx_http_zoom_pass_sent(pass, &h[i]))
            {
                continue;
            }

            zoom_buf_str(b, ngx_http_zoom_str(&h[i].key));
            zoom_buf_c(b, ": ");
            zoom_buf_str(b, ngx_http_zoom_str(&h[i].value));
            zoom_buf_c(b, CRLF);
        }
    }
}


/* Of two with one name Zoom might take the other, unless they make one list. */

static ngx_uint_t
ngx_http_zoom_pass_sent(const ngx_http_zoom_pass_t *pass,
    const ngx_table_elt_t *header)
{
    ngx_uint_t              i;
    const ngx_list_part_t  *part;
    const ngx_table_elt_t  *h;

    if (header->lowcase_key[0] == 'a' || header->lowcase_key[0] == 'i') {
        return 0;
    }

    for (part = &pass->request->headers_in.headers.part;
         part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (&h[i] == header) {
                return 0;
            }

            if (h[i].key.len == header->key.len
                && ngx_memcmp(h[i].lowcase_key, header->lowcase_key,
                              header->key.len)
                   == 0)
            {
                return 1;
            }
        }
    }

    return 0;
}


static void
ngx_http_zoom_pass_length(ngx_http_zoom_pass_t *pass, zoom_buf_t *b)
{
    off_t  length;

    if (pass->method == ZOOM_GET) {
        return;
    }

    if (pass->chunks) {
        zoom_buf_c(b, "Transfer-Encoding: chunked" CRLF);
        return;
    }

    length = ngx_max(pass->request->headers_in.content_length_n, 0);

    if (length == 0 && pass->method == ZOOM_DELETE) {
        return;
    }

    zoom_buf_c(b, "Content-Length: ");
    zoom_buf_int(b, length);
    zoom_buf_c(b, CRLF);
}


void
ngx_http_zoom_pass_wipe(ngx_http_zoom_pass_t *pass)
{
    if (pass->head.len) {
        ngx_explicit_memzero(pass->head.data, pass->head.len);
    }

    ngx_str_null(&pass->head);
}


ngx_int_t
ngx_http_zoom_pass_create_request(ngx_http_request_t *r)
{
    ngx_buf_t             *b;
    ngx_chain_t           *cl, *last;
    ngx_http_upstream_t   *u;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);
    u = r->upstream;

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    b->start = pass->head.data;
    b->pos = pass->head.data;
    b->last = pass->head.data + pass->head.len;
    b->end = b->last;
    b->temporary = 1;

    cl->buf = b;
    cl->next = NULL;

    if (pass->chunks) {
        u->output.output_filter = ngx_http_zoom_pass_send_chunks;
        u->output.filter_ctx = r;
    }

    last = (pass->held && pass->method != ZOOM_GET)
           ? ngx_http_zoom_pass_append(r, cl, u->request_bufs) : cl;

    if (last == NULL) {
        return NGX_ERROR;
    }

    last->buf->flush = 1;

    u->request_bufs = cl;

    return NGX_OK;
}


/*
 * Copies, so that the originals stay as they are for another attempt.  The last
 * link, or NULL: no memory.
 */

static ngx_chain_t *
ngx_http_zoom_pass_append(ngx_http_request_t *r, ngx_chain_t *last,
    const ngx_chain_t *in)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    for ( /* void */ ; in; in = in->next) {

        b = ngx_alloc_buf(r->pool);
        cl = ngx_alloc_chain_link(r->pool);

        if (b == NULL || cl == NULL) {
            return NULL;
        }

        *b = *in->buf;

        cl->buf = b;
        cl->next = NULL;

        last->next = cl;
        last = cl;
    }

    return last;
}


/* Of upstream: the head is the first buffer, what follows is the body. */

ngx_int_t
ngx_http_zoom_pass_send_chunks(void *data, ngx_chain_t *in)
{
    ngx_http_request_t *r = data;

    ngx_int_t              rc;
    ngx_chain_t           *out, **ll;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    out = NULL;
    ll = &out;

    if (in && !pass->head_sent) {
        pass->head_sent = 1;

        ll = ngx_http_zoom_pass_chain(r, ll, in->buf);
        in = in->next;
    }

    if (ll && in) {
        ll = ngx_http_zoom_pass_chunk(pass, ll, in);
    }

    if (ll == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_chain_writer(&r->upstream->writer, out);

    ngx_chain_update_chains(r->pool, &pass->free, &pass->busy, &out,
                            (ngx_buf_tag_t) &ngx_http_zoom_pass_send_chunks);

    return rc;
}


/* All that came at once is one chunk.  NULL: no memory, here and below. */

static ngx_chain_t **
ngx_http_zoom_pass_chunk(ngx_http_zoom_pass_t *pass, ngx_chain_t **ll,
    ngx_chain_t *in)
{
    off_t         size;
    ngx_uint_t    last;
    ngx_chain_t  *cl;

    size = 0;
    last = 0;

    for (cl = in; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
        last |= cl->buf->last_buf;
    }

    if (size) {
        ll = ngx_http_zoom_pass_text(pass, ll, "%xO" CRLF, size);
    }

    for (cl = in; cl && ll; cl = cl->next) {
        if (!ngx_buf_special(cl->buf) || cl->buf->flush) {
            ll = ngx_http_zoom_pass_chain(pass->request, ll, cl->buf);
        }
    }

    if (ll && size) {
        ll = ngx_http_zoom_pass_text(pass, ll, CRLF, 0);
    }

    if (ll && last) {
        ll = ngx_http_zoom_pass_text(pass, ll, "0" CRLF CRLF, 0);
    }

    return ll;
}


static ngx_chain_t **
ngx_http_zoom_pass_chain(ngx_http_request_t *r, ngx_chain_t **ll, ngx_buf_t *b)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NULL;
    }

    cl->buf = b;
    cl->next = NULL;

    *ll = cl;

    return &cl->next;
}


static ngx_chain_t **
ngx_http_zoom_pass_text(ngx_http_zoom_pass_t *pass, ngx_chain_t **ll,
    const char *format, off_t size)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_chain_get_free_buf(pass->request->pool, &pass->free);
    if (cl == NULL) {
        return NULL;
    }

    b = cl->buf;

    if (b->start == NULL) {
        b->start = ngx_palloc(pass->request->pool, NGX_HTTP_ZOOM_PASS_SIZE);
        if (b->start == NULL) {
            return NULL;
        }

        b->end = b->start + NGX_HTTP_ZOOM_PASS_SIZE;
    }

    b->tag = (ngx_buf_tag_t) &ngx_http_zoom_pass_send_chunks;
    b->temporary = 1;

    /* or TLS keeps the end of a body until there is more to send */

    b->flush = 1;

    b->pos = b->start;
    b->last = ngx_slprintf(b->start, b->end, format, size);

    cl->next = NULL;
    *ll = cl;

    return &cl->next;
}
