/*
 * The route of a callback, where another module finds it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_link.h"
#include "ngx_http_zoom_proof.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_str.h"
#include "zoom_meeting.h"
#include "zoom_uri.h"


#define NGX_HTTP_ZOOM_REASON_MAX  200
#define NGX_HTTP_ZOOM_HEADER_MAX  256


static void ngx_http_zoom_route_take(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_int_t rc);
static const char *ngx_http_zoom_route_reason(ngx_http_request_t *r,
    const ngx_str_t *reason);
static ngx_uint_t ngx_http_zoom_route_secret(ngx_http_request_t *r,
    const ngx_str_t *name);
static ngx_uint_t ngx_http_zoom_route_named(const ngx_str_t *a,
    const ngx_str_t *b);


void
ngx_http_zoom_route_find(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_done_pt done)
{
    ngx_int_t                        rc;
    ngx_http_zoom_route_pt           route;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (ctx->pass) {
        route = zlcf->allow_route;

    } else {
        route = zlcf->webhook ? zlcf->webhook_route : zlcf->route;
    }

    ctx->done = done;
    ctx->target.route = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_route_t));

    rc = ctx->target.route ? route(r, ctx->target.route) : NGX_ERROR;

    if (rc == NGX_AGAIN) {

        if (ngx_http_zoom_ctx_watch(r, ctx) == NGX_OK) {
            return;
        }

        /* whoever looks for the route hears of it when the request ends */

        rc = NGX_ERROR;
    }

    ngx_http_zoom_route_take(r, ctx, rc);
}


/* From the event loop. */

void
ngx_http_zoom_route_done(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_connection_t     *c;
    ngx_http_zoom_ctx_t  *ctx;

    c = r->connection;
    ctx = ngx_http_zoom_ctx_get(r);

    ngx_http_set_log_request(c->log, r);

    ngx_http_zoom_route_take(r, ctx, rc);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_zoom_route_take(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_int_t rc)
{
    ngx_http_zoom_target_t  *target;

    target = &ctx->target;

    switch (rc) {

    case NGX_OK:

        if (target->route->account) {
            target->account = target->route->account;
        }

        target->route_error = ZOOM_OK;

        if (target->account == NULL) {
            target->route_error = ZOOM_E_NO_ACCOUNT;
            target->why = "neither \"zoom_tokens\" nor the route has an "
                          "account";
        }

        break;

    case NGX_DECLINED:
        target->route_error = ZOOM_E_DENIED;
        target->why = ngx_http_zoom_route_reason(r, &target->route->reason);
        break;

    default:
        target->route_error = ZOOM_E_ROUTE_FAILED;
        target->why = "the route could not be found";
    }

    ctx->done(r, ctx);
}


static const char *
ngx_http_zoom_route_reason(ngx_http_request_t *r, const ngx_str_t *reason)
{
    u_char  *p, *why;
    size_t   i, len;

    len = ngx_min(reason->len, NGX_HTTP_ZOOM_REASON_MAX);

    why = ngx_pnalloc(r->pool, sizeof("the route is refused: ") + len);
    if (why == NULL) {
        return "the route is refused";
    }

    p = ngx_cpymem(why, "the route is refused: ",
                   sizeof("the route is refused: ") - 1);

    for (i = 0; i < len; i++) {
        *p++ = (reason->data[i] < ' ' || reason->data[i] == 0x7f)
               ? '?' : reason->data[i];
    }

    *p = '\0';

    return (char *) why;
}


void
ngx_http_zoom_route_set(ngx_conf_t *cf, ngx_http_zoom_route_pt handler)
{
    ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_zoom_module);

    zlcf->route = handler;
}


void
ngx_http_zoom_route_set_webhook(ngx_conf_t *cf, ngx_http_zoom_route_pt handler)
{
    ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_zoom_module);

    zlcf->webhook_route = handler;
}


void
ngx_http_zoom_route_set_allow(ngx_conf_t *cf, ngx_http_zoom_route_pt handler)
{
    ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_zoom_module);

    zlcf->allow_route = handler;
}


void
ngx_http_zoom_route_bot(ngx_http_request_t *r, ngx_http_zoom_bot_t *bot)
{
    ngx_http_zoom_ctx_t       *ctx;
    ngx_http_zoom_delivery_t  *d;

    ctx = ngx_http_zoom_ctx_get(r);

    ngx_memzero(bot, sizeof(ngx_http_zoom_bot_t));

    if (ctx->target.account) {
        bot->account = ctx->target.account->name;
    }

    bot->caller = ctx->auth.caller;
    bot->scheme = ctx->auth.scheme;
    bot->bot_id = ctx->callback.bot_id;

    d = ctx->delivery;

    if (d && d->read) {
        bot->event = ngx_http_zoom_ngx_str(d->event.name);
        bot->event_id = d->id;
        bot->meeting_id = ngx_http_zoom_ngx_str(d->event.meeting_id);
        bot->object_id = ngx_http_zoom_ngx_str(d->event.id);
        bot->uuid = ngx_http_zoom_ngx_str(d->event.uuid);
        bot->email = ngx_http_zoom_ngx_str(d->event.email);
        bot->body = ctx->callback.body;
    }
}


