/*
 * Arguments of a request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_str.h"


/* args, unparsed_uri, request_line */

#define NGX_HTTP_ZOOM_ARGS_TEXTS  3


static u_char *ngx_http_zoom_args_next(u_char **pos, u_char *last,
    u_char **name_end);
static ngx_uint_t ngx_http_zoom_args_texts(ngx_http_request_t *r,
    ngx_str_t *text);
static ngx_uint_t ngx_http_zoom_args_add(ngx_str_t *text, ngx_uint_t n,
    u_char *pos, u_char *last);


ngx_uint_t
ngx_http_zoom_arg(const ngx_str_t *args, const ngx_str_t *name,
    ngx_str_t *value)
{
    u_char      *p, *last, *start, *end, *name_end;
    ngx_uint_t   n;

    n = 0;
    p = args->data;
    last = args->data + args->len;

    while (p < last) {
        start = p;
        end = ngx_http_zoom_args_next(&p, last, &name_end);

        if ((size_t) (name_end - start) != name->len
            || ngx_memcmp(start, name->data, name->len) != 0)
        {
            continue;
        }

        value->data = (name_end < end) ? name_end + 1 : end;
        value->len = end - value->data;
        n++;
    }

    return n;
}


/* The end of the argument at "*pos", which moves on to the next. */

static u_char *
ngx_http_zoom_args_next(u_char **pos, u_char *last, u_char **name_end)
{
    u_char  *end;

    /* values are long, and memchr() is sooner through than ngx_strlchr() */

    end = memchr(*pos, '&', last - *pos);

    if (end == NULL) {
        end = last;
    }

    *name_end = memchr(*pos, '=', end - *pos);

    if (*name_end == NULL) {
        *name_end = end;
    }

    *pos = (end < last) ? end + 1 : last;

    return end;
}


void
ngx_http_zoom_args_mask(ngx_http_request_t *r, const zoom_hidden_t *hidden,
    ngx_uint_t n)
{
    ngx_str_t   text[NGX_HTTP_ZOOM_ARGS_TEXTS];
    ngx_uint_t  i, texts;

    texts = ngx_http_zoom_args_texts(r, text);

    for (i = 0; i < texts; i++) {
        zoom_query_hide(text[i].data, text[i].len, hidden, n);
    }
}


void
ngx_http_zoom_args_mask_secret(ngx_http_request_t *r, const ngx_str_t *secret)
{
    size_t      size;
    ngx_str_t   text[NGX_HTTP_ZOOM_ARGS_TEXTS];
    ngx_uint_t  i, texts;
    zoom_buf_t  scratch;

    size = 0;
    texts = ngx_http_zoom_args_texts(r, text);

    for (i = 0; i < texts; i++) {
        size = ngx_max(size, text[i].len);
    }

    if (size == 0) {
        return;
    }

    /* without memory everything is overwritten */

    scratch.data = ngx_pnalloc(r->pool, size);
    scratch.size = scratch.data ? size : 0;

    for (i = 0; i < texts; i++) {
        zoom_query_hide_secret(text[i].data, text[i].len,
                               ngx_http_zoom_str(secret), &scratch);
    }

    if (scratch.data) {
        ngx_explicit_memzero(scratch.data, size);
        ngx_pfree(r->pool, scratch.data);
    }
}


/*
 * Wherever nginx keeps the arguments: under HTTP/1 all of these are parts of
 * one buffer and mostly the same, under HTTP/2 they are copies, and a rewrite
 * makes others.
 */

static ngx_uint_t
ngx_http_zoom_args_texts(ngx_http_request_t *r, ngx_str_t *text)
{
    u_char      *p, *last, *end;
    ngx_uint_t   n;

    n = 0;

    last = r->request_line.data + r->request_line.len;
    p = r->request_line.len ? memchr(r->request_line.data, '?',
                                     r->request_line.len)
                            : NULL;

    if (p) {

        /* the protocol's name follows */

        for (end = last; end > p; end--) {
            if (end[-1] == ' ') {
                last = end - 1;
                break;
            }
        }

        n = ngx_http_zoom_args_add(text, n, p + 1, last);
    }

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    p = r->unparsed_uri.len ? memchr(r->unparsed_uri.data, '?',
                                     r->unparsed_uri.len)
                            : NULL;

    if (p) {
        n = ngx_http_zoom_args_add(text, n, p + 1, last);
    }

    if (r->args.len) {
        n = ngx_http_zoom_args_add(text, n, r->args.data,
                                   r->args.data + r->args.len);
    }

    return n;
}


static ngx_uint_t
ngx_http_zoom_args_add(ngx_str_t *text, ngx_uint_t n, u_char *pos,
    u_char *last)
{
    ngx_uint_t  i;

    for (i = 0; i < n; i++) {
        if (text[i].data == pos && text[i].data + text[i].len == last) {
            return n;
        }
    }

    if (pos == last) {
        return n;
    }

    text[n].data = pos;
    text[n].len = last - pos;

    return n + 1;
}
