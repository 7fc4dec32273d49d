/*
 * The gateway's call, and the transport that carries it: a connection of net/
 * and nginx's upstream.
 *
 * Upstream must not be taken apart from inside its own callbacks, so whatever
 * ends an attempt there is posted, and done by ngx_http_zoom_pass_event().
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_worker_account.h"


#define NGX_HTTP_ZOOM_PASS_TRIES  5


static ngx_int_t ngx_http_zoom_pass_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *x);
static ngx_int_t ngx_http_zoom_pass_remember(ngx_http_zoom_pass_t *pass,
    const ngx_str_t *access);
static void ngx_http_zoom_pass_follow(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v);
static void ngx_http_zoom_pass_scope(ngx_http_zoom_pass_t *pass,
    const zoom_verdict_t *v);
static u_char *ngx_http_zoom_pass_print(ngx_http_zoom_call_t *call, u_char *p,
    u_char *last);
static void ngx_http_zoom_pass_done(ngx_http_zoom_call_t *call);
static ngx_int_t ngx_http_zoom_pass_transport_send(void *carrier,
    ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_pass_transport_cancel(ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_pass_event(ngx_event_t *ev);
static void ngx_http_zoom_pass_late(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_watch(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_connect(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_connected(ngx_http_zoom_peer_t *peer);
static void ngx_http_zoom_pass_have(ngx_http_zoom_pass_t *pass,
    ngx_int_t rc);
static void ngx_http_zoom_pass_gone(ngx_http_zoom_pass_t *pass,
    const char *why);
static ngx_uint_t ngx_http_zoom_pass_answer(ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_pass_recover(ngx_http_zoom_pass_t *pass);
static ngx_uint_t ngx_http_zoom_pass_repeatable(
    const ngx_http_zoom_pass_t *pass);


static const ngx_http_zoom_call_ops_t  ngx_http_zoom_pass_ops = {
    ngx_http_zoom_pass_send,
    ngx_http_zoom_pass_classify,
    ngx_http_zoom_pass_print,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    ngx_http_zoom_pass_done
};


static const ngx_http_zoom_transport_t  ngx_http_zoom_pass_transport = {
    ngx_http_zoom_pass_transport_send,
    ngx_http_zoom_pass_transport_cancel
};


/* By ngx_http_zoom_pass_kind_e: what else fails with it. */

static const ngx_http_zoom_service_e  ngx_http_zoom_pass_services[] = {
    NGX_HTTP_ZOOM_API, NGX_HTTP_ZOOM_API, NGX_HTTP_ZOOM_MCP,
    NGX_HTTP_ZOOM_DOWNLOAD
};


void
ngx_http_zoom_pass_call(ngx_http_zoom_pass_t *pass)
{
    ngx_http_zoom_call_t  *call;

    ngx_http_zoom_timer_init(&pass->event, ngx_http_zoom_pass_event,
                             ngx_cycle->log);

    call = &pass->call;

    call->ops = &ngx_http_zoom_pass_ops;
    call->transport = &ngx_http_zoom_pass_transport;
    call->data = pass;
    call->wa = ngx_http_zoom_worker_account(pass->ctx->target.account);
    call->service = ngx_http_zoom_pass_services[pass->conf->kind];
    call->label = pass->label;
    call->who = pass->ctx->auth.who;
    call->user = pass->ctx->target.user;
    call->pool = pass->request->pool;
    call->deadline = ngx_current_msec
                     + ngx_http_zoom_ctx_time_left(pass->request);
    call->stale_after = NGX_HTTP_ZOOM_NEVER;
    call->tries_max = NGX_HTTP_ZOOM_PASS_TRIES;
    call->humble = 1;
    call->foreign = 1;
    call->solo = 1;
    call->stray = (pass->linked
                   && !ngx_http_zoom_same(&pass->origin->host,
                                          &call->wa->account->download.host));
    call->single = (!pass->reads && (pass->method == ZOOM_POST
                                     || pass->method == ZOOM_PATCH));
    call->serial = (pass->endpoint && pass->method == ZOOM_POST
                    && ngx_strcmp(pass->endpoint->path, "/users") == 0);

    /* nobody else watches the time */

    ngx_http_zoom_call_start(call, 0);
}


