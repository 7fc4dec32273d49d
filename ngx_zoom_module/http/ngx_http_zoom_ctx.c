/*
 * What is known of a request.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_once.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_pooled.h"


static ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_renew(ngx_http_request_t *r);
static void ngx_http_zoom_ctx_wipe(ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_ctx_answered(ngx_http_zoom_batch_t *batch);
static void ngx_http_zoom_ctx_abort(void *data);
static void ngx_http_zoom_ctx_cleanup(void *data);


ngx_http_zoom_ctx_t *
ngx_http_zoom_ctx_get(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    if (ctx) {
        return ctx;
    }

    /* a subrequest, or taken away by an internal redirect; one pool for all */

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_zoom_ctx_cleanup) {
            return cln->data;
        }
    }

    return NULL;
}


ngx_http_zoom_ctx_t *
ngx_http_zoom_ctx_make(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx == NULL) {
        cln = ngx_pool_cleanup_add(r->pool, sizeof(ngx_http_zoom_ctx_t));
        if (cln == NULL) {
            return NULL;
        }

        ctx = cln->data;

        ngx_memzero(ctx, sizeof(ngx_http_zoom_ctx_t));

        ctx->request = r->main;

        cln->handler = ngx_http_zoom_ctx_cleanup;
    }

    ngx_http_set_ctx(r, ctx, ngx_http_zoom_module);

    return ctx;
}


ngx_http_zoom_ctx_t *
ngx_http_zoom_ctx_start(ngx_http_request_t *r, const ngx_array_t *lines)
{
    ngx_http_zoom_ctx_t             *ctx;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ctx = ngx_http_zoom_ctx_renew(r);

    if (ctx == NULL
        || ngx_http_zoom_callback_keep_args(r, &ctx->callback) != NGX_OK)
    {
        ngx_http_zoom_auth_mask(r, lines);
        return NULL;
    }

    (void) ngx_http_zoom_auth_header(r, &ctx->auth, lines,
                                     ngx_http_zoom_ctx_args(r, ctx));

    ctx->auth.checked = (lines == zlcf->auth) ? zlcf : NULL;

    return ctx;
}


static ngx_http_zoom_ctx_t *
ngx_http_zoom_ctx_renew(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t  *ctx, old;

    if (r != r->main || ngx_http_zoom_ctx_get(r) == NULL) {
        return ngx_http_zoom_ctx_make(r);
    }

    ctx = ngx_http_zoom_ctx_make(r);

    ngx_http_zoom_ctx_abort(ctx);
    ngx_http_zoom_ctx_wipe(ctx);
    ngx_http_zoom_pooled_settle(ctx->target.pooled, 0);

    old = *ctx;

    ngx_memzero(ctx, sizeof(ngx_http_zoom_ctx_t));

    ctx->request = r;
    ctx->early = old.early;
    ctx->watched = old.watched;
    ctx->refusal = old.refusal;

    ctx->auth.before = old.ready ? old.auth.caller : old.auth.before;
    ctx->auth.id = old.auth.id;
    ctx->auth.signatures = old.auth.signatures;
    ctx->auth.body = old.auth.body;
    ctx->auth.once = old.auth.once;
    ctx->auth.used_id = old.auth.used_id;
    ctx->auth.used_body = old.auth.used_body;

    ctx->delivery = old.delivery;

    ctx->callback.args = old.callback.args;
    ctx->callback.masked = old.callback.masked;
    ctx->callback.body = old.callback.body;

    ctx->reply.cache_control = old.reply.cache_control;
    ctx->reply.retry_after = old.reply.retry_after;
    ctx->reply.allow = old.reply.allow;

    return ctx;
}


