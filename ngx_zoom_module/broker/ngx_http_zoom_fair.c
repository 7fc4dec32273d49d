#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_callers.h"
#include "ngx_http_zoom_fair.h"
#include "ngx_http_zoom_runs.h"


/* places that were left, to be remembered in a worker */

#define NGX_HTTP_ZOOM_FAIR_LEFT  256

/* milliseconds between two looks, where other hosts want the same */

#define NGX_HTTP_ZOOM_FAIR_LOOK  250


static void ngx_http_zoom_fair_rates(ngx_http_zoom_fair_t *fair);
static ngx_uint_t ngx_http_zoom_fair_applies(
    const ngx_http_zoom_in_line_t *in,
    const ngx_http_zoom_worker_account_t *wa);
static ngx_int_t ngx_http_zoom_fair_join(ngx_http_zoom_fair_t *fair,
    ngx_msec_t left, ngx_msec_t *wait);
static ngx_http_zoom_in_line_t *ngx_http_zoom_fair_vacant(
    const ngx_http_zoom_in_line_t *in, ngx_msec_t left, ngx_msec_t *wait);
static ngx_http_zoom_in_line_t *ngx_http_zoom_fair_first(
    const ngx_http_zoom_in_line_t *in);
static void ngx_http_zoom_fair_drop(ngx_http_zoom_in_line_t *place);


/*
 * Places in lines that somebody had and gave up; "zone" is NULL in those that
 * are not used.  The next one of the same caller gets the first of them, so
 * that no slot is lost to a line that others have made slower.
 */

static ngx_http_zoom_in_line_t  ngx_http_zoom_fair_places[
                                                      NGX_HTTP_ZOOM_FAIR_LEFT];
static ngx_uint_t               ngx_http_zoom_fair_next;
static ngx_uint_t               ngx_http_zoom_fair_used;


void
ngx_http_zoom_fair_init(ngx_http_zoom_fair_t *fair,
    ngx_http_zoom_worker_account_t *wa, zoom_label_e label,
    ngx_http_zoom_rank_e rank, uint32_t who)
{
    ngx_memzero(fair, sizeof(ngx_http_zoom_fair_t));

    fair->wa = wa;

    fair->line.zone = wa->zone;
    fair->line.quota = wa->quota;
    fair->line.label = label;
    fair->line.rank = rank;
    fair->line.who = who;

    ngx_http_zoom_fair_rates(fair);
}


/* what they are may change while it waits, if hosts share them */

static void
ngx_http_zoom_fair_rates(ngx_http_zoom_fair_t *fair)
{
    fair->line.rates = ngx_http_zoom_runs_rate(fair->wa, 0);
    fair->line.shared = ngx_http_zoom_runs_used(fair->wa);
}


ngx_int_t
ngx_http_zoom_fair_take(ngx_http_zoom_fair_t *fair, ngx_msec_t left,
    ngx_msec_t *wait)
{
    ngx_int_t  rc;

    if (fair->through || !ngx_http_zoom_fair_applies(&fair->line, fair->wa)) {
        return NGX_OK;
    }

    ngx_http_zoom_fair_rates(fair);

    rc = fair->joined ? ngx_http_zoom_callers_wait(&fair->line, left, wait)
                      : ngx_http_zoom_fair_join(fair, left, wait);

    if (rc == NGX_DECLINED) {
        ngx_http_zoom_fair_leave(fair);
    }

    fair->joined = (rc == NGX_AGAIN);
    fair->through = (rc == NGX_OK);

    /* other hosts may leave it more than it looks like now */

    if (fair->joined && fair->line.shared) {
        *wait = ngx_min(*wait, NGX_HTTP_ZOOM_FAIR_LOOK);
    }

    return rc;
}


/* who only counts what would be limited keeps nobody waiting */

