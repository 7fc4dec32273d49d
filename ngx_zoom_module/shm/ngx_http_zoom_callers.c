#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_callers.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_fair.h"


#define NGX_HTTP_ZOOM_CALLERS_DAY    86400

/* so far the turns of requests may be ahead, on a clock that has not jumped */

#define NGX_HTTP_ZOOM_CALLERS_AHEAD  (ZOOM_FAIR_CALLERS + 8)

/*
 * What comes before the clock's next tick has come, microseconds: a timer would
 * end a tick late, and wake the worker for that alone.
 */

#define NGX_HTTP_ZOOM_CALLERS_TICK   1000


static ngx_uint_t ngx_http_zoom_callers_spent(
    const ngx_http_zoom_in_line_t *in, int64_t now, int64_t *wait)
    ngx_http_zoom_under_lock;
static zoom_fair_t *ngx_http_zoom_callers_pace(
    const ngx_http_zoom_in_line_t *in, int64_t now, zoom_fair_pace_t *pace)
    ngx_http_zoom_under_lock;
static int64_t ngx_http_zoom_callers_turn(ngx_http_zoom_in_line_t *in,
    const zoom_fair_pace_t *pace) ngx_http_zoom_under_lock;


#define ngx_http_zoom_callers_us(msec)  ((int64_t) (msec) * 1000)

#define ngx_http_zoom_callers_ms(us)                                          \
    (((us) > 0) ? (ngx_msec_t) ((us) + 999) / 1000 : 0)

#define ngx_http_zoom_callers_come(us)                                        \
    ((us) < NGX_HTTP_ZOOM_CALLERS_TICK)


ngx_int_t
ngx_http_zoom_callers_join(ngx_http_zoom_in_line_t *in, ngx_msec_t left,
    ngx_msec_t *wait)
{
    int64_t            now, time;
    ngx_int_t          rc;
    zoom_fair_t       *f;
    zoom_fair_pace_t   pace;

    now = ngx_http_zoom_callers_us(ngx_current_msec);
    rc = NGX_DECLINED;
    in->due = 0;

    ngx_http_zoom_zone_lock(in->zone);

    if (!ngx_http_zoom_callers_spent(in, now, &time)) {

        f = ngx_http_zoom_callers_pace(in, now, &pace);

        if (zoom_fair_join(f, in->who, &pace, ngx_http_zoom_callers_us(left),
                           &in->turn, &time)
            == 0)
        {
            if (ngx_http_zoom_callers_come(time)) {
                time = ngx_http_zoom_callers_turn(in, &pace);
            }

            rc = ngx_http_zoom_callers_come(time) ? NGX_OK : NGX_AGAIN;
        }
    }

    ngx_http_zoom_zone_unlock(in->zone);

    *wait = ngx_http_zoom_callers_ms(time);

    return rc;
}


ngx_int_t
ngx_http_zoom_callers_wait(ngx_http_zoom_in_line_t *in, ngx_msec_t left,
    ngx_msec_t *wait)
{
    int64_t            now, time;
    zoom_fair_t       *f;
    zoom_fair_pace_t   pace;

    now = ngx_http_zoom_callers_us(ngx_current_msec);

    ngx_http_zoom_zone_lock(in->zone);

    if (in->due) {
        time = in->due - now;

    } else {
        f = ngx_http_zoom_callers_pace(in, now, &pace);
        time = zoom_fair_wait(f, &pace, in->turn);

        if (ngx_http_zoom_callers_come(time)) {
            time = ngx_http_zoom_callers_turn(in, &pace);
        }
    }

    ngx_http_zoom_zone_unlock(in->zone);

    *wait = ngx_http_zoom_callers_ms(time);

    if (ngx_http_zoom_callers_come(time)) {
        return NGX_OK;
    }

    return (*wait > left) ? NGX_DECLINED : NGX_AGAIN;
}


ngx_int_t
ngx_http_zoom_callers_until(const ngx_http_zoom_in_line_t *in,
    ngx_msec_t left, ngx_msec_t *wait)
{
    int64_t            now, time;
    zoom_fair_t       *f;
    zoom_fair_pace_t   pace;

    now = ngx_http_zoom_callers_us(ngx_current_msec);

    ngx_http_zoom_zone_lock(in->zone);

    f = ngx_http_zoom_callers_pace(in, now, &pace);
    time = zoom_fair_wait(f, &pace, in->turn);

    ngx_http_zoom_zone_unlock(in->zone);

    *wait = ngx_http_zoom_callers_ms(time);

    if (ngx_http_zoom_callers_come(time)) {
        return NGX_OK;
    }

    return (*wait > left) ? NGX_DECLINED : NGX_AGAIN;
}


