/*
 *     prove -> code ----------------+
 *                                   +-> profile -> store -> done
 *     prove -> device -> poll, ... -+
 *
 * A code that is spent ends the grant that there was before, so it is seen
 * first that the next one can be stored.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_bearer.h"
#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_connecting.h"
#include "ngx_http_zoom_device.h"
#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_forget.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_user_grant.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_CONNECT_MAX   256          /* of a grant's kind at once,
                                                    in a worker */
#define NGX_HTTP_ZOOM_CONNECT_TIME  12000        /* of a step, milliseconds */


static ngx_uint_t *ngx_http_zoom_connect_places(
    const ngx_http_zoom_account_t *account);
static ngx_http_zoom_connecting_t *ngx_http_zoom_connect_create(
    ngx_http_zoom_account_t *account, const ngx_str_t *alias);
static ngx_http_zoom_connect_t *ngx_http_zoom_connect_prove(
    ngx_http_zoom_connecting_t *c, ngx_http_zoom_connect_e step);
static void ngx_http_zoom_connect_proved(ngx_http_zoom_grants_ask_t *ask);
static ngx_int_t ngx_http_zoom_connect_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *none, ngx_http_zoom_exchange_t *x);
static ngx_int_t ngx_http_zoom_connect_form(ngx_http_zoom_connecting_t *c,
    ngx_http_zoom_exchange_t *x);
static void ngx_http_zoom_connect_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v);
static void ngx_http_zoom_connect_tokens(ngx_http_zoom_connecting_t *c,
    const zoom_response_t *response, zoom_verdict_t *v);
static u_char *ngx_http_zoom_connect_print(ngx_http_zoom_call_t *call,
    u_char *p, u_char *last);
static void ngx_http_zoom_connect_done(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_connect_store(ngx_http_zoom_connecting_t *c);
static void ngx_http_zoom_connect_stored(ngx_http_zoom_grants_ask_t *ask);


static const ngx_http_zoom_call_ops_t  ngx_http_zoom_connect_ops = {
    ngx_http_zoom_connect_send,
    ngx_http_zoom_connect_classify,
    ngx_http_zoom_connect_print,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    NULL,
    ngx_http_zoom_connect_done
};


ngx_queue_t  ngx_http_zoom_connecting;

/* of those who have consented, and of devices */

static ngx_uint_t  ngx_http_zoom_nconnecting[2];


ngx_http_zoom_connect_t *
ngx_http_zoom_connect_code(ngx_http_zoom_account_t *account,
    const ngx_str_t *alias, const ngx_str_t *code, const ngx_str_t *verifier)
{
    ngx_http_zoom_connecting_t  *c;

    c = ngx_http_zoom_connect_create(account, alias);

    if (c == NULL) {
        return NULL;
    }

    c->code_len = ngx_min(code->len, sizeof(c->code));
    ngx_memcpy(c->code, code->data, c->code_len);

    c->verifier_len = ngx_min(verifier->len, sizeof(c->verifier));
    ngx_memcpy(c->verifier, verifier->data, c->verifier_len);

    return ngx_http_zoom_connect_prove(c, NGX_HTTP_ZOOM_CONNECT_CODE);
}


ngx_http_zoom_connect_t *
ngx_http_zoom_connect_device(ngx_http_zoom_account_t *account,
    const ngx_str_t *alias)
{
    ngx_http_zoom_connecting_t  *c;

    c = ngx_http_zoom_connect_create(account, alias);

    if (c == NULL) {
        return NULL;
    }

    return ngx_http_zoom_connect_prove(c, NGX_HTTP_ZOOM_CONNECT_DEVICE);
}


/* Reads nobody's grant, which tells whether the store can be written. */

static ngx_http_zoom_connect_t *
ngx_http_zoom_connect_prove(ngx_http_zoom_connecting_t *c,
    ngx_http_zoom_connect_e step)
{
    ngx_http_zoom_grants_ask_t  *ask;

    c->step = step;

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_READ);

    if (ask == NULL) {
        ngx_http_zoom_connect_over(c);
        return NULL;
    }

    ask->query.prove = 1;
    ask->handler = ngx_http_zoom_connect_proved;
    ask->data = c;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        ngx_http_zoom_connect_over(c);
        return NULL;
    }

    return &c->connect;
}


