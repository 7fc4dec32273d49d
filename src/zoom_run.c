/* Slots that a clock of several hosts hands out. */

#include <stddef.h>

#include "zoom_run.h"


/* microseconds: who waits looks that often */

#define ZOOM_RUN_LOOK    5000

/* by so much the last slot is due before more are asked for */

#define ZOOM_RUN_LOW     50000

/* callers are counted in such times, and foreseen for a part of one */

#define ZOOM_RUN_TIME    500000
#define ZOOM_RUN_PART    4

/* a question is under way for so long without a clock having jumped */

#define ZOOM_RUN_TRIP    20000

/* a crowd of one */

#define ZOOM_RUN_ALONE   100

/* of the other clock, in UTC */

#define ZOOM_RUN_DAY  ((int64_t) 86400 * 1000000)

/* what was known of the other clock is, for so many windows */

#define ZOOM_RUN_KNOWN   2


static void zoom_run_came(zoom_run_t *r, int64_t now);
static uint32_t zoom_run_missing(const zoom_run_t *r);


int64_t
zoom_run_ahead(int64_t width)
{
    int64_t  ahead;

    ahead = width / ZOOM_RUN_AHEAD;

    return (ahead < ZOOM_RUN_AHEAD_MAX) ? ahead : ZOOM_RUN_AHEAD_MAX;
}


int64_t
zoom_run_enter(zoom_run_t *r, int64_t gap, int64_t budget, int64_t now)
{
    int64_t  wait;

    /* those who died in line look no more */

    if (now - r->looked > ZOOM_RUN_DESERT || now < r->looked) {
        r->waiting = 0;
        r->looked = now;
    }

    zoom_run_came(r, now);

    wait = zoom_run_wait(r, gap, now);

    if (wait > budget) {
        return wait;
    }

    r->waiting++;

    return 0;
}


void
zoom_run_leave(zoom_run_t *r)
{
    if (r->waiting) {
        r->waiting--;
    }
}


int64_t
zoom_run_wait(const zoom_run_t *r, int64_t gap, int64_t now)
{
    int64_t  wait, again;

    again = (r->n == 0 && r->again > now) ? r->again - now : 0;

    if (now - r->looked > ZOOM_RUN_DESERT) {
        return again;
    }

    wait = r->waiting * zoom_run_gap(r, gap);

    return (wait > again) ? wait : again;
}


int64_t
zoom_run_gap(const zoom_run_t *r, int64_t gap)
{
    return (r->crowd > ZOOM_RUN_ALONE) ? gap * r->crowd / ZOOM_RUN_ALONE : gap;
}


int
zoom_run_lapse(zoom_run_t *r, int64_t width, int64_t now, int64_t *stamp)
{
    if (r->n == 0
        || now - r->slots[r->first].due <= zoom_run_ahead(width))
    {
        return 0;
    }

    *stamp = r->slots[r->first].stamp;
    zoom_run_take(r);

    return 1;
}


int64_t
zoom_run_look(zoom_run_t *r, uint32_t n, int64_t now, zoom_run_slot_t *slot)
{
    int64_t  wait;

    r->looked = now;

    /* they may have been taken for dead */

    r->waiting = (r->waiting > n) ? r->waiting : n;

    if (r->n) {
        *slot = r->slots[r->first];
        wait = slot->due - now;

        return (wait > 0) ? wait : 0;
    }

    wait = (r->asking > now) ? ZOOM_RUN_LOOK : r->again - now;

    if (wait > ZOOM_RUN_DESERT / 4) {
        return ZOOM_RUN_DESERT / 4;
    }

    return (wait > ZOOM_RUN_LOOK) ? wait : ZOOM_RUN_LOOK;
}


void
zoom_run_take(zoom_run_t *r)
{
    r->first = (r->first + 1) % ZOOM_RUN_SLOTS;
    r->n--;
}


int
zoom_run_ask(zoom_run_t *r, int64_t width, int64_t patience, int64_t now,
    zoom_run_ask_t *ask)
{
    int64_t   last;
    uint32_t  want;

    want = zoom_run_missing(r);

    if (want == 0 || r->asking > now || r->again > now) {
        return 0;
    }

    if (r->n) {
        last = r->slots[(r->first + r->n - 1) % ZOOM_RUN_SLOTS].due;

        if (last - now > ZOOM_RUN_LOW) {
            return 0;
        }
    }

    ask->want = want;
    ask->jobs = r->waiting;
    ask->alone = (r->clock == 0);
    ask->most = zoom_run_most(r, width, now);
    ask->turn = r->turn;

    r->asking = now + patience;
    r->asked = now;

    return 1;
}


int64_t
zoom_run_most(const zoom_run_t *r, int64_t width, int64_t now)
{
    if (r->clock == 0 || now < r->sent
        || now - r->sent >= ZOOM_RUN_KNOWN * width)
    {
        return 0;
    }

    return r->clock + now - r->sent + ZOOM_RUN_TRIP;
}


/* for those who wait, and who will come if others want nothing */

static uint32_t
zoom_run_missing(const zoom_run_t *r)
{
    uint32_t  want;

    want = r->waiting;

    if (want && r->crowd <= ZOOM_RUN_ALONE) {
        want += (r->came > r->before ? r->came : r->before) / ZOOM_RUN_PART;
    }

    if (want > ZOOM_RUN_SLOTS) {
        want = ZOOM_RUN_SLOTS;
    }

    return (want > r->n) ? want - r->n : 0;
}


static void
zoom_run_came(zoom_run_t *r, int64_t now)
{
    int64_t  times;

    times = (now - r->since) / ZOOM_RUN_TIME;

    if (times != 0) {
        r->before = (times == 1) ? r->came : 0;
        r->came = 0;
        r->since = now;
    }

    r->came++;
}


void
zoom_run_answer(zoom_run_t *r, const zoom_run_answer_t *a, int64_t now)
{
    uint32_t          i;
    zoom_run_slot_t  *slot;

    r->asking = 0;

    if (a == NULL) {
        return;
    }

    r->clock = a->now;
    r->sent = r->asked;
    r->used = a->used;
    r->turn = (r->turn > a->turn) ? r->turn : a->turn;
    r->crowd = a->crowd;
    r->again = now + a->again;

    for (i = 0; i < a->n && r->n < ZOOM_RUN_SLOTS; i++) {
        slot = &r->slots[(r->first + r->n) % ZOOM_RUN_SLOTS];
        slot->stamp = a->stamps[i];
        slot->due = now + a->stamps[i] - a->now;
        r->n++;
    }
}


uint32_t
zoom_run_used(const zoom_run_t *r, int64_t day)
{
    return (r->clock / ZOOM_RUN_DAY == day) ? r->used : 0;
}


uint32_t
zoom_run_void(zoom_run_t *r)
{
    uint32_t  n;

    n = r->n;

    r->n = 0;
    r->asking = 0;
    r->again = 0;
    r->clock = 0;

    return n;
}
