/*
 * zoom_webhook: Zoom's webhooks, before another handler has them.
 *
 * This is no access handler, since "satisfy any" makes one of several suffice.
 * It runs when they all have let the request in.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_delivery.h"
#include "ngx_http_zoom_event.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_webhook.h"
#include "ngx_http_zoom_webhook_conf.h"


static ngx_int_t ngx_http_zoom_webhook_handler(ngx_http_request_t *r);
static ngx_http_zoom_delivery_t *ngx_http_zoom_webhook_enter(
    ngx_http_request_t *r, ngx_http_zoom_ctx_t **ctxp);
static ngx_int_t ngx_http_zoom_webhook_header(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_webhook_guard(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
static void ngx_http_zoom_webhook_arrived(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);
static ngx_int_t ngx_http_zoom_webhook_body(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_crc(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_take(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_share(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_webhook_heard(void *data, ngx_int_t rc);
static ngx_int_t ngx_http_zoom_webhook_alone(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_taken(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_webhook_scripted(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_routed(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_webhook_ignore(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d);
static ngx_int_t ngx_http_zoom_webhook_repeated(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);
static ngx_int_t ngx_http_zoom_webhook_pass(ngx_http_request_t *r);
static ngx_int_t ngx_http_zoom_webhook_end(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_int_t ngx_http_zoom_webhook_refuse(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);
static ngx_int_t ngx_http_zoom_webhook_nothing(ngx_http_request_t *r);
static ngx_int_t ngx_http_zoom_webhook_filter(ngx_http_request_t *r);


static ngx_http_output_header_filter_pt  ngx_http_zoom_webhook_next_filter;


ngx_int_t
ngx_http_zoom_webhook_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    if (!zmcf->webhooks) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_zoom_webhook_handler;

    ngx_http_zoom_webhook_next_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_zoom_webhook_filter;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_webhook_handler(ngx_http_request_t *r)
{
    ngx_int_t                        rc;
    ngx_http_zoom_ctx_t             *ctx;
    ngx_http_zoom_delivery_t        *d;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->webhook == NULL) {
        return NGX_DECLINED;
    }

    if (r != r->main) {
        ngx_log_error(NGX_LOG_ERR, r->connection->log, 0,
                      "zoom: a subrequest is no webhook");
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    d = ngx_http_zoom_webhook_enter(r, &ctx);

    if (d == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (d->passed) {
        return ngx_http_zoom_webhook_pass(r);
    }

    if (d->heard) {
        d->heard = 0;
        d->waits = 0;

        return ngx_http_zoom_webhook_alone(r, ctx);
    }

    if (d->waits) {
        return d->scripted ? ngx_http_zoom_webhook_routed(r, ctx) : NGX_AGAIN;
    }

    if (!d->asked) {
        rc = ngx_http_zoom_webhook_header(r, ctx);

        if (rc != NGX_OK) {
            return rc;
        }

        d->asked = 1;

        d->rc = ngx_http_zoom_body_read(r, ctx, (size_t) zlcf->body_max,
                                        ngx_http_zoom_webhook_arrived);

        if (d->rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (ngx_http_zoom_body_gone(r, d->rc)) {
            return d->rc;
        }
    }

    return ngx_http_zoom_webhook_body(r, ctx);
}


/* An error_page may lead a request that was let in to another location. */

static ngx_http_zoom_delivery_t *
ngx_http_zoom_webhook_enter(ngx_http_request_t *r, ngx_http_zoom_ctx_t **ctxp)
{
    ngx_http_zoom_ctx_t             *ctx;
    ngx_http_zoom_delivery_t        *d;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    static const ngx_array_t  nobody;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    if (ctx == NULL || ctx->auth.lines == NULL) {
        ctx = ngx_http_zoom_ctx_start(r, zlcf->webhook_guarded ? zlcf->auth
                                                               : &nobody);
        if (ctx == NULL) {
            return NULL;
        }
    }

    *ctxp = ctx;

    d = ctx->delivery;

    if (d && d->account == zlcf->webhook->account
        && (d->passed || d->where == zlcf))
    {
        return d;
    }

    if (d) {
        ngx_http_zoom_delivery_end(r, d, 0);
    }

    d = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_delivery_t));
    if (d == NULL) {
        return NULL;
    }

    d->account = zlcf->webhook->account;
    d->where = zlcf;

    ctx->delivery = d;

    return d;
}


