/*
 * Arguments of a request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_str.h"
#include "zoom_uri.h"


/* What to look for: the name or, without one, the secret. */

typedef struct {
    const ngx_str_t             *name;
    const ngx_str_t             *secret;
    u_char                      *scratch;
    size_t                       size;
    ngx_uint_t                   number;      /* may be shown */
} ngx_http_zoom_mask_t;


static u_char *ngx_http_zoom_args_next(u_char **pos, u_char *last,
    u_char **name_end);
static void ngx_http_zoom_args_mask_all(ngx_http_request_t *r,
    const ngx_http_zoom_mask_t *mask);
static void ngx_http_zoom_args_mask_query(u_char *pos, u_char *last,
    const ngx_http_zoom_mask_t *mask);
static ngx_uint_t ngx_http_zoom_args_is(u_char *pos, u_char *name_end,
    u_char *last, const ngx_http_zoom_mask_t *mask);
static ngx_uint_t ngx_http_zoom_args_number(u_char *pos, u_char *last);
static ngx_uint_t ngx_http_zoom_args_holds(u_char *pos, u_char *last,
    const ngx_http_zoom_mask_t *mask);
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


void
ngx_http_zoom_args_mask(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_uint_t number)
{
    ngx_http_zoom_mask_t  mask;

    ngx_memzero(&mask, sizeof(ngx_http_zoom_mask_t));

    mask.name = name;
    mask.number = number;

    ngx_http_zoom_args_mask_all(r, &mask);
}


void
ngx_http_zoom_args_mask_secret(ngx_http_request_t *r, const ngx_str_t *secret)
{
    size_t                size;
    ngx_http_zoom_mask_t  mask;

    size = ngx_max(r->args.len, r->request_line.len);
    size = ngx_max(size, r->unparsed_uri.len);

    mask.name = NULL;
    mask.number = 0;
    mask.secret = secret;
    mask.size = size;

    /* without memory everything is overwritten */

    mask.scratch = ngx_pnalloc(r->pool, size + 1);

    ngx_http_zoom_args_mask_all(r, &mask);

    if (mask.scratch) {
        ngx_explicit_memzero(mask.scratch, size);
        ngx_pfree(r->pool, mask.scratch);
    }
}


/*
 * Under HTTP/1 all of these are parts of one buffer, under HTTP/2 they are
 * copies, and a rewrite makes others.
 */

static void
ngx_http_zoom_args_mask_all(ngx_http_request_t *r,
    const ngx_http_zoom_mask_t *mask)
{
    u_char  *p, *last, *end;

    ngx_http_zoom_args_mask_query(r->args.data, r->args.data + r->args.len,
                                  mask);

    /* most have none, and memchr() sees that sooner than ngx_strlchr() */

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    p = memchr(r->unparsed_uri.data, '?', r->unparsed_uri.len);

    if (p) {
        ngx_http_zoom_args_mask_query(p + 1, last, mask);
    }

    last = r->request_line.data + r->request_line.len;
    p = memchr(r->request_line.data, '?', r->request_line.len);

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

    ngx_http_zoom_args_mask_query(p + 1, last, mask);
}


static void
ngx_http_zoom_args_mask_query(u_char *pos, u_char *last,
    const ngx_http_zoom_mask_t *mask)
{
    u_char  *p, *start, *end, *name_end, *value;

    p = pos;

    while (p < last) {
        start = p;
        end = ngx_http_zoom_args_next(&p, last, &name_end);

        if (name_end < end) {
            value = name_end + 1;

        } else if (mask->name) {
            continue;

        } else {
            value = start;
        }

        if (mask->name ? ngx_http_zoom_args_is(start, name_end, end, mask)
                       : ngx_http_zoom_args_holds(value, end, mask))
        {
            ngx_memset(value, '*', end - value);
        }
    }
}


static ngx_uint_t
ngx_http_zoom_args_is(u_char *pos, u_char *name_end, u_char *last,
    const ngx_http_zoom_mask_t *mask)
{
    return ngx_http_zoom_args_spelled(pos, name_end, mask->name)
           && !(mask->number
                && ngx_http_zoom_args_number(name_end + 1, last));
}


/* "861 2580 0160", however the blanks are spelled */

static ngx_uint_t
ngx_http_zoom_args_number(u_char *pos, u_char *last)
{
    while (pos < last) {

        if ((*pos >= '0' && *pos <= '9') || *pos == '+' || *pos == '-') {
            pos++;

        } else if (last - pos >= 3 && ngx_strncmp(pos, "%20", 3) == 0) {
            pos += 3;

        } else {
            return 0;
        }
    }

    return 1;
}


/* 1 if it is the secret when decoded. */

static ngx_uint_t
ngx_http_zoom_args_holds(u_char *pos, u_char *last,
    const ngx_http_zoom_mask_t *mask)
{
    zoom_buf_t  b;
    zoom_str_t  value;

    if (mask->scratch == NULL) {
        return 1;
    }

    zoom_buf_init(&b, mask->scratch, mask->size);

    value.data = pos;
    value.len = last - pos;

    if (zoom_uri_unescape(&b, value) != 0) {
        return 0;
    }

    value.data = b.data;
    value.len = b.len;

    return zoom_secret_eq(ngx_http_zoom_str(mask->secret), value);
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