static void
ngx_http_zoom_connect_proved(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_http_zoom_connecting_t  *c;

    c = ask->data;

    if (ask->query.rc == NGX_ERROR) {
        ngx_http_zoom_connect_fail(c, ZOOM_E_STORE_UNAVAILABLE);
        return;
    }

    ngx_http_zoom_connect_step(c, c->step);
}


/* Codes of devices wait for minutes, and must not keep others out. */

static ngx_uint_t *
ngx_http_zoom_connect_places(const ngx_http_zoom_account_t *account)
{
    return &ngx_http_zoom_nconnecting[account->grant
                                      == NGX_HTTP_ZOOM_DEVICE_CODE];
}


static ngx_http_zoom_connecting_t *
ngx_http_zoom_connect_create(ngx_http_zoom_account_t *account,
    const ngx_str_t *alias)
{
    zoom_buf_t                   b;
    ngx_uint_t                  *n;
    ngx_http_zoom_connecting_t  *c;

    n = ngx_http_zoom_connect_places(account);

    if (*n == NGX_HTTP_ZOOM_CONNECT_MAX) {
        return NULL;
    }

    c = ngx_calloc(sizeof(ngx_http_zoom_connecting_t), ngx_cycle->log);
    if (c == NULL) {
        return NULL;
    }

    c->wa = ngx_http_zoom_worker_account(account);

    zoom_buf_init(&b, c->alias, ZOOM_USER_MAX);
    zoom_user_fold(&b, ngx_http_zoom_str(alias));

    ngx_http_zoom_timer_init(&c->timer, ngx_http_zoom_device_timer,
                             ngx_cycle->log);

    /* a worker that quits waits for a poll, and not for the next one */

    c->timer.cancelable = 1;

    if (ngx_http_zoom_connecting.next == NULL) {
        ngx_queue_init(&ngx_http_zoom_connecting);
    }

    ngx_queue_insert_tail(&ngx_http_zoom_connecting, &c->queue);
    (*n)++;

    return c;
}


void
ngx_http_zoom_connect_step(ngx_http_zoom_connecting_t *c,
    ngx_http_zoom_connect_e step)
{
    ngx_http_zoom_call_t  *call;

    c->step = step;

    call = &c->call;

    ngx_memzero(call, sizeof(ngx_http_zoom_call_t));

    call->ops = &ngx_http_zoom_connect_ops;
    call->data = c;
    call->wa = c->wa;
    call->deadline = ngx_current_msec + NGX_HTTP_ZOOM_CONNECT_TIME;
    call->service = NGX_HTTP_ZOOM_OAUTH;
    call->label = ZOOM_NLABELS;
    call->anonymous = 1;
    call->foreign = 1;
    call->solo = 1;

    if (step == NGX_HTTP_ZOOM_CONNECT_PROFILE) {
        call->service = NGX_HTTP_ZOOM_API;
        call->label = ZOOM_LIGHT;
    }

    /* the second time Zoom would take it for a theft */

    call->single = (step == NGX_HTTP_ZOOM_CONNECT_CODE);

    ngx_http_zoom_call_post(call, 0);
}


static ngx_int_t
ngx_http_zoom_connect_send(ngx_http_zoom_call_t *call, const ngx_str_t *none,
    ngx_http_zoom_exchange_t *x)
{
    ngx_str_t                    access;
    ngx_http_zoom_connecting_t  *c;

    c = call->data;

    if (c->step != NGX_HTTP_ZOOM_CONNECT_PROFILE) {
        return ngx_http_zoom_connect_form(c, x);
    }

    access.data = c->access;
    access.len = c->access_len;

    x->origin = &call->wa->account->api;
    ngx_str_set(&x->path, "/users/me");

    return ngx_http_zoom_bearer_send(call, &access, x);
}


