/* zoom_limit.h beside an exact window. */

#include <stdlib.h>

#include "unit.h"
#include "zoom_limit.h"


#define SEC   ((int64_t) ZOOM_LIMIT_SECOND)
#define NOON  1782043200    /* of a day */
#define DAY   86400


/*
 * Processes, a network and a Zoom, against an exact window: a request is
 * counted there when it arrives.
 */

#define WORLD_MOST  20000


typedef struct {
    uint32_t     rate;
    int          seconds;
    int64_t      crowd;      /* that comes at once, and again and again */
    uint32_t     stalls;     /* of a process, in 10000 milliseconds */
    int64_t      stall;      /* the longest */
    int64_t      handshake;  /* in the first second, and after a stall */
    int64_t      jitter;     /* of what is slow on its way, one in 32 */
    int64_t      process;    /* the longest that Zoom takes for an answer */
    uint32_t     foreign;    /* of 10000 are refused for others' sake */
    unsigned     steps:1;    /* of the clocks */
    double       used;       /* of the rate, at least */
} world_t;


typedef struct {
    zoom_slot_t  slot;
    int          worker;
    int64_t      timer;      /* looks again, on its way or has arrived */
    int64_t      arrives;
    int64_t      answered;
    enum { WAITS, GOES, SENT, DONE } state;
} request_t;


static const world_t  worlds[] = {
    { 80000, 30, 500, 0, 0, 0, 20000, 10000, 0, 0, 0.97 },
    { 80000, 30, 500, 0, 0, 200000, 5000, 3000, 0, 0, 0.97 },
    { 80000, 30, 500, 10, 400000, 50000, 80000, 10000, 0, 0, 0.80 },
    { 80000, 30, 200, 20, 600000, 300000, 80000, 200000, 0, 0, 0.50 },
    { 80000, 30, 200, 5, 3000000, 0, 80000, 10000, 0, 0, 0 },
    { 80000, 30, 500, 10, 300000, 50000, 80000, 10000, 20, 0, 0 },
    { 80000, 30, 500, 10, 300000, 50000, 80000, 10000, 10, 1, 0 },
    { 30000, 40, 100, 0, 0, 100000, 20000, 10000, 0, 0, 0.97 },
    { 30000, 40, 100, 10, 500000, 100000, 90000, 50000, 5, 1, 0 },
    { 4000, 60, 30, 0, 0, 50000, 10000, 10000, 0, 0, 0.94 },
    { 4000, 60, 30, 10, 500000, 400000, 90000, 50000, 10, 1, 0 },
    { 1000, 60, 5, 10, 500000, 400000, 90000, 50000, 10, 1, 0 },
    { 500000, 10, 1500, 0, 0, 20000, 10000, 5000, 0, 0, 0.96 },
    { 500000, 10, 1500, 5, 300000, 20000, 50000, 20000, 0, 1, 0 },
    { 5000000, 3, 200, 0, 0, 20000, 10000, 5000, 0, 0, 0.96 },
    { 5000000, 3, 200, 5, 300000, 20000, 50000, 20000, 0, 1, 0 }
};

static request_t     requests[WORLD_MOST];
static int64_t       arrivals[WORLD_MOST];
static uint32_t      dice;
static zoom_limit_t  limit;


static int64_t
up_to(int64_t most)
{
    return most ? (int64_t) unit_random(&dice, (uint32_t) most + 1) : 0;
}


static void
world_look(const world_t *world, request_t *r, int64_t now, int64_t clock,
    int64_t handshake)
{
    int64_t  wait;

    wait = zoom_limit_due(&limit, &r->slot, clock);

    if (wait > 0) {
        r->timer = now + (wait + 999) / 1000 * 1000;
        return;
    }

    zoom_limit_go(&limit, &r->slot, clock);

    r->state = GOES;
    r->timer = now + up_to(handshake);

    /* none arrives earlier than after 5 ms, some later */

    r->arrives = 5000 + (up_to(31) ? up_to(1000) : up_to(world->jitter));
    r->answered = r->arrives + 5000 + up_to(world->process);
}


