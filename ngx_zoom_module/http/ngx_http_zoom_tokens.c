/*
 * zoom_tokens: a callback comes in, a token goes out.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_again.h"
#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_leased.h"
#include "ngx_http_zoom_proven.h"
#include "ngx_http_zoom_query.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types.h"


static void ngx_http_zoom_tokens_post(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_proven(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_get(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_ready(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_routed(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_tokens_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_uint_t ngx_http_zoom_tokens_single(ngx_http_request_t *r);
static ngx_uint_t ngx_http_zoom_tokens_text(ngx_http_request_t *r);


ngx_int_t
ngx_http_zoom_tokens_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_callback(r, ngx_http_zoom_tokens_get,
                                        ngx_http_zoom_tokens_post);
}


static void
ngx_http_zoom_tokens_post(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char    *why;
    zoom_error_e   error;

    error = ngx_http_zoom_prove(r, ctx, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    error = ngx_http_zoom_callback_parse(r, &ctx->callback,
                                         &ngx_http_zoom_callback_doc, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    ctx->callback.bot_id = ngx_http_zoom_ngx_str(ctx->callback.parsed->bot_id);

    ngx_http_zoom_proven(r, ctx, ngx_http_zoom_prove,
                         ngx_http_zoom_tokens_proven);
}


/* The same key signs the platform's webhooks. */

static void
ngx_http_zoom_tokens_proven(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    if (ctx->auth.signed_body && !ctx->callback.parsed->typed) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_BAD_CALLBACK,
                           "a signed callback has no \"callback_type\"");
        return;
    }

    ngx_http_zoom_tokens_ready(r, ctx);
}


static void
ngx_http_zoom_tokens_get(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char    *why;
    zoom_error_e   error;

    error = ngx_http_zoom_prove_bodiless(r, ctx, &why);

    if (error == ZOOM_OK) {
        error = ngx_http_zoom_query_read(r, &ctx->callback,
                                         &ngx_http_zoom_callback_doc, &why);
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    ngx_http_zoom_proven(r, ctx, ngx_http_zoom_prove_bodiless,
                         ngx_http_zoom_tokens_ready);
}


static void
ngx_http_zoom_tokens_ready(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char                      *why;
    zoom_error_e                     error;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (ctx->callback.parsed->left_out) {
        ngx_http_zoom_info(r, "zoom: no use is made of the callback's %s",
                           ctx->callback.parsed->left_out);
    }

    if (ngx_http_zoom_ready(r, ctx) != NGX_OK) {
        return;
    }

    error = ngx_http_zoom_types_choose(r, ctx, ngx_http_zoom_tokens_single(r));

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error,
                           "the type is not in \"zoom_types\"");
        return;
    }

    error = ngx_http_zoom_target_account(r, &ctx->target, &why);
    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    /* a script may know of another account */

    if (zlcf->route && (error == ZOOM_OK || error == ZOOM_E_NO_ACCOUNT)) {
        ngx_http_zoom_route_find(r, ctx, ngx_http_zoom_tokens_routed);
        return;
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    ngx_http_zoom_tokens_routed(r, ctx);
}


static void
ngx_http_zoom_tokens_routed(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char    *why;
    zoom_error_e   error;

    why = ctx->target.why;
    error = ctx->target.route_error;

    if (error == ZOOM_OK && ctx->target.route) {
        error = ngx_http_zoom_types_routed(r, ctx,
                                           ngx_http_zoom_tokens_single(r),
                                           &why);
    }

    if (error == ZOOM_OK) {
        error = ngx_http_zoom_use_user(r, ctx, &why);
    }

    if (error == ZOOM_OK) {
        error = ngx_http_zoom_types_plan(r, ctx, &why);
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    ngx_http_zoom_leased_ask(r, ctx, ngx_http_zoom_types_plan,
                             ngx_http_zoom_tokens_done);
}


static void
ngx_http_zoom_tokens_done(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t     rc;
    ngx_uint_t    plain;
    zoom_error_e  error;

    error = ngx_http_zoom_types_lacking(r, ctx);

    if (error != ZOOM_OK) {

        if (!ngx_http_zoom_again(r, ctx, error, ngx_http_zoom_types_plan,
                                 ngx_http_zoom_tokens_done))
        {
            ngx_http_zoom_fail(r, ctx, error, NULL);
        }

        return;
    }

    if (ngx_http_zoom_tokens_text(r)) {
        rc = ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "text/plain",
                             (ngx_str_t *) ngx_http_zoom_types_one(ctx));

        ngx_http_finalize_request(r, rc);
        return;
    }

    plain = (r->method == NGX_HTTP_POST && !ctx->callback.parsed->typed);

    if (ngx_http_zoom_types_json(r, ctx, plain) != NGX_OK) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    ngx_http_finalize_request(r, ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK,
                                                     "application/json",
                                                     &ctx->reply.answer));
}


/* Where the answer is for one token, whatever its form. */

static ngx_uint_t
ngx_http_zoom_tokens_single(ngx_http_request_t *r)
{
    return r->method == NGX_HTTP_GET || ngx_http_zoom_tokens_text(r);
}


/* Text holds one token. */

static ngx_uint_t
ngx_http_zoom_tokens_text(ngx_http_request_t *r)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return zlcf->response == NGX_HTTP_ZOOM_RESPONSE_TEXT
           || (zlcf->response == NGX_HTTP_ZOOM_RESPONSE_AUTO
               && r->method == NGX_HTTP_GET);
}
