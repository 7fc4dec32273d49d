/*
 * What a caller gets: docs/directives.md, "zoom_response", and docs/errors.md.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_once.h"
#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_refusals_table.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_pooled.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"


static ngx_int_t ngx_http_zoom_reply_said(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, ngx_uint_t status,
    zoom_str_t message, const char *why);
static void ngx_http_zoom_reply_log(ngx_http_request_t *r,
    zoom_error_e error, ngx_uint_t status, const char *why);
static void ngx_http_zoom_reply_type(ngx_http_request_t *r, const char *type);
static ngx_uint_t ngx_http_zoom_reply_error_page(ngx_http_request_t *r,
    ngx_uint_t status);
static ngx_int_t ngx_http_zoom_reply_headers(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_uint_t status);
static ngx_int_t ngx_http_zoom_reply_header(ngx_http_request_t *r,
    ngx_table_elt_t **header, const char *name, ngx_str_t *value);


ngx_int_t
ngx_http_zoom_reply(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t status, const char *type, ngx_str_t *body)
{
    ngx_buf_t    *b;
    ngx_chain_t  *out;

    b = ngx_calloc_buf(r->pool);
    out = ngx_alloc_chain_link(r->pool);

    if (b == NULL || out == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    b->pos = body->data;
    b->last = body->data + body->len;
    b->memory = 1;

    out->buf = b;
    out->next = NULL;

    return ngx_http_zoom_reply_chain(r, ctx, status, type, out, body->len);
}


ngx_int_t
ngx_http_zoom_reply_empty(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;

    if (ngx_http_zoom_reply_headers(r, ctx, NGX_HTTP_NO_CONTENT) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->header_only = 1;

    ngx_http_zoom_auth_settle(&ctx->auth, 1);
    ngx_http_zoom_pooled_settle(ctx->target.pooled, 1);

    rc = ngx_http_send_header(r);

    return (rc == NGX_ERROR || rc > NGX_OK) ? rc : NGX_OK;
}


ngx_int_t
ngx_http_zoom_reply_chain(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t status, const char *type, ngx_chain_t *out, off_t size)
{
    ngx_int_t     rc;
    ngx_chain_t  *last;

    (void) ngx_http_zoom_body_discard(r);

    if (ngx_http_zoom_reply_headers(r, ctx, status) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    for (last = out; last->next; last = last->next) { /* void */ }

    last->buf->last_buf = (r == r->main) ? 1 : 0;
    last->buf->last_in_chain = 1;

    r->headers_out.status = status;
    r->headers_out.content_length_n = size;

    ngx_http_zoom_reply_type(r, type);

    ngx_http_clear_accept_ranges(r);
    ngx_http_clear_last_modified(r);
    ngx_http_clear_etag(r);

#if (NGX_HTTP_GZIP)

    /* the length of a compressed secret tells about the secret */

    r->gzip_tested = 1;
    r->gzip_ok = 0;

#endif

    /* before the caller can know of it, and come again */

    ngx_http_zoom_auth_settle(&ctx->auth, status < NGX_HTTP_BAD_REQUEST);
    ngx_http_zoom_pooled_settle(ctx->target.pooled,
                                status < NGX_HTTP_SPECIAL_RESPONSE);

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_output_filter(r, out);
}


/* As of an upstream: what follows ";" names the charset. */

static void
ngx_http_zoom_reply_type(ngx_http_request_t *r, const char *type)
{
    const char  *p;

    r->headers_out.content_type.data = (u_char *) type;
    r->headers_out.content_type.len = ngx_strlen(type);
    r->headers_out.content_type_len = r->headers_out.content_type.len;
    r->headers_out.content_type_lowcase = NULL;

    p = ngx_strchr(type, ';');

    if (p) {
        r->headers_out.content_type_len = p - type;
        ngx_str_set(&r->headers_out.charset, "utf-8");
    }
}


ngx_int_t
ngx_http_zoom_reply_error(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    return ngx_http_zoom_reply_status(r, ctx, error,
                                       zoom_error_info(error)->status, why);
}


ngx_int_t
ngx_http_zoom_reply_status(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, ngx_uint_t status, const char *why)
{
    return ngx_http_zoom_reply_said(r, ctx, error, status,
                                    zoom_error_info(error)->message, why);
}


ngx_int_t
ngx_http_zoom_reply_words(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *message)
{
    return ngx_http_zoom_reply_said(r, ctx, error,
                                    zoom_error_info(error)->status,
                                    zoom_str_c(message), message);
}


ngx_int_t
ngx_http_zoom_reply_limited(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    return ngx_http_zoom_reply_said(r, ctx, ZOOM_E_RATE_LIMITED,
                                    NGX_HTTP_TOO_MANY_REQUESTS,
                                    zoom_str_c("The caller has used up its "
                                               "share, try again later."),
                                    "\"zoom_limit\" of the location");
}


