/*
 * What the content handlers have in common.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_limit.h"
#include "ngx_http_zoom_pooled.h"
#include "ngx_http_zoom_proven.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types.h"


static ngx_http_zoom_ctx_t *ngx_http_zoom_enter_ctx(ngx_http_request_t *r);
static void ngx_http_zoom_entered(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);
static void ngx_http_zoom_entered_bodiless(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);


/* of ngx_http_zoom_callback_doc */

static u_char  ngx_http_zoom_canonical[ZOOM_CALLBACK_BODY_MAX];


ngx_int_t
ngx_http_zoom_preaccess_handler(ngx_http_request_t *r)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->use.name == NULL && !zlcf->webhook_guarded) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        ngx_http_zoom_auth_mask(r, zlcf->auth);
        return NGX_DECLINED;
    }

    return ngx_http_zoom_ctx_start(r, zlcf->auth)
           ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


/* A context with the header's proofs; NULL: no memory. */

static ngx_http_zoom_ctx_t *
ngx_http_zoom_enter_ctx(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t             *ctx;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    if (ctx && ctx->auth.checked == zlcf) {
        return ctx;
    }

    return ngx_http_zoom_ctx_start(r, zlcf->auth);
}


ngx_int_t
ngx_http_zoom_enter(ngx_http_request_t *r, ngx_http_zoom_ctx_t **ctxp,
    ngx_uint_t methods, const char *allow)
{
    ngx_http_zoom_ctx_t  *ctx;

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: subrequests are not answered");

        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx = ngx_http_zoom_enter_ctx(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *ctxp = ctx;

    if (!(r->method & methods)) {
        return ngx_http_zoom_reply_method(r, ctx, allow);
    }

    if (ngx_http_zoom_body_too_large(r)) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_TOO_LARGE, NULL);
    }

    if (ctx->auth.verdict == NGX_DECLINED) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_UNAUTHENTICATED,
                                         ctx->auth.why ? ctx->auth.why
                                         : "no \"zoom_authenticate\" holds");
    }

    if (ctx->auth.verdict == NGX_ABORT) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_UNAUTHENTICATED,
                                         "a proof was sent twice");
    }

    if (ctx->auth.verdict != NGX_OK) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                         "no memory");
    }

    return NGX_AGAIN;
}


ngx_int_t
ngx_http_zoom_enter_bodiless(ngx_http_request_t *r, ngx_uint_t methods,
    const char *allow, ngx_http_zoom_content_pt content)
{
    ngx_int_t             rc;
    const char           *why;
    zoom_error_e          error;
    ngx_http_zoom_ctx_t  *ctx;

    rc = ngx_http_zoom_enter(r, &ctx, methods, allow);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    error = ngx_http_zoom_prove_bodiless(r, ctx, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_reply_error(r, ctx, error, why);
    }

    error = ngx_http_zoom_callback_parse(r, &ctx->callback, NULL, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_reply_error(r, ctx, error, why);
    }

    if (!ngx_http_zoom_proven_due(ctx)) {
        ctx->ready = 1;

        return content(r, ctx);
    }

    ctx->content = content;

    r->main->count++;

    ngx_http_zoom_proven(r, ctx, ngx_http_zoom_prove_bodiless,
                         ngx_http_zoom_entered_bodiless);

    return NGX_DONE;
}


static void
ngx_http_zoom_entered_bodiless(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ctx->ready = 1;

    ngx_http_finalize_request(r, ctx->content(r, ctx));
}


ngx_int_t
ngx_http_zoom_enter_callback(ngx_http_request_t *r, ngx_http_zoom_done_pt get,
    ngx_http_zoom_done_pt post)
{
    ngx_int_t             rc;
    ngx_http_zoom_ctx_t  *ctx;

    rc = ngx_http_zoom_enter(r, &ctx, NGX_HTTP_GET|NGX_HTTP_POST,
                             "GET, POST");
    if (rc != NGX_AGAIN) {
        return rc;
    }

    if (r->method == NGX_HTTP_POST) {
        return ngx_http_zoom_enter_body(r, ctx, post);
    }

    rc = ngx_http_zoom_body_discard(r);

    if (rc != NGX_OK) {
        return rc;
    }

    r->main->count++;

    get(r, ctx);

    return NGX_DONE;
}


ngx_int_t
ngx_http_zoom_enter_body(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_done_pt done)
{
    ngx_int_t                        rc;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ctx->done = done;

    rc = ngx_http_zoom_body_read(r, ctx, (size_t) zlcf->body_max,
                                 ngx_http_zoom_entered);

    if (ngx_http_zoom_body_gone(r, rc)) {
        return rc;
    }

    r->main->count++;

    if (rc != NGX_AGAIN) {
        ngx_http_zoom_entered(r, ctx, rc);
    }

    return NGX_DONE;
}


