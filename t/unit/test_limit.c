/* zoom_limit.h */

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

START_TEST(counts_days_together)
{
    zoom_rate_t  rates[ZOOM_NLABELS] = {
        { 30000, 7 }, { 20000, 9 }, { 10000, 30 }, { 166, 20 }
    };

    ck_assert_uint_eq(zoom_limit_days(rates, ZOOM_LIGHT), 0);
    ck_assert_uint_eq(zoom_limit_days(rates, ZOOM_MEDIUM), 0);
    ck_assert_uint_eq(zoom_limit_days(rates, ZOOM_HEAVY), 30);
    ck_assert_uint_eq(zoom_limit_days(rates, ZOOM_RESOURCE), 30);

    rates[ZOOM_RESOURCE].day = 40;
    ck_assert_uint_eq(zoom_limit_days(rates, ZOOM_HEAVY), 40);
}
END_TEST


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


/* one caller after another: the clock's ticks are no brake */

START_TEST(lets_many_through_within_a_tick)
{
    int          n;
    int64_t      now;
    zoom_rate_t  rate = { 5000000, 0 };

    clean();

    for (n = 0, now = SEC; now < 2 * SEC; now += 1000) {

        while (take(rate, now, 60 * SEC) == 0
               && zoom_limit_due(&limit, &slot, now) <= 0)
        {
            zoom_limit_go(&limit, &slot, now);
            zoom_limit_sent(&limit, &slot, now);
            n++;
        }
    }

    ck_assert_int_ge(n, 4000);
    ck_assert_int_le(n, 5000);
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


/* The clock of somebody else says when, the window counts all the same. */

START_TEST(counts_what_others_let_through)
{
    int          i;
    uint32_t     used;
    int64_t      wait;
    zoom_rate_t  rate = { 2000, 100 };
    zoom_slot_t  slots[2];

    clean();

    for (i = 0; i < 2; i++) {
        ck_assert_int_eq(zoom_limit_granted(&limit, &rate, 5 * SEC + i * 1000,
                                            NOON, &slots[i]), 0);
        zoom_limit_sent(&limit, &slots[i], 5 * SEC + i * 1000);
    }

    (void) zoom_limit_look(&limit, &rate, 5 * SEC, NOON, &used);
    ck_assert_uint_eq(used, 2);

    ck_assert_int_gt(zoom_limit_granted(&limit, &rate, 5 * SEC + 5000, NOON,
                                        &slot), SEC / 2);

    /* they had arrived by then, which is never later than now */

    wait = zoom_limit_answered(&limit, &slots[0], 5 * SEC + 3000);
    ck_assert_int_gt(wait, 5 * SEC);
    ck_assert_int_le(wait, 5 * SEC + 6000);
    ck_assert_int_eq(zoom_limit_answered(&limit, &slots[0], 6 * SEC), 0);

    ck_assert_int_eq(zoom_limit_granted(&limit, &rate, 7 * SEC, NOON, &slot),
                     0);

    /* nor does it go when Zoom has just said no */

    zoom_limit_close(&limit, &slot, 9 * SEC, 5 * SEC);
    ck_assert_int_eq(zoom_limit_granted(&limit, &rate, 10 * SEC, NOON, &slot),
                     4 * SEC);
}
END_TEST


START_TEST(holds_slots_back)
{
    zoom_rate_t  rate = { 1000, 0 };

    clean();

    zoom_limit_hold(&limit, 3 * SEC);
    ck_assert_int_eq(take(rate, SEC, 0), 2 * SEC);

    zoom_limit_hold(&limit, SEC);
    ck_assert_int_eq(take(rate, SEC, 0), 2 * SEC);
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
    tcase_add_test(t, counts_days_together);
    tcase_add_test(t, looks_ahead);
    tcase_add_test(t, moves_slots_when_refused);
    tcase_add_test(t, closes_once);
    tcase_add_test(t, catches_up_slowly);
    tcase_add_test(t, lets_many_through_within_a_tick);
    tcase_add_test(t, waits_for_the_window);
    tcase_add_test(t, survives_a_clock_that_starts_anew);
    tcase_add_test(t, counts_what_others_let_through);
    tcase_add_test(t, holds_slots_back);

    suite_add_tcase(s, t);

    return s;
}
