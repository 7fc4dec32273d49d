#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_query.h"
#include "ngx_http_zoom_str.h"
#include "zoom_uri.h"


static zoom_error_e ngx_http_zoom_query_one(ngx_http_request_t *r,
    const ngx_str_t *args, const ngx_str_t *names, ngx_str_t *value,
    const char **why);
static zoom_error_e ngx_http_zoom_query_plain(ngx_http_request_t *r,
    ngx_str_t *value, const char **why);
static zoom_error_e ngx_http_zoom_query_extra(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb, zoom_json_doc_t *doc, const ngx_str_t *extra,
    const char **why);


/* The first one that was sent counts. */

static ngx_str_t  ngx_http_zoom_query_bot_id[] = {
    ngx_string("bot_id"), ngx_string("bot_uuid"), ngx_null_string
};


static ngx_str_t  ngx_http_zoom_query_meeting[] = {
    ngx_string("meeting_url"), ngx_string("meeting_number"),
    ngx_string("meeting_id"), ngx_null_string
};


static ngx_str_t  ngx_http_zoom_query_metadata = ngx_string("extra");


zoom_error_e
ngx_http_zoom_query_read(ngx_http_request_t *r, ngx_http_zoom_callback_t *cb,
    zoom_json_doc_t *doc, const char **why)
{
    size_t        i;
    ngx_str_t     extra, meeting, *args;
    zoom_error_e  error;

    args = ngx_http_zoom_callback_args(r, cb);

    error = ngx_http_zoom_query_one(r, args, ngx_http_zoom_query_bot_id,
                                    &cb->bot_id, why);
    if (error != ZOOM_OK) {
        return error;
    }

    for (i = 0; i < cb->bot_id.len; i++) {
        if (cb->bot_id.data[i] < ' ' || cb->bot_id.data[i] == 0x7f) {
            *why = "the bot's id has control characters";
            return ZOOM_E_BAD_CALLBACK;
        }
    }

    error = ngx_http_zoom_query_one(r, args, ngx_http_zoom_query_meeting,
                                    &meeting, why);
    if (error != ZOOM_OK) {
        return error;
    }

    ngx_str_null(&extra);

    if (ngx_http_zoom_arg(args, &ngx_http_zoom_query_metadata, &extra) > 1) {
        *why = "\"extra\" was sent twice";
        return ZOOM_E_BAD_CALLBACK;
    }

    error = extra.len ? ngx_http_zoom_query_extra(r, cb, doc, &extra, why)
                      : ngx_http_zoom_callback_parse(r, cb, NULL, why);

    if (error != ZOOM_OK) {
        return error;
    }

    zoom_callback_meet(cb->parsed, ngx_http_zoom_str(&meeting));

    return ZOOM_OK;
}


/* The value of an argument, decoded; empty where none was sent. */

static zoom_error_e
ngx_http_zoom_query_one(ngx_http_request_t *r, const ngx_str_t *args,
    const ngx_str_t *names, ngx_str_t *value, const char **why)
{
    ngx_uint_t  n;

    ngx_str_null(value);

    for ( /* void */ ; names->len; names++) {

        n = ngx_http_zoom_arg(args, names, value);

        if (n > 1) {
            *why = "an argument was sent twice";
            return ZOOM_E_BAD_CALLBACK;
        }

        if (n && value->len) {
            return ngx_http_zoom_query_plain(r, value, why);
        }
    }

    return ZOOM_OK;
}


static zoom_error_e
ngx_http_zoom_query_plain(ngx_http_request_t *r, ngx_str_t *value,
    const char **why)
{
    u_char      *p;
    zoom_buf_t   b;

    p = ngx_pnalloc(r->pool, value->len);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, value->len);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(value)) != 0) {
        *why = "an argument is not valid percent-encoding";
        return ZOOM_E_BAD_CALLBACK;
    }

    value->data = b.data;
    value->len = b.len;

    return ZOOM_OK;
}


/* A form's argument that holds the metadata as a JSON object. */

static zoom_error_e
ngx_http_zoom_query_extra(ngx_http_request_t *r, ngx_http_zoom_callback_t *cb,
    zoom_json_doc_t *doc, const ngx_str_t *extra, const char **why)
{
    u_char      *p;
    size_t       i, size;
    ngx_str_t    plain;
    zoom_str_t   text;
    zoom_buf_t   b;

    size = extra->len + sizeof("{\"bot_metadata\":}") - 1;

    p = ngx_pnalloc(r->pool, size);
    plain.data = ngx_pnalloc(r->pool, extra->len);

    if (p == NULL || plain.data == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    for (i = 0; i < extra->len; i++) {
        plain.data[i] = (extra->data[i] == '+') ? ' ' : extra->data[i];
    }

    plain.len = extra->len;

    zoom_buf_init(&b, p, size);
    zoom_buf_c(&b, "{\"bot_metadata\":");

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&plain)) != 0) {
        *why = "\"extra\" is not valid percent-encoding";
        return ZOOM_E_BAD_CALLBACK;
    }

    zoom_buf_c(&b, "}");

    text.data = b.data;
    text.len = b.len;

    *why = zoom_json_scan(doc, text);

    return *why ? ZOOM_E_BAD_CALLBACK
                : ngx_http_zoom_callback_parse(r, cb, doc, why);
}
