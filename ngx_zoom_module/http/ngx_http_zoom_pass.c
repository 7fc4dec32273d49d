/*
 * zoom_pass: how a request comes in, and what its caller gets where Zoom has
 * not answered.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_body.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_limit.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_graphql.h"


#define NGX_HTTP_ZOOM_PASS_METHODS                                            \
    (NGX_HTTP_GET|NGX_HTTP_POST|NGX_HTTP_PUT|NGX_HTTP_PATCH|NGX_HTTP_DELETE)


static ngx_int_t ngx_http_zoom_pass_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_uint_t ngx_http_zoom_pass_too_large(
    const ngx_http_zoom_pass_t *pass);
static ngx_http_zoom_pass_t *ngx_http_zoom_pass_create(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_pass_cleanup(void *data);
static void ngx_http_zoom_pass_count(const ngx_http_zoom_pass_t *pass);
static zoom_error_e ngx_http_zoom_pass_target(ngx_http_zoom_pass_t *pass,
    const char **why);
static const char *ngx_http_zoom_pass_methods(
    const ngx_http_zoom_pass_t *pass);
static ngx_int_t ngx_http_zoom_pass_refuse(ngx_http_zoom_pass_t *pass,
    zoom_error_e error, const char *why);
static const char *ngx_http_zoom_pass_reason(ngx_http_zoom_pass_t *pass,
    zoom_error_e error, const char *why);
static ngx_int_t ngx_http_zoom_pass_body(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_start(ngx_http_request_t *r);


ngx_int_t
ngx_http_zoom_pass_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r, NGX_HTTP_ZOOM_PASS_METHODS,
                                        "GET, POST, PUT, PATCH, DELETE",
                                        ngx_http_zoom_pass_go);
}


static ngx_int_t
ngx_http_zoom_pass_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_int_t                        rc;
    const char                      *why;
    zoom_error_e                     error;
    ngx_http_zoom_pass_t            *pass;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (ngx_http_zoom_too_early(r, ctx)) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL,
                                         "a variable was read too early");
    }

    rc = ngx_http_zoom_limit(r, ctx);

    if (rc != NGX_DECLINED) {
        return rc;
    }

    pass = ngx_http_zoom_pass_create(r, ctx);
    if (pass == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    why = NULL;

    error = ngx_http_zoom_pass_decide(pass, &why);

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->allow_route && (error == ZOOM_OK || error == ZOOM_E_DENIED)) {
        return ngx_http_zoom_pass_script(pass);
    }

    return ngx_http_zoom_pass_decided(pass, error, why);
}


ngx_int_t
ngx_http_zoom_pass_decided(ngx_http_zoom_pass_t *pass, zoom_error_e error,
    const char *why)
{
    if (error == ZOOM_OK) {
        error = ngx_http_zoom_pass_target(pass, &why);
    }

    if (error == ZOOM_OK) {
        error = ngx_http_zoom_pass_take(pass);
    }

    if (error != ZOOM_OK) {
        return ngx_http_zoom_pass_refuse(pass, error, why);
    }

    if (ngx_http_zoom_pass_too_large(pass)) {
        return ngx_http_zoom_reply_error(pass->request, pass->ctx,
                                         ZOOM_E_TOO_LARGE, NULL);
    }

    return ngx_http_zoom_pass_body(pass);
}


/* What has to be read as a whole. */

static ngx_uint_t
ngx_http_zoom_pass_too_large(const ngx_http_zoom_pass_t *pass)
{
    const ngx_http_request_t  *r;

    r = pass->request;

    return pass->conf->kind == NGX_HTTP_ZOOM_PASS_GRAPHQL
           && (r->headers_in.content_length_n > ZOOM_GRAPHQL_MAX
               || (r->request_body && r->request_body->temp_file));
}


