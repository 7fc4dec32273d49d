/*
 * zoom_tokens: a callback comes in, a token goes out.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_answer.h"
#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_user.h"
#include "zoom_uri.h"


static void ngx_http_zoom_tokens_body(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_zoom_tokens_post(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_get(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static const char *ngx_http_zoom_tokens_query(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e *error);
static const char *ngx_http_zoom_tokens_bot_id(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *value);
static const char *ngx_http_zoom_tokens_extra(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *extra, zoom_error_e *error);
static void ngx_http_zoom_tokens_ready(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_tokens_route(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
static void ngx_http_zoom_tokens_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_tokens_answer(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_fail(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);


/* One request at a time looks at its body, and is done before the next. */

static zoom_json_doc_t  ngx_http_zoom_tokens_doc;


ngx_int_t
ngx_http_zoom_tokens_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_http_zoom_ctx_t  *ctx;

    rc = ngx_http_zoom_enter(r, &ctx, NGX_HTTP_GET|NGX_HTTP_POST,
                             "GET, POST");
    if (rc != NGX_AGAIN) {
        return rc;
    }

    if (r->method == NGX_HTTP_POST) {
        return ngx_http_zoom_body_read(r, ctx, ngx_http_zoom_tokens_body);
    }

    rc = ngx_http_zoom_body_discard(r);

    if (rc != NGX_OK) {
        return rc;
    }

    r->main->count++;

    ngx_http_zoom_tokens_get(r, ctx);

    return NGX_DONE;
}


static void
ngx_http_zoom_tokens_body(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        ngx_http_zoom_tokens_post(r, ctx);
        return;

    case NGX_HTTP_BAD_REQUEST:
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_BAD_CALLBACK,
                                  "the body could not be read");
        return;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_TOO_LARGE, NULL);
        return;

    default:
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_INTERNAL,
                                  "the body could not be read");
    }
}


static void
ngx_http_zoom_tokens_post(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char       *why;
    ngx_uint_t        signed_body;
    zoom_error_e      error;
    zoom_json_doc_t  *doc;

    error = ngx_http_zoom_auth_raw(r, ctx, &ctx->body, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, error, why);
        return;
    }

    doc = &ngx_http_zoom_tokens_doc;

    why = zoom_json_scan(doc, ngx_http_zoom_str(&ctx->body));

    if (why) {
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_BAD_CALLBACK, why);
        return;
    }

    signed_body = 0;

    error = ngx_http_zoom_auth_body(r, ctx, doc, &signed_body, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, error, why);
        return;
    }

    error = ngx_http_zoom_ctx_callback(r, ctx, doc, &why);

    /* the same key signs the platform's webhooks */

    if (error == ZOOM_OK && signed_body && !ctx->callback->typed) {
        why = "a signed callback has no \"callback_type\"";
        error = ZOOM_E_BAD_CALLBACK;
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, error, why);
        return;
    }

    ctx->bot_id.data = (u_char *) ctx->callback->bot_id.data;
    ctx->bot_id.len = ctx->callback->bot_id.len;

    ngx_http_zoom_tokens_ready(r, ctx);
}


static void
ngx_http_zoom_tokens_get(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char    *why;
    zoom_error_e   error;

    error = ngx_http_zoom_auth_bodiless(r, ctx, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, error, why);
        return;
    }

    why = ngx_http_zoom_tokens_query(r, ctx, &error);

    if (why) {
        ngx_http_zoom_tokens_fail(r, ctx, error, why);
        return;
    }

    ngx_http_zoom_tokens_ready(r, ctx);
}


/* What platforms that use GET say in their arguments. */

