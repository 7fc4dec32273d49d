#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_pace.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_runs.h"
#include "ngx_http_zoom_timer.h"
#include "zoom_run.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_RUNS_BEGINS    5       /* the store, or it is away */
#define NGX_HTTP_ZOOM_RUNS_RETURNS   20      /* for this worker, too */
#define NGX_HTTP_ZOOM_RUNS_PATIENCE  1000    /* with who asks, and may die */
#define NGX_HTTP_ZOOM_RUNS_SETTLE    100     /* until fates are told */
#define NGX_HTTP_ZOOM_RUNS_FAILS     1000    /* after an error of its clock */


/* Of a limit, in a worker. */

typedef struct {
    ngx_queue_t                  line;       /* in the order they came */
    uint32_t                     n;          /* of them */
    ngx_event_t                  timer;      /* tells the fates */
    ngx_str_t                    name;       /* in the store */
    u_char                       buf[NGX_HTTP_ZOOM_PACE_NAME];
    ngx_http_zoom_worker_account_t  *wa;     /* the latest that asked */
    zoom_label_e                 label;
    ngx_uint_t                   nfates;
    ngx_http_zoom_pace_fate_t    fates[NGX_HTTP_ZOOM_PACE_FATES];
} ngx_http_zoom_limit_t;


/* Of a Zoom account, likewise. */

struct ngx_http_zoom_runs_s {
    ngx_http_zoom_quota_t       *quota;
    ngx_http_zoom_runs_t        *next;
    ngx_str_t                    day;        /* in the store */
    u_char                       buf[NGX_HTTP_ZOOM_PACE_NAME];
    ngx_msec_t                   failed;     /* when one of its clocks was of no
                                                use, though the store is there;
                                                0: none is */
    ngx_http_zoom_limit_t        limits[ZOOM_NLABELS];
};


static ngx_http_zoom_limit_t *ngx_http_zoom_runs_limit(
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label);
static ngx_http_zoom_runs_t *ngx_http_zoom_runs_create(
    ngx_http_zoom_worker_account_t *wa);
static ngx_int_t ngx_http_zoom_runs_ask(ngx_http_zoom_limit_t *limit);
static ngx_int_t ngx_http_zoom_runs_send(ngx_http_zoom_limit_t *limit,
    const zoom_run_ask_t *ask, ngx_http_zoom_pace_pt handler);
static void ngx_http_zoom_runs_answer(void *data,
    const zoom_run_answer_t *answer);
static void ngx_http_zoom_runs_wake(ngx_http_zoom_limit_t *limit);
static void ngx_http_zoom_runs_timer(ngx_event_t *ev);
static void ngx_http_zoom_runs_tell(ngx_http_zoom_limit_t *limit);


#define ngx_http_zoom_runs_fleet(wa)  (&(wa)->zone->sh->fleet)


/* of all accounts */

static ngx_http_zoom_runs_t  *ngx_http_zoom_runs;


ngx_uint_t
ngx_http_zoom_runs_used(ngx_http_zoom_worker_account_t *wa)
{
    return ngx_http_zoom_claim_used()
           && ngx_http_zoom_runs_fleet(wa)->away == 0
           && !wa->account->dry_run
           && ngx_http_zoom_runs_limit(wa, ZOOM_LIGHT) != NULL
           && (wa->runs->failed == 0
               || ngx_current_msec - wa->runs->failed
                  >= NGX_HTTP_ZOOM_RUNS_FAILS);
}


const zoom_rate_t *
ngx_http_zoom_runs_rate(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label)
{
    return ngx_http_zoom_runs_used(wa) ? &wa->whole[label] : &wa->rates[label];
}


void
ngx_http_zoom_runs_part(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label)
{
    ngx_http_zoom_fleet_t  *fleet;

    fleet = ngx_http_zoom_runs_fleet(wa);

    if (fleet->hosts > 1 && fleet->lost) {
        ngx_http_zoom_quota_part(wa->zone, wa->quota, label, &wa->rates[label],
                                 fleet->lost);
    }
}


static ngx_http_zoom_limit_t *
ngx_http_zoom_runs_limit(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label)
{
    ngx_http_zoom_runs_t  *runs;

    if (wa->runs == NULL) {

        /* one that found no room in the zone is this worker's own */

        if (wa->quota->len == 0) {
            return NULL;
        }

        for (runs = ngx_http_zoom_runs; runs; runs = runs->next) {
            if (runs->quota == wa->quota) {
                break;
            }
        }

        wa->runs = runs ? runs : ngx_http_zoom_runs_create(wa);
    }

    return wa->runs ? &wa->runs->limits[label] : NULL;
}


