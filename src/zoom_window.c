/* A sliding window of requests as its other side may see it. */

#include <string.h>

#include "zoom_window.h"


/*
 * Parts of the width.  A request arrives late by at most: at first, the least
 * and the most that is learnt.  All that is measured counts where that costs
 * little on average.
 */

#define ZOOM_WINDOW_REACH        10
#define ZOOM_WINDOW_REACH_LEAST  40
#define ZOOM_WINDOW_REACH_MOST   2
#define ZOOM_WINDOW_LITTLE       50

/* answers that make the average */

#define ZOOM_WINDOW_AVERAGE      512

/* for so long an answer is the fastest of late, microseconds */

#define ZOOM_WINDOW_LATE         10000000

/* answers of late that tell enough, and what they don't, of the width */

#define ZOOM_WINDOW_KNOWN        32
#define ZOOM_WINDOW_SLACK        500

#define ZOOM_WINDOW_PART         65535

/* by so much it may be later than the clock shows */

#define ZOOM_WINDOW_TICK         1000


static void zoom_window_advance(zoom_window_t *w, int64_t width, int64_t now);
static void zoom_window_gather(zoom_window_t *w, int64_t width, int64_t now);
static void zoom_window_expire(zoom_window_t *w);
static int64_t zoom_window_add(zoom_window_t *w, int64_t time, uint32_t n);
static void zoom_window_take(zoom_window_t *w, const zoom_place_t *place);
static int64_t zoom_window_late(zoom_window_t *w, int64_t took);
static int64_t zoom_window_fastest(const zoom_window_t *w);
static int64_t zoom_window_reach(const zoom_window_t *w);
static int64_t zoom_window_last(const zoom_window_t *w, int64_t number);


#define zoom_window_cell(w, number)                                           \
    (&(w)->cells[(number) % ZOOM_WINDOW_RING])

#define zoom_window_size(w)  ((w)->width / ZOOM_WINDOW_CELLS)


int64_t
zoom_window_clock(zoom_window_t *w, int64_t now)
{
    int64_t  back;

    back = w->now - now;

    /* processes see the same clock a little earlier or later */

    if (back <= w->width) {
        return 0;
    }

    zoom_window_gather(w, w->width, now);

    return back;
}


int64_t
zoom_window_wait(zoom_window_t *w, uint32_t n, int64_t width, int64_t now)
{
    int64_t   i;
    uint32_t  gone;

    zoom_window_advance(w, width, now);

    if (w->held < n) {
        return 0;
    }

    gone = 0;
    i = w->first;

    for ( ;; ) {
        gone += zoom_window_cell(w, i)->n;

        if (w->held - gone < n) {
            return zoom_window_last(w, i) + width - w->now;
        }

        i++;
    }
}


void
zoom_window_go(zoom_window_t *w, zoom_place_t *place)
{
    place->state = ZOOM_PLACE_OPEN;
    place->turn = w->turn;
    place->number = zoom_window_add(w, w->now + ZOOM_WINDOW_TICK, 1);
}


void
zoom_window_sent(zoom_window_t *w, zoom_place_t *place, int64_t now)
{
    zoom_window_advance(w, w->width, now);

    if (place->state == ZOOM_PLACE_OPEN) {
        zoom_window_take(w, place);
    }

    place->state = ZOOM_PLACE_SENT;
    place->turn = w->turn;
    place->sent = w->now + ZOOM_WINDOW_TICK;
    place->number = zoom_window_add(w, place->sent + zoom_window_reach(w),
                                    1);
}


int64_t
zoom_window_answered(zoom_window_t *w, zoom_place_t *place, int64_t now)
{
    int64_t  late, arrived;

    zoom_window_advance(w, w->width, now);

    arrived = (place->state == ZOOM_PLACE_SENT) ? w->now + ZOOM_WINDOW_TICK
                                                : 0;

    if (place->state == ZOOM_PLACE_SENT && place->turn == w->turn) {
        late = zoom_window_late(w, w->now + ZOOM_WINDOW_TICK - place->sent);

        if (place->number >= w->first) {
            zoom_window_take(w, place);
            (void) zoom_window_add(w, place->sent + late, 1);
        }

        if (place->sent + late < arrived) {
            arrived = place->sent + late;
        }

        place->state = ZOOM_PLACE_NONE;
    }

    zoom_window_leave(w, place);

    return arrived;
}


void
zoom_window_leave(zoom_window_t *w, zoom_place_t *place)
{
    if (place->state == ZOOM_PLACE_OPEN) {
        zoom_window_take(w, place);
    }

    place->state = ZOOM_PLACE_NONE;
}


/* a window that is not full was filled by others, which teaches nothing */

void
zoom_window_refused(zoom_window_t *w, uint32_t n)
{
    int64_t  most;

    if (w->held < n - n / 4) {
        return;
    }

    most = w->width / ZOOM_WINDOW_REACH_MOST;

    w->reach = (2 * w->reach < most) ? 2 * w->reach : most;
}


