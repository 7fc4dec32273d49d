/* zoom_limit.h */

#include <stdlib.h>

#include "unit.h"
#include "zoom_limit.h"


#define SEC   ((int64_t) ZOOM_LIMIT_SECOND)
#define NOON  1782043200    /* of a day */
#define DAY   86400


static zoom_limit_t  limit;
static zoom_slot_t   slot;


static void
clean(void)
{
    memset(&limit, 0, sizeof(limit));
    memset(&slot, 0, sizeof(slot));
}


static int64_t
take(zoom_rate_t rate, int64_t now, int64_t budget)
{
    return zoom_limit_reserve(&limit, &rate, now, NOON + now / SEC, budget,
                              &slot);
}


/* docs/protocol.md, "Rate limits" */

static const struct {
    zoom_plan_e   plan;
    zoom_label_e  label;
    uint32_t      rate;
    uint32_t      day;
} plans[] = {
    { ZOOM_FREE, ZOOM_LIGHT, 4000, 6000 },
    { ZOOM_FREE, ZOOM_MEDIUM, 2000, 2000 },
    { ZOOM_FREE, ZOOM_HEAVY, 1000, 1000 },
    { ZOOM_FREE, ZOOM_RESOURCE, 166, 1000 },
    { ZOOM_PRO, ZOOM_LIGHT, 30000, 0 },
    { ZOOM_PRO, ZOOM_MEDIUM, 20000, 0 },
    { ZOOM_PRO, ZOOM_HEAVY, 10000, 30000 },
    { ZOOM_PRO, ZOOM_RESOURCE, 166, 30000 },
    { ZOOM_BUSINESS, ZOOM_LIGHT, 80000, 0 },
    { ZOOM_BUSINESS, ZOOM_MEDIUM, 60000, 0 },
    { ZOOM_BUSINESS, ZOOM_HEAVY, 40000, 60000 },
    { ZOOM_BUSINESS, ZOOM_RESOURCE, 333, 60000 }
};


START_TEST(knows_the_plans)
{
    zoom_rate_t  r;

    r = zoom_limit_rate(plans[_i].plan, plans[_i].label, 100);

    ck_assert_uint_eq(r.rate, plans[_i].rate);
    ck_assert_uint_eq(r.day, plans[_i].day);
}
END_TEST


static const struct {
    zoom_rate_t  rate;
    unsigned     share;
    zoom_rate_t  ours;
} shares[] = {
    { { 30000, 0 }, 100, { 30000, 0 } },
    { { 30000, 0 }, 50, { 15000, 0 } },
    { { 4000, 6000 }, 33, { 1320, 1980 } },
    { { 166, 1000 }, 1, { 1, 10 } },
    { { 1, 1 }, 1, { 1, 1 } },
    { { 4294967295U, 4294967295U }, 100, { 4294967295U, 4294967295U } }
};


START_TEST(shares_a_rate)
{
    zoom_rate_t  r;

    r = zoom_limit_share(shares[_i].rate, shares[_i].share);

    ck_assert_uint_eq(r.rate, shares[_i].ours.rate);
    ck_assert_uint_eq(r.day, shares[_i].ours.day);
}
END_TEST


static const struct {
    zoom_rate_t  rate;
    unsigned     n;
    zoom_rate_t  part;
} parts[] = {
    { { 30000, 0 }, 1, { 30000, 0 } },
    { { 30000, 6000 }, 3, { 10000, 2000 } },
    { { 4000, 6000 }, 7, { 571, 857 } },
    { { 166, 1000 }, 1000, { 1, 1 } },
    { { 4294967295U, 4294967295U }, 1, { 4294967295U, 4294967295U } }
};


START_TEST(divides_a_rate)
{
    zoom_rate_t  r;

    r = zoom_limit_part(parts[_i].rate, parts[_i].n);

    ck_assert_uint_eq(r.rate, parts[_i].part.rate);
    ck_assert_uint_eq(r.day, parts[_i].part.day);
}
END_TEST


