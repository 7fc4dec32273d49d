/* Callers in turn. */

#include <stddef.h>

#include "zoom_fair.h"


/*
 * So many slots, beside one for each line, may be given out ahead of time: the
 * first jobs of all lines may come at once.
 */

#define ZOOM_FAIR_SLACK   2

/* of a wait, by which it may become longer */

#define ZOOM_FAIR_SLIP    16

/* a line that is so long takes nobody */

#define ZOOM_FAIR_LONGEST  (65535 * ZOOM_FAIR_JOB)

/* no time between two looks is longer */

#define ZOOM_FAIR_LOOK_MAX  ((int64_t) 3600 * 1000000)


static void zoom_fair_run(zoom_fair_t *f, const zoom_fair_pace_t *pace);
static int64_t zoom_fair_step(const zoom_fair_t *f, int64_t gap, int64_t time,
    uint32_t *busy);
static int64_t zoom_fair_rest(const zoom_fair_t *f,
    const zoom_fair_pace_t *pace, int64_t since);
static uint32_t zoom_fair_count(const zoom_fair_t *f);
static zoom_fair_line_t *zoom_fair_find(zoom_fair_t *f, uint32_t who);
static int64_t zoom_fair_until(const zoom_fair_t *f,
    const zoom_fair_pace_t *pace, int64_t turn);


int
zoom_fair_join(zoom_fair_t *f, uint32_t who, const zoom_fair_pace_t *pace,
    int64_t budget, int64_t *turn, int64_t *wait)
{
    int64_t            place, slot;
    zoom_fair_line_t  *line;

    zoom_fair_run(f, pace);

    line = zoom_fair_find(f, who);

    place = f->served + line->ahead;
    *wait = zoom_fair_until(f, pace, place);

    /* its turn may come before there is a slot */

    slot = pace->next - pace->now;
    slot = (slot > *wait) ? slot : *wait;

    if ((slot > 0 && slot + slot / ZOOM_FAIR_SLIP > budget)
        || line->ahead >= ZOOM_FAIR_LONGEST)
    {
        *wait = slot;
        return -1;
    }

    if (turn) {
        line->who = who;
        line->ahead += ZOOM_FAIR_JOB;
        *turn = place;
    }

    return 0;
}


int64_t
zoom_fair_wait(zoom_fair_t *f, const zoom_fair_pace_t *pace, int64_t turn)
{
    zoom_fair_run(f, pace);

    return zoom_fair_until(f, pace, turn);
}


uint32_t
zoom_fair_jobs(const zoom_fair_t *f)
{
    size_t    i;
    uint64_t  ahead;

    ahead = 0;

    for (i = 0; i < ZOOM_FAIR_CALLERS; i++) {
        ahead += f->lines[i].ahead;
    }

    return (uint32_t) (ahead / ZOOM_FAIR_JOB);
}


uint32_t
zoom_fair_busy(zoom_fair_t *f, const zoom_fair_pace_t *pace)
{
    zoom_fair_run(f, pace);

    return zoom_fair_count(f);
}


/* what the server has done since the last look */

static void
zoom_fair_run(zoom_fair_t *f, const zoom_fair_pace_t *pace)
{
    size_t    i;
    int64_t   time, step;
    uint32_t  busy;

    time = pace->now - f->seen;

    /* a clock that starts anew takes nobody's turn */

    if (time < 0 || time > ZOOM_FAIR_LOOK_MAX) {
        time = (time < 0) ? 0 : ZOOM_FAIR_LOOK_MAX;
    }

    time -= zoom_fair_rest(f, pace, pace->now - time);

    for ( ;; ) {
        step = zoom_fair_step(f, pace->gap, time, &busy);

        if (step == 0) {
            break;
        }

        f->served += step;
        time -= step * busy * pace->gap / ZOOM_FAIR_JOB;

        for (i = 0; i < ZOOM_FAIR_CALLERS; i++) {
            f->lines[i].ahead -= (f->lines[i].ahead > step)
                                 ? (uint32_t) step : f->lines[i].ahead;
        }
    }

    /* what was too little for a step is not lost */

    f->seen = pace->now - (busy ? time : 0);
}


/* until a line is empty, or the time is over */

static int64_t
zoom_fair_step(const zoom_fair_t *f, int64_t gap, int64_t time,
    uint32_t *busy)
{
    size_t    i;
    int64_t   step;
    uint32_t  shortest;

    *busy = 0;
    shortest = UINT32_MAX;

    for (i = 0; i < ZOOM_FAIR_CALLERS; i++) {

        if (f->lines[i].ahead == 0) {
            continue;
        }

        (*busy)++;

        if (f->lines[i].ahead < shortest) {
            shortest = f->lines[i].ahead;
        }
    }

    if (*busy == 0 || time <= 0) {
        return 0;
    }

    step = time * ZOOM_FAIR_JOB / (*busy * gap);

    return (step < shortest) ? step : shortest;
}


/* for how long of the time since then the server rests */

static int64_t
zoom_fair_rest(const zoom_fair_t *f, const zoom_fair_pace_t *pace,
    int64_t since)
{
    int64_t  rest;

    rest = pace->next - since
           - (zoom_fair_count(f) + ZOOM_FAIR_SLACK) * pace->gap;

    if (rest <= 0) {
        return 0;
    }

    return (rest < pace->now - since) ? rest : pace->now - since;
}


static uint32_t
zoom_fair_count(const zoom_fair_t *f)
{
    size_t    i;
    uint32_t  n;

    n = 0;

    for (i = 0; i < ZOOM_FAIR_CALLERS; i++) {
        n += (f->lines[i].ahead != 0);
    }

    return n;
}


/* its own line, else an empty one, else that of others */

static zoom_fair_line_t *
zoom_fair_find(zoom_fair_t *f, uint32_t who)
{
    size_t             i;
    zoom_fair_line_t  *empty;

    empty = NULL;

    for (i = 0; i < ZOOM_FAIR_CALLERS; i++) {

        if (f->lines[i].ahead == 0) {
            empty = empty ? empty : &f->lines[i];
            continue;
        }

        if (f->lines[i].who == who) {
            return &f->lines[i];
        }
    }

    return empty ? empty : &f->lines[who % ZOOM_FAIR_CALLERS];
}


/* what is before it in its own line, and meanwhile in the others */

static int64_t
zoom_fair_until(const zoom_fair_t *f, const zoom_fair_pace_t *pace,
    int64_t turn)
{
    size_t   i;
    int64_t  ahead, work, rest;

    turn -= f->served;

    if (turn <= 0) {
        return 0;
    }

    work = 0;

    for (i = 0; i < ZOOM_FAIR_CALLERS; i++) {
        ahead = f->lines[i].ahead;
        work += (ahead < turn) ? ahead : turn;
    }

    rest = pace->next - pace->now
           - (zoom_fair_count(f) + ZOOM_FAIR_SLACK) * pace->gap;

    return work * pace->gap / ZOOM_FAIR_JOB - (pace->now - f->seen)
           + (rest > 0 ? rest : 0);
}