void
ngx_http_zoom_pass_cancel(ngx_http_zoom_pass_t *pass)
{
    if (pass->call.ops == NULL) {
        return;
    }

    pass->state = NGX_HTTP_ZOOM_PASS_OVER;

    ngx_http_zoom_call_cancel(&pass->call);
    ngx_http_zoom_timer_stop(&pass->event);

    /* of a redirect, which the call knows nothing of */

    ngx_http_zoom_peer_cancel(&pass->peer);

    /* upstream failed before it took it */

    if (pass->connection) {
        ngx_http_zoom_peer_close(pass->connection);
        pass->connection = NULL;
    }
}


static ngx_int_t
ngx_http_zoom_pass_send(ngx_http_zoom_call_t *call, const ngx_str_t *access,
    ngx_http_zoom_exchange_t *x)
{
    ngx_http_zoom_pass_t  *pass;

    pass = call->data;

    if (ngx_http_zoom_pass_head(pass, access) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pass->conf->kind == NGX_HTTP_ZOOM_PASS_DOWNLOAD
        && ngx_http_zoom_pass_remember(pass, access) != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_zoom_call_send(call, x);
}


/* For a redirect to a host of Zoom's. */

static ngx_int_t
ngx_http_zoom_pass_remember(ngx_http_zoom_pass_t *pass,
    const ngx_str_t *access)
{
    ngx_http_zoom_pass_forget(pass);

    pass->bearer.data = ngx_pnalloc(pass->request->pool, access->len);
    if (pass->bearer.data == NULL) {
        return NGX_ERROR;
    }

    pass->bearer.len = access->len;
    ngx_memcpy(pass->bearer.data, access->data, access->len);

    return NGX_OK;
}


void
ngx_http_zoom_pass_forget(ngx_http_zoom_pass_t *pass)
{
    if (pass->bearer.len) {
        ngx_explicit_memzero(pass->bearer.data, pass->bearer.len);
    }

    ngx_str_null(&pass->bearer);
}


/*
 * A 500 is about what was asked for: if it were an outage, one caller could
 * close the API for all.
 */

static void
ngx_http_zoom_pass_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v)
{
    if (x->response.status == NGX_HTTP_INTERNAL_SERVER_ERROR) {
        zoom_verdict_init(v, &x->response, ngx_time());
        return;
    }

    if (x->response.status >= NGX_HTTP_BAD_REQUEST) {
        zoom_api_classify_error(&x->response, ngx_time(), v);

        if (v->error == ZOOM_E_SCOPE_MISSING) {
            ngx_http_zoom_pass_scope(call->data, v);
        }
    }

    ngx_http_zoom_api_call_classify(call, x, v);
}


/* The caller gets Zoom's answer, but can't add a scope to our app. */

static void
ngx_http_zoom_pass_scope(ngx_http_zoom_pass_t *pass, const zoom_verdict_t *v)
{
    uint64_t                  count;
    zoom_buf_t                b;
    ngx_http_zoom_account_t  *account;
    u_char                    takes[NGX_HTTP_ZOOM_PASS_SCOPES];

    count = ngx_http_zoom_refuse_news(pass->request, pass->ctx, v->error,
                                      (char *) v->message);
    if (count == 0) {
        return;
    }

    account = pass->ctx->target.account;

    zoom_buf_init(&b, takes, sizeof(takes));

    if (pass->endpoint) {
        ngx_http_zoom_pass_scopes(&b, pass, " or ");
    }

    ngx_log_error(NGX_LOG_ERR, pass->request->connection->log, 0,
                  "zoom: account \"%V\": Zoom refused a %s of caller \"%V\" "
                  "for a scope that the app lacks: \"%s\"%s%*s; add the scope "
                  "at Zoom's Marketplace, under the app's Scopes, and %s (%uL "
                  "of this kind since the last such line)",
                  &account->name, zoom_method_name(pass->method),
                  &pass->ctx->auth.caller, v->message,
                  b.len ? ", the endpoint takes " : "", b.len, b.data,
                  ngx_http_zoom_account_of_users(account)
                  ? "let the user connect again" : "activate the app again",
                  count);
}


static u_char *
ngx_http_zoom_pass_print(ngx_http_zoom_call_t *call, u_char *p, u_char *last)
{
    ngx_http_zoom_pass_t  *pass;

    pass = call->data;

    /* a path may hold what must not be logged */

    return ngx_slprintf(p, last, "answer of \"%V\" to a %s of caller \"%V\"",
                        &pass->origin->host, zoom_method_name(pass->method),
                        &pass->ctx->auth.caller);
}