static ngx_http_zoom_pass_t *
ngx_http_zoom_pass_create(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_cleanup_t              *cln;
    ngx_http_zoom_pass_t            *pass;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    pass = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_pass_t));
    if (pass == NULL) {
        return NULL;
    }

    /* it comes after that of upstream, which is added later */

    cln = ngx_http_cleanup_add(r, 0);
    if (cln == NULL) {
        return NULL;
    }

    cln->handler = ngx_http_zoom_pass_cleanup;
    cln->data = pass;

    pass->request = r;
    pass->ctx = ctx;
    pass->conf = zlcf->pass;

    ctx->pass = pass;
    ctx->target.account = zlcf->account;

    pass->origin = ngx_http_zoom_pass_origin(zlcf->account, zlcf->pass->kind);

    return pass;
}


static void
ngx_http_zoom_pass_cleanup(void *data)
{
    ngx_http_zoom_pass_t  *pass = data;

    ngx_http_zoom_pass_count(pass);

    if (!pass->call.wired) {
        ngx_http_zoom_writes_give_back(&pass->writes);
    }

    ngx_http_zoom_pass_cancel(pass);
    ngx_http_zoom_pass_wipe(pass);
    ngx_http_zoom_pass_forget(pass);
}


static void
ngx_http_zoom_pass_count(const ngx_http_zoom_pass_t *pass)
{
    zoom_error_e                     error;
    ngx_http_zoom_passed_e           result;
    ngx_http_zoom_worker_account_t  *wa;

    wa = ngx_http_zoom_worker_account(pass->ctx->target.account);

    if (wa == NULL) {
        return;
    }

    error = pass->ctx->reply.error;

    if (error) {
        result = (error == ZOOM_E_DENIED) ? NGX_HTTP_ZOOM_PASSED_DENIED
                                          : NGX_HTTP_ZOOM_PASSED_FAILED;

    } else if (pass->cut) {
        result = NGX_HTTP_ZOOM_PASSED_FAILED;

    } else if (pass->status == 0) {
        result = NGX_HTTP_ZOOM_PASSED_GONE;

    } else if (pass->status < NGX_HTTP_BAD_REQUEST) {
        result = NGX_HTTP_ZOOM_PASSED_ANSWERED;

    } else {
        result = (pass->status < NGX_HTTP_INTERNAL_SERVER_ERROR)
                 ? NGX_HTTP_ZOOM_PASSED_CLIENT_ERROR
                 : NGX_HTTP_ZOOM_PASSED_SERVER_ERROR;
    }

    ngx_http_zoom_count(&wa->state->passed[result]);
}


ngx_http_zoom_pass_t *
ngx_http_zoom_pass_get(ngx_http_request_t *r)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    return ctx ? ctx->pass : NULL;
}


/* On whose behalf, where each user has a grant. */

static zoom_error_e
ngx_http_zoom_pass_target(ngx_http_zoom_pass_t *pass, const char **why)
{
    ngx_http_zoom_target_t  *target;

    target = &pass->ctx->target;

    if (!ngx_http_zoom_account_of_users(target->account)) {
        return ZOOM_OK;
    }

    return ngx_http_zoom_target_user(pass->request, target, why);
}


static const char *
ngx_http_zoom_pass_methods(const ngx_http_zoom_pass_t *pass)
{
    switch (pass->conf->kind) {

    case NGX_HTTP_ZOOM_PASS_GRAPHQL:
        return "POST";

    case NGX_HTTP_ZOOM_PASS_MCP:
        return "GET, POST, DELETE";

    default: /* NGX_HTTP_ZOOM_PASS_DOWNLOAD */
        return "GET";
    }
}


static ngx_int_t
ngx_http_zoom_pass_refuse(ngx_http_zoom_pass_t *pass, zoom_error_e error,
    const char *why)
{
    if (error == ZOOM_E_METHOD) {
        return ngx_http_zoom_reply_method(pass->request, pass->ctx,
                                          ngx_http_zoom_pass_methods(pass));
    }

    if (pass->denial.len) {
        return ngx_http_zoom_reply_words(pass->request, pass->ctx, error,
                                         (char *) pass->denial.data);
    }

    if (why && (error == ZOOM_E_BAD_PATH || error == ZOOM_E_BAD_CALLBACK)) {
        why = ngx_http_zoom_pass_reason(pass, error, why);

        if (why == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }

        return ngx_http_zoom_reply_words(pass->request, pass->ctx, error, why);
    }

    return ngx_http_zoom_reply_error(pass->request, pass->ctx, error, why);
}