/* What needs no body.  NGX_OK, or the request is over. */

static ngx_int_t
ngx_http_zoom_webhook_header(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char                      *why;
    zoom_error_e                     error;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (r->method != NGX_HTTP_POST) {
        ngx_http_zoom_delivery_count(r, ctx->delivery,
                                     NGX_HTTP_ZOOM_EVENT_REJECTED);

        return ngx_http_zoom_webhook_end(r,
                                 ngx_http_zoom_reply_method(r, ctx, "POST"));
    }

    if (ngx_http_zoom_body_too_large(r)) {
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_TOO_LARGE, NULL);
    }

    if (zlcf->webhook_guarded) {
        error = ngx_http_zoom_webhook_guard(r, ctx, &why);

        if (error != ZOOM_OK) {
            return ngx_http_zoom_webhook_refuse(r, ctx, error, why);
        }
    }

    why = ngx_http_zoom_delivery_header(r, ctx->delivery,
                                        zlcf->webhook_window);

    if (why) {
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_UNAUTHENTICATED,
                                            why);
    }

    return NGX_OK;
}


/* zoom_authenticate beside the signature. */

static zoom_error_e
ngx_http_zoom_webhook_guard(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    switch (ctx->auth.verdict) {

    case NGX_OK:
        return ngx_http_zoom_auth_bodiless(r, &ctx->auth, why);

    case NGX_DECLINED:
        *why = "no \"zoom_authenticate\" holds";
        return ZOOM_E_UNAUTHENTICATED;

    case NGX_ABORT:
        *why = "a proof was sent twice";
        return ZOOM_E_UNAUTHENTICATED;

    default:
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }
}


static void
ngx_http_zoom_webhook_arrived(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_int_t rc)
{
    ctx->delivery->rc = rc;

    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_zoom_webhook_body(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    switch (ctx->delivery->rc) {

    case NGX_OK:
        break;

    case NGX_AGAIN:
        return NGX_AGAIN;

    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_TOO_LARGE, NULL);

    case NGX_HTTP_BAD_REQUEST:
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_BAD_CALLBACK,
                                            "the body could not be read");

    default:
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_INTERNAL,
                                            "the body could not be read");
    }

    switch (ngx_http_zoom_delivery_verify(ctx->delivery,
                                          &ctx->callback.body))
    {

    case NGX_OK:
        return ngx_http_zoom_webhook_read(r, ctx);

    case NGX_DECLINED:
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_UNAUTHENTICATED,
                                        "the webhook's signature does not "
                                        "hold");
    default:
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_INTERNAL,
                                            "the signature could not be "
                                            "checked");
    }
}


/* Zoom has signed it. */

static ngx_int_t
ngx_http_zoom_webhook_read(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char                *why;
    zoom_error_e               error;
    ngx_http_zoom_delivery_t  *d;

    d = ctx->delivery;

    why = zoom_event_read(&d->event, ngx_http_zoom_str(&ctx->callback.body));

    if (why) {
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_BAD_CALLBACK, why);
    }

    error = ngx_http_zoom_callback_parse(r, &ctx->callback, NULL, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_webhook_refuse(r, ctx, error, why);
    }

    if (ngx_http_zoom_too_early(r, ctx)) {
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_INTERNAL,
                                            "a variable was read too early");
    }

    d->read = 1;
    ctx->ready = 1;

    if (d->event.kind == ZOOM_EVENT_VALIDATION) {
        return ngx_http_zoom_webhook_crc(r, ctx);
    }

    return ngx_http_zoom_webhook_take(r, ctx);
}


/* Zoom verifies the endpoint, as often as it likes. */

