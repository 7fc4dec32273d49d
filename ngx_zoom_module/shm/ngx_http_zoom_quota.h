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
 * The holder's request is on the wire; it was answered, and had arrived by the
 * time that is returned, in microseconds, or 0; or neither is of interest any
 * more.
 */

void ngx_http_zoom_quota_sent(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);
int64_t ngx_http_zoom_quota_answered(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);
void ngx_http_zoom_quota_leave(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot);

/* What has been used today, and how long a request made now would wait. */
void ngx_http_zoom_quota_look(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    uint32_t *used, ngx_msec_t *wait);

/* What all hosts have used today, as far as this one knows. */
uint32_t ngx_http_zoom_quota_used(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label);

/*
 * Of a limit that several hosts share, by zoom_run.h.  Enter: as reserve, but
 * it stands in line.  Take: NGX_OK with "*slot" and "*stamp", or NGX_AGAIN with
 * "*wait"; the caller is the first of "n" in its worker's line, and "lapsed",
 * ZOOM_RUN_SLOTS of them, are stamps of slots that nobody has used.
 */

ngx_msec_t ngx_http_zoom_quota_enter(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t budget);
void ngx_http_zoom_quota_exit(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate);

typedef struct {
    uint32_t                     n;
    zoom_slot_t                 *slot;
    int64_t                      stamp;
    ngx_msec_t                   wait;
    ngx_uint_t                   nlapsed;
    int64_t                      lapsed[ZOOM_RUN_SLOTS];
} ngx_http_zoom_quota_taken_t;

ngx_int_t ngx_http_zoom_quota_take(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_http_zoom_quota_taken_t *taken);

/*
 * Whether to ask for more now, as zoom_run_ask(); as zoom_run_most(); and the
 * answer or NULL.
 */

ngx_uint_t ngx_http_zoom_quota_ask(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t patience, zoom_run_ask_t *ask);
int64_t ngx_http_zoom_quota_most(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate);
void ngx_http_zoom_quota_run(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label,
    const zoom_run_answer_t *answer);

/*
 * The hosts lost each other at that time, on ngx_current_msec's clock: from now
 * on this one has its part, "rate", when what was handed out before has been
 * sent.
 */

void ngx_http_zoom_quota_part(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t lost);

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