static ngx_int_t
ngx_http_zoom_connect_form(ngx_http_zoom_connecting_t *c,
    ngx_http_zoom_exchange_t *x)
{
    ngx_int_t                 rc;
    zoom_str_t                code, verifier;
    zoom_buf_t                body;
    ngx_http_zoom_account_t  *account;

    static u_char  form[NGX_HTTP_ZOOM_FORM_MAX];
    static u_char  basic[NGX_HTTP_ZOOM_BASIC_MAX];

    account = c->wa->account;

    zoom_buf_init(&body, form, sizeof(form));

    x->origin = &account->credential.oauth;

    switch (c->step) {

    case NGX_HTTP_ZOOM_CONNECT_CODE:
        code.data = c->code;
        code.len = c->code_len;
        verifier.data = c->verifier;
        verifier.len = c->verifier_len;

        zoom_grant_code_body(&body, code,
                             ngx_http_zoom_str(&account->consent.redirect_uri),
                             verifier);
        break;

    case NGX_HTTP_ZOOM_CONNECT_DEVICE:
        x->origin = &account->consent.device;

        zoom_grant_start_body(&body,
                              ngx_http_zoom_str(&account->consent.scopes));
        break;

    default: /* NGX_HTTP_ZOOM_CONNECT_POLL */
        zoom_grant_device_body(&body,
                               zoom_str_c(c->connect.device.device_code));

        /* one poll gets the tokens, and whatever repeats it gets nothing */

        x->once = 1;
        break;
    }

    rc = ngx_http_zoom_user_grant_client(c->wa, &body, basic, x);

    if (c->step == NGX_HTTP_ZOOM_CONNECT_DEVICE && x->authorization.len) {
        zoom_grant_public(&body,
                          ngx_http_zoom_str(&account->credential.client_id));
        x->body.len = body.len;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_call_send(&c->call, x);
    }

    ngx_explicit_memzero(form, sizeof(form));
    ngx_explicit_memzero(basic, x->authorization.len);

    return rc;
}


static void
ngx_http_zoom_connect_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v)
{
    ngx_http_zoom_connecting_t  *c;

    c = call->data;

    switch (c->step) {

    case NGX_HTTP_ZOOM_CONNECT_DEVICE:
        zoom_device_classify(&x->response, ngx_time(), &c->connect.device, v);
        return;

    case NGX_HTTP_ZOOM_CONNECT_PROFILE:
        zoom_profile_classify(&x->response, ngx_time(), &c->profile, v);

        /* there is no other access token to try it with */

        if (v->verdict == ZOOM_REFRESH) {
            zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL);
        }

        return;

    case NGX_HTTP_ZOOM_CONNECT_POLL:
        c->reason = zoom_device_reason(&x->response);

        if (c->reason != ZOOM_DEVICE_NONE) {
            zoom_verdict_init(v, &x->response, ngx_time());
            return;
        }

        /* fall through */

    default: /* NGX_HTTP_ZOOM_CONNECT_CODE */
        ngx_http_zoom_connect_tokens(c, &x->response, v);
    }
}


static void
ngx_http_zoom_connect_tokens(ngx_http_zoom_connecting_t *c,
    const zoom_response_t *response, zoom_verdict_t *v)
{
    zoom_buf_t           access, refresh;
    zoom_grant_tokens_t  tokens;

    zoom_buf_init(&access, c->access, sizeof(c->access));
    zoom_buf_init(&refresh, c->refresh, sizeof(c->refresh));

    tokens.access = &access;
    tokens.refresh = &refresh;

    zoom_grant_classify(response, ngx_time(), &tokens, v);

    if (v->verdict == ZOOM_USE && refresh.len == 0) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL);
        zoom_verdict_words(v, zoom_str_c("no refresh token"));
    }

    /* Zoom repeats the code in its words, and a code is a secret */

    if (v->error == ZOOM_E_GRANT_EXPIRED || v->error == ZOOM_E_ZOOM_REFUSED) {
        zoom_verdict_set(v, ZOOM_FINAL, ZOOM_E_DENIED, NULL);
        zoom_verdict_words(v, zoom_str_c("the code is not good, or not any "
                                         "more"));
    }

    c->access_len = access.len;
    c->refresh_len = refresh.len;
    c->expires = ngx_time() + tokens.life;
}


