/*
 * What the first module lends to others: tokens, requests to Zoom, and grants.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_api_ask.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_script.h"
#include "ngx_http_zoom_script_grants.h"


#define NGX_HTTP_ZOOM_API_POOL  1024


/* The one that was asked for is in use, the other is zeroed. */

typedef struct {
    ngx_http_zoom_ask_t          ask;
    ngx_http_zoom_access_t       access;
} ngx_http_zoom_api_own_t;


static ngx_int_t ngx_http_zoom_api_ask(ngx_http_request_t *r,
    ngx_http_zoom_token_ask_t *want, ngx_http_zoom_api_own_t *own);
static ngx_int_t ngx_http_zoom_api_access(ngx_http_request_t *r,
    ngx_http_zoom_token_ask_t *want, ngx_http_zoom_api_own_t *own);
static void ngx_http_zoom_api_clear(ngx_http_zoom_token_ask_t *want);
static ngx_int_t ngx_http_zoom_api_fail(ngx_http_zoom_token_ask_t *want,
    zoom_error_e error);
static void ngx_http_zoom_api_ask_handler(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_api_ask_result(ngx_http_zoom_token_ask_t *want,
    const ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_api_access_handler(ngx_http_zoom_access_t *a);
static void ngx_http_zoom_api_access_result(ngx_http_zoom_token_ask_t *want,
    const ngx_http_zoom_access_t *a);
static void ngx_http_zoom_api_got_token(ngx_http_zoom_token_ask_t *want,
    zoom_error_e error, const ngx_str_t *token,
    ngx_http_zoom_status_e status);
static const char *ngx_http_zoom_api_fill(ngx_http_request_t *r,
    ngx_http_zoom_request_t *request, ngx_http_zoom_api_call_t *call);
static void ngx_http_zoom_api_sent(ngx_http_zoom_api_call_t *call);


ngx_int_t
ngx_http_zoom_api_mint(ngx_http_request_t *r, ngx_http_zoom_token_ask_t *want)
{
    ngx_msec_t                left;
    ngx_http_zoom_api_own_t  *own;

    ngx_http_zoom_api_clear(want);

    left = ngx_http_zoom_ctx_time_left(r);
    want->timeout = ngx_min(want->timeout, left);

    own = ngx_pcalloc(want->pool, sizeof(ngx_http_zoom_api_own_t));

    if (own == NULL) {
        return ngx_http_zoom_api_fail(want, ZOOM_E_INTERNAL);
    }

    return want->access ? ngx_http_zoom_api_access(r, want, own)
                        : ngx_http_zoom_api_ask(r, want, own);
}


static ngx_int_t
ngx_http_zoom_api_ask(ngx_http_request_t *r, ngx_http_zoom_token_ask_t *want,
    ngx_http_zoom_api_own_t *own)
{
    ngx_str_t             user, meeting;
    ngx_http_zoom_ask_t  *ask;

    ask = &own->ask;

    want->error = ngx_http_zoom_script_ask(r, &want->req, want->fresh, ask);

    if (want->error) {
        return NGX_ERROR;
    }

    if (want->timeout == 0) {
        return ngx_http_zoom_api_fail(want, ZOOM_E_TIMEOUT);
    }

    ask->account = want->account;
    ask->pool = want->pool;
    ask->deadline = ngx_current_msec + want->timeout;
    ask->handler = ngx_http_zoom_api_ask_handler;
    ask->data = want;

    /* the strings are the caller's, who may forget them */

    user = ask->req.user;
    meeting = ask->req.meeting;

    if (ngx_http_zoom_script_copy(want->pool, &ask->req.user, &user) != NGX_OK
        || ngx_http_zoom_script_copy(want->pool, &ask->req.meeting, &meeting)
           != NGX_OK)
    {
        return ngx_http_zoom_api_fail(want, ZOOM_E_INTERNAL);
    }

    want->own = own;

    if (ngx_http_zoom_ask(ask) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_http_zoom_api_ask_result(want, ask);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_api_access(ngx_http_request_t *r,
    ngx_http_zoom_token_ask_t *want, ngx_http_zoom_api_own_t *own)
{
    ngx_http_zoom_access_t  *a;

    if (want->timeout == 0) {
        return ngx_http_zoom_api_fail(want, ZOOM_E_TIMEOUT);
    }

    a = &own->access;

    a->wa = ngx_http_zoom_worker_account(want->account);
    a->deadline = ngx_current_msec + want->timeout;
    a->stale_after = ngx_http_zoom_script_stale_after(r);
    a->pool = want->pool;
    a->handler = ngx_http_zoom_api_access_handler;
    a->data = want;

    if (a->wa == NULL) {
        return ngx_http_zoom_api_fail(want, ZOOM_E_INTERNAL);
    }

    want->own = own;

    if (ngx_http_zoom_access_get(a) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_http_zoom_api_access_result(want, a);

    return NGX_OK;
}


static void
ngx_http_zoom_api_clear(ngx_http_zoom_token_ask_t *want)
{
    want->error = NULL;
    want->status = (char *) ngx_http_zoom_token_statuses[0].data;
    want->expires = 0;
    want->retry_after = 0;
    want->code = 0;
    want->http = 0;
    want->tracking_id = (u_char *) "";
    want->own = NULL;
    ngx_str_null(&want->token);
}


/* a result as well */

static ngx_int_t
ngx_http_zoom_api_fail(ngx_http_zoom_token_ask_t *want, zoom_error_e error)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    want->error = (const char *) info->name.data;
    want->http = info->status;

    return NGX_OK;
}


static void
ngx_http_zoom_api_ask_handler(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_token_ask_t  *want;

    want = ask->data;

    ngx_http_zoom_api_ask_result(want, ask);

    want->handler(want);
}


static void
ngx_http_zoom_api_ask_result(ngx_http_zoom_token_ask_t *want,
    const ngx_http_zoom_ask_t *ask)
{
    want->own = NULL;
    want->expires = ask->expires;
    want->retry_after = ask->retry_after;
    want->code = ask->code;
    want->tracking_id = ask->tracking_id;

    ngx_http_zoom_api_got_token(want, ask->error, &ask->token, ask->status);
}


static void
ngx_http_zoom_api_access_handler(ngx_http_zoom_access_t *a)
{
    ngx_http_zoom_token_ask_t  *want;

    want = a->data;

    ngx_http_zoom_api_access_result(want, a);

    want->handler(want);
}


static void
ngx_http_zoom_api_access_result(ngx_http_zoom_token_ask_t *want,
    const ngx_http_zoom_access_t *a)
{
    want->own = NULL;
    want->expires = a->expires;
    want->retry_after = a->retry_after;
    want->code = a->code;
    want->tracking_id = a->tracking_id;

    ngx_http_zoom_api_got_token(want, a->error, &a->token, a->status);
}


static void
ngx_http_zoom_api_got_token(ngx_http_zoom_token_ask_t *want,
    zoom_error_e error, const ngx_str_t *token, ngx_http_zoom_status_e status)
{
    if (error == ZOOM_OK && token->len == 0) {
        error = ZOOM_E_INTERNAL;
    }

    if (error != ZOOM_OK) {
        (void) ngx_http_zoom_api_fail(want, error);
        return;
    }

    want->status = (char *) ngx_http_zoom_token_statuses[status].data;
    want->token = *token;
}


void
ngx_http_zoom_api_cancel(ngx_http_zoom_token_ask_t *want)
{
    ngx_http_zoom_api_own_t  *own;

    own = want->own;

    if (own) {
        ngx_http_zoom_ask_cancel(&own->ask);
        ngx_http_zoom_access_cancel(&own->access);
        want->own = NULL;
    }
}


/* A pool of its own: a request may send many, whose responses are large. */

const char *
ngx_http_zoom_api_send(ngx_http_request_t *r, ngx_http_zoom_request_t *request)
{
    ngx_pool_t                *pool;
    const char                *why;
    ngx_http_zoom_api_call_t  *call;

    request->own = NULL;

    pool = ngx_create_pool(NGX_HTTP_ZOOM_API_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return "no memory";
    }

    call = ngx_pcalloc(pool, sizeof(ngx_http_zoom_api_call_t));

    if (call == NULL) {
        ngx_destroy_pool(pool);
        return "no memory";
    }

    call->pool = pool;

    why = ngx_http_zoom_api_fill(r, request, call);

    if (why) {
        ngx_destroy_pool(pool);
        return why;
    }

    request->own = call;

    ngx_http_zoom_api_call(call);

    return NULL;
}


static const char *
ngx_http_zoom_api_fill(ngx_http_request_t *r, ngx_http_zoom_request_t *request,
    ngx_http_zoom_api_call_t *call)
{
    ngx_msec_t  left;

    left = ngx_http_zoom_ctx_time_left(r);

    call->account = request->account;
    call->caller = ngx_http_zoom_script_who(r);
    call->deadline = ngx_current_msec + ngx_min(request->timeout, left);
    call->stale_after = ngx_http_zoom_script_stale_after(r);
    call->response_max = request->most;
    call->handler = ngx_http_zoom_api_sent;
    call->data = request;

    return ngx_http_zoom_script_request(&request->req, call);
}


static void
ngx_http_zoom_api_sent(ngx_http_zoom_api_call_t *call)
{
    ngx_http_zoom_request_t  *request;
    const zoom_error_info_t  *info;

    request = call->data;

    request->error = NULL;
    request->reason = NULL;
    request->http = call->status;
    request->head = call->head;
    request->response = call->response;
    request->retry_after = call->retry_after;
    request->tracking_id = call->tracking_id;

    if (call->error != ZOOM_OK) {
        info = zoom_error_info(call->error);

        request->error = (const char *) info->name.data;
        request->reason = call->reason;
        request->http = info->status;
    }

    request->handler(request);
}


void
ngx_http_zoom_api_end(ngx_http_zoom_request_t *request)
{
    ngx_http_zoom_api_call_t  *call;

    call = request->own;

    if (call == NULL) {
        return;
    }

    request->own = NULL;

    ngx_http_zoom_api_call_cancel(call);

    if (call->response.len) {
        ngx_explicit_memzero(call->response.data, call->response.len);
    }

    ngx_destroy_pool(call->pool);
}


const char *
ngx_http_zoom_api_grants(ngx_http_request_t *r, ngx_http_zoom_grants_t *grants)
{
    ngx_msec_t  left;

    left = ngx_http_zoom_ctx_time_left(r);
    grants->timeout = ngx_min(grants->timeout, left);

    return ngx_http_zoom_script_grants(grants);
}


const char *
ngx_http_zoom_api_disconnect(ngx_http_request_t *r,
    ngx_http_zoom_grants_t *grants)
{
    ngx_msec_t  left;

    left = ngx_http_zoom_ctx_time_left(r);
    grants->timeout = ngx_min(grants->timeout, left);

    return ngx_http_zoom_script_disconnect(r, grants);
}