static const struct {
    uint32_t  rate;
    uint32_t  n;
    int64_t   width;
} windows[] = {
    { 80000, 80, SEC },
    { 4000, 4, SEC },
    { 1000, 1, SEC },
    { 26400, 26, SEC },                     /* a third of 80 */
    { 1320, 1, SEC * 1000 / 1320 },
    { 1500, 1, SEC * 1000 / 1500 },         /* 90r/m */
    { 166, 10, 60 * SEC },
    { 333, 20, 60 * SEC },
    { 83, 5, 60 * SEC },
    { 54, 3, 60 * SEC },                    /* a third of 10 */
    { 16, 1, 60 * SEC },
    { 15, 1, SEC * 1000 / 15 },
    { 1, 1, 1000 * SEC },
    { 4294967295U, 4294967, SEC }
};


START_TEST(knows_the_windows)
{
    int64_t      width;
    zoom_rate_t  rate = { windows[_i].rate, 0 };

    ck_assert_uint_eq(zoom_limit_window(&rate, &width), windows[_i].n);
    ck_assert_int_eq(width, windows[_i].width);
}
END_TEST


START_TEST(spaces_slots)
{
    int          i;
    zoom_rate_t  rate = { 10000, 0 };

    clean();

    for (i = 0; i < 50; i++) {
        ck_assert_int_eq(take(rate, SEC, 60 * SEC), 0);
        ck_assert_int_eq(slot.due, SEC + i * 100000);
        ck_assert_int_eq(zoom_limit_due(&limit, &slot, SEC), i * 100000);
    }
}
END_TEST


START_TEST(keeps_no_credit)
{
    zoom_rate_t  rate = { 1000, 0 };

    clean();

    ck_assert_int_eq(take(rate, 0, 0), 0);
    ck_assert_int_eq(take(rate, 100 * SEC, 0), 0);
    ck_assert_int_eq(slot.due, 100 * SEC);
    ck_assert_int_eq(take(rate, 100 * SEC, 0), SEC);
}
END_TEST


START_TEST(refuses_beyond_the_budget)
{
    zoom_rate_t   rate = { 1000, 0 };
    zoom_limit_t  before;

    clean();

    ck_assert_int_eq(take(rate, 0, 0), 0);
    before = limit;

    ck_assert_int_eq(take(rate, 0, 1062499), 1000000);

    /* and takes nothing, not even of the day */

    ck_assert_int_eq(memcmp(&before, &limit, sizeof(limit)), 0);

    ck_assert_int_eq(take(rate, 0, 1062500), 0);
}
END_TEST


START_TEST(counts_days)
{
    int          i;
    int64_t      midnight;
    zoom_rate_t  rate = { 1000000, 3 };

    clean();

    midnight = (NOON / DAY + 1) * DAY;

    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, i * SEC,
                                            midnight - 10, 0, &slot),
                         0);
    }

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 4 * SEC, midnight - 10,
                                        3600 * SEC, &slot), 10 * SEC);
    ck_assert_uint_eq(limit.used, 3);

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 15 * SEC, midnight,
                                        0, &slot), 0);
    ck_assert_uint_eq(limit.used, 1);

    /* a clock that is put back a little brings no day anew */

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 20 * SEC, midnight - 60,
                                        0, &slot), 0);
    ck_assert_uint_eq(limit.used, 2);
    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 21 * SEC, midnight + 5,
                                        0, &slot), 0);
    ck_assert_uint_eq(limit.used, 3);

    /* of one that was far ahead nothing is known */

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 30 * SEC,
                                        midnight - 9 * DAY, 0, &slot), 0);
    ck_assert_uint_eq(limit.used, 1);
}
END_TEST


/* What the next one would wait is what it is told when it can't. */

