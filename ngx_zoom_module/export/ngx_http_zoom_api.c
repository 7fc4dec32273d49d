/*
 * What the first module lends to others.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_link.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_want.h"
#include "zoom_token.h"


#define NGX_HTTP_ZOOM_API_POOL  1024


static ngx_http_zoom_account_t *ngx_http_zoom_api_account(ngx_cycle_t *cycle,
    const ngx_str_t *name);
static void ngx_http_zoom_api_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_account_report_t *report);
static void ngx_http_zoom_api_report_labels(
    ngx_http_zoom_account_report_t *report,
    const ngx_http_zoom_label_report_t *labels);
static ngx_int_t ngx_http_zoom_api_mint(ngx_http_request_t *r,
    ngx_http_zoom_call_t *call);
static const char *ngx_http_zoom_api_want(ngx_http_request_t *r,
    ngx_http_zoom_call_t *call, ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_api_clear(ngx_http_zoom_call_t *call);
static void ngx_http_zoom_api_fail(ngx_http_zoom_call_t *call,
    zoom_error_e error);
static ngx_int_t ngx_http_zoom_api_keep(ngx_pool_t *pool, ngx_str_t *s);
static void ngx_http_zoom_api_answered(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_api_result(ngx_http_zoom_call_t *call,
    ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_api_cancel(ngx_http_zoom_call_t *call);
static const char *ngx_http_zoom_api_send(ngx_http_request_t *r,
    ngx_http_zoom_errand_t *errand);
static const char *ngx_http_zoom_api_send_want(ngx_http_request_t *r,
    ngx_http_zoom_errand_t *errand, ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_sent(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_api_end(ngx_http_zoom_errand_t *errand);
static const char *ngx_http_zoom_api_sign(ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, ngx_uint_t host, time_t life,
    ngx_http_zoom_signature_t *signature);
static ngx_int_t ngx_http_zoom_api_type(const ngx_str_t *name);
static ngx_int_t ngx_http_zoom_api_token(const ngx_str_t *value);


static const char *const
    ngx_http_zoom_api_members[NGX_HTTP_ZOOM_API_TOKENS] =
{
    "zak_token", "onbehalf_token", "app_privilege_token",
    "live_streaming_token", "local_archiving_token"
};


const ngx_http_zoom_api_t  ngx_http_zoom_api = {
    NGX_HTTP_ZOOM_API_MAGIC,
    NGX_HTTP_ZOOM_API_VERSION,
    sizeof(ngx_http_zoom_api_t),
    ngx_http_zoom_api_account,
    ngx_http_zoom_api_report,
    ngx_http_zoom_api_mint,
    ngx_http_zoom_api_cancel,
    ngx_http_zoom_api_send,
    ngx_http_zoom_api_end,
    ngx_http_zoom_api_sign,
    ngx_http_zoom_broker_purge,
    ngx_http_zoom_link_read,
    ngx_http_zoom_route_set,
    ngx_http_zoom_route_done,
    ngx_http_zoom_route_bot,
    ngx_http_zoom_route_bot_link,
    ngx_http_zoom_route_metadata,
    ngx_http_zoom_route_header,
    ngx_http_zoom_route_arg,
    ngx_http_zoom_api_type,
    ngx_http_zoom_api_members,
    ngx_http_zoom_api_token
};


static ngx_http_zoom_account_t *
ngx_http_zoom_api_account(ngx_cycle_t *cycle, const ngx_str_t *name)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    return zmcf ? ngx_http_zoom_account_find(&zmcf->accounts, name) : NULL;
}


static void
ngx_http_zoom_api_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_account_report_t *report)
{
    ngx_uint_t               i;
    zoom_error_e             error;
    ngx_http_zoom_report_t   all;

    ngx_http_zoom_broker_report(account, &all);

    ngx_memzero(report, sizeof(ngx_http_zoom_account_report_t));

    report->name = account->name;
    report->expires = (all.expires > ngx_time()) ? all.expires : 0;

    /* the others are not for every account */

    report->nvital = NGX_HTTP_ZOOM_ZAK + 1;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {

        report->kinds[i].name = ngx_http_zoom_service_names[i];

        error = all.state->breakers[i].error;

        if (error != ZOOM_OK && ngx_http_zoom_breaker_known(all.state, i)) {
            report->kinds[i].error =
                              (const char *) zoom_error_info(error)->name.data;
        }
    }

    ngx_http_zoom_api_report_labels(report, all.labels);

    report->last_time = (time_t) all.state->last_time;
    report->last_error = (const char *)
                         zoom_error_info(all.state->last_error)->name.data;
    report->last_code = all.state->last_code;
    report->last_message = all.state->last_message;
    report->last_tracking_id = all.state->last_tracking_id;
}