ngx_int_t
ngx_http_zoom_route_bot_link(ngx_http_request_t *r, ngx_http_zoom_bot_t *bot)
{
    u_char                *p;
    size_t                 size;
    ngx_str_t              text;
    zoom_str_t             url;
    zoom_buf_t             b;
    ngx_http_zoom_link_t   link;

    url = ngx_http_zoom_ctx_get(r)->callback.parsed->meeting_url;

    if (url.len == 0) {
        return NGX_OK;
    }

    size = zoom_meeting_mask_size(url.len);

    p = ngx_pnalloc(r->pool, size + url.len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, p, size);
    zoom_meeting_mask(&b, url);

    if (!b.overflow) {
        bot->meeting_url.data = b.data;
        bot->meeting_url.len = b.len;
    }

    text = ngx_http_zoom_ngx_str(url);

    if (ngx_http_zoom_link_read(&text, p + size, &link) == NGX_OK) {
        bot->meeting_id = link.id;
        bot->passcode = link.passcode;
        bot->tk = link.tk;
        bot->webinar = link.webinar;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_route_metadata(ngx_http_request_t *r, ngx_uint_t n,
    ngx_str_t *name, ngx_str_t *value)
{
    zoom_callback_t      *callback;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);
    callback = ctx->callback.parsed;

    if (n >= callback->nmetadata) {
        return NGX_DECLINED;
    }

    *name = ngx_http_zoom_ngx_str(callback->metadata[n].name);
    *value = ngx_http_zoom_ngx_str(callback->metadata[n].value);

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_route_header(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_str_t  lower;
    u_char     buf[NGX_HTTP_ZOOM_HEADER_MAX];

    if (name->len > sizeof(buf) || ngx_http_zoom_route_secret(r, name)) {
        return NGX_DECLINED;
    }

    ngx_strlow(buf, name->data, name->len);

    lower.data = buf;
    lower.len = name->len;

    return ngx_http_zoom_proof_find(r, &lower, value) ? NGX_OK : NGX_DECLINED;
}


/* What proves something here, or elsewhere on the way. */

static ngx_uint_t
ngx_http_zoom_route_secret(ngx_http_request_t *r, const ngx_str_t *name)
{
    ngx_uint_t                        i, j;
    ngx_http_zoom_proof_t            *proof;
    ngx_http_zoom_auth_line_t        *line;
    const ngx_http_zoom_loc_conf_t   *zlcf;

    static const ngx_str_t  secrets[] = {
        ngx_string("Authorization"),
        ngx_string("Proxy-Authorization"),
        ngx_string("Cookie"),
        ngx_string("X-Webhook-Signature"),
        ngx_string("x-zm-signature"),
        ngx_string("webhook-signature"),
        ngx_string("svix-signature"),
        ngx_null_string
    };

    for (i = 0; secrets[i].len; i++) {
        if (ngx_http_zoom_route_named(&secrets[i], name)) {
            return 1;
        }
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->auth == NULL) {
        return 0;
    }

    line = zlcf->auth->elts;

    for (i = 0; i < zlcf->auth->nelts; i++) {

        proof = line[i].proofs.elts;

        for (j = 0; j < line[i].proofs.nelts; j++) {
            if (proof[j].scheme == NGX_HTTP_ZOOM_AUTH_HEADER
                && ngx_http_zoom_route_named(&proof[j].name, name))
            {
                return 1;
            }
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_zoom_route_named(const ngx_str_t *a, const ngx_str_t *b)
{
    return a->len == b->len
           && ngx_strncasecmp(a->data, b->data, a->len) == 0;
}


/* As nginx has them: what proves something has been overwritten there. */

ngx_int_t
ngx_http_zoom_route_arg(ngx_http_request_t *r, const ngx_str_t *name,
    ngx_str_t *value)
{
    u_char      *p;
    zoom_buf_t   b;
    ngx_str_t    raw;

    if (ngx_http_zoom_arg(&r->args, name, &raw) == 0) {
        return NGX_DECLINED;
    }

    p = ngx_pnalloc(r->pool, raw.len + 1);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    zoom_buf_init(&b, p, raw.len + 1);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&raw)) != 0) {
        return NGX_DECLINED;
    }

    value->data = b.data;
    value->len = b.len;

    return NGX_OK;
}