START_TEST(looks_ahead)
{
    uint32_t     used;
    zoom_rate_t  rate = { 1000, 2 };

    clean();

    ck_assert_int_eq(zoom_limit_look(&limit, &rate, 5, NOON, &used), 0);
    ck_assert_uint_eq(used, 0);

    ck_assert_int_eq(take(rate, 0, 0), 0);
    ck_assert_int_eq(zoom_limit_look(&limit, &rate, 0, NOON, &used),
                     SEC);
    ck_assert_uint_eq(used, 1);
    ck_assert_int_eq(take(rate, 0, SEC - 1), SEC);

    ck_assert_int_eq(zoom_limit_look(&limit, &rate, 2 * SEC, NOON + 2, &used),
                     0);

    /* the day is over, whatever the budget */

    ck_assert_int_eq(take(rate, 2 * SEC, 0), 0);
    ck_assert_int_eq(zoom_limit_look(&limit, &rate, 2 * SEC, NOON + 2, &used),
                     (DAY / 2 - 2) * SEC);
    ck_assert_uint_eq(used, 2);
    ck_assert_int_eq(take(rate, 2 * SEC, 2 * DAY * SEC), (DAY / 2 - 2) * SEC);

    /* nothing was changed by looking, and tomorrow is another day */

    ck_assert_uint_eq(limit.used, 2);
    ck_assert_int_eq(zoom_limit_look(&limit, &rate, DAY * SEC, NOON + DAY,
                                     &used), 0);
    ck_assert_uint_eq(used, 0);
}
END_TEST


START_TEST(moves_slots_when_refused)
{
    int          i;
    zoom_rate_t  rate = { 1000, 0 };
    zoom_slot_t  slots[3];

    clean();

    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
        slots[i] = slot;
    }

    /* the first went and was refused: five seconds, please */

    zoom_limit_close(&limit, &slot, SEC / 2, 5 * SEC);

    for (i = 1; i < 3; i++) {
        ck_assert_int_eq(zoom_limit_due(&limit, &slots[i], SEC / 2),
                         i * SEC - SEC / 2 + 5 * SEC);
    }

    /* a newcomer comes after those who wait */

    ck_assert_int_eq(take(rate, SEC / 2, 60 * SEC), 0);
    ck_assert_int_eq(slot.due, 3 * SEC + 5 * SEC);
}
END_TEST


START_TEST(closes_once)
{
    zoom_rate_t  rate = { 1000, 0 };

    clean();

    /* several in flight are refused for one and the same reason */

    zoom_limit_close(&limit, &slot, 0, 5 * SEC);
    zoom_limit_close(&limit, &slot, SEC, 4 * SEC);
    zoom_limit_close(&limit, &slot, 2 * SEC, SEC);

    ck_assert_int_eq(limit.shift, 5 * SEC);

    ck_assert_int_eq(take(rate, 2 * SEC, 60 * SEC), 0);
    ck_assert_int_eq(slot.due, 5 * SEC);

    /* a longer one moves by what is new of it */

    zoom_limit_close(&limit, &slot, 3 * SEC, 10 * SEC);

    ck_assert_int_eq(limit.closed, 13 * SEC);
    ck_assert_int_eq(zoom_limit_due(&limit, &slot, 3 * SEC), 10 * SEC);
}
END_TEST


START_TEST(catches_up_slowly)
{
    int          i;
    zoom_rate_t  rate = { 10000, 0 };
    zoom_slot_t  slots[10];

    clean();

    for (i = 0; i < 10; i++) {
        ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
        slots[i] = slot;
    }

    /* half a second late: those behind follow at twice the rate */

    for (i = 0; i < 10; i++) {
        ck_assert_int_eq(zoom_limit_due(&limit, &slots[i], SEC / 2 + i * 50000
                                        - 1000),
                         (i == 0) ? 0 : 1000);
        ck_assert_int_le(zoom_limit_due(&limit, &slots[i],
                                        SEC / 2 + i * 50000), 0);
        zoom_limit_go(&limit, &slots[i], SEC / 2 + i * 50000);
        zoom_limit_sent(&limit, &slots[i], SEC / 2 + i * 50000);
    }

    /* and that was all for a second */

    ck_assert_int_eq(take(rate, SEC, 60 * SEC), 0);
    ck_assert_int_ge(zoom_limit_due(&limit, &slot, SEC + 1000), SEC / 2);
}
END_TEST