static void
ngx_http_zoom_api_report_labels(ngx_http_zoom_account_report_t *report,
    const ngx_http_zoom_label_report_t *labels)
{
    ngx_uint_t  i;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        report->labels[i].name = ngx_http_zoom_label_names[i];
        report->labels[i].rate = labels[i].rate.rate;
        report->labels[i].day = labels[i].rate.day;
        report->labels[i].used = labels[i].used;
        report->labels[i].wait = labels[i].wait;
    }
}


static ngx_int_t
ngx_http_zoom_api_mint(ngx_http_request_t *r, ngx_http_zoom_call_t *call)
{
    ngx_http_zoom_ask_t  *ask;

    ngx_http_zoom_api_clear(call);

    ask = ngx_pcalloc(call->pool, sizeof(ngx_http_zoom_ask_t));

    if (ask == NULL) {
        ngx_http_zoom_api_fail(call, ZOOM_E_INTERNAL);
        return NGX_OK;
    }

    call->error = ngx_http_zoom_api_want(r, call, ask);

    if (call->error) {
        return NGX_ERROR;
    }

    if (call->timeout == 0) {
        ngx_http_zoom_api_fail(call, ZOOM_E_TIMEOUT);
        return NGX_OK;
    }

    ask->account = call->account;
    ask->pool = call->pool;
    ask->handler = ngx_http_zoom_api_answered;
    ask->data = call;

    /* the strings are the caller's, who may forget them */

    if (ngx_http_zoom_api_keep(call->pool, &ask->user) != NGX_OK
        || ngx_http_zoom_api_keep(call->pool, &ask->meeting) != NGX_OK)
    {
        ngx_http_zoom_api_fail(call, ZOOM_E_INTERNAL);
        return NGX_OK;
    }

    call->ask = ask;

    if (ngx_http_zoom_broker_ask(ask) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    ngx_http_zoom_api_result(call, ask);

    return NGX_OK;
}


static const char *
ngx_http_zoom_api_want(ngx_http_request_t *r, ngx_http_zoom_call_t *call,
    ngx_http_zoom_ask_t *ask)
{
    ngx_msec_t            left;
    ngx_http_zoom_want_t  want;

    left = ngx_http_zoom_ctx_time_left(r);
    call->timeout = ngx_min(call->timeout, left);

    ngx_memzero(&want, sizeof(ngx_http_zoom_want_t));

    want.timeout = call->timeout;

    if (call->access) {
        ngx_http_zoom_want_access(r, &want, ask);
        return NULL;
    }

    want.type = call->type;
    want.user = call->user;
    want.meeting = call->meeting;
    want.ttl = call->ttl;
    want.fresh = call->fresh;
    want.webinar = call->webinar;
    want.bypass = call->bypass;

    return ngx_http_zoom_want(r, &want, ask);
}


static void
ngx_http_zoom_api_clear(ngx_http_zoom_call_t *call)
{
    call->error = NULL;
    call->status = (char *) ngx_http_zoom_token_statuses[0].data;
    call->expires = 0;
    call->retry_after = 0;
    call->code = 0;
    call->http = 0;
    call->tracking_id = (u_char *) "";
    call->ask = NULL;
    ngx_str_null(&call->token);
}


static void
ngx_http_zoom_api_fail(ngx_http_zoom_call_t *call, zoom_error_e error)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    call->error = (const char *) info->name.data;
    call->http = info->status;
}


static ngx_int_t
ngx_http_zoom_api_keep(ngx_pool_t *pool, ngx_str_t *s)
{
    if (s->len == 0) {
        return NGX_OK;
    }

    s->data = ngx_pstrdup(pool, s);

    return s->data ? NGX_OK : NGX_ERROR;
}


static void
ngx_http_zoom_api_answered(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_call_t  *call;

    call = ask->data;

    ngx_http_zoom_api_result(call, ask);

    call->handler(call);
}


