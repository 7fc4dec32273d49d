#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_query.h"
#include "ngx_http_zoom_str.h"
#include "zoom_link.h"


static zoom_error_e ngx_http_zoom_query_one(ngx_http_request_t *r,
    const ngx_str_t *args, const ngx_str_t *names, zoom_str_t *value,
    const char **why);
static zoom_error_e ngx_http_zoom_query_plain(ngx_http_request_t *r,
    ngx_str_t raw, zoom_str_t *value, const char **why);
static zoom_error_e ngx_http_zoom_query_metadata(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb, zoom_json_doc_t *doc, const ngx_str_t *args,
    const char **why);
static zoom_error_e ngx_http_zoom_query_scan(ngx_http_request_t *r,
    zoom_json_doc_t *doc, const ngx_str_t *extra, const char **why);


/* The first one that was sent counts. */

static ngx_str_t  ngx_http_zoom_query_bot_id[] = {
    ngx_string("bot_id"), ngx_string("bot_uuid"), ngx_null_string
};


static ngx_str_t  ngx_http_zoom_query_meeting[] = {
    ngx_string("meeting_url"), ngx_string("meeting_number"),
    ngx_string("meeting_id"), ngx_null_string
};


static ngx_str_t  ngx_http_zoom_query_extra = ngx_string("extra");


zoom_error_e
ngx_http_zoom_query_read(ngx_http_request_t *r, ngx_http_zoom_callback_t *cb,
    zoom_json_doc_t *doc, const char **why)
{
    ngx_str_t     *args;
    zoom_str_t     bot, meeting;
    zoom_error_e   error;

    args = ngx_http_zoom_callback_args(r, cb);

    error = ngx_http_zoom_query_one(r, args, ngx_http_zoom_query_bot_id,
                                    &bot, why);
    if (error != ZOOM_OK) {
        return error;
    }

    error = ngx_http_zoom_query_one(r, args, ngx_http_zoom_query_meeting,
                                    &meeting, why);
    if (error != ZOOM_OK) {
        return error;
    }

    error = ngx_http_zoom_query_metadata(r, cb, doc, args, why);

    if (error != ZOOM_OK) {
        return error;
    }

    zoom_callback_is(cb->parsed, bot);
    zoom_callback_meet(cb->parsed, meeting);

    cb->bot_id = ngx_http_zoom_ngx_str(cb->parsed->bot_id);

    return ZOOM_OK;
}


/* The value of an argument, decoded; empty where none was sent. */

static zoom_error_e
ngx_http_zoom_query_one(ngx_http_request_t *r, const ngx_str_t *args,
    const ngx_str_t *names, zoom_str_t *value, const char **why)
{
    ngx_str_t   raw;
    ngx_uint_t  n;

    value->data = NULL;
    value->len = 0;

    for ( /* void */ ; names->len; names++) {

        n = ngx_http_zoom_arg(args, names, &raw);

        if (n > 1) {
            *why = "an argument was sent twice";
            return ZOOM_E_BAD_CALLBACK;
        }

        if (n && raw.len) {
            return ngx_http_zoom_query_plain(r, raw, value, why);
        }
    }

    return ZOOM_OK;
}


/* A stray "%" is no reason to refuse a token. */

static zoom_error_e
ngx_http_zoom_query_plain(ngx_http_request_t *r, ngx_str_t raw,
    zoom_str_t *value, const char **why)
{
    u_char      *p;
    zoom_buf_t   b;

    p = ngx_pnalloc(r->pool, raw.len);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, raw.len);
    zoom_link_unescape(&b, ngx_http_zoom_str(&raw));

    value->data = b.data;
    value->len = b.len;

    return ZOOM_OK;
}


/* A form's argument that holds the metadata as a JSON object. */

static zoom_error_e
ngx_http_zoom_query_metadata(ngx_http_request_t *r,
    ngx_http_zoom_callback_t *cb, zoom_json_doc_t *doc, const ngx_str_t *args,
    const char **why)
{
    ngx_str_t     extra;
    ngx_uint_t    n;
    zoom_error_e  error;

    n = ngx_http_zoom_arg(args, &ngx_http_zoom_query_extra, &extra);

    if (n > 1) {
        *why = "\"extra\" was sent twice";
        return ZOOM_E_BAD_CALLBACK;
    }

    if (n == 0 || extra.len == 0) {
        return ngx_http_zoom_callback_parse(r, cb, NULL, why);
    }

    error = ngx_http_zoom_query_scan(r, doc, &extra, why);

    if (error == ZOOM_OK) {
        return ngx_http_zoom_callback_parse(r, cb, doc, why);
    }

    if (error == ZOOM_E_BAD_CALLBACK) {
        error = ngx_http_zoom_callback_parse(r, cb, NULL, why);
    }

    if (error == ZOOM_OK) {
        cb->parsed->left_out = "extra, which is no JSON";
    }

    return error;
}


/* As the body of a POST that has nothing but metadata. */

static zoom_error_e
ngx_http_zoom_query_scan(ngx_http_request_t *r, zoom_json_doc_t *doc,
    const ngx_str_t *extra, const char **why)
{
    u_char      *p;
    size_t       i, size;
    zoom_str_t   plain;
    zoom_buf_t   b;

    size = extra->len + sizeof("{\"bot_metadata\":}") - 1;

    p = ngx_pnalloc(r->pool, size + extra->len);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    plain.data = p + size;
    plain.len = extra->len;

    for (i = 0; i < extra->len; i++) {
        p[size + i] = (extra->data[i] == '+') ? ' ' : extra->data[i];
    }

    zoom_buf_init(&b, p, size);
    zoom_buf_c(&b, "{\"bot_metadata\":");
    zoom_link_unescape(&b, plain);
    zoom_buf_c(&b, "}");

    plain.data = b.data;
    plain.len = b.len;

    *why = zoom_json_scan(doc, plain);

    return *why ? ZOOM_E_BAD_CALLBACK : ZOOM_OK;
}