static const char *
ngx_http_zoom_tokens_query(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e *error)
{
    ngx_str_t    value, *args;
    ngx_uint_t   n;
    const char  *why;

    static ngx_str_t  bot_id = ngx_string("bot_id");
    static ngx_str_t  bot_uuid = ngx_string("bot_uuid");
    static ngx_str_t  extra = ngx_string("extra");

    *error = ngx_http_zoom_ctx_callback(r, ctx, NULL, &why);

    if (*error != ZOOM_OK) {
        return why;
    }

    *error = ZOOM_E_BAD_CALLBACK;

    args = ngx_http_zoom_ctx_args(r, ctx);

    if (ngx_http_zoom_arg(args, &bot_id, &value) == 1
        || ngx_http_zoom_arg(args, &bot_uuid, &value) == 1)
    {
        why = ngx_http_zoom_tokens_bot_id(r, ctx, &value);

        if (why) {
            return why;
        }
    }

    n = ngx_http_zoom_arg(args, &extra, &value);

    if (n > 1) {
        return "\"extra\" was sent twice";
    }

    if (n == 0 || value.len == 0) {
        return NULL;
    }

    return ngx_http_zoom_tokens_extra(r, ctx, &value, error);
}


static const char *
ngx_http_zoom_tokens_bot_id(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_str_t *value)
{
    u_char      *p;
    size_t       i;
    zoom_buf_t   b;

    p = ngx_pnalloc(r->pool, value->len + 1);
    if (p == NULL) {
        return "no memory";
    }

    zoom_buf_init(&b, p, value->len + 1);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(value)) != 0) {
        return "the bot's id is not valid percent-encoding";
    }

    for (i = 0; i < b.len; i++) {
        if (b.data[i] < ' ' || b.data[i] == 0x7f) {
            return "the bot's id has control characters";
        }
    }

    ctx->bot_id.data = b.data;
    ctx->bot_id.len = b.len;

    return NULL;
}


/* A form's argument that holds the metadata as a JSON object. */

static const char *
ngx_http_zoom_tokens_extra(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_str_t *extra, zoom_error_e *error)
{
    u_char      *p;
    size_t       i, size;
    ngx_str_t    plain;
    zoom_str_t   text;
    zoom_buf_t   b;
    const char  *why;

    size = extra->len + sizeof("{\"bot_metadata\":}") - 1;

    p = ngx_pnalloc(r->pool, size);
    plain.data = ngx_pnalloc(r->pool, extra->len);

    if (p == NULL || plain.data == NULL) {
        return "no memory";
    }

    for (i = 0; i < extra->len; i++) {
        plain.data[i] = (extra->data[i] == '+') ? ' ' : extra->data[i];
    }

    plain.len = extra->len;

    zoom_buf_init(&b, p, size);
    zoom_buf_c(&b, "{\"bot_metadata\":");

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&plain)) != 0) {
        return "\"extra\" is not valid percent-encoding";
    }

    zoom_buf_c(&b, "}");

    text.data = b.data;
    text.len = b.len;

    why = zoom_json_scan(&ngx_http_zoom_tokens_doc, text);

    if (why) {
        return why;
    }

    *error = ngx_http_zoom_ctx_callback(r, ctx, &ngx_http_zoom_tokens_doc,
                                        &why);

    return (*error == ZOOM_OK) ? NULL : why;
}


/* The callback is authenticated and parsed: now variables may be read. */

static void
ngx_http_zoom_tokens_ready(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char                      *why;
    zoom_error_e                     error;
    ngx_http_zoom_ask_t             *ask;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    ctx->ready = 1;

    if (ctx->early.len) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: \"$%V\" was read before the callback was "
                      "authenticated (by \"if\", \"set\", \"limit_req\" or a "
                      "cached map): use it only in \"zoom_tokens\", "
                      "\"zoom_user\", logs, and maps that these read",
                      &ctx->early);

        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_INTERNAL,
                                  "a variable was read too early");
        return;
    }

    if (ctx->before.len
        && !ngx_http_zoom_same(&ctx->before, &ctx->caller))
    {
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_INTERNAL,
                                  "the request was authenticated before, for "
                                  "another caller");
        return;
    }

    error = ngx_http_zoom_tokens_route(r, ctx, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, error, why);
        return;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (ngx_http_zoom_batch_init(&ctx->batch, r->pool, 1) != NGX_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    ask = ngx_http_zoom_batch_add(&ctx->batch, r->pool, NGX_HTTP_ZOOM_ZAK);

    ask->account = ctx->account;
    ask->user = ctx->user;
    ask->ttl = zlcf->ttl;
    ask->reuse = zlcf->reuse;
    ask->min_left = zlcf->min_left;
    ask->use_stale = zlcf->use_stale;

    ngx_http_zoom_ctx_ask(r, ctx, ngx_http_zoom_tokens_done);
}