static ngx_int_t
ngx_http_zoom_webhook_crc(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_str_t                  body;
    zoom_buf_t                 b;
    const char                *why;
    ngx_http_zoom_delivery_t  *d;

    d = ctx->delivery;

    body.data = ngx_pnalloc(r->pool, ZOOM_WEBHOOK_ANSWER_MAX);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    zoom_buf_init(&b, body.data, ZOOM_WEBHOOK_ANSWER_MAX);

    why = zoom_webhook_answer(d->key, d->event.plain_token, &b);

    if (why) {
        return ngx_http_zoom_webhook_refuse(r, ctx, ZOOM_E_BAD_CALLBACK, why);
    }

    body.len = b.len;

    ngx_http_zoom_delivery_count(r, d, NGX_HTTP_ZOOM_EVENT_CRC);

    return ngx_http_zoom_webhook_end(r,
                      ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK,
                                          "application/json", &body));
}


static ngx_int_t
ngx_http_zoom_webhook_take(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_str_t                        name;
    ngx_http_zoom_delivery_t        *d;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    d = ctx->delivery;
    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    name = ngx_http_zoom_ngx_str(d->event.name);
    d->wanted = ngx_http_zoom_webhook_wants(zlcf, &name);

    /* what nobody acts on may come as often as it likes */

    if (!d->wanted
        && (!zlcf->webhook_act || d->event.kind == ZOOM_EVENT_OTHER))
    {
        return ngx_http_zoom_webhook_ignore(r, d);
    }

    rc = ngx_http_zoom_delivery_reserve(r, d, zlcf->webhook_window);

    if (rc != NGX_OK) {
        return ngx_http_zoom_webhook_repeated(r, ctx, rc);
    }

    return d->once ? ngx_http_zoom_webhook_share(r, ctx)
                   : ngx_http_zoom_webhook_taken(r, ctx);
}


/* This host has not had it.  Have the others? */

static ngx_int_t
ngx_http_zoom_webhook_share(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    if (ngx_http_zoom_once_reserve(ctx->delivery->once,
                                   ngx_http_zoom_webhook_heard, ctx)
        != NGX_AGAIN)
    {
        return ngx_http_zoom_webhook_taken(r, ctx);
    }

    ctx->delivery->waits = 1;

    return NGX_AGAIN;
}


/* From the event loop. */

static void
ngx_http_zoom_webhook_heard(void *data, ngx_int_t rc)
{
    ngx_http_zoom_ctx_t *ctx = data;

    ngx_connection_t    *c;
    ngx_http_request_t  *r;

    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    ctx->delivery->rc = rc;
    ctx->delivery->heard = 1;

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_zoom_webhook_alone(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_zoom_delivery_t  *d;

    d = ctx->delivery;

    if (d->rc == NGX_OK) {
        return ngx_http_zoom_webhook_taken(r, ctx);
    }

    ngx_http_zoom_delivery_yield(d);

    return ngx_http_zoom_webhook_repeated(r, ctx, d->rc);
}


static ngx_int_t
ngx_http_zoom_webhook_taken(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_zoom_delivery_t        *d;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    d = ctx->delivery;
    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->webhook_act) {
        ngx_http_zoom_event_act(d->account, &d->event, r->connection->log);
    }

    if (!d->wanted) {
        return ngx_http_zoom_webhook_ignore(r, d);
    }

    if (zlcf->webhook_route == NULL) {
        ngx_http_zoom_delivery_count(r, d, NGX_HTTP_ZOOM_EVENT_NEW);

        return ngx_http_zoom_webhook_pass(r);
    }

    ctx->target.account = zlcf->webhook->account;

    ngx_http_zoom_route_find(r, ctx, ngx_http_zoom_webhook_scripted);

    if (d->scripted) {
        return ngx_http_zoom_webhook_routed(r, ctx);
    }

    d->waits = 1;

    return NGX_AGAIN;
}


/* At once, or from the event loop. */

