/*
 * A user of a pool is asked for only when no other host has let somebody have
 * it in that meeting.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_leased.h"
#include "ngx_http_zoom_pooled.h"
#include "ngx_http_zoom_shared_lease.h"


/* picks of one request: each that others have tells of all that they have */

#define NGX_HTTP_ZOOM_LEASED_MAX  8


static void ngx_http_zoom_leased_heard(void *data, ngx_int_t rc,
    const ngx_http_zoom_shared_taken_t *taken, ngx_uint_t n);
static void ngx_http_zoom_leased_next(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);


void
ngx_http_zoom_leased_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_plan_pt plan, ngx_http_zoom_done_pt done)
{
    ngx_http_zoom_pooled_t  *pooled;

    pooled = ctx->target.pooled;

    if (pooled == NULL || pooled->shared == NULL) {
        ngx_http_zoom_ctx_ask(r, ctx, done);
        return;
    }

    pooled->plan = plan;
    ctx->done = done;

    if (ngx_http_zoom_ctx_watch(r, ctx) != NGX_OK) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    if (ngx_http_zoom_pooled_take(pooled, ngx_http_zoom_leased_heard, ctx)
        != NGX_AGAIN)
    {
        ngx_http_zoom_ctx_ask(r, ctx, done);
    }
}


/* From the event loop. */

static void
ngx_http_zoom_leased_heard(void *data, ngx_int_t rc,
    const ngx_http_zoom_shared_taken_t *taken, ngx_uint_t n)
{
    ngx_http_zoom_ctx_t *ctx = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (rc == NGX_OK) {
        ngx_http_zoom_ctx_ask(r, ctx, ctx->done);

    } else {
        ngx_http_zoom_pooled_yield(ctx->target.pooled, rc == NGX_BUSY, taken,
                                   n);
        ngx_http_zoom_leased_next(r, ctx);
    }

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_zoom_leased_next(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char    *why;
    zoom_error_e   error;

    if (ctx->target.pooled->yields > NGX_HTTP_ZOOM_LEASED_MAX) {
        ctx->target.pooled->status = NGX_HTTP_ZOOM_POOLED_EXHAUSTED;
        ctx->reply.after = 1;

        ngx_http_zoom_fail(r, ctx, ZOOM_E_POOL_EXHAUSTED,
                           "other hosts have the pool's users");
        return;
    }

    error = ngx_http_zoom_use_pool(r, ctx, &why);

    if (error == ZOOM_OK) {
        error = ctx->target.pooled->plan(r, ctx, &why);
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    ngx_http_zoom_leased_ask(r, ctx, ctx->target.pooled->plan, ctx->done);
}
