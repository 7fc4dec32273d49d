/*
 * zoom_purge: forget the tokens of an account, or of one user of it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "zoom_uri.h"


static void ngx_http_zoom_purge_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_purge_now(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_uint_t ngx_http_zoom_purge_foreign(ngx_http_request_t *r);
static ngx_uint_t ngx_http_zoom_purge_form(const ngx_str_t *type);
static ngx_uint_t ngx_http_zoom_purge_elsewhere(ngx_http_request_t *r,
    const ngx_str_t *origin);
static ngx_uint_t ngx_http_zoom_purge_is(const ngx_str_t *s, const char *what);
static zoom_error_e ngx_http_zoom_purge_user(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *user);
static ngx_int_t ngx_http_zoom_purge_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t n);


static const char  ngx_http_zoom_purge_nobody[] =
    "The user argument names no user.";


ngx_int_t
ngx_http_zoom_purge_handler(ngx_http_request_t *r)
{
    ngx_int_t             rc;
    ngx_http_zoom_ctx_t  *ctx;

    rc = ngx_http_zoom_enter_bodiless(r, &ctx, NGX_HTTP_POST, "POST");

    if (rc != NGX_AGAIN) {
        return rc;
    }

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

    if (ngx_http_zoom_purge_foreign(r)) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_DENIED,
                         "A page of another site may not purge, nor a form.");
    }

    error = ngx_http_zoom_purge_user(r, ctx, &user);

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


/*
 * 1 if a browser may have been made to send this: one that is already let in
 * by its address, or knows a password for us.
 */

static ngx_uint_t
ngx_http_zoom_purge_foreign(ngx_http_request_t *r)
{
    ngx_str_t        *value;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {
            value = &header[i].value;

            if (ngx_http_zoom_purge_is(&header[i].key, "Content-Type")
                && ngx_http_zoom_purge_form(value))
            {
                return 1;
            }

            if (ngx_http_zoom_purge_is(&header[i].key, "Origin")
                && ngx_http_zoom_purge_elsewhere(r, value))
            {
                return 1;
            }

            if (ngx_http_zoom_purge_is(&header[i].key, "Sec-Fetch-Site")
                && !ngx_http_zoom_purge_is(value, "same-origin")
                && !ngx_http_zoom_purge_is(value, "none"))
            {
                return 1;
            }
        }
    }

    return 0;
}


/* What a form can be sent as. */

static ngx_uint_t
ngx_http_zoom_purge_form(const ngx_str_t *type)
{
    u_char     *p;
    ngx_str_t   name;

    name = *type;

    for (p = name.data; p < type->data + type->len; p++) {
        if (*p == ';' || *p == ' ' || *p == '\t' || *p == ',') {
            break;
        }
    }

    name.len = p - name.data;

    return ngx_http_zoom_purge_is(&name, "application/x-www-form-urlencoded")
           || ngx_http_zoom_purge_is(&name, "multipart/form-data")
           || ngx_http_zoom_purge_is(&name, "text/plain");
}


/* 0 if the page is of our own host; who ends TLS in front of us is unknown. */

static ngx_uint_t
ngx_http_zoom_purge_elsewhere(ngx_http_request_t *r, const ngx_str_t *origin)
{
    size_t      len;
    ngx_str_t  *host;

    if (r->headers_in.host == NULL) {
        return 1;
    }

    if (ngx_strncasecmp(origin->data, (u_char *) "https://", 8) == 0) {
        len = 8;

    } else if (ngx_strncasecmp(origin->data, (u_char *) "http://", 7) == 0) {
        len = 7;

    } else {
        return 1;
    }

    host = &r->headers_in.host->value;

    return origin->len - len != host->len
           || ngx_strncasecmp(origin->data + len, host->data, host->len) != 0;
}


static ngx_uint_t
ngx_http_zoom_purge_is(const ngx_str_t *s, const char *what)
{
    size_t  len;

    len = ngx_strlen(what);

    return s->len == len
           && ngx_strncasecmp(s->data, (u_char *) what, len) == 0;
}


/* Empty if all are meant. */

static zoom_error_e
ngx_http_zoom_purge_user(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_str_t *user)
{
    ngx_str_t   value;
    zoom_buf_t  b;
    ngx_uint_t  n;

    static const ngx_str_t  name = ngx_string("user");

    ngx_str_null(user);

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value);

    if (n == 0) {
        return ZOOM_OK;
    }

    if (n > 1) {
        return ZOOM_E_DENIED;
    }

    if (value.len == 0) {
        return ZOOM_E_NO_USER;
    }

    user->data = ngx_pnalloc(r->pool, value.len);
    if (user->data == NULL) {
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, user->data, value.len);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&value)) != 0) {
        return ZOOM_E_DENIED;
    }

    user->len = b.len;

    return ZOOM_OK;
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
                  "zoom: account \"%V\": purged %s, %ui tokens, for caller "
                  "\"%V\" at %V", &account->name, user ? "a user" : "all",
                  n, &ctx->auth.caller, &r->connection->addr_text);

    p = ngx_pnalloc(r->pool, sizeof("{\"purged\":}") - 1 + NGX_INT_T_LEN);
    if (p == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    body.data = p;
    body.len = ngx_sprintf(p, "{\"purged\":%ui}", n) - p;

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "application/json",
                               &body);
}