static ngx_http_zoom_runs_t *
ngx_http_zoom_runs_create(ngx_http_zoom_worker_account_t *wa)
{
    ngx_uint_t              i;
    ngx_http_zoom_runs_t   *runs;
    ngx_http_zoom_limit_t  *limit;

    runs = ngx_pcalloc(ngx_cycle->pool, sizeof(ngx_http_zoom_runs_t));
    if (runs == NULL) {
        return NULL;
    }

    runs->day.data = runs->buf;

    if (ngx_http_zoom_pace_day_name(&runs->day, wa->quota->key, wa->quota->len)
        != NGX_OK)
    {
        return NULL;
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        limit = &runs->limits[i];

        limit->label = i;
        limit->wa = wa;
        limit->name.data = limit->buf;

        ngx_queue_init(&limit->line);

        ngx_http_zoom_timer_init(&limit->timer, ngx_http_zoom_runs_timer,
                                 wa->log);
        limit->timer.cancelable = 1;

        if (ngx_http_zoom_pace_name(&limit->name, wa->quota->key,
                                    wa->quota->len, i)
            != NGX_OK)
        {
            return NULL;
        }
    }

    runs->quota = wa->quota;
    runs->next = ngx_http_zoom_runs;
    ngx_http_zoom_runs = runs;

    return runs;
}


ngx_msec_t
ngx_http_zoom_runs_enter(ngx_http_zoom_line_t *line,
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label, ngx_msec_t left)
{
    ngx_msec_t              wait;
    ngx_http_zoom_limit_t  *limit;

    limit = ngx_http_zoom_runs_limit(wa, label);

    wait = ngx_http_zoom_quota_enter(wa->zone, wa->quota, label,
                                     &wa->whole[label], left);
    if (wait) {
        return wait;
    }

    line->wa = wa;
    line->label = label;
    line->queued = 1;
    line->delayed = 0;

    ngx_queue_insert_tail(&limit->line, &line->queue);
    limit->n++;

    return 0;
}


ngx_msec_t
ngx_http_zoom_runs_wait(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label)
{
    uint32_t    used;
    ngx_msec_t  wait;

    ngx_http_zoom_quota_look(wa->zone, wa->quota, label, &wa->whole[label],
                             &used, &wait);

    return ngx_max(wait, 1);
}


ngx_int_t
ngx_http_zoom_runs_take(ngx_http_zoom_line_t *line, zoom_slot_t *slot,
    int64_t *stamp, ngx_msec_t *wait)
{
    ngx_int_t                        rc;
    ngx_uint_t                       i;
    ngx_http_zoom_limit_t           *limit;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_quota_taken_t      taken;

    wa = line->wa;
    limit = ngx_http_zoom_runs_limit(wa, line->label);

    if (!ngx_http_zoom_runs_used(wa)) {
        ngx_http_zoom_runs_leave(line);
        return NGX_DECLINED;
    }

    /* the first that may not go yet looks again, the others wait for it */

    if (ngx_queue_head(&limit->line) != &line->queue) {
        line->delayed = 1;
        *wait = NGX_MAX_INT32_VALUE;
        return NGX_AGAIN;
    }

    taken.slot = slot;
    taken.n = limit->n;

    rc = ngx_http_zoom_quota_take(wa->zone, wa->quota, line->label,
                                  &wa->whole[line->label], &taken);

    for (i = 0; i < taken.nlapsed; i++) {
        ngx_http_zoom_count_fleet(ngx_http_zoom_runs_fleet(wa)->lapsed);
        ngx_http_zoom_runs_settle(wa, line->label, taken.lapsed[i], 0);
    }

    limit->wa = wa;

    if (rc == NGX_OK) {
        *stamp = taken.stamp;
        ngx_http_zoom_runs_leave(line);
        (void) ngx_http_zoom_runs_ask(limit);
        return NGX_OK;
    }

    *wait = taken.wait;

    switch (ngx_http_zoom_runs_ask(limit)) {

    case NGX_OK:
        break;

    case NGX_BUSY:   /* somebody asks, or there is nothing to ask for yet */
        line->delayed = 1;
        break;

    case NGX_AGAIN:
        *wait = NGX_HTTP_ZOOM_RUNS_BEGINS;
        break;

    default:         /* this worker can't, others of the host may */
        *wait = NGX_HTTP_ZOOM_RUNS_RETURNS;
        break;
    }

    return NGX_AGAIN;
}


void
ngx_http_zoom_runs_leave(ngx_http_zoom_line_t *line)
{
    ngx_http_zoom_limit_t           *limit;
    ngx_http_zoom_worker_account_t  *wa;

    if (!line->queued) {
        return;
    }

    wa = line->wa;
    limit = ngx_http_zoom_runs_limit(wa, line->label);

    line->queued = 0;
    ngx_queue_remove(&line->queue);
    limit->n--;

    ngx_http_zoom_quota_exit(wa->zone, wa->quota, line->label,
                             &wa->whole[line->label]);

    ngx_http_zoom_runs_wake(limit);
}


