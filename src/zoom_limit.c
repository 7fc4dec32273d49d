/* Zoom's rate limits, kept. */

#include <string.h>

#include "zoom_limit.h"


#define ZOOM_LIMIT_DAY   86400

/* so many slots the clock may run ahead of the window, to use all of it */

#define ZOOM_LIMIT_AHEAD  2

/* of a wait, by which it may become longer */

#define ZOOM_LIMIT_SLIP  16

/* with fewer requests than these a part of one counts */

#define ZOOM_LIMIT_FEW   10

/* a clock of whole milliseconds shows less than there is */

#define ZOOM_LIMIT_TICK  1000


static void zoom_limit_take(const zoom_limit_t *l, const zoom_rate_t *rate,
    int64_t due, zoom_slot_t *slot);
static void zoom_limit_use(zoom_limit_t *l, uint32_t used, int64_t seconds);
static void zoom_limit_clock(zoom_limit_t *l, int64_t now);


/* per 1000 seconds; what counts by the minute is a sixtieth of it */

static const zoom_rate_t  zoom_limit_plans[ZOOM_NPLANS][ZOOM_NLABELS] = {

    { { 4000, 6000 }, { 2000, 2000 }, { 1000, 1000 }, { 166, 1000 } },

    { { 30000, 0 }, { 20000, 0 }, { 10000, 30000 }, { 166, 30000 } },

    { { 80000, 0 }, { 60000, 0 }, { 40000, 60000 }, { 333, 60000 } }
};


zoom_rate_t
zoom_limit_rate(zoom_plan_e plan, zoom_label_e label, unsigned share)
{
    return zoom_limit_share(zoom_limit_plans[plan][label], share);
}


zoom_rate_t
zoom_limit_share(zoom_rate_t rate, unsigned share)
{
    rate.rate = (uint32_t) ((uint64_t) rate.rate * share / 100);

    if (rate.rate == 0) {
        rate.rate = 1;
    }

    if (rate.day) {
        rate.day = (uint32_t) ((uint64_t) rate.day * share / 100);

        if (rate.day == 0) {
            rate.day = 1;
        }
    }

    return rate;
}


zoom_rate_t
zoom_limit_part(zoom_rate_t rate, unsigned n)
{
    rate.rate = (rate.rate > n) ? rate.rate / n : 1;

    if (rate.day) {
        rate.day = (rate.day > n) ? rate.day / n : 1;
    }

    return rate;
}


uint32_t
zoom_limit_days(const zoom_rate_t *rates, zoom_label_e label)
{
    uint32_t  heavy, resource;

    if (label != ZOOM_HEAVY && label != ZOOM_RESOURCE) {
        return 0;
    }

    heavy = rates[ZOOM_HEAVY].day;
    resource = rates[ZOOM_RESOURCE].day;

    return (heavy > resource) ? heavy : resource;
}


/*
 * Zoom counts by the second, or the minute.  Of many a part of one is not worth
 * a window that is shorter than Zoom's, of few it is.
 */

uint32_t
zoom_limit_window(const zoom_rate_t *rate, int64_t *width)
{
    uint64_t  n;

    n = rate->rate / 1000;

    if (n >= ZOOM_LIMIT_FEW || (n && rate->rate % 1000 == 0)) {
        *width = ZOOM_LIMIT_SECOND;
        return (uint32_t) n;
    }

    if (n == 0) {

        /* the rate was rounded down */

        n = ((uint64_t) rate->rate * 60 + 60) / 1000;

        if (n) {
            *width = 60 * (int64_t) ZOOM_LIMIT_SECOND;
            return (uint32_t) n;
        }

        n = 1;
    }

    *width = (int64_t) (n * 1000 * ZOOM_LIMIT_SECOND / rate->rate);

    return (uint32_t) n;
}


int64_t
zoom_limit_reserve(zoom_limit_t *l, const zoom_rate_t *rate, int64_t now,
    int64_t seconds, int64_t budget, zoom_slot_t *slot)
{
    int64_t   wait;
    uint32_t  used;

    zoom_limit_clock(l, now);

    wait = zoom_limit_look(l, rate, now, seconds, &used);

    if (wait > 0
        && (wait + wait / ZOOM_LIMIT_SLIP > budget
            || (rate->day && used >= rate->day)))
    {
        return wait;
    }

    zoom_limit_take(l, rate, now + wait, slot);
    zoom_limit_use(l, used, seconds);

    l->next = slot->due + slot->width / slot->n;

    return 0;
}


