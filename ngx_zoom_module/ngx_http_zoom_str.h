/* The core's strings and nginx's: the same parts in another order. */

#ifndef _NGX_HTTP_ZOOM_STR_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_string.h"


/* the end of a noun that is counted */

#define ngx_http_zoom_s(n)  ((n) == 1 ? "" : "s")


static ngx_inline zoom_str_t
ngx_http_zoom_str(const ngx_str_t *s)
{
    zoom_str_t  str;

    str.data = s->data;
    str.len = s->len;

    return str;
}


static ngx_inline ngx_str_t
ngx_http_zoom_ngx_str(zoom_str_t s)
{
    ngx_str_t  str;

    str.data = (u_char *) s.data;
    str.len = s.len;

    return str;
}


static ngx_inline ngx_uint_t
ngx_http_zoom_same(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && (a->len == 0 || ngx_memcmp(a->data, b->data, a->len) == 0);
}


#endif /* _NGX_HTTP_ZOOM_STR_H_INCLUDED_ */