static void
ngx_http_zoom_entered(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_int_t rc)
{
    switch (rc) {

    case NGX_OK:
        ctx->done(r, ctx);
        return;

    case NGX_HTTP_BAD_REQUEST:
        ngx_http_zoom_fail(r, ctx, ZOOM_E_BAD_CALLBACK,
                           "the body could not be read");
        return;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        ngx_http_zoom_fail(r, ctx, ZOOM_E_TOO_LARGE, NULL);
        return;

    default:
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL,
                           "the body could not be read");
    }
}


zoom_error_e
ngx_http_zoom_prove(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_str_t     *body;
    zoom_buf_t     canonical;
    zoom_error_e   error;

    body = &ctx->callback.body;

    error = ngx_http_zoom_auth_raw(r, &ctx->auth, body, why);

    if (error != ZOOM_OK) {
        return error;
    }

    zoom_buf_init(&canonical, ngx_http_zoom_canonical, ZOOM_CALLBACK_BODY_MAX);

    *why = zoom_json_scan_canonical(&ngx_http_zoom_callback_doc,
                                    ngx_http_zoom_str(body),
                                    ngx_http_zoom_auth_signs(&ctx->auth)
                                    ? &canonical : NULL);

    if (*why) {
        return ZOOM_E_BAD_CALLBACK;
    }

    return ngx_http_zoom_auth_body(r, &ctx->auth, body,
                                   &ngx_http_zoom_callback_doc, why);
}


zoom_error_e
ngx_http_zoom_prove_bodiless(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    return ngx_http_zoom_auth_bodiless(r, &ctx->auth, why);
}


ngx_int_t
ngx_http_zoom_ready(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;

    ctx->ready = 1;

    if (ngx_http_zoom_too_early(r, ctx)) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL,
                           "a variable was read too early");
        return NGX_ERROR;
    }

    if (ctx->auth.before.len
        && !ngx_http_zoom_same(&ctx->auth.before, &ctx->auth.caller))
    {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL,
                           "the request was authenticated before, for "
                           "another caller");
        return NGX_ERROR;
    }

    rc = ngx_http_zoom_limit(r, ctx);

    if (rc != NGX_DECLINED) {
        ngx_http_finalize_request(r, rc);
        return NGX_ERROR;
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_too_early(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (ctx->early.len == 0) {
        return 0;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->use.name) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: \"$%V\" was read before the callback was "
                      "authenticated (by \"if\", \"set\", \"limit_req\" or a "
                      "cached map): use it only in \"%s\", "
                      "\"zoom_user\", logs, and maps that these read",
                      &ctx->early, zlcf->use.name);

    } else {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: \"$%V\" was read before the webhook was "
                      "authenticated (by \"if\", \"set\", \"limit_req\" or a "
                      "cached map): use it only for the handler that gets the "
                      "webhook, in logs, and maps that these read",
                      &ctx->early);
    }

    return 1;
}


void
ngx_http_zoom_fail(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_http_finalize_request(r, ngx_http_zoom_reply_error(r, ctx, error,
                                                           why));
}


zoom_error_e
ngx_http_zoom_route(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    zoom_error_e  error;

    error = ngx_http_zoom_target_account(r, &ctx->target, why);

    return (error == ZOOM_OK) ? ngx_http_zoom_use_user(r, ctx, why) : error;
}


zoom_error_e
ngx_http_zoom_use_user(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_http_zoom_route_t           *route;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (!ngx_http_zoom_types_need_user(ctx)) {
        return ZOOM_OK;
    }

    route = ctx->target.route;
    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return (zlcf->user_pool && !(route && route->has_user))
           ? ngx_http_zoom_use_pool(r, ctx, why)
           : ngx_http_zoom_target_user(r, &ctx->target, why);
}


zoom_error_e
ngx_http_zoom_use_pool(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    zoom_error_e          error;
    ngx_http_zoom_pick_t  whose;

    ngx_memzero(&whose, sizeof(ngx_http_zoom_pick_t));

    whose.bot = ctx->callback.bot_id;
    whose.caller = ctx->auth.caller;

    error = ngx_http_zoom_pooled_next(r, &ctx->target, &whose, why);

    if (error == ZOOM_E_POOL_EXHAUSTED) {
        ctx->reply.after = ctx->target.pooled->after;
    }

    return error;
}
