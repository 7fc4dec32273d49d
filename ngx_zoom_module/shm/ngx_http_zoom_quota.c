#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_zone.h"


static ngx_http_zoom_quota_t *ngx_http_zoom_quota_find(
    ngx_http_zoom_zone_t *zone, const u_char *key, size_t len)
    ngx_http_zoom_under_lock;


#define ngx_http_zoom_quota_us(msec)  ((int64_t) (msec) * 1000)


ngx_http_zoom_quota_t *
ngx_http_zoom_quota_attach(ngx_http_zoom_zone_t *zone, const u_char *key,
    size_t len, ngx_log_t *log)
{
    ngx_http_zoom_quota_t  *quota;

    ngx_http_zoom_zone_lock(zone);

    quota = ngx_http_zoom_quota_find(zone, key, len);

    if (quota) {
        if (quota->len == 0) {
            ngx_memcpy(quota->key, key, len);
            quota->len = len;
        }

        quota->config = zone->sh->config;
    }

    ngx_http_zoom_zone_unlock(zone);

    if (quota) {
        return quota;
    }

    return ngx_calloc(sizeof(ngx_http_zoom_quota_t), log);
}


/* under lock: that of the key, else one that no configuration uses */

static ngx_http_zoom_quota_t *
ngx_http_zoom_quota_find(ngx_http_zoom_zone_t *zone, const u_char *key,
    size_t len)
{
    uint32_t                i;
    ngx_http_zoom_quota_t  *g, *unused;

    if (len > NGX_HTTP_ZOOM_ID_MAX) {
        return NULL;
    }

    unused = NULL;

    for (i = 0; i < zone->sh->nstates; i++) {
        g = &zone->quotas[i];

        if (g->len == 0) {
            unused = (unused && unused->len == 0) ? unused : g;
            continue;
        }

        if (g->len == len && ngx_memcmp(g->key, key, len) == 0) {
            return g;
        }

        if (g->config + 1 < zone->sh->config && unused == NULL) {
            unused = g;
        }
    }

    if (unused) {
        ngx_memzero(unused, sizeof(ngx_http_zoom_quota_t));
    }

    return unused;
}


ngx_int_t
ngx_http_zoom_quota_turn(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t *wait)
{
    int64_t     now, gap, left, width;
    uint32_t    n;
    ngx_uint_t  crowded;

    now = ngx_http_zoom_quota_us(ngx_current_msec);

    n = zoom_limit_window(rate, &width);
    gap = width / n;

    ngx_http_zoom_zone_lock(zone);

    /* a clock that starts anew does not keep anybody waiting */

    left = ngx_min(quota->turns[label] - now, 2 * gap);

    if (left <= 0) {

        /* the request before took one slot; whoever took more waits */

        crowded = (quota->labels[label].next - now > gap / 2);

        quota->turns[label] = now + (crowded ? 2 * gap : gap);
    }

    ngx_http_zoom_zone_unlock(zone);

    *wait = (left > 0) ? (ngx_msec_t) (left + 999) / 1000 : 0;

    return (left > 0) ? NGX_DECLINED : NGX_OK;
}


ngx_msec_t
ngx_http_zoom_quota_reserve(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t budget, zoom_slot_t *slot)
{
    int64_t  wait;

    ngx_http_zoom_zone_lock(zone);

    wait = zoom_limit_reserve(&quota->labels[label], rate,
                              ngx_http_zoom_quota_us(ngx_current_msec),
                              ngx_time(), ngx_http_zoom_quota_us(budget),
                              slot);

    ngx_http_zoom_zone_unlock(zone);

    return wait ? (ngx_msec_t) wait / 1000 + 1 : 0;
}


ngx_msec_t
ngx_http_zoom_quota_due(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot)
{
    int64_t        wait, now;
    zoom_limit_t  *l;

    l = &quota->labels[label];
    now = ngx_http_zoom_quota_us(ngx_current_msec);

    ngx_http_zoom_zone_lock(zone);

    wait = zoom_limit_due(l, slot, now);

    if (wait <= 0) {
        zoom_limit_go(l, slot, now);
    }

    ngx_http_zoom_zone_unlock(zone);

    return (wait > 0) ? (ngx_msec_t) (wait + 999) / 1000 : 0;
}


void
ngx_http_zoom_quota_sent(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot)
{
    /* the delay may come from this very turn of the event loop */

    ngx_time_update();

    ngx_http_zoom_zone_lock(zone);

    zoom_limit_sent(&quota->labels[label], slot,
                    ngx_http_zoom_quota_us(ngx_current_msec));

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_quota_answered(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot)
{
    ngx_http_zoom_zone_lock(zone);

    zoom_limit_answered(&quota->labels[label], slot,
                        ngx_http_zoom_quota_us(ngx_current_msec));

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_quota_leave(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot)
{
    ngx_http_zoom_zone_lock(zone);

    zoom_limit_leave(&quota->labels[label], slot);

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_quota_look(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    uint32_t *used, ngx_msec_t *wait)
{
    ngx_http_zoom_zone_lock(zone);

    *wait = zoom_limit_look(&quota->labels[label], rate,
                            ngx_http_zoom_quota_us(ngx_current_msec),
                            ngx_time(), used)
            / 1000;

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_quota_close(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label,
    const zoom_slot_t *slot, ngx_msec_t wait)
{
    ngx_http_zoom_zone_lock(zone);

    zoom_limit_close(&quota->labels[label], slot,
                     ngx_http_zoom_quota_us(ngx_current_msec),
                     ngx_http_zoom_quota_us(wait));

    ngx_http_zoom_zone_unlock(zone);
}


uint64_t
ngx_http_zoom_quota_hold(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, ngx_msec_t time)
{
    uint64_t               number, dead;
    ngx_pid_t              pid;
    ngx_http_zoom_hold_t  *hold;

    number = 0;
    hold = &quota->making;

    ngx_http_zoom_zone_lock(zone);

    pid = hold->pid;
    dead = hold->number;

    ngx_http_zoom_zone_unlock(zone);

    if (pid == ngx_pid || (pid && kill(pid, 0) == -1 && ngx_errno == NGX_ESRCH))
    {
        /* of a process that is gone, or of another with our number */

        ngx_http_zoom_quota_let_go(zone, quota, dead);
    }

    ngx_http_zoom_zone_lock(zone);

    if (hold->pid == 0
        || (ngx_msec_int_t) (hold->until - ngx_current_msec) <= 0)
    {
        number = ++hold->number;
        hold->until = ngx_current_msec + time;
        hold->pid = ngx_pid;
    }

    ngx_http_zoom_zone_unlock(zone);

    return number;
}


void
ngx_http_zoom_quota_let_go(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, uint64_t number)
{
    ngx_http_zoom_zone_lock(zone);

    if (quota->making.number == number) {
        quota->making.pid = 0;
    }

    ngx_http_zoom_zone_unlock(zone);
}