START_TEST(waits_for_the_window)
{
    int          i;
    int64_t      wait;
    zoom_rate_t  rate = { 2000, 0 };
    zoom_slot_t  slots[4];

    clean();

    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
        slots[i] = slot;
    }

    for (i = 0; i < 2; i++) {
        ck_assert_int_le(zoom_limit_due(&limit, &slots[i], i * SEC / 2), 0);
        zoom_limit_go(&limit, &slots[i], i * SEC / 2);
    }

    /* both are sent when most of the second is over: the clock waits */

    for (i = 0; i < 2; i++) {
        zoom_limit_sent(&limit, &slots[i], SEC - 1000);
    }

    wait = zoom_limit_due(&limit, &slots[2], SEC);
    ck_assert_int_gt(wait, SEC);
    ck_assert_int_gt(limit.shift, 0);

    for (i = 0; i < 2; i++) {
        zoom_limit_answered(&limit, &slots[i], SEC);
    }

    ck_assert_int_gt(zoom_limit_due(&limit, &slots[2], 2 * SEC - 9000), 0);
    ck_assert_int_le(zoom_limit_due(&limit, &slots[2], 2 * SEC + SEC / 4), 0);
    zoom_limit_go(&limit, &slots[2], 2 * SEC + SEC / 4);

    /* one that was never sent makes room for another */

    zoom_limit_leave(&limit, &slots[2]);
    ck_assert_int_le(zoom_limit_due(&limit, &slots[3], 3 * SEC), 0);
}
END_TEST


START_TEST(survives_a_clock_that_starts_anew)
{
    int          i;
    zoom_rate_t  rate = { 10000, 0 };
    zoom_slot_t  slots[4];

    clean();

    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(take(rate, 1000 * SEC, 60 * SEC), 0);
        slots[i] = slot;
    }

    ck_assert_int_eq(zoom_limit_due(&limit, &slots[0], 1000 * SEC), 0);
    zoom_limit_go(&limit, &slots[0], 1000 * SEC);
    zoom_limit_sent(&limit, &slots[0], 1000 * SEC);

    ck_assert_int_eq(zoom_limit_due(&limit, &slots[2], 5 * SEC), 200000);
    ck_assert_int_eq(take(rate, 5 * SEC, 60 * SEC), 0);
    ck_assert_int_eq(zoom_limit_due(&limit, &slot, 5 * SEC), 400000);
    zoom_limit_answered(&limit, &slots[0], 5 * SEC);
}
END_TEST


/*
 * Processes, a network and a Zoom, against an exact window: a request is
 * counted there when it arrives.
 */

#define WORLD_MOST  6000


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
    { 500000, 10, 1500, 5, 300000, 20000, 50000, 20000, 0, 1, 0 }
};

static request_t  requests[WORLD_MOST];
static int64_t    arrivals[WORLD_MOST];
static uint32_t   dice;


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

    clean();

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
unit_limit(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("limit");
    t = tcase_create("limit");

    tcase_add_loop_test(t, knows_the_plans, 0, N(plans));
    tcase_add_loop_test(t, shares_a_rate, 0, N(shares));
    tcase_add_loop_test(t, divides_a_rate, 0, N(parts));
    tcase_add_loop_test(t, knows_the_windows, 0, N(windows));
    tcase_add_test(t, spaces_slots);
    tcase_add_test(t, keeps_no_credit);
    tcase_add_test(t, refuses_beyond_the_budget);
    tcase_add_test(t, counts_days);
    tcase_add_test(t, looks_ahead);
    tcase_add_test(t, moves_slots_when_refused);
    tcase_add_test(t, closes_once);
    tcase_add_test(t, catches_up_slowly);
    tcase_add_test(t, waits_for_the_window);
    tcase_add_test(t, survives_a_clock_that_starts_anew);
    tcase_add_loop_test(t, never_crosses_the_window, 0, N(worlds));

    suite_add_tcase(s, t);

    return s;
}
