#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_consent_cookie.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_store_conf.h"
#include "ngx_http_zoom_str.h"
#include "zoom_base64.h"
#include "zoom_seal.h"


/* The prefix keeps other hosts and plain HTTP from setting it. */

#define NGX_HTTP_ZOOM_CONSENT_COOKIE  "__Host-zoom_connect="

#define NGX_HTTP_ZOOM_CONSENT_SEALED  (ZOOM_CONSENT_MAX + ZOOM_SEAL_EXTRA)
#define NGX_HTTP_ZOOM_CONSENT_TEXT                                            \
    ((NGX_HTTP_ZOOM_CONSENT_SEALED * 4 + 2) / 3)


static ngx_uint_t ngx_http_zoom_consent_cookie_find(ngx_http_request_t *r,
    zoom_str_t *text);
static ngx_uint_t ngx_http_zoom_consent_cookie_in(const ngx_str_t *header,
    zoom_str_t *text);


static const zoom_str_t  ngx_http_zoom_consent_sealed_as =
    zoom_str("cookie of zoom_connect");


ngx_int_t
ngx_http_zoom_consent_cookie_set(ngx_http_request_t *r,
    const zoom_consent_t *c)
{
    zoom_buf_t                        plain, sealed, value;
    zoom_str_t                        text;
    ngx_str_t                         header;
    const ngx_http_zoom_main_conf_t  *zmcf;
    u_char                            nonce[ZOOM_SEAL_NONCE_LEN];
    u_char                            buf[ZOOM_CONSENT_MAX];
    u_char                            out[NGX_HTTP_ZOOM_CONSENT_SEALED];

    static const char  flags[] = "; Path=/; Secure; HttpOnly; SameSite=Lax";

    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    header.len = NGX_HTTP_ZOOM_CONSENT_TEXT + 256;
    header.data = ngx_pnalloc(r->pool, header.len);

    if (header.data == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&value, header.data, header.len);
    zoom_buf_c(&value, NGX_HTTP_ZOOM_CONSENT_COOKIE);

    if (c) {
        zoom_buf_init(&plain, buf, sizeof(buf));
        zoom_consent_write(&plain, c);

        text.data = plain.data;
        text.len = plain.len;

        zoom_buf_init(&sealed, out, sizeof(out));

        if (plain.overflow
            || RAND_bytes(nonce, sizeof(nonce)) != 1
            || zoom_seal(&sealed, zmcf->store->sealing, nonce,
                         ngx_http_zoom_consent_sealed_as, text)
               != 0)
        {
            ngx_explicit_memzero(buf, plain.len);
            return NGX_ERROR;
        }

        ngx_explicit_memzero(buf, plain.len);
        zoom_base64url_encode(&value, sealed.data, sealed.len);
    }

    zoom_buf_c(&value, c ? "; Max-Age=600" : "; Max-Age=0");
    zoom_buf_c(&value, flags);

    header.len = value.len;

    return value.overflow ? NGX_ERROR
                          : ngx_http_zoom_reply_add(r, "Set-Cookie", &header);
}


ngx_int_t
ngx_http_zoom_consent_cookie_get(ngx_http_request_t *r, zoom_consent_t *c)
{
    zoom_str_t                        text;
    zoom_buf_t                        sealed, plain;
    const ngx_http_zoom_main_conf_t  *zmcf;

    if (ngx_http_zoom_consent_cookie_find(r, &text) != 1
        || text.len > NGX_HTTP_ZOOM_CONSENT_TEXT)
    {
        return NGX_DECLINED;
    }

    zoom_buf_init(&sealed, ngx_pnalloc(r->pool, text.len + 1), text.len);
    zoom_buf_init(&plain, ngx_pnalloc(r->pool, ZOOM_CONSENT_MAX),
                  ZOOM_CONSENT_MAX);

    if (sealed.data == NULL || plain.data == NULL) {
        return NGX_ERROR;
    }

    if (zoom_base64url_decode(&sealed, text) != 0) {
        return NGX_DECLINED;
    }

    text.data = sealed.data;
    text.len = sealed.len;

    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    if (zoom_open(&plain, zmcf->store->sealing, ngx_http_zoom_consent_sealed_as,
                  text)
        < 0)
    {
        return NGX_DECLINED;
    }

    text.data = plain.data;
    text.len = plain.len;

    if (zoom_consent_read(c, text) != 0 || c->expires <= ngx_time()) {
        return NGX_DECLINED;
    }

    return NGX_OK;
}


/* How many there are; each may lie in a header of its own. */

static ngx_uint_t
ngx_http_zoom_consent_cookie_find(ngx_http_request_t *r, zoom_str_t *text)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    n = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (header[i].key.len == sizeof("Cookie") - 1
                && ngx_strncasecmp(header[i].key.data, (u_char *) "Cookie",
                                   sizeof("Cookie") - 1)
                   == 0)
            {
                n += ngx_http_zoom_consent_cookie_in(&header[i].value, text);
            }
        }
    }

    return n;
}


static ngx_uint_t
ngx_http_zoom_consent_cookie_in(const ngx_str_t *header, zoom_str_t *text)
{
    u_char      *p, *end, *last;
    size_t       len;
    ngx_uint_t   n;

    n = 0;
    len = sizeof(NGX_HTTP_ZOOM_CONSENT_COOKIE) - 1;
    last = header->data + header->len;

    for (p = header->data; p < last; p = end + 1) {

        while (p < last && *p == ' ') {
            p++;
        }

        end = ngx_strlchr(p, last, ';');

        if (end == NULL) {
            end = last;
        }

        if ((size_t) (end - p) > len
            && ngx_strncmp(p, NGX_HTTP_ZOOM_CONSENT_COOKIE, len) == 0)
        {
            text->data = p + len;
            text->len = end - p - len;
            n++;
        }
    }

    return n;
}


ngx_int_t
ngx_http_zoom_consent_place(ngx_http_request_t *r, ngx_str_t *place)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ngx_str_null(place);

    if (zlcf->connect_return
        && ngx_http_complex_value(r, zlcf->connect_return, place) != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (place->len && !zoom_consent_place(ngx_http_zoom_str(place))) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: \"zoom_connect_return\" came out as no path and "
                      "no https URL, or too long, and is left out");
        ngx_str_null(place);
    }

    return NGX_OK;
}
