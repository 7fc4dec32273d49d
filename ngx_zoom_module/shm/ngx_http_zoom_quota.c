#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_zone.h"


#define NGX_HTTP_ZOOM_QUOTA_DAY  86400

/* until slots that were handed out before have been used or have lapsed */

#define NGX_HTTP_ZOOM_QUOTA_HOLD(width)  (3 * zoom_run_ahead(width))


static ngx_http_zoom_quota_t *ngx_http_zoom_quota_find(
    ngx_http_zoom_zone_t *zone, const u_char *key, size_t len)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_quota_tell(ngx_http_zoom_quota_t *quota,
    zoom_label_e label, const zoom_rate_t *rate) ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_quota_alone(const ngx_http_zoom_quota_t *quota,
    zoom_label_e label, int64_t width) ngx_http_zoom_under_lock;


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


int64_t
ngx_http_zoom_quota_answered(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, zoom_slot_t *slot)
{
    int64_t  arrived;

    ngx_http_zoom_zone_lock(zone);

    arrived = zoom_limit_answered(&quota->labels[label], slot,
                                  ngx_http_zoom_quota_us(ngx_current_msec));

    ngx_http_zoom_zone_unlock(zone);

    return arrived;
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


uint32_t
ngx_http_zoom_quota_used(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label)
{
    uint32_t  used;

    ngx_http_zoom_zone_lock(zone);

    used = zoom_run_used(&quota->runs[label],
                         ngx_time() / NGX_HTTP_ZOOM_QUOTA_DAY);

    ngx_http_zoom_zone_unlock(zone);

    return used;
}


ngx_msec_t
ngx_http_zoom_quota_enter(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t budget)
{
    int64_t        now, wait, width;
    uint32_t       n, used;
    zoom_limit_t  *l;

    l = &quota->labels[label];
    now = ngx_http_zoom_quota_us(ngx_current_msec);
    n = zoom_limit_window(rate, &width);

    ngx_http_zoom_zone_lock(zone);

    wait = zoom_limit_look(l, rate, now, ngx_time(), &used);

    if (rate->day == 0 || used < rate->day) {
        wait = zoom_run_enter(&quota->runs[label], width / n,
                              ngx_http_zoom_quota_us(budget), now);
        ngx_http_zoom_quota_tell(quota, label, rate);
    }

    ngx_http_zoom_zone_unlock(zone);

    return wait ? (ngx_msec_t) wait / 1000 + 1 : 0;
}


/* under lock: what others see of the line */

static void
ngx_http_zoom_quota_tell(ngx_http_zoom_quota_t *quota, zoom_label_e label,
    const zoom_rate_t *rate)
{
    int64_t   now, width;
    uint32_t  n;

    now = ngx_http_zoom_quota_us(ngx_current_msec);
    n = zoom_limit_window(rate, &width);

    quota->labels[label].next = now + zoom_run_wait(&quota->runs[label],
                                                    width / n, now);
}


void
ngx_http_zoom_quota_exit(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate)
{
    ngx_http_zoom_zone_lock(zone);

    zoom_run_leave(&quota->runs[label]);
    ngx_http_zoom_quota_tell(quota, label, rate);

    ngx_http_zoom_zone_unlock(zone);
}


ngx_int_t
ngx_http_zoom_quota_take(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_http_zoom_quota_taken_t *taken)
{
    int64_t           now, wait, width;
    zoom_run_t       *run;
    zoom_run_slot_t   slot;

    run = &quota->runs[label];
    now = ngx_http_zoom_quota_us(ngx_current_msec);

    (void) zoom_limit_window(rate, &width);

    taken->nlapsed = 0;

    ngx_http_zoom_zone_lock(zone);

    while (taken->nlapsed < ZOOM_RUN_SLOTS
           && zoom_run_lapse(run, width, now, &taken->lapsed[taken->nlapsed]))
    {
        taken->nlapsed++;
    }

    wait = zoom_run_look(run, taken->n, now, &slot);

    if (wait == 0) {
        wait = zoom_limit_granted(&quota->labels[label], rate, now, ngx_time(),
                                  taken->slot);

        /* a refusal of Zoom's may close it for longer */

        wait = ngx_min(wait, ZOOM_RUN_DESERT / 4);
    }

    if (wait == 0) {
        zoom_run_take(run);
        taken->slot->due = slot.due;
        taken->stamp = slot.stamp;
    }

    ngx_http_zoom_zone_unlock(zone);

    taken->wait = (ngx_msec_t) (wait + 999) / 1000;

    return wait ? NGX_AGAIN : NGX_OK;
}


ngx_uint_t
ngx_http_zoom_quota_ask(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t patience, zoom_run_ask_t *ask)
{
    int64_t     width;
    ngx_uint_t  asks;

    (void) zoom_limit_window(rate, &width);

    ngx_http_zoom_zone_lock(zone);

    asks = zoom_run_ask(&quota->runs[label], width,
                        ngx_http_zoom_quota_us(patience),
                        ngx_http_zoom_quota_us(ngx_current_msec), ask);

    if (ask->alone) {
        ask->alone = ngx_http_zoom_quota_alone(quota, label, width);
    }

    /* and those whose turn has not come yet */

    ask->jobs += zoom_fair_jobs(&quota->requests[label]);

    if (label == NGX_HTTP_ZOOM_MINTS_LABEL) {
        ask->jobs += zoom_fair_jobs(&quota->mints);
    }

    ngx_http_zoom_zone_unlock(zone);

    return asks;
}


/* under lock: nothing was, before the part began */

static uint32_t
ngx_http_zoom_quota_alone(const ngx_http_zoom_quota_t *quota,
    zoom_label_e label, int64_t width)
{
    int64_t  lost;

    lost = (int64_t) (ngx_msec_int_t) (ngx_current_msec - quota->lost[label]);

    if (quota->lost[label]
        && ngx_http_zoom_quota_us(lost) < NGX_HTTP_ZOOM_QUOTA_HOLD(width))
    {
        return 0;
    }

    return quota->labels[label].window.held;
}


int64_t
ngx_http_zoom_quota_most(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate)
{
    int64_t  width, most;

    (void) zoom_limit_window(rate, &width);

    ngx_http_zoom_zone_lock(zone);

    most = zoom_run_most(&quota->runs[label], width,
                         ngx_http_zoom_quota_us(ngx_current_msec));

    ngx_http_zoom_zone_unlock(zone);

    return most;
}


/* those who wait for the same do not all ask at once */

void
ngx_http_zoom_quota_run(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label,
    const zoom_run_answer_t *answer)
{
    int64_t            some;
    zoom_run_answer_t  a;

    if (answer) {
        a = *answer;
        some = ngx_min(a.again, ZOOM_LIMIT_SECOND);
        a.again += some / 2 - ngx_random() % (some + 1);
    }

    ngx_http_zoom_zone_lock(zone);

    zoom_run_answer(&quota->runs[label], answer ? &a : NULL,
                    ngx_http_zoom_quota_us(ngx_current_msec));

    ngx_http_zoom_zone_unlock(zone);
}


/* hosts that lost each other at the same time do not begin at the same time */

void
ngx_http_zoom_quota_part(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_quota_t *quota, zoom_label_e label, const zoom_rate_t *rate,
    ngx_msec_t lost)
{
    int64_t   hold, width, gap;
    uint32_t  n;

    if (quota->lost[label] == lost) {
        return;
    }

    n = zoom_limit_window(rate, &width);
    gap = width / n;

    hold = NGX_HTTP_ZOOM_QUOTA_HOLD(width) + ngx_random() % (gap + 1);

    ngx_http_zoom_zone_lock(zone);

    if (quota->lost[label] != lost) {
        quota->lost[label] = lost;

        (void) zoom_run_void(&quota->runs[label]);
        zoom_limit_hold(&quota->labels[label],
                        ngx_http_zoom_quota_us(lost) + hold);
    }

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
