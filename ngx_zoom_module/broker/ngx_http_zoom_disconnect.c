/*
 *     access token -> revoke -> forget -> done
 *
 * Where Zoom has ended the grant there is nothing to revoke; where Zoom is down
 * nothing is forgotten, so that it can be asked for again.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_disconnect.h"
#include "ngx_http_zoom_forget.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_user_grant.h"
#include "zoom_grant.h"
#include "zoom_oauth.h"


#define NGX_HTTP_ZOOM_DISCONNECT_MAX   256       /* at once, in a worker */
#define NGX_HTTP_ZOOM_DISCONNECT_TIME  12000     /* of a step, milliseconds */


typedef struct {
    ngx_http_zoom_disconnect_t   disconnect;

    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_access_t       access;
    ngx_http_zoom_call_t         call;
    ngx_msec_t                   deadline;
    ngx_event_t                  event;      /* starts from the loop */
    ngx_pool_t                  *pool;
    u_char                       user[ZOOM_USER_MAX];
} ngx_http_zoom_disconnecting_t;


static void ngx_http_zoom_disconnect_start(ngx_event_t *ev);
static void ngx_http_zoom_disconnect_access(ngx_http_zoom_access_t *a);
static void ngx_http_zoom_disconnect_revoke(ngx_http_zoom_disconnecting_t *d);
static ngx_int_t ngx_http_zoom_disconnect_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *none, ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_disconnect_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v);
static u_char *ngx_http_zoom_disconnect_print(ngx_http_zoom_call_t *call,
    u_char *p, u_char *last);
static void ngx_http_zoom_disconnect_revoked(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_disconnect_forget(ngx_http_zoom_disconnecting_t *d);
static void ngx_http_zoom_disconnect_forgotten(
    ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_disconnect_ended(ngx_http_zoom_grants_ask_t *ask);
static void ngx_http_zoom_disconnect_over(ngx_http_zoom_disconnecting_t *d,
    zoom_error_e error);


static const ngx_http_zoom_call_ops_t  ngx_http_zoom_disconnect_ops = {
    ngx_http_zoom_disconnect_send,
    ngx_http_zoom_disconnect_classify,
    ngx_http_zoom_disconnect_print,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    ngx_http_zoom_disconnect_revoked
};


static ngx_uint_t  ngx_http_zoom_ndisconnecting;


ngx_http_zoom_disconnect_t *
ngx_http_zoom_disconnect(ngx_http_zoom_account_t *account,
    const ngx_str_t *user)
{
    ngx_pool_t                     *pool;
    ngx_http_zoom_disconnecting_t  *d;

    if (ngx_http_zoom_ndisconnecting == NGX_HTTP_ZOOM_DISCONNECT_MAX) {
        return NULL;
    }

    pool = ngx_create_pool(NGX_DEFAULT_POOL_SIZE, ngx_cycle->log);
    if (pool == NULL) {
        return NULL;
    }

    d = ngx_pcalloc(pool, sizeof(ngx_http_zoom_disconnecting_t));
    if (d == NULL) {
        ngx_destroy_pool(pool);
        return NULL;
    }

    d->pool = pool;
    d->wa = ngx_http_zoom_worker_account(account);
    d->deadline = ngx_current_msec + NGX_HTTP_ZOOM_DISCONNECT_TIME;

    d->access.user.len = ngx_min(user->len, sizeof(d->user));
    d->access.user.data = d->user;
    ngx_memcpy(d->user, user->data, d->access.user.len);

    ngx_http_zoom_timer_init(&d->event, ngx_http_zoom_disconnect_start,
                             ngx_cycle->log);
    ngx_post_event(&d->event, &ngx_posted_events);

    ngx_http_zoom_ndisconnecting++;

    return &d->disconnect;
}


static void
ngx_http_zoom_disconnect_start(ngx_event_t *ev)
{
    ngx_http_zoom_disconnecting_t  *d;

    d = ngx_http_zoom_timer_object(ev, ngx_http_zoom_disconnecting_t, event);

    d->access.wa = d->wa;
    d->access.deadline = d->deadline;
    d->access.pool = d->pool;
    d->access.handler = ngx_http_zoom_disconnect_access;
    d->access.data = d;

    if (ngx_http_zoom_access_get(&d->access) == NGX_OK) {
        ngx_http_zoom_disconnect_access(&d->access);
    }
}


static void
ngx_http_zoom_disconnect_access(ngx_http_zoom_access_t *a)
{
    ngx_http_zoom_disconnecting_t  *d;

    d = a->data;

    switch (a->error) {

    case ZOOM_OK:
        ngx_http_zoom_disconnect_revoke(d);
        return;

    case ZOOM_E_GRANT_EXPIRED:
        ngx_http_zoom_disconnect_forget(d);
        return;

    default:
        d->disconnect.retry_after = a->retry_after;
        ngx_http_zoom_disconnect_over(d, a->error);
    }
}


static void
ngx_http_zoom_disconnect_revoke(ngx_http_zoom_disconnecting_t *d)
{
    ngx_http_zoom_call_t  *call;

    call = &d->call;

    call->ops = &ngx_http_zoom_disconnect_ops;
    call->data = d;
    call->wa = d->wa;
    call->deadline = d->deadline;
    call->service = NGX_HTTP_ZOOM_OAUTH;
    call->label = ZOOM_NLABELS;
    call->anonymous = 1;
    call->foreign = 1;

    ngx_http_zoom_call_post(call, 0);
}


static ngx_int_t
ngx_http_zoom_disconnect_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *none, ngx_http_zoom_exchange_t *x)
{
    ngx_int_t                       rc;
    zoom_buf_t                      body;
    ngx_http_zoom_disconnecting_t  *d;

    static u_char  form[3 * ZOOM_ACCESS_TOKEN_MAX];
    static u_char  basic[NGX_HTTP_ZOOM_BASIC_MAX];

    d = call->data;

    zoom_buf_init(&body, form, sizeof(form));
    zoom_grant_revoke_body(&body, ngx_http_zoom_str(&d->access.token));

    x->origin = &call->wa->account->consent.revoke;

    rc = ngx_http_zoom_user_grant_client(call->wa, &body, basic, x);

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_call_send(call, x);
    }

    ngx_explicit_memzero(form, body.len);
    ngx_explicit_memzero(basic, x->authorization.len);

    return rc;
}


