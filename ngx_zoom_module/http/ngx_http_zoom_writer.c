/*
 * Text of any length, into a chain of small buffers.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_writer.h"


#define NGX_HTTP_ZOOM_WRITER_BUF  4096


static ngx_int_t ngx_http_zoom_writer_grow(ngx_http_zoom_writer_t *w);
static u_char *ngx_http_zoom_writer_json(u_char *p, u_char c);
static u_char *ngx_http_zoom_writer_label(u_char *p, u_char c);
static u_char *ngx_http_zoom_writer_html(u_char *p, u_char c);


void
ngx_http_zoom_writer_init(ngx_http_zoom_writer_t *w, ngx_pool_t *pool)
{
    ngx_memzero(w, sizeof(ngx_http_zoom_writer_t));

    w->pool = pool;
    w->end = &w->out;
}


static ngx_int_t
ngx_http_zoom_writer_grow(ngx_http_zoom_writer_t *w)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(w->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    b = ngx_create_temp_buf(w->pool, NGX_HTTP_ZOOM_WRITER_BUF);
    if (b == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    *w->end = cl;
    w->end = &cl->next;
    w->buf = b;

    return NGX_OK;
}


void
ngx_http_zoom_write(ngx_http_zoom_writer_t *w, const void *data, size_t len)
{
    size_t         n;
    const u_char  *p;

    p = data;

    while (len && !w->failed) {

        if ((w->buf == NULL || w->buf->last == w->buf->end)
            && ngx_http_zoom_writer_grow(w) != NGX_OK)
        {
            w->failed = 1;
            break;
        }

        n = ngx_min(len, (size_t) (w->buf->end - w->buf->last));

        w->buf->last = ngx_cpymem(w->buf->last, p, n);
        w->last = w->buf->last[-1];
        w->size += n;

        p += n;
        len -= n;
    }
}


void
ngx_http_zoom_writes(ngx_http_zoom_writer_t *w, const char *text)
{
    ngx_http_zoom_write(w, text, ngx_strlen(text));
}


void
ngx_http_zoom_writef(ngx_http_zoom_writer_t *w, const char *fmt, ...)
{
    u_char   *p;
    va_list   args;
    u_char    buf[NGX_HTTP_ZOOM_PIECE_MAX + 1];

    va_start(args, fmt);
    p = ngx_vslprintf(buf, buf + sizeof(buf), fmt, args);
    va_end(args);

    /* something may have been cut */

    if (p == buf + sizeof(buf)) {
        w->failed = 1;
        return;
    }

    ngx_http_zoom_write(w, buf, p - buf);
}


void
ngx_http_zoom_write_milli(ngx_http_zoom_writer_t *w, int64_t n)
{
    u_char  *p;
    u_char   buf[NGX_INT64_LEN + sizeof(".000")];

    p = ngx_sprintf(buf, "%L.%03L", n / 1000, n % 1000);

    while (p[-1] == '0') {
        p--;
    }

    ngx_http_zoom_write(w, buf, (p[-1] == '.') ? p - buf - 1 : p - buf);
}


void
ngx_http_zoom_write_escaped(ngx_http_zoom_writer_t *w,
    ngx_http_zoom_escape_e escape, const u_char *data, size_t len)
{
    size_t   i;
    u_char  *p, buf[8];

    for (i = 0; i < len; i++) {

        switch (escape) {

        case NGX_HTTP_ZOOM_ESCAPE_JSON:
            p = ngx_http_zoom_writer_json(buf, data[i]);
            break;

        case NGX_HTTP_ZOOM_ESCAPE_LABEL:
            p = ngx_http_zoom_writer_label(buf, data[i]);
            break;

        default: /* NGX_HTTP_ZOOM_ESCAPE_HTML */
            p = ngx_http_zoom_writer_html(buf, data[i]);
            break;
        }

        ngx_http_zoom_write(w, buf, p - buf);
    }
}


static u_char *
ngx_http_zoom_writer_json(u_char *p, u_char c)
{
    if (c == '"' || c == '\\') {
        *p++ = '\\';
        *p++ = c;
        return p;
    }

    if (c < 0x20 || c >= 0x7f) {
        return ngx_sprintf(p, "\\u%04xi", (ngx_uint_t) c);
    }

    *p++ = c;
    return p;
}


static u_char *
ngx_http_zoom_writer_label(u_char *p, u_char c)
{
    if (c == '"' || c == '\\') {
        *p++ = '\\';
        *p++ = c;
        return p;
    }

    /* what is no UTF-8 would spoil the whole page */

    *p++ = (c < 0x20 || c >= 0x7f) ? '?' : c;
    return p;
}


static u_char *
ngx_http_zoom_writer_html(u_char *p, u_char c)
{
    switch (c) {

    case '&':
    case '<':
    case '>':
    case '"':
    case '\'':
        return ngx_sprintf(p, "&#%ui;", (ngx_uint_t) c);

    default:
        *p++ = (c < 0x20 || c >= 0x7f) ? '?' : c;
        return p;
    }
}
