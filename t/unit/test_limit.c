/* zoom_limit.h */

#include "unit.h"
#include "zoom_limit.h"


#define SEC   ((int64_t) ZOOM_LIMIT_SECOND)
#define NOON  1782043200    /* of a day */
#define DAY   86400


static zoom_limit_t  limit;
static zoom_slot_t   ticket;


static void
clean(void)
{
    memset(&limit, 0, sizeof(limit));
    memset(&ticket, 0, sizeof(ticket));
}


static int64_t
take(zoom_rate_t rate, int64_t now, int64_t budget)
{
    return zoom_limit_reserve(&limit, &rate, now, NOON + now / SEC, budget,
                              &ticket);
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


START_TEST(spaces_slots)
{
    int          i;
    zoom_rate_t  rate = { 10000, 0 };

    clean();

    /* ten a second, a tenth further apart: 110 ms */

    for (i = 0; i < 50; i++) {
        ck_assert_int_eq(take(rate, SEC, 60 * SEC), 0);
        ck_assert_int_eq(ticket.slot, SEC + i * 110000);
        ck_assert_int_eq(zoom_limit_due(&limit, &ticket, SEC), i * 110000);
    }
}
END_TEST


START_TEST(never_exceeds_a_window)
{
    int          i, j, n;
    int64_t      now, slots[2000];
    zoom_rate_t  rate = { 30000, 0 };

    clean();

    now = 0;

    /* crowds at odd moments: no second has more than thirty */

    for (i = 0; i < 2000; i++) {
        if (i % 97 == 0) {
            now += 1234567;
        }

        ck_assert_int_eq(take(rate, now, 3600 * SEC), 0);
        slots[i] = ticket.slot;
    }

    for (i = 0; i < 2000; i++) {
        for (j = i, n = 0; j < 2000 && slots[j] < slots[i] + SEC; j++) {
            n++;
        }

        ck_assert_int_le(n, 30);
    }
}
END_TEST


START_TEST(keeps_no_credit)
{
    zoom_rate_t  rate = { 1000, 0 };

    clean();

    ck_assert_int_eq(take(rate, 0, 0), 0);
    ck_assert_int_eq(take(rate, 100 * SEC, 0), 0);
    ck_assert_int_eq(ticket.slot, 100 * SEC);
    ck_assert_int_eq(take(rate, 100 * SEC, 0), SEC + SEC / 10);
}
END_TEST


START_TEST(refuses_beyond_the_budget)
{
    zoom_rate_t   rate = { 1000, 0 };
    zoom_limit_t  before;

    clean();

    ck_assert_int_eq(take(rate, 0, 0), 0);
    before = limit;

    ck_assert_int_eq(take(rate, 0, 1099999), 1100000);

    /* and takes nothing, not even of the day */

    ck_assert_int_eq(memcmp(&before, &limit, sizeof(limit)), 0);

    ck_assert_int_eq(take(rate, 0, 1100000), 0);
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
                                            midnight - 10, 0, &ticket),
                         0);
    }

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 4 * SEC, midnight - 10,
                                        3600 * SEC, &ticket), 10 * SEC);
    ck_assert_uint_eq(limit.used, 3);

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, 15 * SEC, midnight,
                                        0, &ticket), 0);
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
                     SEC + SEC / 10);
    ck_assert_uint_eq(used, 1);
    ck_assert_int_eq(take(rate, 0, SEC), SEC + SEC / 10);

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
    zoom_slot_t  tickets[3];

    clean();

    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
        tickets[i] = ticket;
    }

    /* the first went and was refused: five seconds, please */

    zoom_limit_close(&limit, SEC / 2, 5 * SEC);

    for (i = 1; i < 3; i++) {
        ck_assert_int_eq(zoom_limit_due(&limit, &tickets[i], SEC / 2),
                         i * 1100000 - SEC / 2 + 5 * SEC);
    }

    /* a newcomer comes after those who wait */

    ck_assert_int_eq(take(rate, SEC / 2, 60 * SEC), 0);
    ck_assert_int_eq(ticket.slot, 3 * 1100000 + 5 * SEC);
}
END_TEST


START_TEST(closes_once)
{
    zoom_rate_t  rate = { 1000, 0 };

    clean();

    /* several in flight are refused for one and the same reason */

    zoom_limit_close(&limit, 0, 5 * SEC);
    zoom_limit_close(&limit, SEC, 4 * SEC);
    zoom_limit_close(&limit, 2 * SEC, SEC);

    ck_assert_int_eq(limit.shift, 5 * SEC);

    ck_assert_int_eq(take(rate, 2 * SEC, 60 * SEC), 0);
    ck_assert_int_eq(ticket.slot, 5 * SEC);

    /* a longer one moves by what is new of it */

    zoom_limit_close(&limit, 3 * SEC, 10 * SEC);

    ck_assert_int_eq(limit.closed, 13 * SEC);
    ck_assert_int_eq(zoom_limit_due(&limit, &ticket, 3 * SEC), 10 * SEC);
}
END_TEST