static void
ngx_http_zoom_runs_wake(ngx_http_zoom_limit_t *limit)
{
    ngx_http_zoom_line_t  *first;

    if (ngx_queue_empty(&limit->line)) {
        return;
    }

    first = ngx_queue_data(ngx_queue_head(&limit->line), ngx_http_zoom_line_t,
                           queue);

    if (!first->event->posted) {
        ngx_http_zoom_timer_stop(first->event);
        ngx_post_event(first->event, &ngx_posted_events);
    }
}


/* NGX_BUSY: there is no need to */

static ngx_int_t
ngx_http_zoom_runs_ask(ngx_http_zoom_limit_t *limit)
{
    ngx_int_t                        rc;
    zoom_run_ask_t                   ask;
    ngx_http_zoom_worker_account_t  *wa;

    wa = limit->wa;

    if (!ngx_http_zoom_quota_ask(wa->zone, wa->quota, limit->label,
                                 &wa->whole[limit->label],
                                 NGX_HTTP_ZOOM_RUNS_PATIENCE, &ask))
    {
        return NGX_BUSY;
    }

    rc = ngx_http_zoom_runs_send(limit, &ask, ngx_http_zoom_runs_answer);

    if (rc != NGX_OK) {
        ngx_http_zoom_quota_run(wa->zone, wa->quota, limit->label, NULL);
    }

    return rc;
}


static ngx_int_t
ngx_http_zoom_runs_send(ngx_http_zoom_limit_t *limit,
    const zoom_run_ask_t *ask, ngx_http_zoom_pace_pt handler)
{
    ngx_int_t                        rc;
    const zoom_rate_t               *rate;
    ngx_http_zoom_pace_ask_t         pace;
    ngx_http_zoom_worker_account_t  *wa;

    wa = limit->wa;
    rate = &wa->whole[limit->label];

    pace.name = limit->name;
    pace.n = zoom_limit_window(rate, &pace.width);
    pace.day_name = wa->runs->day;
    pace.day = rate->day;
    pace.days = zoom_limit_days(wa->whole, limit->label);
    pace.want = ask->want;
    pace.jobs = ask->jobs;
    pace.alone = ask->alone;
    pace.hosts = ngx_http_zoom_runs_fleet(wa)->hosts;
    pace.most = ask->most;
    pace.turn = ask->turn;
    pace.now = (int64_t) ngx_current_msec * 1000;
    pace.fates = limit->fates;
    pace.nfates = limit->nfates;

    rc = ngx_http_zoom_pace_ask(&pace, handler, limit);

    if (rc == NGX_OK) {
        ngx_http_zoom_count_fleet(ngx_http_zoom_runs_fleet(wa)->asks);
        ngx_http_zoom_timer_stop(&limit->timer);
        limit->nfates = 0;
    }

    return rc;
}


static void
ngx_http_zoom_runs_answer(void *data, const zoom_run_answer_t *answer)
{
    ngx_http_zoom_limit_t           *limit = data;
    ngx_http_zoom_worker_account_t  *wa;

    wa = limit->wa;

    if (answer) {
        (void) ngx_atomic_fetch_add(&ngx_http_zoom_runs_fleet(wa)->slots,
                                    answer->n);
        wa->runs->failed = 0;

    } else if (ngx_http_zoom_pace_there()) {
        wa->runs->failed = ngx_current_msec;
    }

    ngx_http_zoom_quota_run(wa->zone, wa->quota, limit->label, answer);

    ngx_http_zoom_runs_wake(limit);
}


/* What is not told in time counts longer than it has to, no less. */

void
ngx_http_zoom_runs_settle(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label, int64_t stamp, int64_t at)
{
    ngx_http_zoom_limit_t      *limit;
    ngx_http_zoom_pace_fate_t  *fate;

    limit = ngx_http_zoom_runs_limit(wa, label);

    if (limit->nfates == NGX_HTTP_ZOOM_PACE_FATES) {
        ngx_http_zoom_runs_tell(limit);
    }

    fate = &limit->fates[limit->nfates++];

    fate->stamp = stamp;
    fate->at = at;
    fate->unused = (at == 0);

    if (!limit->timer.timer_set) {
        ngx_add_timer(&limit->timer, NGX_HTTP_ZOOM_RUNS_SETTLE);
    }
}


static void
ngx_http_zoom_runs_timer(ngx_event_t *ev)
{
    ngx_http_zoom_limit_t  *limit;

    limit = ngx_http_zoom_timer_object(ev, ngx_http_zoom_limit_t, timer);

    ngx_http_zoom_runs_tell(limit);
}


/* the fates alone */

static void
ngx_http_zoom_runs_tell(ngx_http_zoom_limit_t *limit)
{
    zoom_run_ask_t                   none;
    ngx_http_zoom_worker_account_t  *wa;

    wa = limit->wa;

    none.want = 0;
    none.jobs = 0;
    none.alone = 0;
    none.turn = 0;
    none.most = ngx_http_zoom_quota_most(wa->zone, wa->quota, limit->label,
                                         &wa->whole[limit->label]);

    if (ngx_http_zoom_runs_send(limit, &none, NULL) != NGX_OK) {
        limit->nfates = 0;
    }
}