static ngx_int_t
ngx_http_zoom_reply_said(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, ngx_uint_t status, zoom_str_t message,
    const char *why)
{
    size_t                    size;
    ngx_str_t                 body;
    zoom_buf_t                b;
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    ctx->reply.error = error;

    /* what became of an account's request has been counted with it */

    if (!ctx->asked) {
        ngx_http_zoom_broker_count(error);
    }

    if (ngx_http_zoom_refusal(error)) {
        ngx_http_zoom_refuse(r, ctx, error, why);

    } else {
        ngx_http_zoom_reply_log(r, error, status, why);
    }

    if (status == NGX_HTTP_REQUEST_ENTITY_TOO_LARGE) {
        r->keepalive = 0;
    }

    if (ngx_http_zoom_reply_error_page(r, status)) {

        if (ngx_http_zoom_reply_headers(r, ctx, status) != NGX_OK) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        /* the page may take its time */

        ngx_http_zoom_auth_settle(&ctx->auth, 0);
        ngx_http_zoom_pooled_settle(ctx->target.pooled, 0);

        return status;
    }

    size = sizeof("{\"error\":\"\",\"message\":\"\"}") - 1
           + ctx->reply.before.len + info->name.len + message.len;

    body.data = ngx_pnalloc(r->pool, size);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    zoom_buf_init(&b, body.data, size);

    zoom_buf_c(&b, "{");
    zoom_buf_str(&b, ngx_http_zoom_str(&ctx->reply.before));
    zoom_buf_c(&b, "\"error\":\"");
    zoom_buf_str(&b, info->name);
    zoom_buf_c(&b, "\",\"message\":\"");
    zoom_buf_str(&b, message);
    zoom_buf_c(&b, "\"}");

    body.len = b.len;

    return ngx_http_zoom_reply(r, ctx, status, "application/json", &body);
}


static void
ngx_http_zoom_reply_log(ngx_http_request_t *r, zoom_error_e error,
    ngx_uint_t status, const char *why)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    if (error == ZOOM_E_INTERNAL) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0, "zoom: %ui %*s%s%s",
                      status, info->name.len, info->name.data,
                      why ? ": " : "", why ? why : "");
        return;
    }

    ngx_http_zoom_info(r, "zoom: %ui %*s%s%s", status, info->name.len,
                       info->name.data, why ? ": " : "", why ? why : "");
}


ngx_int_t
ngx_http_zoom_reply_method(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char *methods)
{
    ngx_str_t  value;

    value.data = (u_char *) methods;
    value.len = ngx_strlen(methods);

    if (ngx_http_zoom_reply_header(r, &ctx->reply.allow, "Allow", &value)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_METHOD, NULL);
}


/* As nginx decides it when it gets a status. */

static ngx_uint_t
ngx_http_zoom_reply_error_page(ngx_http_request_t *r, ngx_uint_t status)
{
    ngx_uint_t                 i;
    ngx_http_err_page_t       *page;
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    if (r->error_page || clcf->error_pages == NULL || r->uri_changes == 0) {
        return 0;
    }

    page = clcf->error_pages->elts;

    for (i = 0; i < clcf->error_pages->nelts; i++) {
        if (page[i].status == (ngx_int_t) status) {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_zoom_reply_headers(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t status)
{
    time_t     after;
    ngx_str_t  value;

    ngx_str_set(&value, "no-store");

    if (ngx_http_zoom_reply_header(r, &ctx->reply.cache_control,
                                   "Cache-Control", &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (status != NGX_HTTP_SERVICE_UNAVAILABLE
        && status != NGX_HTTP_TOO_MANY_REQUESTS
        && ctx->reply.error != ZOOM_E_USER_NOT_IN_MEETING)
    {
        return NGX_OK;
    }

    after = ngx_max(ngx_http_zoom_batch_retry_after(&ctx->batch),
                    ngx_max(ctx->reply.after, 1));

    value.data = ngx_pnalloc(r->pool, NGX_TIME_T_LEN);
    if (value.data == NULL) {
        return NGX_ERROR;
    }

    value.len = ngx_sprintf(value.data, "%T", after) - value.data;

    return ngx_http_zoom_reply_header(r, &ctx->reply.retry_after, "Retry-After",
                                      &value);
}


ngx_int_t
ngx_http_zoom_reply_add(ngx_http_request_t *r, const char *name,
    const ngx_str_t *value)
{
    ngx_str_t         text;
    ngx_table_elt_t  *none;

    none = NULL;
    text = *value;

    return ngx_http_zoom_reply_header(r, &none, name, &text);
}


static ngx_int_t
ngx_http_zoom_reply_header(ngx_http_request_t *r, ngx_table_elt_t **header,
    const char *name, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = *header;

    if (h == NULL) {
        h = ngx_list_push(&r->headers_out.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->key.data = (u_char *) name;
        h->key.len = ngx_strlen(name);

        *header = h;
    }

    h->hash = 1;
    h->value = *value;

    return NGX_OK;
}
