/*
 * zoom_connected: a user comes back from Zoom's page.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_connect_wait.h"
#include "ngx_http_zoom_consent_cookie.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_page.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "zoom_consent.h"
#include "zoom_uri.h"


#define NGX_HTTP_ZOOM_CONNECTED_TITLE  "Connect Zoom"


static ngx_int_t ngx_http_zoom_connected_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_connected_back(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_connected_arg(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_str_t *name, ngx_str_t *value);
static ngx_int_t ngx_http_zoom_connected_no(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char *text);
static ngx_int_t ngx_http_zoom_connected_exchange(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const zoom_consent_t *c, const ngx_str_t *code);
static ngx_int_t ngx_http_zoom_connected_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_connect_t *c);


/* What the log and error pages must not have. */

static const ngx_str_t  ngx_http_zoom_connected_code = ngx_string("code");
static const ngx_str_t  ngx_http_zoom_connected_state = ngx_string("state");
static const ngx_str_t  ngx_http_zoom_connected_error = ngx_string("error");


ngx_int_t
ngx_http_zoom_connected_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r, NGX_HTTP_GET, "GET",
                                        ngx_http_zoom_connected_go);
}


static ngx_int_t
ngx_http_zoom_connected_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    return (rc == NGX_OK) ? ngx_http_zoom_connected_back(r, ctx) : rc;
}


static ngx_int_t
ngx_http_zoom_connected_back(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_str_t                        code, state, error;
    zoom_consent_t                   c;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (ngx_http_zoom_connected_arg(r, ctx, &ngx_http_zoom_connected_state,
                                    &state) != NGX_OK
        || ngx_http_zoom_connected_arg(r, ctx, &ngx_http_zoom_connected_code,
                                       &code) != NGX_OK
        || ngx_http_zoom_connected_arg(r, ctx, &ngx_http_zoom_connected_error,
                                       &error) != NGX_OK)
    {
        return ngx_http_zoom_connected_no(r, ctx, "This is not an answer "
                                          "from Zoom. Please start again.");
    }

    rc = ngx_http_zoom_consent_cookie_get(r, &c);

    if (rc == NGX_ERROR) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    /* whoever brings it must be the one who was sent */

    if (rc != NGX_OK
        || !zoom_str_eq(c.account, ngx_http_zoom_str(&zlcf->use.account))
        || !zoom_secret_eq(c.state, ngx_http_zoom_str(&state)))
    {
        return ngx_http_zoom_connected_no(r, ctx, "This answer from Zoom "
                         "belongs to another browser, or came too late. "
                         "Please start again.");
    }

    if (error.len) {
        (void) ngx_http_zoom_consent_cookie_set(r, NULL);
        ngx_http_zoom_connect_declined(zlcf->account);

        return ngx_http_zoom_connected_no(r, ctx,
                  (zoom_str_eq(ngx_http_zoom_str(&error),
                               zoom_str_c("access_denied")))
                  ? "You have declined, and nothing was connected."
                  : "Zoom did not ask you, and nothing was connected.");
    }

    if (code.len == 0) {
        return ngx_http_zoom_connected_no(r, ctx, "This is not an answer "
                                          "from Zoom. Please start again.");
    }

    return ngx_http_zoom_connected_exchange(r, ctx, &c, &code);
}


/* Decoded; empty where it was not sent.  NGX_ERROR: twice, or no encoding. */

static ngx_int_t
ngx_http_zoom_connected_arg(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_str_t *name, ngx_str_t *value)
{
    ngx_str_t   raw;
    zoom_buf_t  b;

    ngx_str_null(value);
    ngx_str_null(&raw);

    if (ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), name, &raw) > 1
        || raw.len > NGX_HTTP_ZOOM_CODE_MAX)
    {
        return NGX_ERROR;
    }

    if (raw.len == 0) {
        return NGX_OK;
    }

    zoom_buf_init(&b, ngx_pnalloc(r->pool, raw.len), raw.len);

    if (b.data == NULL || zoom_uri_unescape(&b, ngx_http_zoom_str(&raw)) != 0)
    {
        return NGX_ERROR;
    }

    value->data = b.data;
    value->len = b.len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_connected_no(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char *text)
{
    return ngx_http_zoom_page_error(r, ctx, ZOOM_E_DENIED,
                                    NGX_HTTP_ZOOM_CONNECTED_TITLE, text);
}


static ngx_int_t
ngx_http_zoom_connected_exchange(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const zoom_consent_t *c, const ngx_str_t *code)
{
    ngx_str_t                        alias, verifier;
    ngx_http_zoom_connect_t         *connect;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    alias = ngx_http_zoom_ngx_str(c->alias);
    verifier = ngx_http_zoom_ngx_str(c->verifier);

    connect = ngx_http_zoom_connect_code(zlcf->account, &alias, code,
                                         &verifier);
    if (connect == NULL) {
        return ngx_http_zoom_page_error(r, ctx, ZOOM_E_OVERLOADED,
                                        NGX_HTTP_ZOOM_CONNECTED_TITLE,
                                        "Too many connect at once. Try again.");
    }

    ctx->back = ngx_http_zoom_ngx_str(c->back);

    if (ngx_http_zoom_connect_wait(r, ctx, connect,
                                   ngx_http_zoom_connected_done)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    r->main->count++;

    return NGX_DONE;
}


static ngx_int_t
ngx_http_zoom_connected_done(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_connect_t *c)
{
    ngx_str_t  place, body;

    if (c->error != ZOOM_OK) {
        return ngx_http_zoom_page_error(r, ctx, c->error,
                   NGX_HTTP_ZOOM_CONNECTED_TITLE,
                   (c->error == ZOOM_E_STORE_UNAVAILABLE)
                   ? "The account could not be stored. Try again later."
                   : (c->error == ZOOM_E_DENIED)
                   ? "Zoom no longer accepts this answer. Start again."
                   : "Zoom did not connect the account. Try again later.");
    }

    /* what zoom_connect has sealed, or what stands here */

    place = ctx->back;

    if ((!zoom_consent_place(ngx_http_zoom_str(&place))
         && ngx_http_zoom_consent_place(r, &place) != NGX_OK)
        || ngx_http_zoom_consent_cookie_set(r, NULL) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (place.len == 0) {
        return ngx_http_zoom_page(r, ctx, NGX_HTTP_ZOOM_CONNECTED_TITLE,
                                  "Your Zoom account is connected. You may "
                                  "close this page.");
    }

    if (ngx_http_zoom_page_headers(r) != NGX_OK
        || ngx_http_zoom_reply_add(r, "Location", &place) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&body, "Connected.\n");

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_SEE_OTHER, "text/plain",
                               &body);
}
