#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_refusals.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_worker_account.h"
#include "ngx_http_zoom_zone.h"


typedef struct ngx_http_zoom_refusal_s  ngx_http_zoom_refusal_t;

struct ngx_http_zoom_refusal_s {
    ngx_http_request_t          *request;
    zoom_error_e                 error;      /* ZOOM_OK: none */
    const char                  *why;
    ngx_str_t                    names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];
};


static void ngx_http_zoom_refuse_end(void *data);
static void ngx_http_zoom_refuse_tell(ngx_http_request_t *r,
    const ngx_str_t *names, zoom_error_e error, const char *why);
static void ngx_http_zoom_refuse_account(ngx_http_request_t *r,
    const ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_refuse_names(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *names);
static void ngx_http_zoom_refuse_log(ngx_http_request_t *r,
    const ngx_str_t *names, zoom_error_e error, const char *why,
    uint64_t count);


static const char *const  ngx_http_zoom_refuse_advices[] = {

    [ZOOM_E_BAD_CALLBACK] = "see what is sent, and if it is meant for this "
                            "location",

    [ZOOM_E_NO_MEETING] = "let the caller send the meeting's link or number",

    [ZOOM_E_BAD_TYPE] = "see \"zoom_types\", or which URL the caller has",

    [ZOOM_E_BAD_PATH] = "see how the caller makes the path",

    [ZOOM_E_UNAUTHENTICATED] = "compare the secrets of \"zoom_authenticate\" "
                               "with those that the caller has, "
                               "and for a webhook the clocks",

    [ZOOM_E_REPLAYED] = "see \"zoom_replay\" if the caller sends a request "
                        "more than once",

    [ZOOM_E_NO_USER] = "see what \"zoom_user\" has for this caller",

    [ZOOM_E_NO_ACCOUNT] = "see which account this location names, and if it "
                          "has a \"zoom_account\" block",

    [ZOOM_E_DENIED] = "if the caller is right, see what this location allows",

    [ZOOM_E_NOT_CONNECTED] = "let the user connect the account, or see which "
                             "name \"zoom_connect_as\" had for it",

    [ZOOM_E_GRANT_EXPIRED] = "let the user connect the account again",

    [ZOOM_E_METHOD] = "see which method the caller uses",

    [ZOOM_E_TOO_LARGE] = "see \"client_max_body_size\" if the caller is right"
};


/* Of a webhook, which has another proof. */

static const char  ngx_http_zoom_refuse_webhook[] =
    "compare \"webhook_secret\" with the secret token of the app in Zoom's "
    "Marketplace, \"zoom_webhook_window\" with the clock of this host, and "
    "see who else may know the URL";


/* Of a user who is to connect. */

static const char  ngx_http_zoom_refuse_connect[] =
    "see what \"zoom_connect_as\" has for this user";


void
ngx_http_zoom_refuse(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_str_t  names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];

    ngx_http_zoom_refuse_account(r, ctx);
    ngx_http_zoom_refuse_names(r, ctx, names);
    ngx_http_zoom_refuse_tell(r, names, error, why);
}


void
ngx_http_zoom_refuse_later(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_http_cleanup_t       *cln;
    ngx_http_zoom_refusal_t  *refusal;

    refusal = ctx->refusal;

    if (refusal == NULL) {
        refusal = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_refusal_t));
        if (refusal == NULL) {
            return;
        }

        /* before the request is logged, when its status is known */

        cln = ngx_http_cleanup_add(r, 0);
        if (cln == NULL) {
            return;
        }

        cln->handler = ngx_http_zoom_refuse_end;
        cln->data = refusal;

        refusal->request = r;
        ctx->refusal = refusal;
    }

    if (!ngx_http_zoom_refusal(error)
        || (refusal->error != ZOOM_OK
            && refusal->names[NGX_HTTP_ZOOM_REFUSAL_CALLER].len))
    {
        return;
    }

    refusal->error = error;
    refusal->why = why;

    ngx_http_zoom_refuse_names(r, ctx, refusal->names);
}


void
ngx_http_zoom_refuse_not(ngx_http_zoom_ctx_t *ctx)
{
    if (ctx->refusal) {
        ctx->refusal->error = ZOOM_OK;
    }
}


static void
ngx_http_zoom_refuse_end(void *data)
{
    ngx_http_zoom_refusal_t  *refusal = data;

    ngx_uint_t  status;

    status = refusal->request->main->headers_out.status;

    if (refusal->error == ZOOM_OK
        || status < NGX_HTTP_BAD_REQUEST
        || status >= NGX_HTTP_INTERNAL_SERVER_ERROR)
    {
        return;
    }

    ngx_http_zoom_broker_count(refusal->error);

    ngx_http_zoom_refuse_tell(refusal->request, refusal->names,
                              refusal->error, refusal->why);
}


