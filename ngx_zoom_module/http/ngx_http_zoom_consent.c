/*
 * zoom_connect: a user is sent to Zoom's page, or gets a code to type there.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/rand.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_connect_wait.h"
#include "ngx_http_zoom_consent_cookie.h"
#include "ngx_http_zoom_foreign.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_page.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "zoom_base64.h"
#include "zoom_consent.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_CONSENT_URL  8192


static ngx_int_t ngx_http_zoom_consent_post(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_consent_get(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_consent_code(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_consent_random(zoom_str_t *text, u_char *buf);
static ngx_int_t ngx_http_zoom_consent_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const zoom_consent_t *c);
static zoom_error_e ngx_http_zoom_consent_alias(ngx_http_request_t *r,
    ngx_str_t *alias, const char **why);
static void ngx_http_zoom_consent_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_consent_device(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_consent_given(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_connect_t *c);


ngx_int_t
ngx_http_zoom_connect_handler(ngx_http_request_t *r)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return (zlcf->account->grant == NGX_HTTP_ZOOM_DEVICE_CODE)
           ? ngx_http_zoom_enter_bodiless(r, NGX_HTTP_POST, "POST",
                                          ngx_http_zoom_consent_post)
           : ngx_http_zoom_enter_bodiless(r, NGX_HTTP_GET, "GET",
                                          ngx_http_zoom_consent_get);
}


static ngx_int_t
ngx_http_zoom_consent_post(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    return ngx_http_zoom_enter_body(r, ctx, ngx_http_zoom_consent_read);
}


static ngx_int_t
ngx_http_zoom_consent_get(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_discard_request_body(r);

    return (rc == NGX_OK) ? ngx_http_zoom_consent_code(r, ctx) : rc;
}


static ngx_int_t
ngx_http_zoom_consent_code(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_str_t                        alias, back;
    const char                      *why;
    zoom_error_e                     error;
    zoom_consent_t                   c;
    const ngx_http_zoom_loc_conf_t  *zlcf;
    u_char                           verifier[ZOOM_CONSENT_VERIFIER_LEN];
    u_char                           state[ZOOM_CONSENT_STATE_LEN];

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    error = ngx_http_zoom_consent_alias(r, &alias, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_page_error(r, ctx, error, "Connect Zoom", why);
    }

    if (ngx_http_zoom_consent_place(r, &back) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    c.expires = ngx_time() + ZOOM_CONSENT_LIFE;
    c.account = ngx_http_zoom_str(&zlcf->use.account);
    c.alias = ngx_http_zoom_str(&alias);
    c.back = ngx_http_zoom_str(&back);

    if (ngx_http_zoom_consent_random(&c.verifier, verifier) != NGX_OK
        || ngx_http_zoom_consent_random(&c.state, state) != NGX_OK)
    {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                         "RAND_bytes() failed");
    }

    return ngx_http_zoom_consent_go(r, ctx, &c);
}


static ngx_int_t
ngx_http_zoom_consent_random(zoom_str_t *text, u_char *buf)
{
    zoom_buf_t  b;
    u_char      bytes[32];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, buf, ZOOM_CONSENT_STATE_LEN);
    zoom_base64url_encode(&b, bytes, sizeof(bytes));

    text->data = b.data;
    text->len = b.len;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_consent_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const zoom_consent_t *c)
{
    ngx_str_t                        url, body;
    zoom_buf_t                       b;
    zoom_consent_app_t               app;
    ngx_http_zoom_account_t         *account;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    account = zlcf->account;

    app.authorize_url = ngx_http_zoom_str(&account->consent.authorize.url);
    app.client_id = ngx_http_zoom_str(&account->credential.client_id);
    app.redirect_uri = ngx_http_zoom_str(&account->consent.redirect_uri);
    app.scopes = ngx_http_zoom_str(&account->consent.scopes);

    url.data = ngx_pnalloc(r->pool, NGX_HTTP_ZOOM_CONSENT_URL);
    if (url.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    zoom_buf_init(&b, url.data, NGX_HTTP_ZOOM_CONSENT_URL);

    if (zoom_consent_url(&b, &app, c) != 0 || b.overflow) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                         "no URL of Zoom's page");
    }

    url.len = b.len;

    if (ngx_http_zoom_page_headers(r) != NGX_OK
        || ngx_http_zoom_reply_add(r, "Location", &url) != NGX_OK
        || ngx_http_zoom_consent_cookie_set(r, c) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_str_set(&body, "Go to Zoom.\n");

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_MOVED_TEMPORARILY,
                               "text/plain", &body);
}


/* The operator's name for the user, where there is one. */