void
ngx_http_zoom_ctx_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_done_pt done)
{
    ngx_msec_t              left;
    ngx_http_zoom_batch_t  *batch;

    batch = &ctx->batch;

    ctx->done = done;

    left = ngx_http_zoom_ctx_time_left(r);

    if (left == 0) {
        ngx_http_zoom_batch_cancel(batch, ZOOM_E_TIMEOUT);
        done(r, ctx);
        return;
    }

    batch->handler = ngx_http_zoom_ctx_answered;
    batch->data = ctx;
    batch->who = ctx->auth.who;

    ctx->asked = 1;

    if (ngx_http_zoom_batch_ask(batch, ngx_current_msec + left) == NGX_AGAIN) {

        if (ngx_http_zoom_ctx_watch(r, ctx) == NGX_OK) {
            return;
        }

        ngx_http_zoom_batch_cancel(batch, ZOOM_E_INTERNAL);
    }

    done(r, ctx);
}


ngx_msec_t
ngx_http_zoom_ctx_time_left(ngx_http_request_t *r)
{
    ngx_time_t                      *tp;
    ngx_msec_int_t                   spent;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    tp = ngx_timeofday();

    spent = (ngx_msec_int_t) ((tp->sec - r->start_sec) * 1000
                              + (tp->msec - r->start_msec));
    spent = ngx_max(spent, 0);

    if ((ngx_msec_t) spent >= zlcf->timeout) {
        return 0;
    }

    return zlcf->timeout - spent;
}


ngx_int_t
ngx_http_zoom_ctx_watch(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_event_t         *rev;
    ngx_http_cleanup_t  *cln;

    if (!ctx->watched) {
        cln = ngx_http_cleanup_add(r, 0);
        if (cln == NULL) {
            return NGX_ERROR;
        }

        cln->handler = ngx_http_zoom_ctx_abort;
        cln->data = ctx;

        ctx->watched = 1;
    }

    /* a body that is being thrown away has a handler of its own */

    if (r->discard_body) {
        return NGX_OK;
    }

    rev = r->connection->read;

    if (rev->ready) {
        ngx_post_event(rev, &ngx_posted_events);

    } else if (ngx_handle_read_event(rev, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    r->read_event_handler = ngx_http_test_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    return NGX_OK;
}


static void
ngx_http_zoom_ctx_answered(ngx_http_zoom_batch_t *batch)
{
    ngx_connection_t     *c;
    ngx_http_request_t   *r;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = batch->data;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ctx->done(r, ctx);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_zoom_ctx_abort(void *data)
{
    ngx_http_zoom_ctx_t  *ctx = data;

    if (ctx->batch.waiting) {
        ngx_http_zoom_batch_cancel(&ctx->batch, ZOOM_E_TIMEOUT);
    }

    if (ctx->auth.once) {
        ngx_http_zoom_once_leave(ctx->auth.once);
    }

    ctx->proving.handler = NULL;

    ngx_http_zoom_pooled_leave(ctx->target.pooled);
}


static void
ngx_http_zoom_ctx_cleanup(void *data)
{
    ngx_http_zoom_ctx_t  *ctx = data;

    ngx_uint_t  status;

    status = ctx->request->headers_out.status;

    /* what another module has answered; our own error may have got its page */

    ngx_http_zoom_auth_settle(&ctx->auth,
                              ctx->reply.error == ZOOM_OK
                              && status >= NGX_HTTP_OK
                              && status < NGX_HTTP_SPECIAL_RESPONSE);

    ngx_http_zoom_pooled_settle(ctx->target.pooled, 0);

    /* of one that was answered before, this is over */

    if (ctx->delivery) {
        ngx_http_zoom_delivery_end(ctx->request, ctx->delivery, 0);
    }

    ngx_http_zoom_ctx_abort(ctx);
    ngx_http_zoom_ctx_wipe(ctx);
    ngx_http_zoom_callback_wipe_args(&ctx->callback);
}


static void
ngx_http_zoom_ctx_wipe(ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t   i;
    ngx_str_t   *token;

    ngx_http_zoom_batch_wipe(&ctx->batch);

    for (i = 0; ctx->target.route && i < NGX_HTTP_ZOOM_API_TOKENS; i++) {
        token = &ctx->target.route->tokens[i];

        if (token->len) {
            ngx_explicit_memzero(token->data, token->len);
        }
    }

    if (ctx->reply.answer.len) {
        ngx_explicit_memzero(ctx->reply.answer.data, ctx->reply.answer.len);
    }
}
