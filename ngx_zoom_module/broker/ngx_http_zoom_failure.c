#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_slot.h"


/*
 * For how long a failure stands, in milliseconds, for the one who was asked
 * for; what concerns the account is in its condition.
 */

#define NGX_HTTP_ZOOM_HOLD_REFUSED  1000
#define NGX_HTTP_ZOOM_HOLD_UNKNOWN  10000


void
ngx_http_zoom_complaint(ngx_http_zoom_complaint_t *c,
    const ngx_http_zoom_mint_order_t *order, const ngx_http_zoom_exchange_t *f,
    const zoom_verdict_t *j)
{
    u_char                   *p, *end;
    const char               *advice;
    ngx_http_zoom_failure_t  *failure;
    const zoom_error_info_t  *info;

    info = zoom_error_info(j->error);

    p = c->text;
    end = p + NGX_HTTP_ZOOM_TEXT_MAX;

    p = ngx_slprintf(p, end, "no ");
    p = ngx_http_zoom_kind_print(p, end, order);
    p = ngx_slprintf(p, end, " (%*s): ", info->name.len, info->name.data);

    if (f->rc != NGX_OK) {
        if (f->origin) {
            p = ngx_slprintf(p, end, "%V: ", &f->origin->host);
        }

        p = ngx_slprintf(p, end, "%s", f->reason ? f->reason : "no answer");
        advice = f->advice;

    } else {
        p = ngx_slprintf(p, end, "Zoom answered %d, code %d, \"%s\", "
                         "tracking id \"%s\"", f->answer.status, j->code,
                         j->message, j->tracking_id);
        advice = j->advice;
    }

    if (f->queued) {
        advice = "increase \"connections\"";
    }

    if (advice == NULL && j->error == ZOOM_E_ZOOM_UNAVAILABLE) {
        advice = "see whether Zoom is down (https://status.zoom.us)";
    }

    if (advice) {
        p = ngx_slprintf(p, end, "; %s", advice);
    }

    c->judgement = *j;

    failure = &c->failure;

    failure->error = j->error;
    failure->code = j->code;
    failure->message = c->judgement.message;
    failure->tracking_id = c->judgement.tracking_id;
    failure->text.data = c->text;
    failure->text.len = p - c->text;
    failure->wait = (j->wait > 0) ? ngx_min(j->wait * 1000,
                                            NGX_HTTP_ZOOM_CLOSE_MAX) : 0;
    failure->final = (j->verdict == ZOOM_FINAL);
    failure->counted = 0;

    /* webinars have scopes of their own, without which meetings work */

    failure->lone = (order->webinar && failure->final);

    ngx_http_zoom_breaker_failed(order->wa->zone, order->wa->state,
                                 order->kind, failure, order->wa->log);
}


void
ngx_http_zoom_complaint_last(ngx_http_zoom_complaint_t *c,
    const ngx_http_zoom_mint_order_t *order)
{
    ngx_http_zoom_failure_t  *failure;

    failure = &c->failure;

    if (failure->error == ZOOM_OK) {
        return;
    }

    failure->last = 1;
    failure->counted = 1;

    ngx_http_zoom_breaker_failed(order->wa->zone, order->wa->state,
                                 order->kind, failure, order->wa->log);
}


void
ngx_http_zoom_complaint_result(ngx_http_zoom_service_e kind,
    const zoom_verdict_t *j, ngx_http_zoom_result_t *result)
{
    ngx_memzero(result, sizeof(ngx_http_zoom_result_t));

    result->error = j->error;
    result->code = j->code;
    ngx_memcpy(result->tracking_id, j->tracking_id,
               sizeof(result->tracking_id));

    switch (j->error) {

    case ZOOM_E_USER_UNKNOWN:
    case ZOOM_E_MEETING_UNKNOWN:
        result->hold = NGX_HTTP_ZOOM_HOLD_UNKNOWN;
        break;

    case ZOOM_E_ZOOM_REFUSED:
    case ZOOM_E_ZOOM_INVALID:
        result->hold = NGX_HTTP_ZOOM_HOLD_REFUSED;
        break;

    case ZOOM_E_RATE_LIMITED:

        /* OAuth has no label that could be closed */

        if (kind == NGX_HTTP_ZOOM_OAUTH) {
            result->hold = ngx_min(ngx_max(j->wait, 1) * 1000,
                                   NGX_HTTP_ZOOM_CLOSE_MAX);
        }

        break;

    default:
        break;
    }

    result->retry_after = ngx_max((time_t) (result->hold + 999) / 1000,
                                  (time_t) ngx_min(j->wait, 60));
}