static void
ngx_http_zoom_webhook_scripted(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ctx->delivery->scripted = 1;

    if (!ctx->delivery->waits) {
        return;
    }

    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


static ngx_int_t
ngx_http_zoom_webhook_routed(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    switch (ctx->target.route_error) {

    case ZOOM_OK:
        ngx_http_zoom_delivery_count(r, ctx->delivery,
                                     NGX_HTTP_ZOOM_EVENT_NEW);

        return ngx_http_zoom_webhook_pass(r);

    case ZOOM_E_DENIED:
        ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                      "zoom: a webhook is for nobody: %s", ctx->target.why);

        return ngx_http_zoom_webhook_ignore(r, ctx->delivery);

    default:
        break;
    }

    ngx_http_zoom_delivery_count(r, ctx->delivery, NGX_HTTP_ZOOM_EVENT_NEW);

    return ngx_http_zoom_webhook_end(r,
                      ngx_http_zoom_reply_error(r, ctx,
                                                ctx->target.route_error,
                                                ctx->target.why));
}


static ngx_int_t
ngx_http_zoom_webhook_ignore(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d)
{
    ngx_http_zoom_delivery_count(r, d, NGX_HTTP_ZOOM_EVENT_IGNORED);

    return ngx_http_zoom_webhook_end(r, ngx_http_zoom_webhook_nothing(r));
}


/* NGX_AGAIN: should the other request fail, Zoom is to come again. */

static ngx_int_t
ngx_http_zoom_webhook_repeated(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_int_t rc)
{
    if (rc == NGX_DECLINED || rc == NGX_AGAIN) {
        ngx_http_zoom_delivery_count(r, ctx->delivery,
                                     NGX_HTTP_ZOOM_EVENT_DUPLICATE);
    }

    switch (rc) {

    case NGX_DECLINED:
        rc = ngx_http_zoom_webhook_nothing(r);
        break;

    case NGX_AGAIN:
        rc = ngx_http_zoom_reply_words(r, ctx, ZOOM_E_OVERLOADED,
                                 "The same webhook is being handled.");
        break;

    case NGX_BUSY:
        rc = ngx_http_zoom_reply_error(r, ctx, ZOOM_E_OVERLOADED,
                                       "there is no room to remember it");
        break;

    default:
        rc = ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                       "the webhook could not be remembered");
    }

    return ngx_http_zoom_webhook_end(r, rc);
}


/* To the location's content handler, if it has one. */

static ngx_int_t
ngx_http_zoom_webhook_pass(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_zoom_module);

    ctx->delivery->passed = 1;

    if (r->content_handler == NULL) {
        r->content_handler = ngx_http_zoom_webhook_nothing;
    }

    return NGX_DECLINED;
}


/* The phases have no word for a request that is answered. */

static ngx_int_t
ngx_http_zoom_webhook_end(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_int_t
ngx_http_zoom_webhook_refuse(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_http_zoom_delivery_count(r, ctx->delivery,
                                 NGX_HTTP_ZOOM_EVENT_REJECTED);

    return ngx_http_zoom_webhook_end(r,
                                 ngx_http_zoom_reply_error(r, ctx, error,
                                                           why));
}


static ngx_int_t
ngx_http_zoom_webhook_nothing(ngx_http_request_t *r)
{
    r->headers_out.status = NGX_HTTP_NO_CONTENT;
    r->headers_out.content_length_n = 0;
    r->header_only = 1;

    return ngx_http_send_header(r);
}


/* The delivery is over before the client can know of it, and come again. */

static ngx_int_t
ngx_http_zoom_webhook_filter(ngx_http_request_t *r)
{
    ngx_uint_t            done;
    ngx_http_zoom_ctx_t  *ctx;

    if (r != r->main) {
        return ngx_http_zoom_webhook_next_filter(r);
    }

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx && ctx->delivery) {
        done = (r->headers_out.status >= NGX_HTTP_OK
                && r->headers_out.status < NGX_HTTP_SPECIAL_RESPONSE);

        ngx_http_zoom_delivery_end(r, ctx->delivery, done);
    }

    return ngx_http_zoom_webhook_next_filter(r);
}
