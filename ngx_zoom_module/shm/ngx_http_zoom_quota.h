/*
 * Zoom's rate limits over all workers and all blocks that use one Zoom
 * account.
 */

#ifndef _NGX_HTTP_ZOOM_QUOTA_H_INCLUDED_
#define _NGX_HTTP_ZOOM_QUOTA_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_limit.h"


/* As ngx_http_zoom_state_attach(), under the limits' own key. */
ngx_http_zoom_quota_t *ngx_http_zoom_quota_attach(ngx_http_zoom_zone_t *zone,
    const u_char *key, size_t len, ngx_log_t *log);

/*
 * Whether a request that no callback waits for may take a slot now: at most at
 * the label's rate, and at half of it while callbacks wait there.  NGX_OK, or
 * NGX_DECLINED: ask again after "*wait".
 */

ngx_int_t ngx_http_zoom_quota_turn(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t *wait);

/*
 * Takes a slot for a request that has to be sent within "budget"; 0, or how
 * long to wait before one can be had.  Times are in milliseconds.
 */

ngx_msec_t ngx_http_zoom_quota_reserve(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t budget, zoom_slot_t *slot);

/* How long the holder of a slot still has to wait; 0: it is sent now. */
ngx_msec_t ngx_http_zoom_quota_due(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);

/*
 * The holder's request is on the wire; it was answered; or neither is of
 * interest any more.
 */

void ngx_http_zoom_quota_sent(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);
void ngx_http_zoom_quota_answered(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);
void ngx_http_zoom_quota_leave(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);

/* What has been used today, and how long a request made now would wait. */
void ngx_http_zoom_quota_look(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    uint32_t *used, ngx_msec_t *wait);

/* Zoom refused a request with 429. */
void ngx_http_zoom_quota_close(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label,
    const zoom_slot_t *slot, ngx_msec_t wait);

/*
 * One at a time makes a user, for "time" milliseconds at most: Zoom refuses a
 * second one meanwhile.  The number to let go of it with, or 0: somebody else
 * has it, who lives.
 */

uint64_t ngx_http_zoom_quota_hold(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, ngx_msec_t time);

/* Harmless when it was too late. */
void ngx_http_zoom_quota_let_go(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, uint64_t number);


#endif /* _NGX_HTTP_ZOOM_QUOTA_H_INCLUDED_ */