static void
zoom_limit_take(const zoom_limit_t *l, const zoom_rate_t *rate, int64_t due,
    zoom_slot_t *slot)
{
    slot->due = due;
    slot->shift = l->shift;
    slot->n = zoom_limit_window(rate, &slot->width);
    memset(&slot->place, 0, sizeof(zoom_place_t));
}


static void
zoom_limit_use(zoom_limit_t *l, uint32_t used, int64_t seconds)
{
    l->used = used + 1;

    if (used == 0) {
        l->day = seconds / ZOOM_LIMIT_DAY;
    }
}


int64_t
zoom_limit_look(const zoom_limit_t *l, const zoom_rate_t *rate, int64_t now,
    int64_t seconds, uint32_t *used)
{
    int64_t  ahead;

    ahead = l->day - seconds / ZOOM_LIMIT_DAY;

    /* a clock that is set back across midnight starts no new day */

    *used = (ahead == 0 || ahead == 1) ? l->used : 0;

    if (rate->day && *used >= rate->day) {
        return (ZOOM_LIMIT_DAY - seconds % ZOOM_LIMIT_DAY)
               * ZOOM_LIMIT_SECOND;
    }

    return (l->next > now) ? l->next - now : 0;
}


int64_t
zoom_limit_due(zoom_limit_t *l, const zoom_slot_t *slot, int64_t now)
{
    int64_t  wait, late, ahead, gap;

    zoom_limit_clock(l, now);

    gap = slot->width / slot->n;
    late = now - slot->due - (l->shift - slot->shift);

    /* several slots may be due before the clock's next tick */

    if (late < 0 && (gap >= ZOOM_LIMIT_TICK || late <= -ZOOM_LIMIT_TICK)) {
        return -late;
    }

    wait = l->pace - now;

    if (wait >= ZOOM_LIMIT_TICK) {
        return wait;
    }

    wait = zoom_window_wait(&l->window, slot->n, slot->width, now);

    ahead = late + wait - ZOOM_LIMIT_AHEAD * gap;

    if (wait && ahead > 0) {
        l->shift += ahead;
        l->next += ahead;
    }

    return wait;
}


void
zoom_limit_go(zoom_limit_t *l, zoom_slot_t *slot, int64_t now)
{
    l->pace = ((l->pace > now) ? l->pace : now)
              + slot->width / slot->n / 2;

    zoom_window_go(&l->window, &slot->place);
}


int64_t
zoom_limit_granted(zoom_limit_t *l, const zoom_rate_t *rate, int64_t now,
    int64_t seconds, zoom_slot_t *slot)
{
    int64_t   wait, width;
    uint32_t  n, used;

    zoom_limit_clock(l, now);

    if (l->closed > now) {
        return l->closed - now;
    }

    n = zoom_limit_window(rate, &width);
    wait = zoom_window_wait(&l->window, n, width, now);

    if (wait > 0) {
        return wait;
    }

    (void) zoom_limit_look(l, rate, now, seconds, &used);

    zoom_limit_take(l, rate, now, slot);
    zoom_limit_use(l, used, seconds);
    zoom_limit_go(l, slot, now);

    return 0;
}


void
zoom_limit_hold(zoom_limit_t *l, int64_t until)
{
    l->next = (l->next > until) ? l->next : until;
}


void
zoom_limit_sent(zoom_limit_t *l, zoom_slot_t *slot, int64_t now)
{
    zoom_window_sent(&l->window, &slot->place, now);
}


int64_t
zoom_limit_answered(zoom_limit_t *l, zoom_slot_t *slot, int64_t now)
{
    return zoom_window_answered(&l->window, &slot->place, now);
}


void
zoom_limit_leave(zoom_limit_t *l, zoom_slot_t *slot)
{
    zoom_window_leave(&l->window, &slot->place);
}


void
zoom_limit_close(zoom_limit_t *l, const zoom_slot_t *slot, int64_t now,
    int64_t wait)
{
    int64_t  open, delta;

    zoom_limit_clock(l, now);

    if (slot->n) {
        zoom_window_refused(&l->window, slot->n);
    }

    /* several refusals in a row tell of the same limit */

    open = (l->closed > now) ? l->closed : now;
    delta = now + wait - open;

    if (delta <= 0) {
        return;
    }

    /* slots still to come are all after "open": they keep their distances */

    l->closed = now + wait;
    l->shift += delta;
    l->next = ((l->next > now) ? l->next : now) + delta;
}


/* all that is to come is as far away on a clock that starts anew */

static void
zoom_limit_clock(zoom_limit_t *l, int64_t now)
{
    int64_t  back;

    back = zoom_window_clock(&l->window, now);

    l->next -= back;
    l->shift -= back;
    l->closed -= back;
    l->pace -= back;
}
