/*
 * What the first module lends to others.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_api_ask.h"
#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_link.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_report.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_script.h"
#include "ngx_http_zoom_script_grants.h"
#include "ngx_http_zoom_script_pool.h"
#include "ngx_http_zoom_script_user.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_str.h"
#include "zoom_token.h"
#include "zoom_token_type.h"


static ngx_http_zoom_account_t *ngx_http_zoom_api_account(ngx_cycle_t *cycle,
    const ngx_str_t *name);
static void ngx_http_zoom_api_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_account_report_t *report);
static void ngx_http_zoom_api_report_labels(
    ngx_http_zoom_account_report_t *report,
    const ngx_http_zoom_label_report_t *labels);
static const char *ngx_http_zoom_api_sign(ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, ngx_uint_t host, time_t life,
    ngx_http_zoom_signature_t *signature);
static void ngx_http_zoom_api_bot(ngx_http_request_t *r,
    ngx_http_zoom_bot_t *bot);
static ngx_int_t ngx_http_zoom_api_type(const ngx_str_t *name);
static ngx_int_t ngx_http_zoom_api_token(ngx_uint_t member,
    const ngx_str_t *value);


_Static_assert((int) NGX_HTTP_ZOOM_NSERVICES == NGX_HTTP_ZOOM_API_SERVICES,
               "a report has room for all services");


static const char *const
    ngx_http_zoom_api_members[NGX_HTTP_ZOOM_API_TOKENS] =
{
    "zak_token", "onbehalf_token", "app_privilege_token",
    "live_streaming_token", "local_archiving_token", "join_token"
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
    ngx_http_zoom_api_grants,
    ngx_http_zoom_api_disconnect,
    ngx_http_zoom_script_grant,
    ngx_http_zoom_script_grants_end,
    ngx_http_zoom_api_sign,
    ngx_http_zoom_broker_purge,
    ngx_http_zoom_link_read,
    ngx_http_zoom_route_set,
    ngx_http_zoom_route_done,
    ngx_http_zoom_api_bot,
    ngx_http_zoom_route_bot_link,
    ngx_http_zoom_route_metadata,
    ngx_http_zoom_route_header,
    ngx_http_zoom_route_arg,
    ngx_http_zoom_api_type,
    ngx_http_zoom_api_members,
    ngx_http_zoom_api_token,
    ngx_http_zoom_route_set_webhook,
    ngx_http_zoom_script_pool,
    ngx_http_zoom_script_pick,
    ngx_http_zoom_script_unlease,
    ngx_http_zoom_script_member,
    ngx_http_zoom_script_user,
    ngx_http_zoom_route_set_allow,
    ngx_http_zoom_pass_parameter
};


static ngx_http_zoom_account_t *
ngx_http_zoom_api_account(ngx_cycle_t *cycle, const ngx_str_t *name)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    return zmcf ? ngx_http_zoom_account_find(zmcf, name) : NULL;
}


static void
ngx_http_zoom_api_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_account_report_t *report)
{
    ngx_uint_t               i;
    zoom_error_e             error;
    ngx_http_zoom_report_t   all;

    ngx_http_zoom_report(account, &all);

    ngx_memzero(report, sizeof(ngx_http_zoom_account_report_t));

    report->name = account->name;
    report->expires = (all.expires > ngx_time()) ? all.expires : 0;

    /* the others are not for every account */

    report->nvital = NGX_HTTP_ZOOM_ZAK + 1;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {

        report->services[i].name = ngx_http_zoom_service_names[i];

        error = all.state->breakers[i].error;

        if (error != ZOOM_OK && ngx_http_zoom_breaker_known(all.state, i)) {
            report->services[i].error =
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
        report->labels[i].name = (char *) ngx_http_zoom_labels[i].data;
        report->labels[i].rate = labels[i].rate.rate;
        report->labels[i].day = labels[i].rate.day;
        report->labels[i].used = labels[i].used;
        report->labels[i].wait = labels[i].wait;
    }
}


static const char *
ngx_http_zoom_api_sign(ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, ngx_uint_t host, time_t life,
    ngx_http_zoom_signature_t *signature)
{
    signature->sdk_key = account->sdk_key;
    signature->expires = ngx_time() + life;

    return ngx_http_zoom_script_signature(account, meeting, host, life,
                                        signature->buf, &signature->text);
}


static void
ngx_http_zoom_api_bot(ngx_http_request_t *r, ngx_http_zoom_bot_t *bot)
{
    ngx_http_zoom_route_bot(r, bot);
    ngx_http_zoom_pass_bot(r, bot);
}


static ngx_int_t
ngx_http_zoom_api_type(const ngx_str_t *name)
{
    zoom_token_type_e  type;

    type = zoom_token_type_find(ngx_http_zoom_str(name));

    return (type == ZOOM_NTOKEN_TYPES) ? NGX_DECLINED : (ngx_int_t) type;
}


static ngx_int_t
ngx_http_zoom_api_token(ngx_uint_t member, const ngx_str_t *value)
{
    zoom_str_t  s;

    s = ngx_http_zoom_str(value);

    /* a bot tries several, one for each owner of a grant */

    if (member == ZOOM_ONBEHALF) {
        return zoom_token_list(s) ? NGX_OK : NGX_DECLINED;
    }

    return zoom_token_form(s) ? NGX_OK : NGX_DECLINED;
}
