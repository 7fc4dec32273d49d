/*
 * Another user of the pool, where Zoom has refused one.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_again.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_leased.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pooled.h"


/* members that one request tries: each costs a request to Zoom */

#define NGX_HTTP_ZOOM_AGAIN_MAX  10


static const ngx_http_zoom_ask_t *ngx_http_zoom_again_ask(
    const ngx_http_zoom_ctx_t *ctx, zoom_error_e error);
static void ngx_http_zoom_again_wipe(ngx_http_zoom_batch_t *batch);
static ngx_uint_t ngx_http_zoom_again_blame(ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask);


ngx_uint_t
ngx_http_zoom_again(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, ngx_http_zoom_plan_pt plan,
    ngx_http_zoom_done_pt done)
{
    const char                 *why;
    const ngx_http_zoom_ask_t  *ask;

    if (ctx->target.pooled == NULL) {
        return 0;
    }

    ask = ngx_http_zoom_again_ask(ctx, error);

    if (ask == NULL || !ngx_http_zoom_again_blame(ctx, ask)) {
        return 0;
    }

    if (ctx->target.pooled->tries == NGX_HTTP_ZOOM_AGAIN_MAX) {
        ctx->target.pooled->status = NGX_HTTP_ZOOM_POOLED_EXHAUSTED;
        ctx->reply.after = 1;

        ngx_http_zoom_fail(r, ctx, ZOOM_E_POOL_EXHAUSTED,
                           "too many of the pool's users were refused");
        return 1;
    }

    error = ngx_http_zoom_use_pool(r, ctx, &why);

    if (error == ZOOM_E_POOL_EXHAUSTED && ask->error == ZOOM_E_ZOOM_REFUSED) {
        ctx->reply.after = 0;
        return 0;
    }

    ngx_http_zoom_again_wipe(&ctx->batch);

    if (error == ZOOM_OK) {
        error = plan(r, ctx, &why);
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return 1;
    }

    ngx_http_zoom_leased_ask(r, ctx, plan, done);

    return 1;
}


/* All but what a script has brought, which will do for the next as well. */

static void
ngx_http_zoom_again_wipe(ngx_http_zoom_batch_t *batch)
{
    ngx_uint_t            i;
    ngx_http_zoom_ask_t  *ask;

    for (i = 0; i < batch->n; i++) {
        ask = &batch->asks[i];

        if (ask->wa && ask->token.len) {
            ngx_explicit_memzero(ask->token.data, ask->token.len);
        }
    }
}


/* The one of the member's that failed so; others may be on behalf of others. */

static const ngx_http_zoom_ask_t *
ngx_http_zoom_again_ask(const ngx_http_zoom_ctx_t *ctx, zoom_error_e error)
{
    ngx_uint_t                  i;
    const ngx_http_zoom_ask_t  *ask;

    for (i = 0; i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];

        if (ask->error == error
            && ask->req.user.data == ctx->target.user.data)
        {
            return ask;
        }
    }

    return NULL;
}


/* 1 if another may do. */

static ngx_uint_t
ngx_http_zoom_again_blame(ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_pooled_t  *pooled;

    pooled = ctx->target.pooled;

    if (zoom_error_is_of_user(ask->error)) {
        ngx_http_zoom_pool_blame(pooled->conf, &pooled->picked, ask->error,
                                 ask->code);
        ngx_http_zoom_pooled_drop(pooled);
        return 1;
    }

    /* a ZAK is about the user alone, others about a meeting of the caller's */

    if (ask->error == ZOOM_E_ZOOM_REFUSED && ask->code
        && ask->req.type == ZOOM_ZAK && !pooled->suspects)
    {
        ngx_http_zoom_pool_give_back(pooled->conf, &pooled->picked);
        ngx_http_zoom_pooled_drop(pooled);

        pooled->suspects = 1;
        pooled->suspect = pooled->picked;
        pooled->code = ask->code;

        return 1;
    }

    return 0;
}