/* Inside of upstream where there is a response, else from the event loop. */

static void
ngx_http_zoom_pass_done(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_pass_t  *pass;

    pass = call->data;

    if (ngx_http_zoom_api_call_unseen(call)) {
        ngx_http_zoom_writes_give_back(&pass->writes);
    }

    if (call->responded && call->last->rc == NGX_OK) {

        /* a dead access token is none of the caller's */

        if (call->last->response.status != NGX_HTTP_UNAUTHORIZED
            || call->verdict.error == ZOOM_OK)
        {
            pass->state = NGX_HTTP_ZOOM_PASS_ANSWER;
            pass->status = call->last->response.status;
            return;
        }

        if (call->spent) {
            pass->refusal = "Zoom's access token died meanwhile: the request "
                            "was not executed and can be sent again.";
        }

    } else if ((call->spent || (call->single && call->wired))
               && call->responded)
    {
        pass->refusal = "The connection to Zoom ended before it answered: "
                        "whether the request was executed is not known.";
        call->error = ZOOM_E_ZOOM_INVALID;
    }

    pass->state = NGX_HTTP_ZOOM_PASS_FAILED;

    ngx_post_event(&pass->event, &ngx_posted_events);
}


/* Never from inside this call, which may come from inside of upstream. */

static ngx_int_t
ngx_http_zoom_pass_transport_send(void *carrier, ngx_http_zoom_exchange_t *x)
{
    ngx_http_zoom_call_t  *call;
    ngx_http_zoom_pass_t  *pass;

    call = x->data;
    pass = call->data;

    x->transfer = pass;
    pass->exchange = x;

    ngx_post_event(&pass->event, &ngx_posted_events);

    return NGX_OK;
}


static void
ngx_http_zoom_pass_transport_cancel(ngx_http_zoom_exchange_t *x)
{
    ngx_http_zoom_pass_t  *pass;

    pass = x->transfer;

    if (pass == NULL) {
        return;
    }

    x->transfer = NULL;
    pass->exchange = NULL;

    ngx_http_zoom_peer_cancel(&pass->peer);

    if (pass->carried && pass->state != NGX_HTTP_ZOOM_PASS_OVER) {
        pass->state = NGX_HTTP_ZOOM_PASS_JUDGED;
        ngx_post_event(&pass->event, &ngx_posted_events);
    }
}


static void
ngx_http_zoom_pass_event(ngx_event_t *ev)
{
    ngx_connection_t      *c;
    ngx_http_request_t    *r;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_timer_object(ev, ngx_http_zoom_pass_t, event);

    r = pass->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ev->timedout) {
        ev->timedout = 0;
        ngx_http_zoom_pass_late(pass);
    }

    ngx_http_zoom_pass_drop(pass);

    switch (pass->state) {

    case NGX_HTTP_ZOOM_PASS_LOST:
        ngx_http_zoom_pass_recover(pass);
        break;

    case NGX_HTTP_ZOOM_PASS_REDIRECTED:
        ngx_http_zoom_pass_follow(pass);
        break;

    case NGX_HTTP_ZOOM_PASS_FAILED:
        ngx_http_zoom_pass_failed(pass);
        break;

    case NGX_HTTP_ZOOM_PASS_ASK:
    case NGX_HTTP_ZOOM_PASS_JUDGED:

        if (pass->exchange) {
            ngx_http_zoom_pass_connect(pass);
        }

        break;

    default: /* it goes on by itself */
        break;
    }

    ngx_http_run_posted_requests(c);
}


/* Where a redirect leads to, with our access token if that is Zoom. */

static void
ngx_http_zoom_pass_follow(ngx_http_zoom_pass_t *pass)
{
    const ngx_str_t                 *access;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    static const ngx_str_t  nothing = ngx_null_string;

    zlcf = ngx_http_get_module_loc_conf(pass->request, ngx_http_zoom_module);

    access = !pass->strayed
             && ngx_http_zoom_pass_trusts(zlcf, &pass->origin->host)
             ? &pass->bearer : &nothing;

    if (ngx_http_zoom_pass_head(pass, access) != NGX_OK) {
        ngx_http_zoom_pass_lost(pass, "no memory", 0);
        return;
    }

    ngx_http_zoom_pass_connect(pass);
}