static u_char *
ngx_http_zoom_connect_print(ngx_http_zoom_call_t *call, u_char *p,
    u_char *last)
{
    return ngx_slprintf(p, last, "grant of a user who connects");
}


static void
ngx_http_zoom_connect_done(ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_connecting_t  *c;

    c = call->data;

    if (c->step == NGX_HTTP_ZOOM_CONNECT_POLL) {
        ngx_http_zoom_device_polled(c);
        return;
    }

    if (call->error != ZOOM_OK) {
        c->connect.retry_after = (call->wait + 999) / 1000;
        ngx_http_zoom_connect_fail(c, call->error);
        return;
    }

    switch (c->step) {

    case NGX_HTTP_ZOOM_CONNECT_CODE:
        ngx_http_zoom_connect_step(c, NGX_HTTP_ZOOM_CONNECT_PROFILE);
        return;

    case NGX_HTTP_ZOOM_CONNECT_DEVICE:
        ngx_http_zoom_device_started(c);
        return;

    default: /* NGX_HTTP_ZOOM_CONNECT_PROFILE */
        ngx_http_zoom_connect_store(c);
    }
}


static void
ngx_http_zoom_connect_store(ngx_http_zoom_connecting_t *c)
{
    zoom_buf_t                    b;
    ngx_http_zoom_grants_ask_t   *ask;
    ngx_http_zoom_grant_query_t  *q;

    ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_PUT);

    if (ask == NULL) {
        ngx_http_zoom_connect_fail(c, ZOOM_E_INTERNAL);
        return;
    }

    q = &ask->query;

    ngx_cpystrn(q->app, c->wa->account->consent.app.data, sizeof(q->app));
    ngx_cpystrn(q->user, (u_char *) c->profile.id, sizeof(q->user));
    ngx_cpystrn(q->alias, c->alias, sizeof(q->alias));
    ngx_memcpy(q->token, c->refresh, c->refresh_len);
    q->len = c->refresh_len;

    zoom_buf_init(&b, q->email, ZOOM_USER_MAX);
    zoom_user_fold(&b, zoom_str_c(c->profile.email));

    ask->handler = ngx_http_zoom_connect_stored;
    ask->data = c;

    if (ngx_http_zoom_grants_post(ask) != NGX_OK) {
        ngx_http_zoom_connect_fail(c, ZOOM_E_STORE_UNAVAILABLE);
    }
}


static void
ngx_http_zoom_connect_stored(ngx_http_zoom_grants_ask_t *ask)
{
    ngx_str_t                     names[3], token;
    ngx_http_zoom_connecting_t   *c;
    ngx_http_zoom_grant_query_t  *q;

    c = ask->data;
    q = &ask->query;

    if (q->rc != NGX_OK) {
        ngx_http_zoom_connect_fail(c, ZOOM_E_STORE_UNAVAILABLE);
        return;
    }

    /* what was known under these names may have been another's */

    names[0].data = q->user;
    names[1].data = q->email;
    names[2].data = q->alias;
    names[0].len = ngx_strlen(q->user);
    names[1].len = ngx_strlen(q->email);
    names[2].len = ngx_strlen(q->alias);

    ngx_http_zoom_forget_names(c->wa, names, 3);

    token.data = c->access;
    token.len = c->access_len;

    ngx_http_zoom_forget_access(c->wa, &names[0], &token, c->expires);

    ngx_log_error(NGX_LOG_NOTICE, c->wa->log, 0,
                  "zoom: account \"%V\": user \"%s\" has connected",
                  &c->wa->account->name, q->user);

    ngx_http_zoom_count(&c->wa->state->connects[
                                            NGX_HTTP_ZOOM_CONNECTS_CONNECTED]);

    ngx_http_zoom_connect_tell(c, ZOOM_OK);
    ngx_http_zoom_connect_over(c);
}


