/*
 * What lua/resty/zoom.lua calls for the users who have connected.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_ffi.h"
#include "ngx_http_zoom_ffi_call.h"
#include "ngx_http_zoom_script_grants.h"


static ngx_http_zoom_grants_t *ngx_http_zoom_ffi_grants_want(
    ngx_http_zoom_ffi_call_t *call, const ngx_str_t *user);
static void ngx_http_zoom_ffi_grants_done(ngx_http_zoom_grants_t *grants);


int
ngx_http_zoom_ffi_grants(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *account, const ngx_str_t *user, int64_t timeout,
    ngx_http_zoom_ffi_call_t **callp, ngx_http_zoom_ffi_result_t *result)
{
    ngx_http_zoom_grants_t    *grants;
    ngx_http_zoom_ffi_call_t  *call;

    call = ngx_http_zoom_ffi_start(vm, r, account, timeout, result);
    *callp = call;

    if (call == NULL) {
        return NGX_ERROR;
    }

    grants = ngx_http_zoom_ffi_grants_want(call, user);

    if (ngx_http_zoom_ffi_bad(callp, result,
                              ngx_http_zoom_script_grants(grants))
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


int
ngx_http_zoom_ffi_disconnect(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *account, const ngx_str_t *user, int64_t timeout,
    ngx_http_zoom_ffi_call_t **callp, ngx_http_zoom_ffi_result_t *result)
{
    ngx_http_zoom_grants_t    *grants;
    ngx_http_zoom_ffi_call_t  *call;

    call = ngx_http_zoom_ffi_start(vm, r, account, timeout, result);
    *callp = call;

    if (call == NULL) {
        return NGX_ERROR;
    }

    grants = ngx_http_zoom_ffi_grants_want(call, user);

    if (ngx_http_zoom_ffi_bad(callp, result,
                              ngx_http_zoom_script_disconnect(r, grants))
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    return NGX_AGAIN;
}


static ngx_http_zoom_grants_t *
ngx_http_zoom_ffi_grants_want(ngx_http_zoom_ffi_call_t *call,
    const ngx_str_t *user)
{
    ngx_msec_int_t           left;
    ngx_http_zoom_grants_t  *grants;

    left = (ngx_msec_int_t) (call->deadline - ngx_current_msec);

    grants = &call->grants;

    grants->account = call->account;
    grants->user = *user;
    grants->timeout = ngx_max(left, 0);
    grants->handler = ngx_http_zoom_ffi_grants_done;
    grants->data = call;

    return grants;
}


static void
ngx_http_zoom_ffi_grants_done(ngx_http_zoom_grants_t *grants)
{
    ngx_http_zoom_ffi_done(grants->data);
}


void
ngx_http_zoom_ffi_granted(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_grants_t *grants)
{
    ngx_http_zoom_ffi_text(&result->error, grants->error);

    result->http = grants->http;
    result->retry_after = grants->retry_after;
}


int
ngx_http_zoom_ffi_grant(ngx_http_zoom_ffi_call_t *call, int i,
    ngx_http_zoom_ffi_grant_t *grant)
{
    ngx_http_zoom_grant_report_t  report;

    if (i < 0 || (ngx_uint_t) i >= call->grants.n) {
        return NGX_DECLINED;
    }

    ngx_http_zoom_script_grant(&call->grants, i, &report);

    ngx_http_zoom_ffi_text(&grant->user, report.user);
    ngx_http_zoom_ffi_text(&grant->email, report.email);
    ngx_http_zoom_ffi_text(&grant->state, report.state);

    grant->connected = report.connected;
    grant->refreshed = report.refreshed;

    return NGX_OK;
}


int
ngx_http_zoom_ffi_alias(ngx_http_zoom_ffi_call_t *call, int i, int j,
    ngx_str_t *alias)
{
    ngx_http_zoom_grant_report_t  report;

    ngx_http_zoom_script_grant(&call->grants, i, &report);

    if (j < 0 || (ngx_uint_t) j >= report.nnames) {
        return NGX_DECLINED;
    }

    ngx_http_zoom_ffi_text(alias, report.names[j]);

    return NGX_OK;
}


int
ngx_http_zoom_ffi_grants_more(ngx_http_zoom_ffi_call_t *call)
{
    return call->grants.more != 0;
}
