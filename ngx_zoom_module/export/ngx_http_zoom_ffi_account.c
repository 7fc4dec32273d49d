/*
 * What lua/resty/zoom.lua calls through LuaJIT's FFI and does not wait for.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_ffi.h"
#include "ngx_http_zoom_link.h"
#include "ngx_http_zoom_report.h"
#include "ngx_http_zoom_script.h"
#include "ngx_http_zoom_script_user.h"


static void ngx_http_zoom_ffi_last(ngx_http_zoom_ffi_report_t *report,
    const ngx_http_zoom_state_t *state);


ngx_http_zoom_account_t *
ngx_http_zoom_ffi_account(const ngx_str_t *name)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);

    return zmcf ? ngx_http_zoom_account_find(zmcf, name) : NULL;
}


void
ngx_http_zoom_ffi_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_ffi_report_t *report)
{
    ngx_uint_t               i;
    zoom_error_e             error;
    ngx_http_zoom_report_t   all;

    ngx_memzero(report, sizeof(ngx_http_zoom_ffi_report_t));

    ngx_http_zoom_report(account, &all);

    report->expires = (all.expires > ngx_time()) ? all.expires : 0;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        error = all.state->breakers[i].error;

        if (error != ZOOM_OK && ngx_http_zoom_breaker_known(all.state, i)) {
            ngx_http_zoom_ffi_text(&report->errors[i],
                                   zoom_error_info(error)->name.data);
        }
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        report->limits[i].rate = all.labels[i].rate.rate;
        report->limits[i].day = all.labels[i].rate.day;
        report->limits[i].used = all.labels[i].used;
        report->limits[i].wait = all.labels[i].wait;
    }

    ngx_http_zoom_ffi_last(report, all.state);
}


/* Others may be writing while we copy. */

static void
ngx_http_zoom_ffi_last(ngx_http_zoom_ffi_report_t *report,
    const ngx_http_zoom_state_t *state)
{
    report->last_time = state->last_time;
    report->last_code = state->last_code;

    if (report->last_time == 0) {
        return;
    }

    ngx_http_zoom_ffi_text(&report->last_error,
                           zoom_error_info(state->last_error)->name.data);

    ngx_memcpy(report->last_message, state->last_message, ZOOM_MESSAGE_MAX);
    ngx_memcpy(report->last_tracking_id, state->last_tracking_id,
               ZOOM_TRACKING_ID_MAX);
}


int
ngx_http_zoom_ffi_purge(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_str_t *error)
{
    ngx_uint_t  n;

    switch (ngx_http_zoom_broker_purge(account, user, &n)) {

    case NGX_OK:
        return (int) n;

    case NGX_DECLINED:
        ngx_http_zoom_ffi_text(error, "the user is neither a Zoom user id "
                               "nor an e-mail");
        return NGX_DECLINED;

    case NGX_BUSY:
        ngx_http_zoom_ffi_text(error,
                          zoom_error_info(ZOOM_E_RATE_LIMITED)->name.data);
        return NGX_ERROR;

    default:
        ngx_http_zoom_ffi_text(error,
                               zoom_error_info(ZOOM_E_INTERNAL)->name.data);
        return NGX_ERROR;
    }
}


void
ngx_http_zoom_ffi_user(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, int gone)
{
    ngx_http_zoom_script_user(account, user, gone);
}


int
ngx_http_zoom_ffi_meeting(const ngx_str_t *link, u_char *buf,
    ngx_http_zoom_ffi_meeting_t *meeting)
{
    ngx_http_zoom_link_t  parts;

    if (ngx_http_zoom_link_read(link, buf, &parts) != NGX_OK) {
        return NGX_DECLINED;
    }

    meeting->id = parts.id;
    meeting->passcode = parts.passcode;
    meeting->tk = parts.tk;
    meeting->webinar = (int) parts.webinar;

    return NGX_OK;
}


int
ngx_http_zoom_ffi_sdk_signature(ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, int host, int64_t life, u_char *buf,
    ngx_str_t *signature, ngx_str_t *sdk_key, int64_t *expires,
    ngx_str_t *error)
{
    const char  *why;

    why = ngx_http_zoom_script_signature(account, meeting, host, life, buf,
                                       signature);
    if (why) {
        ngx_http_zoom_ffi_text(error, why);
        return NGX_DECLINED;
    }

    *sdk_key = account->sdk_key;
    *expires = ngx_time() + life;

    return NGX_OK;
}