/* A token that Zoom does not know needs no revocation. */

static void
ngx_http_zoom_disconnect_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v)
{
    int64_t     life;
    unsigned    lacks;
    zoom_buf_t  none;
    u_char      scratch[1];

    if (x->response.status >= 200 && x->response.status < 300) {
        zoom_verdict_init(v, &x->response, ngx_time());
        return;
    }

    zoom_buf_init(&none, scratch, 0);
    zoom_oauth_classify(&x->response, ngx_time(), &none, &life, &lacks, v);

    if (v->verdict == ZOOM_FINAL && v->error == ZOOM_E_ZOOM_REFUSED) {
        zoom_verdict_init(v, &x->response, ngx_time());
    }
}


static u_char *
ngx_http_zoom_disconnect_print(ngx_http_zoom_call_t *call, u_char *p,
    u_char *last)
{
    return ngx_slprintf(p, last, "revocation of a grant");
}


static void
ngx_http_zoom_disconnect_revoked(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_disconnecting_t  *d;

    d = call->data;

    if (call->error == ZOOM_OK) {
        ngx_http_zoom_disconnect_forget(d);
        return;
    }

    ngx_log_error(NGX_LOG_ERR, d->wa->log, 0,
                  "zoom: account \"%V\": could not revoke the grant of user "
                  "\"%V\", which is kept: %*s%s%s", &d->wa->account->name,
                  &d->access.id, zoom_error_info(call->error)->name.len,
                  zoom_error_info(call->error)->name.data,
                  call->verdict.message[0] ? ", " : "", call->verdict.message);

    d->disconnect.retry_after = (call->wait + 999) / 1000;
    ngx_http_zoom_disconnect_over(d, call->error);
}


static void
ngx_http_zoom_disconnect_forget(ngx_http_zoom_disconnecting_t *d)
{
    ngx_http_zoom_grants_ask_t  *ask;

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_FORGET);

    if (ask == NULL) {
        ngx_http_zoom_disconnect_over(d, ZOOM_E_INTERNAL);
        return;
    }

    ngx_cpystrn(ask->query.app, d->wa->account->consent.app.data,
                sizeof(ask->query.app));
    ngx_memcpy(ask->query.user, d->access.id.data, d->access.id.len);

    ask->handler = ngx_http_zoom_disconnect_forgotten;
    ask->data = d;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        ngx_http_zoom_disconnect_over(d, ZOOM_E_STORE_UNAVAILABLE);
    }
}


static void
ngx_http_zoom_disconnect_forgotten(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_disconnecting_t  *d;

    d = ask->data;

    if (ask->query.rc == NGX_ERROR) {
        ngx_http_zoom_disconnect_over(d, ZOOM_E_STORE_UNAVAILABLE);
        return;
    }

    if (ask->query.nrows) {
        ngx_http_zoom_forget_row(d->wa, ask->query.rows);
    }

    ngx_http_zoom_forget_access(d->wa, &d->access.id, NULL, 0);

    ngx_log_error(NGX_LOG_NOTICE, d->wa->log, 0,
                  "zoom: account \"%V\": user \"%V\" has been disconnected",
                  &d->wa->account->name, &d->access.id);

    ngx_http_zoom_disconnect_over(d, (ask->query.rc == NGX_OK)
                                     ? ZOOM_OK : ZOOM_E_NOT_CONNECTED);
}


static void
ngx_http_zoom_disconnect_over(ngx_http_zoom_disconnecting_t *d,
    zoom_error_e error)
{
    d->disconnect.error = error;

    if (d->disconnect.handler) {
        d->disconnect.handler(&d->disconnect);
    }

    ngx_http_zoom_ndisconnecting--;

    ngx_http_zoom_access_wipe(&d->access);
    ngx_destroy_pool(d->pool);
}


void
ngx_http_zoom_disconnected(const ngx_http_zoom_account_t *account,
    const ngx_str_t *id)
{
    ngx_http_zoom_grants_ask_t      *ask;
    ngx_http_zoom_worker_account_t  *wa;

    wa = ngx_http_zoom_worker_account(account);

    ngx_http_zoom_forget_access(wa, id, NULL, 0);

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_END);

    if (ask == NULL) {
        return;
    }

    ngx_cpystrn(ask->query.app, account->consent.app.data,
                sizeof(ask->query.app));
    ngx_cpystrn(ask->query.user, id->data,
                ngx_min(id->len + 1, sizeof(ask->query.user)));

    ask->handler = ngx_http_zoom_disconnect_ended;
    ask->data = wa;

    (void) ngx_http_zoom_grants_post(ask);
}


static void
ngx_http_zoom_disconnect_ended(ngx_http_zoom_grants_ask_t *ask)
{
    if (ask->query.rc == NGX_OK && ask->query.nrows) {
        ngx_http_zoom_forget_row(ask->data, ask->query.rows);
    }
}