/* zoom_timeout has passed: Zoom is not to blame, it had less than its time. */

static void
ngx_http_zoom_pass_late(ngx_http_zoom_pass_t *pass)
{
    if (pass->exchange == NULL
        || (pass->state != NGX_HTTP_ZOOM_PASS_SENT
            && pass->state != NGX_HTTP_ZOOM_PASS_CONNECT))
    {
        return;
    }

    ngx_http_zoom_peer_cancel(&pass->peer);

    /* nor is another connection worth it */

    pass->reused = 0;
    pass->exchange->ours = 1;

    ngx_http_zoom_pass_lost(pass, "\"zoom_timeout\" has passed", 1);
}


/*
 * Nothing else watches the time of a request that is sent.  A body that is
 * streamed takes its own, and so do tools and recordings.
 */

static void
ngx_http_zoom_pass_watch(ngx_http_zoom_pass_t *pass)
{
    ngx_msec_int_t  left;

    if (pass->conf->kind != NGX_HTTP_ZOOM_PASS_REST || !pass->held) {
        return;
    }

    left = (ngx_msec_int_t) (pass->call.deadline - ngx_current_msec);

    ngx_add_timer(&pass->event, (ngx_msec_t) ngx_max(left, 1));
}


static void
ngx_http_zoom_pass_connect(ngx_http_zoom_pass_t *pass)
{
    ngx_http_zoom_peer_t            *peer;
    ngx_http_zoom_worker_account_t  *wa;

    wa = pass->call.wa;

    if (wa->peers == NULL) {
        wa->peers = ngx_http_zoom_peers_create(&wa->account->client, wa->log);
    }

    peer = &pass->peer;

    ngx_memzero(peer, sizeof(ngx_http_zoom_peer_t));

    peer->peers = wa->peers;
    peer->origin = pass->origin;
    peer->timeout = wa->account->client.connect_timeout;
    peer->fresh = (pass->fresh || pass->beyond);
    peer->recent = pass->call.single;
    peer->outside = pass->outside;
    peer->handler = ngx_http_zoom_pass_connected;
    peer->data = pass;

    if (pass->exchange) {
        peer->timeout = ngx_min(peer->timeout, pass->exchange->patience);
    }

    pass->state = NGX_HTTP_ZOOM_PASS_CONNECT;

    if (wa->peers == NULL) {
        peer->reason = "could not use TLS";
        ngx_http_zoom_pass_have(pass, NGX_ERROR);
        return;
    }

    ngx_http_zoom_pass_have(pass, ngx_http_zoom_peer_get(peer));
}


static void
ngx_http_zoom_pass_connected(ngx_http_zoom_peer_t *peer)
{
    ngx_connection_t      *c;
    ngx_http_zoom_pass_t  *pass;

    pass = peer->data;
    c = pass->request->connection;

    ngx_http_set_log_request(c->log, pass->request);

    ngx_http_zoom_pass_have(pass, peer->connection ? NGX_OK : NGX_ERROR);

    ngx_http_run_posted_requests(c);
}


static void
ngx_http_zoom_pass_have(ngx_http_zoom_pass_t *pass, ngx_int_t rc)
{
    ngx_http_zoom_peer_t  *peer;

    peer = &pass->peer;

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_ERROR) {

        if (pass->exchange) {
            pass->exchange->advice = peer->advice;
            pass->exchange->untrusted = peer->untrusted;
        }

        ngx_http_zoom_pass_lost(pass, peer->reason, peer->timedout);
        return;
    }

    pass->reused = peer->kept;
    pass->state = NGX_HTTP_ZOOM_PASS_SENT;
    pass->call.spent = !ngx_http_zoom_pass_repeatable(pass);

    if (pass->exchange) {
        pass->exchange->sending(pass->exchange);
        ngx_http_zoom_pass_watch(pass);
    }

    if (ngx_http_zoom_pass_carry(pass, peer->connection) != NGX_OK) {
        ngx_http_zoom_pass_lost(pass, "could not start a request", 0);
    }
}


/*
 * Zoom has not executed what it refuses, but nothing that creates something is
 * sent twice, whoever vouches for that.
 */