ngx_int_t
ngx_http_zoom_callers_look(const ngx_http_zoom_in_line_t *in, ngx_msec_t left,
    ngx_msec_t *wait)
{
    int                rc;
    int64_t            now, time;
    zoom_fair_t       *f;
    zoom_fair_pace_t   pace;

    rc = -1;
    now = ngx_http_zoom_callers_us(ngx_current_msec);

    ngx_http_zoom_zone_lock(in->zone);

    if (!ngx_http_zoom_callers_spent(in, now, &time)) {
        f = ngx_http_zoom_callers_pace(in, now, &pace);
        rc = zoom_fair_join(f, in->who, &pace, ngx_http_zoom_callers_us(left),
                            NULL, &time);
    }

    ngx_http_zoom_zone_unlock(in->zone);

    *wait = ngx_http_zoom_callers_ms(time);

    return (rc == 0) ? NGX_OK : NGX_DECLINED;
}


/*
 * Nobody need stand in line for what is left of a day: nothing.  Zoom counts
 * heavy and resource-intensive requests of a day together.
 */

static ngx_uint_t
ngx_http_zoom_callers_spent(const ngx_http_zoom_in_line_t *in, int64_t now,
    int64_t *wait)
{
    uint32_t             used, more, day;
    zoom_label_e         other;
    const zoom_rate_t   *rate;
    const zoom_limit_t  *labels;

    rate = &in->rates[in->label];
    labels = in->quota->labels;

    *wait = zoom_limit_look(&labels[in->label], rate, now, ngx_time(), &used);

    if (rate->day && used >= rate->day) {
        return 1;
    }

    day = zoom_limit_days(in->rates, in->label);

    if (day == 0) {
        return 0;
    }

    other = (in->label == ZOOM_HEAVY) ? ZOOM_RESOURCE : ZOOM_HEAVY;

    (void) zoom_limit_look(&labels[other], &in->rates[other], now, ngx_time(),
                           &more);

    if (used + more < day) {
        return 0;
    }

    *wait = (int64_t) ngx_http_zoom_callers_us(NGX_HTTP_ZOOM_CALLERS_DAY
                                   - ngx_time() % NGX_HTTP_ZOOM_CALLERS_DAY)
            * 1000;

    return 1;
}


/*
 * Tokens get slots as fast as there are any.  Requests get them at half of the
 * rate while somebody waits for a token: the request before took one slot, and
 * whoever took more waits.
 */

static zoom_fair_t *
ngx_http_zoom_callers_pace(const ngx_http_zoom_in_line_t *in, int64_t now,
    zoom_fair_pace_t *pace)
{
    int64_t                 width, *turns;
    ngx_uint_t              crowded;
    ngx_http_zoom_quota_t  *quota;

    quota = in->quota;
    pace->now = now;
    pace->next = quota->labels[in->label].next;
    pace->gap = zoom_limit_window(&in->rates[in->label], &width);
    pace->gap = width / pace->gap;

    if (in->shared) {
        pace->next = now + zoom_run_wait(&quota->runs[in->label], pace->gap,
                                         now);
        pace->gap = zoom_run_gap(&quota->runs[in->label], pace->gap);
    }

    if (in->rank == NGX_HTTP_ZOOM_MINTS) {
        return &quota->mints;
    }

    crowded = (in->label == NGX_HTTP_ZOOM_MINTS_LABEL
               && zoom_fair_busy(&quota->mints, pace));

    if (crowded || pace->next - now > pace->gap / 2) {
        pace->gap *= 2;
    }

    turns = &quota->turns[in->label];

    if (*turns - now > NGX_HTTP_ZOOM_CALLERS_AHEAD * pace->gap) {

        /* a clock that starts anew does not keep anybody waiting */

        *turns = now;
    }

    pace->next = *turns;

    return &quota->requests[in->label];
}


/* in its line it comes first: requests go one after another as well */

static int64_t
ngx_http_zoom_callers_turn(ngx_http_zoom_in_line_t *in,
    const zoom_fair_pace_t *pace)
{
    if (in->rank == NGX_HTTP_ZOOM_MINTS) {
        return 0;
    }

    in->due = ngx_max(pace->next, pace->now);
    in->quota->turns[in->label] = in->due + pace->gap;

    return in->due - pace->now;
}