void
ngx_http_zoom_connect_fail(ngx_http_zoom_connecting_t *c, zoom_error_e error)
{
    u_char                    often[64];
    uint64_t                  count;
    ngx_uint_t                level, result;
    const zoom_verdict_t     *v;
    const zoom_error_info_t  *info;

    v = &c->call.verdict;
    info = zoom_error_info(error);

    result = (error == ZOOM_E_DENIED) ? NGX_HTTP_ZOOM_CONNECTS_DENIED
                                      : NGX_HTTP_ZOOM_CONNECTS_FAILED;

    ngx_http_zoom_count(&c->wa->state->connects[result]);

    count = ngx_http_zoom_failure_connect(c->wa, error);
    level = count ? NGX_LOG_ERR : NGX_LOG_INFO;

    ngx_memzero(often, sizeof(often));

    if (count > 1) {
        (void) ngx_snprintf(often, sizeof(often) - 1,
                            " (%uL of this kind since the last such line)",
                            count);
    }

    ngx_log_error(level, c->wa->log, 0,
                  "zoom: account \"%V\": a user could not connect: %*s%s%s%s"
                  "%s%s", &c->wa->account->name, info->name.len,
                  info->name.data,
                  v->message[0] ? ", " : "", v->message,
                  v->advice ? "; " : "", v->advice ? v->advice : "", often);

    ngx_http_zoom_connect_tell(c, error);
    ngx_http_zoom_connect_over(c);
}


void
ngx_http_zoom_connect_tell(ngx_http_zoom_connecting_t *c, zoom_error_e error)
{
    ngx_http_zoom_connect_pt  handler;

    handler = c->connect.handler;

    c->connect.error = error;
    c->connect.handler = NULL;

    if (handler) {
        handler(&c->connect);
    }
}


void
ngx_http_zoom_connect_over(ngx_http_zoom_connecting_t *c)
{
    ngx_http_zoom_timer_stop(&c->timer);

    ngx_queue_remove(&c->queue);
    (*ngx_http_zoom_connect_places(c->wa->account))--;

    ngx_explicit_memzero(c, sizeof(ngx_http_zoom_connecting_t));
    ngx_free(c);
}


void
ngx_http_zoom_connect_declined(const ngx_http_zoom_account_t *account)
{
    ngx_http_zoom_worker_account_t  *wa;

    wa = ngx_http_zoom_worker_account(account);

    if (wa) {
        ngx_http_zoom_count(&wa->state->connects[
                                             NGX_HTTP_ZOOM_CONNECTS_DECLINED]);
    }
}


void
ngx_http_zoom_connect_exit_process(void)
{
    ngx_uint_t                   n;
    ngx_http_zoom_connecting_t  *c;

    if (ngx_http_zoom_connecting.next == NULL) {
        return;
    }

    for (n = 0; !ngx_queue_empty(&ngx_http_zoom_connecting); n++) {
        c = ngx_queue_data(ngx_queue_head(&ngx_http_zoom_connecting),
                           ngx_http_zoom_connecting_t, queue);

        ngx_http_zoom_count(&c->wa->state->connects[
                                              NGX_HTTP_ZOOM_CONNECTS_DROPPED]);
        ngx_http_zoom_connect_over(c);
    }

    if (n) {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "zoom: this worker quits while Zoom waits for %ui "
                      "user%s of devices to enter a code: they have to begin "
                      "again", n, ngx_http_zoom_s(n));
    }
}