static ngx_uint_t
ngx_http_zoom_fair_applies(const ngx_http_zoom_in_line_t *in,
    const ngx_http_zoom_worker_account_t *wa)
{
    return !wa->account->dry_run
           && in->label < ZOOM_NLABELS
           && (in->rank == NGX_HTTP_ZOOM_REQUESTS
               || in->label == NGX_HTTP_ZOOM_MINTS_LABEL);
}


static ngx_int_t
ngx_http_zoom_fair_join(ngx_http_zoom_fair_t *fair, ngx_msec_t left,
    ngx_msec_t *wait)
{
    ngx_http_zoom_in_line_t  *vacant;

    vacant = ngx_http_zoom_fair_vacant(&fair->line, left, wait);

    if (vacant) {
        fair->line.turn = vacant->turn;
        fair->line.due = 0;

        ngx_http_zoom_fair_drop(vacant);

        return NGX_AGAIN;
    }

    return ngx_http_zoom_callers_join(&fair->line, left, wait);
}


/* the first place in that line that was left and whose turn is yet to come */

static ngx_http_zoom_in_line_t *
ngx_http_zoom_fair_vacant(const ngx_http_zoom_in_line_t *in, ngx_msec_t left,
    ngx_msec_t *wait)
{
    ngx_http_zoom_in_line_t  *place, look;

    for ( ;; ) {
        place = ngx_http_zoom_fair_first(in);

        if (place == NULL) {
            return NULL;
        }

        look = *place;
        look.rates = in->rates;
        look.shared = in->shared;

        switch (ngx_http_zoom_callers_until(&look, left, wait)) {

        case NGX_AGAIN:
            return place;

        case NGX_OK:
            ngx_http_zoom_fair_drop(place);
            break;

        default: /* NGX_DECLINED */
            return NULL;
        }
    }
}


static ngx_http_zoom_in_line_t *
ngx_http_zoom_fair_first(const ngx_http_zoom_in_line_t *in)
{
    ngx_uint_t                i;
    ngx_http_zoom_in_line_t  *place, *first;

    first = NULL;

    /* mostly nobody has left, and they are 18 KB to read for each mint */

    if (ngx_http_zoom_fair_used == 0) {
        return NULL;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_FAIR_LEFT; i++) {
        place = &ngx_http_zoom_fair_places[i];

        if (place->zone
            && place->quota == in->quota
            && place->label == in->label
            && place->rank == in->rank
            && place->who == in->who
            && (first == NULL || place->turn < first->turn))
        {
            first = place;
        }
    }

    return first;
}


static void
ngx_http_zoom_fair_drop(ngx_http_zoom_in_line_t *place)
{
    place->zone = NULL;
    ngx_http_zoom_fair_used--;
}


void
ngx_http_zoom_fair_leave(ngx_http_zoom_fair_t *fair)
{
    ngx_http_zoom_in_line_t  *place;

    if (fair->joined && fair->line.due == 0) {
        place = &ngx_http_zoom_fair_places[ngx_http_zoom_fair_next];

        ngx_http_zoom_fair_used += (place->zone == NULL);

        *place = fair->line;

        ngx_http_zoom_fair_next = (ngx_http_zoom_fair_next + 1)
                                  % NGX_HTTP_ZOOM_FAIR_LEFT;
    }

    fair->joined = 0;
    fair->through = 0;
}


ngx_int_t
ngx_http_zoom_fair_look(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label, uint32_t who, ngx_msec_t left, ngx_msec_t *wait)
{
    ngx_http_zoom_fair_t  fair;

    ngx_http_zoom_fair_init(&fair, wa, label, NGX_HTTP_ZOOM_MINTS, who);

    if (!ngx_http_zoom_fair_applies(&fair.line, wa)) {
        return NGX_OK;
    }

    if (ngx_http_zoom_fair_vacant(&fair.line, left, wait)) {
        return NGX_OK;
    }

    return ngx_http_zoom_callers_look(&fair.line, left, wait);
}
