/*
 * zoom_health: would a callback work now?  Never a mint.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"


static void ngx_http_zoom_health_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);


ngx_int_t
ngx_http_zoom_health_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_http_zoom_ask_t             *ask;
    ngx_http_zoom_ctx_t             *ctx;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    rc = ngx_http_zoom_enter_bodiless(r, &ctx,
                                 NGX_HTTP_GET|NGX_HTTP_HEAD|NGX_HTTP_POST,
                                 "GET, HEAD, POST");
    if (rc != NGX_AGAIN) {
        return rc;
    }

    rc = ngx_http_zoom_body_discard(r);

    if (rc != NGX_OK) {
        return rc;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (ngx_http_zoom_batch_init(&ctx->batch, r->pool, 1) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ask = ngx_http_zoom_batch_add(&ctx->batch, NULL, ZOOM_ZAK);

    ask->kind = NGX_HTTP_ZOOM_OAUTH;
    ask->account = zlcf->account;
    ask->health = 1;

    r->main->count++;

    ngx_http_zoom_ctx_ask(r, ctx, ngx_http_zoom_health_done);

    return NGX_DONE;
}


static void
ngx_http_zoom_health_done(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t     rc;
    zoom_error_e  error;
    ngx_str_t     body = ngx_string("{\"status\":\"ok\"}");

    error = ctx->batch.asks[0].error;

    if (error == ZOOM_OK) {
        rc = ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "application/json",
                                 &body);

    } else {
        rc = ngx_http_zoom_reply_status(r, ctx, error,
                                         NGX_HTTP_SERVICE_UNAVAILABLE, NULL);
    }

    ngx_http_finalize_request(r, rc);
}
