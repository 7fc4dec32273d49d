#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_bearer.h"
#include "zoom_string.h"
#include "zoom_oauth.h"


#define NGX_HTTP_ZOOM_BEARER_MAX  (ZOOM_ACCESS_TOKEN_MAX + 16)


ngx_int_t
ngx_http_zoom_bearer_send(ngx_http_zoom_call_t *call, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x)
{
    ngx_int_t   rc;
    zoom_buf_t  b;
    u_char      buf[NGX_HTTP_ZOOM_BEARER_MAX];

    zoom_buf_init(&b, buf, sizeof(buf));
    zoom_buf_c(&b, "Bearer ");
    zoom_buf_add(&b, access->data, access->len);

    x->authorization.data = b.data;
    x->authorization.len = b.len;

    rc = b.overflow ? NGX_ERROR : ngx_http_zoom_call_send(call, x);

    ngx_explicit_memzero(buf, b.len);

    return rc;
}
