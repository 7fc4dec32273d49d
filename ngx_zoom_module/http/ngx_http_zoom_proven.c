/*
 * Proofs that are good for one time: whether other hosts have had them.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_once.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_once.h"
#include "ngx_http_zoom_proven.h"


static void ngx_http_zoom_proven_heard(void *data, ngx_int_t rc);
static void ngx_http_zoom_proven_before(ngx_http_zoom_ctx_t *ctx,
    ngx_int_t rc);
static void ngx_http_zoom_proven_tell(ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why);
static void ngx_http_zoom_proven_told(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);


ngx_int_t
ngx_http_zoom_proven_ask(ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_prove_pt prove, ngx_http_zoom_proven_pt handler)
{
    ctx->proving.prove = prove;
    ctx->proving.handler = handler;

    if (ngx_http_zoom_once_reserve(ctx->auth.once, ngx_http_zoom_proven_heard,
                                   ctx)
        == NGX_AGAIN)
    {
        return NGX_AGAIN;
    }

    ctx->proving.handler = NULL;

    return NGX_OK;
}


/* From the event loop. */

static void
ngx_http_zoom_proven_heard(void *data, ngx_int_t rc)
{
    ngx_http_zoom_ctx_t *ctx = data;

    if (rc == NGX_OK) {
        ngx_http_zoom_proven_tell(ctx, ZOOM_OK, NULL);

    } else {
        ngx_http_zoom_proven_before(ctx, rc);
    }
}


/* As in one host: another line may hold whose proof was not used before. */

static void
ngx_http_zoom_proven_before(ngx_http_zoom_ctx_t *ctx, ngx_int_t rc)
{
    const char              *why;
    zoom_error_e             error;
    ngx_http_zoom_proven_pt  handler;

    handler = ctx->proving.handler;

    ngx_http_zoom_auth_settle(&ctx->auth, 0);

    ctx->auth.alive[ctx->auth.line] = 0;

    error = ctx->proving.prove(ctx->request, ctx, &why);

    if (error == ZOOM_OK) {

        if (ngx_http_zoom_proven_due(ctx)
            && ngx_http_zoom_proven_ask(ctx, ctx->proving.prove, handler)
               == NGX_AGAIN)
        {
            return;
        }

        why = NULL;
        ctx->proving.handler = handler;

    } else if (error == ZOOM_E_UNAUTHENTICATED) {
        error = ZOOM_E_REPLAYED;
        why = (rc == NGX_AGAIN) ? "another host is answering a request with "
                                  "the same proof"
                                : "another host has had the proof";
    }

    ngx_http_zoom_proven_tell(ctx, error, why);
}


static void
ngx_http_zoom_proven_tell(ngx_http_zoom_ctx_t *ctx, zoom_error_e error,
    const char *why)
{
    ngx_http_zoom_proven_pt  handler;

    handler = ctx->proving.handler;
    ctx->proving.handler = NULL;

    handler(ctx->request, ctx, error, why);
}


void
ngx_http_zoom_proven(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_prove_pt prove, ngx_http_zoom_done_pt done)
{
    if (!ngx_http_zoom_proven_due(ctx)) {
        done(r, ctx);
        return;
    }

    ctx->done = done;

    if (ngx_http_zoom_ctx_watch(r, ctx) != NGX_OK) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    if (ngx_http_zoom_proven_ask(ctx, prove, ngx_http_zoom_proven_told)
        != NGX_AGAIN)
    {
        done(r, ctx);
    }
}


static void
ngx_http_zoom_proven_told(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_connection_t  *c;

    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (error == ZOOM_OK) {
        ctx->done(r, ctx);

    } else {
        ngx_http_zoom_fail(r, ctx, error, why);
    }

    ngx_http_run_posted_requests(c);
}