static zoom_error_e
ngx_http_zoom_tokens_route(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_str_t                         name;
    ngx_http_zoom_account_t          *account;
    const ngx_http_zoom_loc_conf_t   *zlcf;
    const ngx_http_zoom_main_conf_t  *zmcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    account = zlcf->account;

    if (account == NULL) {

        if (ngx_http_complex_value(r, zlcf->variable, &name) != NGX_OK) {
            *why = "\"zoom_tokens\" could not be evaluated";
            return ZOOM_E_INTERNAL;
        }

        zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

        account = ngx_http_zoom_account_find(&zmcf->accounts, &name);

        if (account == NULL) {
            *why = name.len ? "there is no such account"
                            : "\"zoom_tokens\" is empty";
            return ZOOM_E_NO_ACCOUNT;
        }
    }

    ctx->account = account;

    return ngx_http_zoom_user(r, &ctx->user, why);
}


static void
ngx_http_zoom_tokens_done(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_zoom_ask_t  *ask;

    ask = &ctx->batch.asks[0];

    if (ask->error == ZOOM_OK && ask->token.len == 0) {
        ngx_http_zoom_tokens_fail(r, ctx, ZOOM_E_INTERNAL, "an empty token");
        return;
    }

    if (ask->error != ZOOM_OK) {
        ngx_http_zoom_tokens_fail(r, ctx, ask->error, NULL);
        return;
    }

    ngx_http_finalize_request(r, ngx_http_zoom_tokens_answer(r, ctx));
}


static ngx_int_t
ngx_http_zoom_tokens_answer(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    u_char                          *p;
    size_t                           size;
    zoom_buf_t                       b;
    ngx_str_t                       *token;
    ngx_uint_t                       text;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    token = &ctx->batch.asks[0].token;

    text = (zlcf->response == NGX_HTTP_ZOOM_RESPONSE_TEXT
            || (zlcf->response == NGX_HTTP_ZOOM_RESPONSE_AUTO
                && r->method == NGX_HTTP_GET));

    if (text) {
        return ngx_http_zoom_answer(r, ctx, NGX_HTTP_OK, "text/plain", token);
    }

    size = sizeof("{\"zak_token\":\"\",\"zak\":\"\"}") - 1 + 2 * token->len;

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return ngx_http_zoom_answer_error(r, ctx, ZOOM_E_INTERNAL,
                                          "no memory");
    }

    /* a token's alphabet needs no escapes */

    zoom_buf_init(&b, p, size);

    zoom_buf_c(&b, "{\"zak_token\":\"");
    zoom_buf_add(&b, token->data, token->len);

    if (r->method == NGX_HTTP_POST && !ctx->callback->typed) {
        zoom_buf_c(&b, "\",\"zak\":\"");
        zoom_buf_add(&b, token->data, token->len);
    }

    zoom_buf_c(&b, "\"}");

    ctx->answer.data = b.data;
    ctx->answer.len = b.len;

    return ngx_http_zoom_answer(r, ctx, NGX_HTTP_OK, "application/json",
                                &ctx->answer);
}


static void
ngx_http_zoom_tokens_fail(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_http_finalize_request(r, ngx_http_zoom_answer_error(r, ctx, error,
                                                            why));
}
