/*
 * zoom_purge: forget the tokens of an account, or of one user of it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_foreign.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"


static ngx_int_t ngx_http_zoom_purge_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_purge_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_purge_now(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_purge_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t n);


static const char  ngx_http_zoom_purge_nobody[] =
    "The user argument names no user.";


ngx_int_t
ngx_http_zoom_purge_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r, NGX_HTTP_POST, "POST",
                                        ngx_http_zoom_purge_go);
}


static ngx_int_t
ngx_http_zoom_purge_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    /* HTTP/2 clients take it amiss if they are answered before they end */

    return ngx_http_zoom_enter_body(r, ctx, ngx_http_zoom_purge_read);
}


static void
ngx_http_zoom_purge_read(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_finalize_request(r, ngx_http_zoom_purge_now(r, ctx));
}


static ngx_int_t
ngx_http_zoom_purge_now(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t                        rc;
    ngx_str_t                        user;
    ngx_uint_t                       n;
    zoom_error_e                     error;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (ngx_http_zoom_foreign(r)) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_DENIED,
                         "A page of another site may not purge, nor a form.");
    }

    error = ngx_http_zoom_foreign_user(r, ctx, &user);

    if (error != ZOOM_OK) {
        return ngx_http_zoom_reply_words(r, ctx, error,
                                         ngx_http_zoom_purge_nobody);
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    rc = ngx_http_zoom_broker_purge(zlcf->account, user.len ? &user : NULL,
                                    &n);

    if (rc == NGX_DECLINED) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_DENIED,
                                         ngx_http_zoom_purge_nobody);
    }

    if (rc == NGX_BUSY) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_RATE_LIMITED,
                             "The last purge was less than a second ago.");
    }

    if (rc != NGX_OK) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                         "the purge failed");
    }

    return ngx_http_zoom_purge_done(r, ctx, zlcf->account,
                                    user.len ? &user : NULL, n);
}


static ngx_int_t
ngx_http_zoom_purge_done(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_account_t *account, const ngx_str_t *user, ngx_uint_t n)
{
    u_char     *p;
    ngx_log_t   log;
    ngx_str_t   body;

    /* nginx would add the request line, with the user in it */

    log = *r->connection->log;
    log.handler = NULL;

    ngx_log_error(NGX_LOG_NOTICE, &log, 0,
                  "zoom: account \"%V\": purged %s, %ui token%s, for caller "
                  "\"%V\" at %V", &account->name, user ? "a user" : "all",
                  n, ngx_http_zoom_s(n), &ctx->auth.caller,
                  &r->connection->addr_text);

    p = ngx_pnalloc(r->pool, sizeof("{\"purged\":}") - 1 + NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = p;
    body.len = ngx_sprintf(p, "{\"purged\":%ui}", n) - p;

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "application/json",
                               &body);
}