static zoom_error_e
ngx_http_zoom_consent_alias(ngx_http_request_t *r, ngx_str_t *alias,
    const char **why)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ngx_str_null(alias);

    if (zlcf->connect_as == NULL) {
        return ZOOM_OK;
    }

    if (ngx_http_complex_value(r, zlcf->connect_as, alias) != NGX_OK) {
        *why = "The user's name could not be evaluated.";
        return ZOOM_E_INTERNAL;
    }

    switch (zoom_user_check(ngx_http_zoom_str(alias))) {

    case ZOOM_USER_ID:
    case ZOOM_USER_EMAIL:
        return ZOOM_OK;

    case ZOOM_USER_EMPTY:
        *why = "It is not known who you are: sign in first.";
        return ZOOM_E_NO_USER;

    default:
        *why = "Your name here can't be used: it must be an e-mail, or "
               "letters, digits, - and _.";
        return ZOOM_E_DENIED;
    }
}


static void
ngx_http_zoom_consent_read(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_zoom_consent_device(r, ctx);

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
    }
}


static ngx_int_t
ngx_http_zoom_consent_device(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_str_t                        alias;
    const char                      *why;
    zoom_error_e                     error;
    ngx_http_zoom_connect_t         *c;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (ngx_http_zoom_foreign(r)) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_DENIED,
                      "A page of another site may not connect, nor a form.");
    }

    error = ngx_http_zoom_consent_alias(r, &alias, &why);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_reply_words(r, ctx, error, why);
    }

    c = ngx_http_zoom_connect_device(zlcf->account, &alias);

    if (c == NULL) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_OVERLOADED,
                                         "too many users connect at once");
    }

    if (ngx_http_zoom_connect_wait(r, ctx, c, ngx_http_zoom_consent_given)
        != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_AGAIN;
}


/* What its user has to do. */

static ngx_int_t
ngx_http_zoom_consent_given(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_connect_t *c)
{
    u_char               *p;
    size_t                size;
    ngx_str_t             body;
    const zoom_device_t  *d;

    if (c->error != ZOOM_OK) {
        return ngx_http_zoom_reply_error(r, ctx, c->error, NULL);
    }

    d = &c->device;

    size = sizeof("{\"user_code\":\"\",\"verification_uri\":\"\","
                  "\"verification_uri_complete\":\"\",\"expires_in\":,"
                  "\"interval\":}")
           + ngx_strlen(d->user_code) + ngx_strlen(d->uri)
           + ngx_strlen(d->complete) + 2 * NGX_INT64_LEN;

    body.data = ngx_pnalloc(r->pool, size);
    if (body.data == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* none of these needs an escape */

    p = ngx_sprintf(body.data, "{\"user_code\":\"%s\","
                               "\"verification_uri\":\"%s\"",
                    d->user_code, d->uri);

    if (d->complete[0]) {
        p = ngx_sprintf(p, ",\"verification_uri_complete\":\"%s\"",
                        d->complete);
    }

    p = ngx_sprintf(p, ",\"expires_in\":%L,\"interval\":%L}", d->life,
                    d->interval);

    body.len = p - body.data;

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "application/json",
                               &body);
}
