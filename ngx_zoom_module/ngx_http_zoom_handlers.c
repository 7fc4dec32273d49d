/*
 * What the content handlers have in common.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_answer.h"
#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_handlers.h"


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

    ctx = ngx_http_zoom_auth_ctx(r);

    if (ctx == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    *ctxp = ctx;

    if (!(r->method & methods)) {
        return ngx_http_zoom_answer_method(r, ctx, allow);
    }

    if (ngx_http_zoom_body_too_large(r)) {
        return ngx_http_zoom_answer_error(r, ctx, ZOOM_E_TOO_LARGE, NULL);
    }

    if (ctx->verdict == NGX_DECLINED) {
        return ngx_http_zoom_answer_error(r, ctx, ZOOM_E_UNAUTHENTICATED,
                                          ctx->why ? ctx->why
                                          : "no \"zoom_authenticate\" holds");
    }

    if (ctx->verdict == NGX_ABORT) {
        return ngx_http_zoom_answer_error(r, ctx, ZOOM_E_UNAUTHENTICATED,
                                          "a proof was sent twice");
    }

    if (ctx->verdict != NGX_OK) {
        return ngx_http_zoom_answer_error(r, ctx, ZOOM_E_INTERNAL,
                                          "no memory");
    }

    return NGX_AGAIN;
}


ngx_int_t
ngx_http_zoom_enter_bodiless(ngx_http_request_t *r, ngx_http_zoom_ctx_t **ctxp,
    ngx_uint_t methods, const char *allow)
{
    ngx_int_t             rc;
    const char           *why;
    zoom_error_e          error;
    ngx_http_zoom_ctx_t  *ctx;

    rc = ngx_http_zoom_enter(r, ctxp, methods, allow);

    if (rc != NGX_AGAIN) {
        return rc;
    }

    ctx = *ctxp;

    error = ngx_http_zoom_auth_bodiless(r, ctx, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_answer_error(r, ctx, error, why);
    }

    error = ngx_http_zoom_ctx_callback(r, ctx, NULL, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_answer_error(r, ctx, error, why);
    }

    ctx->ready = 1;

    return NGX_AGAIN;
}