static void
ngx_http_zoom_refuse_tell(ngx_http_request_t *r, const ngx_str_t *names,
    zoom_error_e error, const char *why)
{
    uint64_t               count;
    ngx_http_zoom_zone_t  *zone;

    count = 0;
    zone = ngx_http_zoom_refuse_zone(r);

    if (zone) {
        ngx_http_zoom_refusals_count(zone, names, error);

        count = ngx_http_zoom_refusals_tell(zone, names, error, why);
    }

    ngx_http_zoom_refuse_log(r, names, error, why, count);
}


uint64_t
ngx_http_zoom_refuse_news(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_str_t              names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];
    ngx_http_zoom_zone_t  *zone;

    zone = ngx_http_zoom_refuse_zone(r);

    if (zone == NULL) {
        return 1;
    }

    ngx_http_zoom_refuse_names(r, ctx, names);

    return ngx_http_zoom_refusals_tell(zone, names, error, why);
}


ngx_http_zoom_zone_t *
ngx_http_zoom_refuse_zone(ngx_http_request_t *r)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    return zmcf->zone ? zmcf->zone->data : NULL;
}


/* Of an account that the location names, or that the route has found. */

static void
ngx_http_zoom_refuse_account(ngx_http_request_t *r,
    const ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_zoom_account_t         *account;
    ngx_http_zoom_worker_account_t  *wa;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->use.name == NULL
        || (zlcf->use.what != NGX_HTTP_ZOOM_TOKENS
            && zlcf->use.what != NGX_HTTP_ZOOM_JOIN))
    {
        return;
    }

    account = ctx->target.account ? ctx->target.account : zlcf->account;

    wa = account ? ngx_http_zoom_worker_account(account) : NULL;

    if (wa) {
        ngx_http_zoom_count(&wa->state->turned_away);
    }
}


const char *
ngx_http_zoom_refuse_advice(zoom_error_e error)
{
    return ngx_http_zoom_refuse_advices[error];
}


/* As they are configured, none of them is the caller's. */

static void
ngx_http_zoom_refuse_names(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_str_t *names)
{
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_core_srv_conf_t  *cscf;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    names[NGX_HTTP_ZOOM_REFUSAL_SERVER] = cscf->server_name;
    names[NGX_HTTP_ZOOM_REFUSAL_LOCATION] = clcf->name;

    ngx_str_null(&names[NGX_HTTP_ZOOM_REFUSAL_CALLER]);

    if (ctx->auth.caller.len) {
        names[NGX_HTTP_ZOOM_REFUSAL_CALLER] = ctx->auth.caller;
        return;
    }

    /* a script may read a callback that nobody has proved */

    if (ctx->auth.lines) {
        ngx_http_zoom_auth_suspect(r, &ctx->auth,
                                   ngx_http_zoom_ctx_args(r, ctx),
                                   &names[NGX_HTTP_ZOOM_REFUSAL_CALLER]);
    }
}


static void
ngx_http_zoom_refuse_log(ngx_http_request_t *r, const ngx_str_t *names,
    zoom_error_e error, const char *why, uint64_t count)
{
    size_t                           len;
    u_char                          *p, *last;
    ngx_uint_t                       level;
    const char                      *advice;
    const zoom_error_info_t         *info;
    const ngx_http_zoom_loc_conf_t  *zlcf;
    u_char                           tail[NGX_MAX_ERROR_STR / 2];

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    info = zoom_error_info(error);

    p = tail;
    last = tail + sizeof(tail);

    if (error == ZOOM_E_UNAUTHENTICATED && zlcf->webhook) {
        advice = ngx_http_zoom_refuse_webhook;

    } else if (error == ZOOM_E_NO_USER && zlcf->use.name
               && ngx_strcmp(zlcf->use.name, "zoom_connect") == 0)
    {
        advice = ngx_http_zoom_refuse_connect;

    } else {
        advice = ngx_http_zoom_refuse_advices[error];
    }

    if (count) {
        p = ngx_slprintf(p, last, "; %s; location \"%V\"", advice,
                         &names[NGX_HTTP_ZOOM_REFUSAL_LOCATION]);

        if (names[NGX_HTTP_ZOOM_REFUSAL_CALLER].len) {
            p = ngx_slprintf(p, last, ", caller \"%V\"",
                             &names[NGX_HTTP_ZOOM_REFUSAL_CALLER]);
        }
    }

    if (count > 1) {
        p = ngx_slprintf(p, last, " (%uL of this kind since the last such "
                         "line)", count);
    }

    /* what callers are told is a sentence, and more follows here */

    len = why ? ngx_strlen(why) : 0;

    if (len && why[len - 1] == '.') {
        len--;
    }

    /* what a script has to say is its own */

    if (count == 0 && (zlcf->route == NULL || error != ZOOM_E_DENIED)) {
        ngx_http_zoom_info(r, "zoom: %d %*s%s%*s", info->status,
                           info->name.len, info->name.data, why ? ": " : "",
                           len, why ? why : "");
        return;
    }

    level = (count == 0) ? NGX_LOG_INFO : NGX_LOG_ERR;

    ngx_log_error(level, r->connection->log, 0,
                  "zoom: %d %*s%s%*s%*s", info->status,
                  info->name.len, info->name.data, why ? ": " : "",
                  len, why ? why : "", (size_t) (p - tail), tail);
}