START_TEST(does_not_catch_up)
{
    int          i;
    zoom_rate_t  rate = { 10000, 0 };
    zoom_slot_t  tickets[4];

    clean();

    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
        tickets[i] = ticket;
    }

    /* in time, more or less */

    zoom_limit_go(&limit, &tickets[0], 5000);
    ck_assert_int_eq(limit.shift, 0);

    /* half a second late, as are those behind it then */

    zoom_limit_go(&limit, &tickets[1], 110000 + SEC / 2);

    for (i = 2; i < 4; i++) {
        ck_assert_int_eq(zoom_limit_due(&limit, &tickets[i],
                                        110000 + SEC / 2),
                         (i - 1) * 110000);
    }

    ck_assert_int_eq(take(rate, 110000 + SEC / 2, 60 * SEC), 0);
    ck_assert_int_eq(ticket.slot, 4 * 110000 + SEC / 2);
}
END_TEST


START_TEST(takes_a_slot_when_sent_late)
{
    int          i;
    zoom_rate_t  rate = { 4000, 0 };
    zoom_slot_t  tickets[4];

    clean();

    for (i = 0; i < 4; i++) {
        ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
        tickets[i] = ticket;
    }

    zoom_limit_go(&limit, &tickets[0], 0);

    /* in time */

    zoom_limit_sent(&limit, &tickets[0], 15000);
    ck_assert_int_eq(limit.shift, 0);

    /* a handshake later: so are those behind it */

    zoom_limit_sent(&limit, &tickets[0], 150000);
    ck_assert_int_eq(zoom_limit_due(&limit, &tickets[1], 275000), 150000);

    /* as late as that one, and then in time again */

    zoom_limit_go(&limit, &tickets[1], 425000);
    zoom_limit_sent(&limit, &tickets[1], 575000);
    zoom_limit_go(&limit, &tickets[2], 700000);
    zoom_limit_sent(&limit, &tickets[2], 700000);
    ck_assert_int_eq(limit.shift, 150000);

    /* much later: it takes the place of one, and not of all in between */

    zoom_limit_go(&limit, &tickets[3], 975000);
    zoom_limit_sent(&limit, &tickets[3], 9 * SEC);
    ck_assert_int_eq(limit.shift, 150000 + 275000);

    ck_assert_int_eq(take(rate, 0, 60 * SEC), 0);
    ck_assert_int_eq(ticket.slot, 4 * 275000 + 150000 + 275000);
}
END_TEST


/*
 * Connections are made at first and kept then: what is sent over a new one
 * arrives late, what comes later does not.
 */

static const struct {
    uint32_t  rate;
    int64_t   handshake;     /* at first */
    int64_t   lag;           /* always */
    int       most;          /* seconds that they take, at the rate 1.1 */
} lines[] = {
    { 80000, 200000, 0, 600 },
    { 80000, 1000000, 0, 660 },
    { 30000, 400000, 0, 1520 },
    { 4000, 150000, 0, 11100 },
    { 80000, 0, 40000, 590 }
};


START_TEST(survives_handshakes)
{
    int          i, j, n;
    int64_t      now, sent[400];
    zoom_rate_t  rate = { lines[_i].rate, 0 };
    zoom_slot_t  tickets[400];

    clean();

    for (i = 0; i < 400; i++) {
        ck_assert_int_eq(take(rate, 0, 600 * SEC), 0);
        tickets[i] = ticket;
        sent[i] = -1;
    }

    for (now = 0; now < 150 * SEC; now += 1000) {

        for (i = 0; i < 400; i++) {
            if (sent[i] < 0 && zoom_limit_due(&limit, &tickets[i], now) <= 0)
            {
                zoom_limit_go(&limit, &tickets[i], now);
                sent[i] = now + lines[_i].lag;

                if (now < lines[_i].handshake) {
                    sent[i] += lines[_i].handshake;
                }
            }

            if (sent[i] == now) {
                zoom_limit_sent(&limit, &tickets[i], now);
            }
        }
    }

    for (i = 0; i < 400; i++) {
        n = 0;

        for (j = 0; j < 400; j++) {
            n += (sent[j] >= sent[i] && sent[j] < sent[i] + SEC);
        }

        ck_assert_int_ge(sent[i], 0);
        ck_assert_int_le(n, lines[_i].rate / 1000);
    }

    /* nor is more time lost than that */

    ck_assert_int_le(sent[399], lines[_i].most * SEC / 100);
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
    tcase_add_test(t, spaces_slots);
    tcase_add_test(t, never_exceeds_a_window);
    tcase_add_test(t, keeps_no_credit);
    tcase_add_test(t, refuses_beyond_the_budget);
    tcase_add_test(t, counts_days);
    tcase_add_test(t, looks_ahead);
    tcase_add_test(t, moves_slots_when_refused);
    tcase_add_test(t, closes_once);
    tcase_add_test(t, does_not_catch_up);
    tcase_add_test(t, takes_a_slot_when_sent_late);
    tcase_add_loop_test(t, survives_handshakes, 0, N(lines));

    suite_add_tcase(s, t);

    return s;
}