static void
ngx_http_zoom_api_result(ngx_http_zoom_call_t *call, ngx_http_zoom_ask_t *ask)
{
    call->ask = NULL;
    call->expires = ask->expires;
    call->retry_after = ask->retry_after;
    call->code = ask->code;
    call->tracking_id = ask->tracking_id;

    if (ask->error == ZOOM_OK && ask->token.len == 0) {
        ask->error = ZOOM_E_INTERNAL;
    }

    if (ask->error != ZOOM_OK) {
        ngx_http_zoom_api_fail(call, ask->error);
        return;
    }

    call->status = (char *) ngx_http_zoom_token_statuses[ask->status].data;
    call->token = ask->token;
}


static void
ngx_http_zoom_api_cancel(ngx_http_zoom_call_t *call)
{
    if (call->ask) {
        ngx_http_zoom_broker_cancel(call->ask);
        call->ask = NULL;
    }
}


/* A pool of its own: a request may send many, whose answers are large. */

static const char *
ngx_http_zoom_api_send(ngx_http_request_t *r, ngx_http_zoom_errand_t *errand)
{
    ngx_pool_t                *pool;
    const char                *why;
    ngx_http_zoom_api_call_t  *req;

    errand->request = NULL;

    pool = ngx_create_pool(NGX_HTTP_ZOOM_API_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return "no memory";
    }

    req = ngx_pcalloc(pool, sizeof(ngx_http_zoom_api_call_t));

    if (req == NULL) {
        ngx_destroy_pool(pool);
        return "no memory";
    }

    req->pool = pool;
    req->handler = ngx_http_zoom_api_sent;
    req->data = errand;

    why = ngx_http_zoom_api_send_want(r, errand, req);

    if (why) {
        ngx_destroy_pool(pool);
        return why;
    }

    errand->request = req;

    ngx_http_zoom_api_call(req);

    return NULL;
}


static const char *
ngx_http_zoom_api_send_want(ngx_http_request_t *r,
    ngx_http_zoom_errand_t *errand, ngx_http_zoom_api_call_t *req)
{
    ngx_msec_t                     left;
    ngx_http_zoom_want_request_t   want;

    left = ngx_http_zoom_ctx_time_left(r);

    want.account = errand->account;
    want.method = errand->method;
    want.path = errand->path;
    want.body = errand->body;
    want.label = errand->label.data ? errand->label
                                    : ngx_http_zoom_labels[ZOOM_MEDIUM];
    want.timeout = ngx_min(errand->timeout, left);

    req->answer_max = errand->most;

    return ngx_http_zoom_want_request(r, &want, req);
}


static void
ngx_http_zoom_api_sent(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_errand_t   *errand;
    const zoom_error_info_t  *info;

    errand = req->data;

    errand->error = NULL;
    errand->reason = NULL;
    errand->http = req->status;
    errand->head = req->head;
    errand->answer = req->answer;
    errand->retry_after = req->retry_after;
    errand->tracking_id = req->tracking_id;

    if (req->error != ZOOM_OK) {
        info = zoom_error_info(req->error);

        errand->error = (const char *) info->name.data;
        errand->reason = req->reason;
        errand->http = info->status;
    }

    errand->handler(errand);
}


static void
ngx_http_zoom_api_end(ngx_http_zoom_errand_t *errand)
{
    ngx_http_zoom_api_call_t  *req;

    req = errand->request;

    if (req == NULL) {
        return;
    }

    errand->request = NULL;

    ngx_http_zoom_api_call_cancel(req);

    if (req->answer.len) {
        ngx_explicit_memzero(req->answer.data, req->answer.len);
    }

    ngx_destroy_pool(req->pool);
}


static const char *
ngx_http_zoom_api_sign(ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, ngx_uint_t host, time_t life,
    ngx_http_zoom_signature_t *signature)
{
    signature->sdk_key = account->sdk_key;
    signature->expires = ngx_time() + life;

    return ngx_http_zoom_want_signature(account, meeting, host, life,
                                        signature->buf, &signature->text);
}


static ngx_int_t
ngx_http_zoom_api_type(const ngx_str_t *name)
{
    zoom_token_type_e  type;

    type = zoom_token_type_find(ngx_http_zoom_str(name));

    return (type == ZOOM_NTOKEN_TYPES) ? NGX_DECLINED : (ngx_int_t) type;
}


static ngx_int_t
ngx_http_zoom_api_token(const ngx_str_t *value)
{
    return zoom_token_form(ngx_http_zoom_str(value)) ? NGX_OK : NGX_DECLINED;
}
