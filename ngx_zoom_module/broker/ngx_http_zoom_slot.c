#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_slot.h"


/* what can't be served in time is refused at once */

ngx_int_t
ngx_http_zoom_slot_reserve(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label, ngx_msec_t left,
    ngx_msec_t *wait)
{
    ngx_int_t                 rc;
    ngx_http_zoom_account_t  *account;

    account = wa->account;

    /* of two requests side by side the first may not be sent yet */

    if (slot->place.place.state == ZOOM_PLACE_OPEN) {
        ngx_http_zoom_slot_sent(slot, wa);
    }

    slot->label = label;
    slot->spent = 0;

    *wait = ngx_http_zoom_quota_reserve(wa->zone, wa->quota, label,
                                        &wa->rates[label], left,
                                        &slot->place);

    rc = (*wait == 0) ? NGX_OK : NGX_DECLINED;

    if (rc != NGX_OK && account->dry_run) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_REJECTED_DRY_RUN;
        ngx_log_error(NGX_LOG_WARN, wa->log, 0,
                      "zoom: account \"%V\": limiting requests, dry run",
                      &account->name);
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_REJECTED;
        ngx_log_error(NGX_LOG_INFO, wa->log, 0,
                      "zoom: account \"%V\": limiting requests, no slot "
                      "within %M ms, the next is in %M ms", &account->name,
                      left, *wait);
        return NGX_DECLINED;
    }

    slot->taken = 1;

    if (slot->limit == NGX_HTTP_ZOOM_LIMIT_NONE) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_PASSED;
    }

    return ngx_http_zoom_slot_due(slot, wa, NGX_MAX_INT_T_VALUE, wait);
}


ngx_int_t
ngx_http_zoom_slot_due(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait)
{
    *wait = ngx_http_zoom_quota_due(wa->zone, wa->quota, slot->label,
                                    &slot->place);

    if (*wait && wa->account->dry_run) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_DELAYED_DRY_RUN;
        ngx_log_error(NGX_LOG_INFO, wa->log, 0,
                      "zoom: account \"%V\": delaying a request, dry run",
                      &wa->account->name);
        *wait = 0;
    }

    if (*wait == 0) {
        slot->taken = 0;
        slot->spent = 1;
        return NGX_OK;
    }

    slot->limit = NGX_HTTP_ZOOM_LIMIT_DELAYED;

    /* a refusal may have moved the slot beyond the caller's time */

    if (*wait > left) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_REJECTED;
        return NGX_DECLINED;
    }

    return NGX_AGAIN;
}


void
ngx_http_zoom_slot_sent(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa)
{
    if (slot->spent) {
        ngx_http_zoom_quota_sent(wa->zone, wa->quota, slot->label,
                                 &slot->place);
    }
}


void
ngx_http_zoom_slot_answered(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa)
{
    if (slot->place.place.state != ZOOM_PLACE_NONE) {
        ngx_http_zoom_quota_answered(wa->zone, wa->quota, slot->label,
                                     &slot->place);
    }
}


void
ngx_http_zoom_slot_leave(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa)
{
    if (slot->place.place.state != ZOOM_PLACE_NONE) {
        ngx_http_zoom_quota_leave(wa->zone, wa->quota, slot->label,
                                  &slot->place);
    }
}


void
ngx_http_zoom_slot_close(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t wait)
{
    ngx_http_zoom_quota_close(wa->zone, wa->quota, slot->label, &slot->place,
                              wait);
}
