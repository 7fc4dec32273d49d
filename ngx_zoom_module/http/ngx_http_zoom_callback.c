/*
 * What a request says: its arguments and its body, and what these are as a
 * callback.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_callback.h"


zoom_json_doc_t  ngx_http_zoom_callback_doc;


ngx_int_t
ngx_http_zoom_callback_keep_args(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb)
{
    if (r->args.len == 0
        || ngx_http_zoom_callback_args(r, cb) == &cb->args)
    {
        return NGX_OK;
    }

    ngx_http_zoom_callback_wipe_args(cb);

    cb->args.data = ngx_pnalloc(r->pool, r->args.len);
    if (cb->args.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(cb->args.data, r->args.data, r->args.len);

    cb->args.len = r->args.len;
    cb->masked = r->args;

    return NGX_OK;
}


ngx_str_t *
ngx_http_zoom_callback_args(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb)
{
    if (cb->args.len
        && cb->masked.data == r->args.data
        && cb->masked.len == r->args.len)
    {
        return &cb->args;
    }

    return &r->args;
}


void
ngx_http_zoom_callback_wipe_args(ngx_http_zoom_callback_t *cb)
{
    if (cb->args.len) {
        ngx_explicit_memzero(cb->args.data, cb->args.len);
        cb->args.len = 0;
    }
}


zoom_error_e
ngx_http_zoom_callback_parse(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb, const zoom_json_doc_t *doc,
    const char **why)
{
    size_t      size;
    zoom_buf_t  b;

    *why = "no memory";

    if (doc == NULL) {
        cb->parsed = ngx_pcalloc(r->pool, sizeof(zoom_callback_t));

        return cb->parsed ? ZOOM_OK : ZOOM_E_INTERNAL;
    }

    /* mostly nothing has to be decoded */

    size = doc->escaped;

    cb->parsed = ngx_palloc(r->pool, zoom_callback_size(doc));
    b.data = size ? ngx_pnalloc(r->pool, size) : NULL;

    if (cb->parsed == NULL || (size && b.data == NULL)) {
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, b.data, size);

    *why = zoom_callback_read(cb->parsed, doc, &b);

    return *why ? ZOOM_E_BAD_CALLBACK : ZOOM_OK;
}
