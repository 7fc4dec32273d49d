/*
 * Any request to Zoom's REST API.
 *
 * A request that Zoom refused unseen (401, 429) is sent again, whatever it is;
 * one that may have been executed only if doing it twice is as good as once.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_bearer.h"
#include "ngx_http_zoom_sampled.h"
#include "zoom_response.h"


#define NGX_HTTP_ZOOM_API_CALL_TRIES  5


static ngx_int_t ngx_http_zoom_api_call_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *x);
static ngx_uint_t ngx_http_zoom_api_call_blamed(
    const zoom_response_t *response, const zoom_verdict_t *v);
static u_char *ngx_http_zoom_api_call_print(ngx_http_zoom_call_t *call,
    u_char *p, u_char *last);
static ngx_uint_t ngx_http_zoom_api_call_wanted(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_api_call_done(ngx_http_zoom_call_t *call);
static zoom_error_e ngx_http_zoom_api_call_take(ngx_http_zoom_api_call_t *req,
    const ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_api_call_reason(ngx_http_zoom_api_call_t *req,
    const char *reason);
static ngx_uint_t ngx_http_zoom_api_call_safe(
    const ngx_http_zoom_api_call_t *req);
static ngx_uint_t ngx_http_zoom_api_call_makes_user(
    const ngx_http_zoom_api_call_t *req);


static const ngx_http_zoom_call_ops_t  ngx_http_zoom_api_call_ops = {
    ngx_http_zoom_api_call_send,
    ngx_http_zoom_api_call_classify,
    ngx_http_zoom_api_call_print,
    NULL,
    ngx_http_zoom_api_call_wanted,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    ngx_http_zoom_api_call_done
};


void
ngx_http_zoom_api_call(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_call_t  *call;

    call = &req->call;

    if (req->who == NULL) {
        req->who = "script";
    }

    call->ops = &ngx_http_zoom_api_call_ops;
    call->data = req;
    call->wa = ngx_http_zoom_worker_account(req->account);
    call->deadline = req->deadline;
    call->service = NGX_HTTP_ZOOM_API;
    call->label = req->label;
    call->who = req->caller;
    call->pool = req->pool;
    call->stale_after = req->stale_after;
    call->tries_max = NGX_HTTP_ZOOM_API_CALL_TRIES;
    call->humble = 1;
    call->foreign = 1;
    call->single = !ngx_http_zoom_api_call_safe(req);
    call->serial = ngx_http_zoom_api_call_makes_user(req);

    req->spent = ngx_http_zoom_writes_take(&req->writes);

    /* never from inside this call */

    ngx_http_zoom_call_post(call, 0);
}


void
ngx_http_zoom_api_call_cancel(ngx_http_zoom_api_call_t *req)
{
    if (req->call.start && !req->call.wired) {
        ngx_http_zoom_writes_give_back(&req->writes);
    }

    ngx_http_zoom_call_cancel(&req->call);
}


static ngx_int_t
ngx_http_zoom_api_call_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *x)
{
    ngx_msec_int_t             left;
    ngx_http_zoom_api_call_t  *req;

    req = call->data;

    x->origin = &req->account->api;
    x->path = req->path;
    x->method = req->method;
    x->body = req->body;
    x->json = 1;
    x->body_max = NGX_HTTP_ZOOM_API_CALL_RESPONSE_MAX;

    if (req->response_max) {
        x->body_max = ngx_min(x->body_max, req->response_max);
    }

    /* nobody else watches the time */

    left = (ngx_msec_int_t) (call->deadline - ngx_current_msec);
    x->timeout = ngx_max(left, 1);

    return ngx_http_zoom_bearer_send(call, access, x);
}


void
ngx_http_zoom_api_call_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v)
{
    if (x->response.status >= 400) {
        zoom_api_classify_error(&x->response, ngx_time(), v);

        if (v->verdict != ZOOM_FINAL
            && !ngx_http_zoom_api_call_blamed(&x->response, v))
        {
            return;
        }
    }

    zoom_verdict_init(v, &x->response, ngx_time());
}


/*
 * A proxy in front of Zoom's API answers with a page of its own if it dislikes
 * a request (path, method, length).  A script's mistake must not open the
 * breaker for others.
 */

static ngx_uint_t
ngx_http_zoom_api_call_blamed(const zoom_response_t *response,
    const zoom_verdict_t *v)
{
    return zoom_error_is_outage(v->error)
           && response->status < NGX_HTTP_INTERNAL_SERVER_ERROR
           && response->status != NGX_HTTP_REQUEST_TIME_OUT;
}


