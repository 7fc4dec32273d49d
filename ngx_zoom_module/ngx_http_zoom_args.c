/*
 * Arguments of a request.
 */

#include "ngx_http_zoom_args.h"


static u_char *ngx_http_zoom_args_next(u_char **pos, u_char *last,
    u_char **name_end);
static void ngx_http_zoom_args_mask_query(u_char *pos, u_char *last,
    const ngx_str_t *name);
static ngx_uint_t ngx_http_zoom_args_spelled(u_char *pos, u_char *last,
    const ngx_str_t *name);


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

    end = ngx_strlchr(*pos, last, '&');

    if (end == NULL) {
        end = last;
    }

    *name_end = ngx_strlchr(*pos, end, '=');

    if (*name_end == NULL) {
        *name_end = end;
    }

    *pos = (end < last) ? end + 1 : last;

    return end;
}


/*
 * Under HTTP/1 all of these are parts of one buffer, under HTTP/2 they are
 * copies, and a rewrite makes others.
 */

void
ngx_http_zoom_args_mask(ngx_http_request_t *r, const ngx_str_t *name)
{
    u_char  *p, *last, *end;

    ngx_http_zoom_args_mask_query(r->args.data, r->args.data + r->args.len,
                                  name);

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    p = ngx_strlchr(r->unparsed_uri.data, last, '?');

    if (p) {
        ngx_http_zoom_args_mask_query(p + 1, last, name);
    }

    last = r->request_line.data + r->request_line.len;
    p = ngx_strlchr(r->request_line.data, last, '?');

    if (p == NULL) {
        return;
    }

    /* the protocol's name follows */

    for (end = last; end > p; end--) {
        if (end[-1] == ' ') {
            last = end - 1;
            break;
        }
    }

    ngx_http_zoom_args_mask_query(p + 1, last, name);
}


static void
ngx_http_zoom_args_mask_query(u_char *pos, u_char *last,
    const ngx_str_t *name)
{
    u_char  *p, *start, *end, *name_end;

    p = pos;

    while (p < last) {
        start = p;
        end = ngx_http_zoom_args_next(&p, last, &name_end);

        if (name_end < end
            && ngx_http_zoom_args_spelled(start, name_end, name))
        {
            ngx_memset(name_end + 1, '*', end - name_end - 1);
        }
    }
}


/* 1 if it is "name" when decoded, in any case. */

static ngx_uint_t
ngx_http_zoom_args_spelled(u_char *pos, u_char *last, const ngx_str_t *name)
{
    u_char     *p;
    size_t      i;
    ngx_int_t   c;

    p = pos;

    for (i = 0; i < name->len; i++) {

        if (p == last) {
            return 0;
        }

        c = *p++;

        if (c == '%' && last - p >= 2) {
            c = ngx_hextoi(p, 2);
            p += 2;
        }

        if (c == NGX_ERROR
            || ngx_tolower((u_char) c) != ngx_tolower(name->data[i]))
        {
            return 0;
        }
    }

    return p == last;
}
