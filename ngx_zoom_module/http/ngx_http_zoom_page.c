#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_page.h"
#include "ngx_http_zoom_proof.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_reply.h"


static ngx_int_t ngx_http_zoom_page_send(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t status, const char *title,
    const char *text);


ngx_uint_t
ngx_http_zoom_page_wanted(ngx_http_request_t *r)
{
    ngx_str_t  value;

    static const ngx_str_t  name = ngx_string("accept");

    return ngx_http_zoom_proof_find(r, &name, &value)
           && ngx_strlcasestrn(value.data, value.data + value.len,
                               (u_char *) "text/html",
                               sizeof("text/html") - 2)
              != NULL;
}


ngx_int_t
ngx_http_zoom_page_error(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *title, const char *text)
{
    if (ngx_http_zoom_page_headers(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (!ngx_http_zoom_page_wanted(r)) {
        return ngx_http_zoom_reply_words(r, ctx, error, text);
    }

    ctx->reply.error = error;

    ngx_http_zoom_info(r, "zoom: %*s: %s", zoom_error_info(error)->name.len,
                       zoom_error_info(error)->name.data, text);

    return ngx_http_zoom_page_send(r, ctx, zoom_error_info(error)->status,
                                   title, text);
}


ngx_int_t
ngx_http_zoom_page(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char *title, const char *text)
{
    ngx_str_t  body;

    static const char  json[] = "{\"status\":\"connected\"}";

    if (ngx_http_zoom_page_headers(r) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (ngx_http_zoom_page_wanted(r)) {
        return ngx_http_zoom_page_send(r, ctx, NGX_HTTP_OK, title, text);
    }

    body.data = (u_char *) json;
    body.len = sizeof(json) - 1;

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "application/json", &body);
}


static ngx_int_t
ngx_http_zoom_page_send(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t status, const char *title, const char *text)
{
    ngx_http_zoom_writer_t  w;

    ngx_http_zoom_writer_init(&w, r->pool);

    ngx_http_zoom_page_head(&w, title);
    ngx_http_zoom_writef(&w, "<ul>\n<li class=%s><i>%s</i>%s</li>\n</ul>\n",
                         (status < NGX_HTTP_BAD_REQUEST) ? "green" : "amber",
                         (status < NGX_HTTP_BAD_REQUEST) ? "Done." : "No.",
                         text);
    ngx_http_zoom_page_foot(&w);

    if (w.failed) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_zoom_reply_chain(r, ctx, status,
                                     "text/html; charset=utf-8", w.out,
                                     w.size);
}


void
ngx_http_zoom_page_head(ngx_http_zoom_writer_t *w, const char *title)
{
    ngx_http_zoom_writef(w, "<!DOCTYPE html>\n"
                            "<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                            "<meta name=viewport content=\"width=device-width,"
                            "initial-scale=1\">\n"
                            "<title>%s</title>\n<style>", title);
    ngx_http_zoom_writes(w, ngx_http_zoom_html_style);
    ngx_http_zoom_writef(w, "</style>\n</head>\n<body>\n<h1>%s</h1>\n",
                         title);
}


void
ngx_http_zoom_page_foot(ngx_http_zoom_writer_t *w)
{
    ngx_http_zoom_writes(w, "</body>\n</html>\n");
}


ngx_int_t
ngx_http_zoom_page_headers(ngx_http_request_t *r)
{
    ngx_uint_t  i;

    static const struct {
        const char  *name;
        ngx_str_t    value;
    } headers[] = {
        { "Referrer-Policy", ngx_string("no-referrer") },
        { "X-Content-Type-Options", ngx_string("nosniff") },
        { "X-Frame-Options", ngx_string("DENY") },
        { "Content-Security-Policy",
          ngx_string("default-src 'none'; style-src 'unsafe-inline'; "
                     "frame-ancestors 'none'; base-uri 'none'; "
                     "form-action 'none'") }
    };

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        if (ngx_http_zoom_reply_add(r, headers[i].name, &headers[i].value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}