static void
world_step(const world_t *world, request_t *r, int64_t now, int64_t clock,
    int64_t handshake)
{
    if (r->timer > now) {
        return;
    }

    switch (r->state) {

    case WAITS:
        world_look(world, r, now, clock, handshake);

        if (r->state == WAITS || r->timer > now) {
            return;
        }

        /* fall through */

    case GOES:
        zoom_limit_sent(&limit, &r->slot, clock);
        r->state = SENT;
        r->arrives += now + up_to(999);
        r->answered += now + 1000;
        r->timer = r->answered;
        return;

    case SENT:
        if (up_to(9999) < world->foreign) {
            zoom_limit_close(&limit, &r->slot, clock, SEC + up_to(SEC));
        }

        zoom_limit_answered(&limit, &r->slot, clock);
        r->state = DONE;
        return;

    case DONE:
        return;
    }
}


static int
earlier(const void *a, const void *b)
{
    int64_t  x, y;

    x = *(const int64_t *) a;
    y = *(const int64_t *) b;

    return (x > y) - (x < y);
}


static int
world_run(const world_t *world)
{
    int          i, n, first, waiting;
    int64_t      now, until, busy[2], handshake, step, day, wait;
    zoom_rate_t  rate = { world->rate, 0 };

    memset(&limit, 0, sizeof(limit));

    n = first = waiting = 0;
    busy[0] = busy[1] = 0;
    handshake = world->handshake;
    until = SEC;
    step = 7000 * SEC;
    day = 0;

    for (now = 0; now < world->seconds * SEC; now += 1000) {

        if (world->steps && up_to(4999) == 0) {
            step -= (step > 100 * SEC && up_to(1)) ? up_to(50 * SEC) : 0;
            day = up_to(2) - 1;
        }

        for (i = 0; i < 2; i++) {
            if (up_to(9999) < world->stalls) {
                busy[i] = now + up_to(world->stall);
                until = busy[i] + SEC / 2;
            }
        }

        while (waiting < world->crowd && n < WORLD_MOST) {
            wait = zoom_limit_reserve(&limit, &rate, now + step,
                                      NOON + day * DAY + now / SEC,
                                      (world->crowd + 5) * 1000 * SEC
                                      / world->rate, &requests[n].slot);
            if (wait > 0) {
                break;
            }

            requests[n].worker = (int) up_to(1);
            requests[n].timer = now;
            requests[n].state = WAITS;
            n++;
            waiting++;
        }

        handshake = (now < until) ? world->handshake : 0;

        for (i = first; i < n; i++) {
            if (busy[requests[i].worker] > now) {
                continue;
            }

            world_step(world, &requests[i], now, now + step, handshake);
        }

        for (waiting = 0, i = first; i < n; i++) {
            waiting += (requests[i].state == WAITS);
        }

        while (first < n && requests[first].state == DONE) {
            first++;
        }
    }

    for (i = 0, first = 0; i < n; i++) {
        if (requests[i].state >= SENT) {
            arrivals[first++] = requests[i].arrives;
        }
    }

    qsort(arrivals, (size_t) first, sizeof(arrivals[0]), earlier);

    return first;
}


START_TEST(never_crosses_the_window)
{
    int            i, n, seed;
    uint32_t       most;
    int64_t        width;
    zoom_rate_t    rate = { worlds[_i].rate, 0 };
    const world_t *world;

    world = &worlds[_i];
    most = zoom_limit_window(&rate, &width);

    for (seed = 1; seed <= 5; seed++) {
        dice = (uint32_t) (seed * 7919 + _i);

        n = world_run(world);

        for (i = 0; i + (int) most < n; i++) {
            ck_assert_msg(arrivals[i + (int) most] - arrivals[i] >= width,
                          "world %d, seed %d: %u requests within %d us, at %d",
                          _i, seed, most + 1,
                          (int) (arrivals[i + (int) most] - arrivals[i]),
                          (int) arrivals[i]);
        }

        ck_assert_msg(n >= world->used * world->seconds * world->rate / 1000,
                      "world %d, seed %d: %d requests in %d seconds", _i, seed,
                      n, world->seconds);
    }
}
END_TEST


Suite *
unit_limit_world(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("limit_world");
    t = tcase_create("limit_world");

    tcase_add_loop_test(t, never_crosses_the_window, 0, N(worlds));

    suite_add_tcase(s, t);

    return s;
}