static u_char *
ngx_http_zoom_api_call_print(ngx_http_zoom_call_t *call, u_char *p,
    u_char *last)
{
    ngx_http_zoom_api_call_t  *req;

    req = call->data;

    /* a path may hold what must not be logged */

    return ngx_slprintf(p, last, "answer to a %s of a %s", req->method,
                        req->who);
}


/* who has written enough today is told at once, but from the event loop */

static ngx_uint_t
ngx_http_zoom_api_call_wanted(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_api_call_t  *req;

    req = call->data;

    return req->spent == 0;
}


/* whether Zoom has not looked at it */

ngx_uint_t
ngx_http_zoom_api_call_unseen(const ngx_http_zoom_call_t *call)
{
    int  status;

    if (!call->wired) {
        return 1;
    }

    if (!call->responded || call->last->rc != NGX_OK) {
        return 0;
    }

    status = call->last->response.status;

    return status == NGX_HTTP_UNAUTHORIZED
           || status == NGX_HTTP_TOO_MANY_REQUESTS;
}


static void
ngx_http_zoom_api_call_done(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_api_call_t  *req;

    req = call->data;

    req->error = call->error;
    req->retry_after = (call->wait + 999) / 1000;

    ngx_memcpy(req->tracking_id, call->verdict.tracking_id,
               sizeof(req->tracking_id));

    if (ngx_http_zoom_api_call_unseen(call)) {
        ngx_http_zoom_writes_give_back(&req->writes);
    }

    if (req->spent) {
        req->error = ZOOM_E_USER_DAILY_LIMIT;
        req->retry_after = req->spent;
        ngx_http_zoom_api_call_reason(req, "the user has written 100 meetings "
                                      "or webinars today");

    } else if (call->responded && call->last->rc == NGX_OK) {
        req->error = ngx_http_zoom_api_call_take(req, call->last);

    } else if (call->responded) {
        ngx_http_zoom_api_call_reason(req, call->last->reason);

    } else if (zoom_error_is_outage(req->error)) {
        ngx_http_zoom_api_call_reason(req, "Zoom is down, and not asked again "
                                      "yet");
    }

    if (req->error && req->retry_after == 0
        && zoom_error_info(req->error)->status
           == NGX_HTTP_SERVICE_UNAVAILABLE)
    {
        req->retry_after = 1;
    }

    req->handler(req);
}


/* the response is the transport's, until this returns */

static zoom_error_e
ngx_http_zoom_api_call_take(ngx_http_zoom_api_call_t *req,
    const ngx_http_zoom_exchange_t *x)
{
    const zoom_response_t  *r;

    r = &x->response;

    req->response.data = ngx_pnalloc(req->pool, r->body.len + x->head.len + 1);

    if (req->response.data == NULL) {
        ngx_http_zoom_api_call_reason(req, "no memory");
        return ZOOM_E_INTERNAL;
    }

    req->status = r->status;
    req->response.len = r->body.len;
    req->head.data = req->response.data + r->body.len;
    req->head.len = x->head.len;

    if (r->body.len) {
        ngx_memcpy(req->response.data, r->body.data, r->body.len);
    }

    if (x->head.len) {
        ngx_memcpy(req->head.data, x->head.data, x->head.len);
    }

    return ZOOM_OK;
}


static void
ngx_http_zoom_api_call_reason(ngx_http_zoom_api_call_t *req,
    const char *reason)
{
    if (reason == NULL) {
        return;
    }

    ngx_cpystrn(req->why, (u_char *) reason, sizeof(req->why));
    req->reason = (char *) req->why;

    ngx_http_zoom_sampled(req->call.wa->zone, req->call.wa->log,
                          "zoom: account \"%V\": a request of a %s failed: "
                          "%s", &req->account->name, req->who, reason);
}


static ngx_uint_t
ngx_http_zoom_api_call_safe(const ngx_http_zoom_api_call_t *req)
{
    return ngx_strcmp(req->method, "POST") != 0
           && ngx_strcmp(req->method, "PATCH") != 0;
}


static ngx_uint_t
ngx_http_zoom_api_call_makes_user(const ngx_http_zoom_api_call_t *req)
{
    size_t  len;

    len = sizeof("/users") - 1;

    return ngx_strcmp(req->method, "POST") == 0
           && req->path.len >= len
           && ngx_strncmp(req->path.data, "/users", len) == 0
           && (req->path.len == len || req->path.data[len] == '?');
}