static void
zoom_window_advance(zoom_window_t *w, int64_t width, int64_t now)
{
    if (width != w->width) {
        zoom_window_gather(w, width, now);
        return;
    }

    (void) zoom_window_clock(w, now);

    if (now > w->now) {
        w->now = now;
        zoom_window_expire(w);
    }
}


/* another width, or a clock that starts anew: all may be of just now */

static void
zoom_window_gather(zoom_window_t *w, int64_t width, int64_t now)
{
    uint32_t  n;

    n = w->held;

    if (width != w->width) {
        w->reach = width / ZOOM_WINDOW_REACH;
    }

    memset(w->cells, 0, sizeof(w->cells));

    w->width = width;
    w->now = now;
    w->first = (now > width) ? (now - width) / zoom_window_size(w) : 0;
    w->held = 0;
    w->since = now;
    w->turn++;

    if (n) {
        (void) zoom_window_add(w, now, n);
    }
}


static void
zoom_window_expire(zoom_window_t *w)
{
    int64_t              end, number;
    zoom_window_cell_t  *cell;

    end = w->now - w->width;
    number = end / zoom_window_size(w);

    if (number - w->first >= ZOOM_WINDOW_RING) {
        memset(w->cells, 0, sizeof(w->cells));
        w->first = number;
        w->held = 0;
        return;
    }

    while (w->first < number
           || (w->first == number && zoom_window_cell(w, number)->n
               && zoom_window_last(w, number) <= end))
    {
        cell = zoom_window_cell(w, w->first);

        w->held -= cell->n;
        memset(cell, 0, sizeof(zoom_window_cell_t));
        w->first++;
    }
}


static int64_t
zoom_window_add(zoom_window_t *w, int64_t time, uint32_t n)
{
    int64_t              number, size;
    uint32_t             room, last;
    zoom_window_cell_t  *cell;

    size = zoom_window_size(w);
    number = time / size;

    if (number < w->first) {
        return number;
    }

    cell = zoom_window_cell(w, number);

    room = UINT16_MAX - cell->n;
    n = (n < room) ? n : room;

    cell->n = (uint16_t) (cell->n + n);
    w->held += n;

    last = (uint32_t) (time % size * ZOOM_WINDOW_PART / size + 1);

    if (last > cell->last) {
        cell->last = (uint16_t) last;
    }

    return number;
}


static void
zoom_window_take(zoom_window_t *w, const zoom_place_t *place)
{
    zoom_window_cell_t  *cell;

    if (place->turn != w->turn || place->number < w->first) {
        return;
    }

    cell = zoom_window_cell(w, place->number);

    if (cell->n) {
        cell->n--;
        w->held--;
    }

    if (cell->n == 0) {
        cell->last = 0;
    }
}


/* how much later than others a request that took so long may have arrived */

static int64_t
zoom_window_late(zoom_window_t *w, int64_t took)
{
    int64_t  least, most, late;

    if (w->now - w->since > ZOOM_WINDOW_LATE) {
        w->before = w->fastest;
        w->earlier = w->known;
        w->fastest = 0;
        w->known = 0;
        w->since = w->now;

        /* without a refusal it becomes less */

        least = w->width / ZOOM_WINDOW_REACH_LEAST;
        w->reach -= w->reach / 64;
        w->reach = (w->reach > least) ? w->reach : least;
    }

    if (w->fastest == 0 || took + 1 < w->fastest) {
        w->fastest = took + 1;
    }

    w->known++;

    if (w->known + w->earlier < ZOOM_WINDOW_KNOWN) {
        return w->reach;
    }

    late = took + 1 - zoom_window_fastest(w) + w->width / ZOOM_WINDOW_SLACK;
    most = w->width / ZOOM_WINDOW_REACH_MOST;
    late = (late < most) ? late : most;

    w->late += (late - w->late) / ZOOM_WINDOW_AVERAGE;

    most = zoom_window_reach(w);

    return (late < most) ? late : most;
}


static int64_t
zoom_window_fastest(const zoom_window_t *w)
{
    return (w->before && (w->before < w->fastest || w->fastest == 0))
           ? w->before : w->fastest;
}


static int64_t
zoom_window_reach(const zoom_window_t *w)
{
    int64_t  most;

    most = w->width / ZOOM_WINDOW_REACH_MOST;

    return (w->late <= w->width / ZOOM_WINDOW_LITTLE
            && zoom_window_fastest(w) < most)
           ? most : w->reach;
}


static int64_t
zoom_window_last(const zoom_window_t *w, int64_t number)
{
    int64_t                    size;
    const zoom_window_cell_t  *cell;

    size = zoom_window_size(w);
    cell = zoom_window_cell(w, number);

    return number * size
           + (cell->last * size + ZOOM_WINDOW_PART - 1) / ZOOM_WINDOW_PART;
}
