/*
 * zoom_disconnect: a user's grant is revoked and forgotten.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_disconnect.h"
#include "ngx_http_zoom_foreign.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "zoom_user.h"


typedef struct {
    ngx_http_request_t          *request;
    ngx_http_zoom_ctx_t         *ctx;
    ngx_http_zoom_disconnect_t  *disconnect;     /* NULL: it is over */
} ngx_http_zoom_revoke_t;


static ngx_int_t ngx_http_zoom_revoke_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_revoke_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_revoke_now(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_revoke_done(ngx_http_zoom_disconnect_t *d);
static ngx_int_t ngx_http_zoom_revoke_reply(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error);
static void ngx_http_zoom_revoke_left(void *data);


ngx_int_t
ngx_http_zoom_disconnect_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r, NGX_HTTP_POST, "POST",
                                        ngx_http_zoom_revoke_go);
}


static ngx_int_t
ngx_http_zoom_revoke_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    return ngx_http_zoom_enter_body(r, ctx, ngx_http_zoom_revoke_read);
}


static void
ngx_http_zoom_revoke_read(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_zoom_revoke_now(r, ctx);

    if (rc != NGX_AGAIN) {
        ngx_http_finalize_request(r, rc);
    }
}


static ngx_int_t
ngx_http_zoom_revoke_now(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_str_t                        user;
    zoom_user_e                      type;
    zoom_error_e                     error;
    ngx_http_cleanup_t              *cln;
    ngx_http_zoom_revoke_t          *revoke;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (ngx_http_zoom_foreign(r)) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_DENIED,
                    "A page of another site may not disconnect, nor a form.");
    }

    error = ngx_http_zoom_foreign_user(r, ctx, &user);
    type = zoom_user_check(ngx_http_zoom_str(&user));

    if (error != ZOOM_OK || (type != ZOOM_USER_ID && type != ZOOM_USER_EMAIL))
    {
        return ngx_http_zoom_reply_words(r, ctx, error ? error : ZOOM_E_DENIED,
                                         "The user argument names no user.");
    }

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_zoom_revoke_t));

    if (cln == NULL || ngx_http_zoom_ctx_watch(r, ctx) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    revoke = cln->data;
    revoke->request = r;
    revoke->ctx = ctx;
    revoke->disconnect = ngx_http_zoom_disconnect(zlcf->account, &user);

    if (revoke->disconnect == NULL) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_OVERLOADED,
                                         "too many disconnect at once");
    }

    cln->handler = ngx_http_zoom_revoke_left;

    revoke->disconnect->handler = ngx_http_zoom_revoke_done;
    revoke->disconnect->data = revoke;

    return NGX_AGAIN;
}


static void
ngx_http_zoom_revoke_done(ngx_http_zoom_disconnect_t *d)
{
    ngx_connection_t        *c;
    ngx_http_request_t      *r;
    ngx_http_zoom_revoke_t  *revoke;

    revoke = d->data;
    r = revoke->request;
    c = r->connection;

    revoke->disconnect = NULL;
    revoke->ctx->reply.after = d->retry_after;

    ngx_http_set_log_request(c->log, r);

    ngx_http_finalize_request(r, ngx_http_zoom_revoke_reply(r, revoke->ctx,
                                                            d->error));

    ngx_http_run_posted_requests(c);
}


static ngx_int_t
ngx_http_zoom_revoke_reply(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error)
{
    if (error == ZOOM_E_NOT_CONNECTED) {
        return ngx_http_zoom_reply_status(r, ctx, ZOOM_E_USER_UNKNOWN,
                                          NGX_HTTP_NOT_FOUND,
                                          "the user has not connected");
    }

    if (error != ZOOM_OK) {
        return ngx_http_zoom_reply_error(r, ctx, error, NULL);
    }

    return ngx_http_zoom_reply_empty(r, ctx);
}


static void
ngx_http_zoom_revoke_left(void *data)
{
    ngx_http_zoom_revoke_t  *revoke = data;

    if (revoke->disconnect) {
        revoke->disconnect->handler = NULL;
        revoke->disconnect = NULL;
    }
}