/*
 * Whoever made the request can mend it, if told what is wrong.  Of it itself
 * nothing is in there.
 */

static const char *
ngx_http_zoom_pass_reason(ngx_http_zoom_pass_t *pass, zoom_error_e error,
    const char *why)
{
    u_char      *p, *reason;
    const char  *subject;

    if (error == ZOOM_E_BAD_CALLBACK) {
        subject = "The GraphQL request";

    } else {
        subject = pass->linked ? "The link in 'url'" : "The path";
    }

    reason = ngx_pnalloc(pass->request->pool, ngx_strlen(subject)
                                              + ngx_strlen(why)
                                              + sizeof(" ."));
    if (reason == NULL) {
        return NULL;
    }

    ngx_sprintf(reason, "%s %s.%Z", subject, why);

    /* as a member of JSON */

    for (p = reason; *p; p++) {
        if (*p == '"') {
            *p = '\'';
        }
    }

    return (char *) reason;
}


/*
 * A body that is small is read before anything else, so that it may be sent
 * twice; any other is read while it is sent.
 */

static ngx_int_t
ngx_http_zoom_pass_body(ngx_http_zoom_pass_t *pass)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = pass->request;

    if (pass->method == ZOOM_GET) {
        rc = ngx_http_zoom_body_discard(r);

        if (rc != NGX_OK) {
            return rc;
        }

        /* upstream listens to the client in place of who throws it away */

        if (r->discard_body) {
            r->keepalive = 0;
        }
    }

    pass->held = (pass->conf->kind == NGX_HTTP_ZOOM_PASS_GRAPHQL
                  || (!r->headers_in.chunked
                      && r->headers_in.content_length_n
                         <= NGX_HTTP_ZOOM_PASS_HELD));

    pass->chunks = (pass->method != ZOOM_GET && !pass->held);
    pass->chunks = pass->chunks && r->headers_in.chunked;

    r->request_body_no_buffering = !pass->held;

    rc = ngx_http_read_client_request_body(r, ngx_http_zoom_pass_start);

    return (rc >= NGX_HTTP_SPECIAL_RESPONSE) ? rc : NGX_DONE;
}


static void
ngx_http_zoom_pass_start(ngx_http_request_t *r)
{
    const char            *why;
    zoom_error_e           error;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    /* another module may have read it before us */

    if (!r->request_body_no_buffering) {
        pass->held = 1;
        pass->chunks = 0;
    }

    why = NULL;
    error = ZOOM_OK;

    if (ngx_http_zoom_pass_too_large(pass)) {
        error = ZOOM_E_TOO_LARGE;

    } else if (pass->conf->kind == NGX_HTTP_ZOOM_PASS_GRAPHQL) {
        error = ngx_http_zoom_pass_decide_graphql(pass, &why);
    }

    if (error != ZOOM_OK) {
        ngx_http_finalize_request(r, ngx_http_zoom_pass_refuse(pass, error,
                                                               why));
        return;
    }

    if (ngx_http_zoom_ctx_watch(r, pass->ctx) != NGX_OK) {
        ngx_http_zoom_fail(r, pass->ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    ngx_http_zoom_pass_call(pass);
}


void
ngx_http_zoom_pass_failed(ngx_http_zoom_pass_t *pass)
{
    ngx_int_t             rc;
    zoom_error_e          error;
    ngx_http_request_t   *r;
    ngx_http_zoom_ctx_t  *ctx;

    r = pass->request;
    ctx = pass->ctx;
    error = pass->call.error;

    pass->state = NGX_HTTP_ZOOM_PASS_OVER;

    ctx->reply.after = (time_t) ((pass->call.wait + 999) / 1000);

    if (r->reading_body) {
        r->keepalive = 0;
    }

    rc = pass->refusal
         ? ngx_http_zoom_reply_words(r, ctx, error, pass->refusal)
         : ngx_http_zoom_reply_error(r, ctx, error, NULL);

    ngx_http_finalize_request(r, rc);
}
