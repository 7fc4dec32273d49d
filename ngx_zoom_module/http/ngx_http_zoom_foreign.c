/*
 * Requests that change something, and might be forged by another site's page.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_foreign.h"
#include "ngx_http_zoom_str.h"
#include "zoom_uri.h"


static ngx_uint_t ngx_http_zoom_foreign_form(const ngx_str_t *type);
static ngx_uint_t ngx_http_zoom_foreign_elsewhere(ngx_http_request_t *r,
    const ngx_str_t *origin);
static ngx_uint_t ngx_http_zoom_foreign_is(const ngx_str_t *s,
    const char *what);


ngx_uint_t
ngx_http_zoom_foreign(ngx_http_request_t *r)
{
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            value = &header[i].value;

            if (ngx_http_zoom_foreign_is(&header[i].key, "Content-Type")
                && ngx_http_zoom_foreign_form(value))
            {
                return 1;
            }

            if (ngx_http_zoom_foreign_is(&header[i].key, "Origin")
                && ngx_http_zoom_foreign_elsewhere(r, value))
            {
                return 1;
            }

            if (ngx_http_zoom_foreign_is(&header[i].key, "Sec-Fetch-Site")
                && !ngx_http_zoom_foreign_is(value, "same-origin")
                && !ngx_http_zoom_foreign_is(value, "none"))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* What a form can be sent as. */

static ngx_uint_t
ngx_http_zoom_foreign_form(const ngx_str_t *type)
{
    u_char     *p;
    ngx_str_t   name;

    name = *type;

    for (p = name.data; p < type->data + type->len; p++) {
        if (*p == ';' || *p == ' ' || *p == '\t' || *p == ',') {
            break;
        }
    }

    name.len = p - name.data;

    return ngx_http_zoom_foreign_is(&name, "application/x-www-form-urlencoded")
           || ngx_http_zoom_foreign_is(&name, "multipart/form-data")
           || ngx_http_zoom_foreign_is(&name, "text/plain");
}


/*
 * 0 if the page is of our own host; TLS may end in front of us, so the scheme
 * is not compared.
 */

static ngx_uint_t
ngx_http_zoom_foreign_elsewhere(ngx_http_request_t *r, const ngx_str_t *origin)
{
    size_t      len;
    ngx_str_t  *host;

    if (r->headers_in.host == NULL) {
        return 1;
    }

    if (ngx_strncasecmp(origin->data, (u_char *) "https://", 8) == 0) {
        len = 8;

    } else if (ngx_strncasecmp(origin->data, (u_char *) "http://", 7) == 0) {
        len = 7;

    } else {
        return 1;
    }

    host = &r->headers_in.host->value;

    return origin->len - len != host->len
           || ngx_strncasecmp(origin->data + len, host->data, host->len) != 0;
}


static ngx_uint_t
ngx_http_zoom_foreign_is(const ngx_str_t *s, const char *what)
{
    size_t  len;

    len = ngx_strlen(what);

    return s->len == len
           && ngx_strncasecmp(s->data, (u_char *) what, len) == 0;
}


zoom_error_e
ngx_http_zoom_foreign_user(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_str_t *user)
{
    ngx_str_t   value;
    zoom_buf_t  b;
    ngx_uint_t  n;

    static const ngx_str_t  name = ngx_string("user");

    ngx_str_null(user);

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value);

    if (n == 0) {
        return ZOOM_OK;
    }

    if (n > 1) {
        return ZOOM_E_DENIED;
    }

    if (value.len == 0) {
        return ZOOM_E_NO_USER;
    }

    user->data = ngx_pnalloc(r->pool, value.len);
    if (user->data == NULL) {
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, user->data, value.len);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&value)) != 0) {
        return ZOOM_E_DENIED;
    }

    user->len = b.len;

    return ZOOM_OK;
}
