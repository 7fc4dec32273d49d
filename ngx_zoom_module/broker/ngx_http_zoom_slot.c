#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_runs.h"
#include "ngx_http_zoom_sampled.h"
#include "ngx_http_zoom_slot.h"
#include "zoom_run.h"


static ngx_int_t ngx_http_zoom_slot_enter(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait);
static ngx_int_t ngx_http_zoom_slot_in_line(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait);
static ngx_int_t ngx_http_zoom_slot_reject(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t wait);
static void ngx_http_zoom_slot_dry_run(ngx_http_zoom_worker_account_t *wa);


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
    slot->stamp = 0;

    if (ngx_http_zoom_runs_used(wa)) {
        return ngx_http_zoom_slot_enter(slot, wa, left, wait);
    }

    ngx_http_zoom_runs_part(wa, label);

    *wait = ngx_http_zoom_quota_reserve(wa->zone, wa->quota, label,
                                        &wa->rates[label], left,
                                        &slot->place);

    rc = (*wait == 0) ? NGX_OK : NGX_DECLINED;

    if (rc != NGX_OK && account->dry_run) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_REJECTED_DRY_RUN;
        ngx_http_zoom_slot_dry_run(wa);
        return NGX_OK;
    }

    if (rc != NGX_OK) {
        return ngx_http_zoom_slot_reject(slot, wa, left, *wait);
    }

    slot->taken = 1;

    if (slot->limit == NGX_HTTP_ZOOM_LIMIT_NONE) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_PASSED;
    }

    return ngx_http_zoom_slot_due(slot, wa, NGX_MAX_INT_T_VALUE, wait);
}


static ngx_int_t
ngx_http_zoom_slot_reject(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t wait)
{
    slot->limit = NGX_HTTP_ZOOM_LIMIT_REJECTED;

    ngx_http_zoom_sampled(wa->zone, wa->log,
                          "zoom: account \"%V\": limiting requests, no slot "
                          "within %M ms, the next is in %M ms",
                          &wa->account->name, left, wait);

    return NGX_DECLINED;
}


/* all hosts keep the limit: the call stands in line */

static ngx_int_t
ngx_http_zoom_slot_enter(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait)
{
    *wait = ngx_http_zoom_runs_enter(&slot->line, wa, slot->label, left);

    if (*wait) {
        return ngx_http_zoom_slot_reject(slot, wa, left, *wait);
    }

    slot->taken = 1;

    if (slot->limit == NGX_HTTP_ZOOM_LIMIT_NONE) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_PASSED;
    }

    return ngx_http_zoom_slot_due(slot, wa, ngx_max(left, 1), wait);
}


static ngx_int_t
ngx_http_zoom_slot_in_line(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait)
{
    ngx_int_t  rc;

    rc = ngx_http_zoom_runs_take(&slot->line, &slot->place, &slot->stamp,
                                 wait);

    if (rc == NGX_OK) {
        slot->taken = 0;
        slot->spent = 1;
        return NGX_OK;
    }

    if (rc == NGX_DECLINED) {
        slot->taken = 0;
        return ngx_http_zoom_slot_reserve(slot, wa, slot->label, left, wait);
    }

    if (slot->line.delayed) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_DELAYED;
    }

    /* there were fewer than it looked like when it came */

    if (left == 0) {
        ngx_http_zoom_runs_leave(&slot->line);
        slot->taken = 0;
        *wait = ngx_http_zoom_runs_wait(wa, slot->label);

        return ngx_http_zoom_slot_reject(slot, wa, 0, *wait);
    }

    *wait = ngx_min(*wait, left);

    return NGX_AGAIN;
}


/* Once a second: a dry run is to tell, and not to fill the log. */

static void
ngx_http_zoom_slot_dry_run(ngx_http_zoom_worker_account_t *wa)
{
    if (wa->dry_run_told == ngx_time()) {
        return;
    }

    wa->dry_run_told = ngx_time();

    ngx_log_error(NGX_LOG_WARN, wa->log, 0,
                  "zoom: account \"%V\": limiting requests, dry run",
                  &wa->account->name);
}


ngx_int_t
ngx_http_zoom_slot_due(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa, ngx_msec_t left, ngx_msec_t *wait)
{
    if (slot->line.queued) {
        return ngx_http_zoom_slot_in_line(slot, wa, left, wait);
    }

    /* the store is back, and knows nothing of slots of this host's own */

    if (ngx_http_zoom_runs_used(wa)) {
        slot->taken = 0;
        return ngx_http_zoom_slot_enter(slot, wa, left, wait);
    }

    *wait = ngx_http_zoom_quota_due(wa->zone, wa->quota, slot->label,
                                    &slot->place);

    if (*wait && wa->account->dry_run) {
        slot->limit = NGX_HTTP_ZOOM_LIMIT_DELAYED_DRY_RUN;
        ngx_http_zoom_sampled(wa->zone, wa->log,
                              "zoom: account \"%V\": delaying a request, dry "
                              "run", &wa->account->name);
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


ngx_int_t
ngx_http_zoom_slot_turn(ngx_http_zoom_slot_t *slot, ngx_int_t rc)
{
    slot->limit = (rc == NGX_AGAIN) ? NGX_HTTP_ZOOM_LIMIT_DELAYED
                                    : NGX_HTTP_ZOOM_LIMIT_REJECTED;
    return rc;
}


void
ngx_http_zoom_slot_drop(ngx_http_zoom_slot_t *slot)
{
    slot->taken = 0;

    ngx_http_zoom_runs_leave(&slot->line);
}


void
ngx_http_zoom_slot_sent(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa)
{
    int64_t  late, at;

    if (!slot->spent) {
        return;
    }

    ngx_http_zoom_quota_sent(wa->zone, wa->quota, slot->label, &slot->place);

    /* it counts for other hosts from when it was due, if they hear nothing */

    late = slot->place.width / ZOOM_RUN_LATE;
    at = (int64_t) ngx_current_msec * 1000 + late / 2;

    if (slot->stamp && at > slot->place.due + late) {
        ngx_http_zoom_runs_settle(wa, slot->label, slot->stamp, at);
        slot->stamp = 0;
    }
}


void
ngx_http_zoom_slot_answered(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa)
{
    int64_t  at;

    if (slot->place.place.state == ZOOM_PLACE_NONE) {
        return;
    }

    at = ngx_http_zoom_quota_answered(wa->zone, wa->quota, slot->label,
                                      &slot->place);

    if (slot->stamp && at) {
        ngx_http_zoom_runs_settle(wa, slot->label, slot->stamp, at);
        slot->stamp = 0;
    }
}


void
ngx_http_zoom_slot_leave(ngx_http_zoom_slot_t *slot,
    ngx_http_zoom_worker_account_t *wa)
{
    if (slot->stamp && slot->place.place.state == ZOOM_PLACE_OPEN) {
        ngx_http_zoom_runs_settle(wa, slot->label, slot->stamp, 0);
        slot->stamp = 0;
    }

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