static ngx_uint_t
ngx_http_zoom_pass_repeatable(const ngx_http_zoom_pass_t *pass)
{
    const ngx_http_request_t  *r;

    r = pass->request;

    if (!pass->held) {
        return 0;
    }

    return !pass->call.single
           || r->headers_in.content_length_n <= 0;
}


void
ngx_http_zoom_pass_lost(ngx_http_zoom_pass_t *pass, const char *why,
    ngx_uint_t timedout)
{
    ngx_http_zoom_exchange_t  *x;

    x = pass->exchange;

    if (pass->beyond) {
        ngx_http_zoom_pass_gone(pass, why);
        return;
    }

    if (x == NULL) {
        return;
    }

    x->rc = NGX_ERROR;
    x->reason = why;
    x->timedout = timedout;

    pass->state = NGX_HTTP_ZOOM_PASS_LOST;

    ngx_post_event(&pass->event, &ngx_posted_events);
}


/* A recording's host is none that the call knows. */

static void
ngx_http_zoom_pass_gone(ngx_http_zoom_pass_t *pass, const char *why)
{
    ngx_log_error(NGX_LOG_ERR, pass->request->connection->log, 0,
                  "zoom: account \"%V\": no recording from \"%V\": %s",
                  &pass->ctx->target.account->name, &pass->origin->host, why);

    pass->call.error = ZOOM_E_ZOOM_INVALID;
    pass->refusal = "The host of the recording does not answer.";
    pass->state = NGX_HTTP_ZOOM_PASS_FAILED;

    ngx_post_event(&pass->event, &ngx_posted_events);
}


/*
 * A connection that was kept may have been closed by Zoom meanwhile, which says
 * nothing of Zoom: another one is tried.  Else the call is told.
 */

static void
ngx_http_zoom_pass_recover(ngx_http_zoom_pass_t *pass)
{
    ngx_http_zoom_exchange_t  *x;

    x = pass->exchange;

    if (pass->fresh && pass->reused && !pass->call.spent
        && !pass->call.single)
    {
        pass->reused = 0;
        ngx_http_zoom_pass_connect(pass);
        return;
    }

    x->transfer = NULL;
    pass->exchange = NULL;
    pass->state = NGX_HTTP_ZOOM_PASS_ASK;

    x->handler(x);
}


ngx_uint_t
ngx_http_zoom_pass_responded(ngx_http_zoom_pass_t *pass)
{
    ngx_http_zoom_exchange_t  *x;

    if (pass->beyond) {
        return ngx_http_zoom_pass_answer(pass);
    }

    if (pass->event.timer_set) {
        ngx_del_timer(&pass->event);
    }

    x = pass->exchange;

    x->rc = NGX_OK;
    x->response = pass->response.zoom;
    x->transfer = NULL;

    pass->exchange = NULL;
    pass->fresh = 0;
    pass->state = NGX_HTTP_ZOOM_PASS_JUDGED;

    x->handler(x);

    if (pass->state == NGX_HTTP_ZOOM_PASS_ANSWER) {
        return ngx_http_zoom_pass_answer(pass);
    }

    ngx_post_event(&pass->event, &ngx_posted_events);

    return 0;
}


/* 1 if the response goes to the caller, and not to where it says. */

static ngx_uint_t
ngx_http_zoom_pass_answer(ngx_http_zoom_pass_t *pass)
{
    switch (ngx_http_zoom_pass_redirect(pass)) {

    case NGX_OK:
        pass->state = NGX_HTTP_ZOOM_PASS_REDIRECTED;
        break;

    case NGX_DECLINED:
        pass->state = NGX_HTTP_ZOOM_PASS_ANSWER;
        pass->status = (ngx_uint_t) pass->response.zoom.status;

        /* the answer may be a stream of hours */

        if (pass->request->upstream->request_body_sent) {
            ngx_http_zoom_pass_wipe(pass);
            ngx_http_zoom_pass_forget(pass);
        }

        return 1;

    default: /* NGX_ERROR */
        pass->call.error = ZOOM_E_ZOOM_INVALID;
        pass->state = NGX_HTTP_ZOOM_PASS_FAILED;
    }

    ngx_post_event(&pass->event, &ngx_posted_events);

    return 0;
}


void
ngx_http_zoom_pass_finalized(ngx_http_zoom_pass_t *pass)
{
    if (!pass->dropping) {
        ngx_http_zoom_pass_cancel(pass);
    }
}
