/* zoom_run.h */

#include "unit.h"
#include "zoom_run.h"


#define SEC  ((int64_t) 1000000)
#define GAP  (SEC / 30)

/* what a clock shows elsewhere */

#define THERE  (1764378000 * SEC)


static zoom_run_t       run;
static zoom_run_ask_t   ask;
static zoom_run_slot_t  slot;


static void
clean(void)
{
    memset(&run, 0, sizeof(run));
    memset(&ask, 0, sizeof(ask));
    memset(&slot, 0, sizeof(slot));
}


static void
enter(int n, int64_t now)
{
    while (n--) {
        ck_assert_int_eq(zoom_run_enter(&run, GAP, 60 * SEC, now), 0);
    }
}


/* An answer with "n" slots, the first of which is due in "first". */

static void
answer(uint32_t n, int64_t first, int64_t again, int64_t now)
{
    uint32_t           i;
    zoom_run_answer_t  a;

    memset(&a, 0, sizeof(a));

    a.now = THERE + now;
    a.again = again;
    a.crowd = 100;
    a.n = n;

    for (i = 0; i < n; i++) {
        a.stamps[i] = a.now + first + i * GAP;
    }

    zoom_run_answer(&run, &a, now);
}


START_TEST(asks_for_those_who_wait)
{
    clean();

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 0);

    enter(3, SEC);

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 1);
    ck_assert_uint_eq(ask.want, 3);
    ck_assert_int_eq(ask.most, 0);

    /* nobody else does, unless whoever did is not heard of again */

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, 2 * SEC - 1, &ask), 0);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, 2 * SEC, &ask), 1);

    enter(100, SEC);
    zoom_run_answer(&run, NULL, SEC);

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 1);
    ck_assert_uint_eq(ask.want, ZOOM_RUN_SLOTS);
}
END_TEST


START_TEST(hands_out_when_due)
{
    clean();

    enter(2, SEC);
    ck_assert_int_gt(zoom_run_look(&run, 1, SEC, &slot), 0);

    answer(2, 0, 0, SEC);

    ck_assert_int_eq(zoom_run_look(&run, 1, SEC, &slot), 0);
    ck_assert_int_eq(slot.due, SEC);
    ck_assert_int_eq(slot.stamp, THERE + SEC);

    zoom_run_take(&run);
    zoom_run_leave(&run);

    ck_assert_int_eq(zoom_run_look(&run, 1, SEC, &slot), GAP);
    ck_assert_int_eq(zoom_run_look(&run, 1, SEC + GAP, &slot), 0);
    zoom_run_take(&run);
    zoom_run_leave(&run);

    ck_assert_uint_eq(run.n, 0);
    ck_assert_uint_eq(run.waiting, 0);

    /* once too often is harmless */

    zoom_run_leave(&run);
    ck_assert_uint_eq(run.waiting, 0);
}
END_TEST


START_TEST(asks_ahead)
{
    clean();

    enter(10, SEC);
    answer(4, 0, 0, SEC);

    /* the last one is due in a tenth of a second */

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 0);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC + 60000, &ask), 1);
    ck_assert_uint_eq(ask.want, 6 + 2);

    /* what the other clock may show now, with a little for the way */

    answer(2, 100000, 0, SEC + 70000);
    zoom_run_take(&run);

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC + 200000, &ask), 1);
    ck_assert_int_ge(ask.most, THERE + SEC + 200000);
    ck_assert_int_le(ask.most, THERE + SEC + 250000);

    /* after a while nothing is known of it */

    answer(0, 0, 0, SEC + 210000);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, 4 * SEC, &ask), 1);
    ck_assert_int_eq(ask.most, 0);
}
END_TEST


START_TEST(leaves_to_others_what_they_want)
{
    int  i;

    clean();

    for (i = 0; i < 8; i++) {
        enter(1, SEC);
        zoom_run_leave(&run);
    }

    enter(1, SEC);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 1);
    ck_assert_uint_eq(ask.want, 1 + 2);

    zoom_run_answer(&run, NULL, SEC);
    run.crowd = 200;

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 1);
    ck_assert_uint_eq(ask.want, 1);
}
END_TEST


START_TEST(lapses)
{
    int64_t  stamp;

    clean();

    enter(1, SEC);
    answer(2, 0, 0, SEC);

    ck_assert_int_eq(zoom_run_lapse(&run, SEC, SEC + SEC / 8, &stamp), 0);
    ck_assert_int_eq(zoom_run_lapse(&run, SEC, SEC + SEC / 8 + 1, &stamp), 1);
    ck_assert_int_eq(stamp, THERE + SEC);
    ck_assert_int_eq(zoom_run_lapse(&run, SEC, SEC + SEC / 8 + 1, &stamp), 0);
    ck_assert_int_eq(zoom_run_lapse(&run, SEC, 2 * SEC, &stamp), 1);
    ck_assert_int_eq(zoom_run_lapse(&run, SEC, 2 * SEC, &stamp), 0);

    answer(3, 0, 0, SEC);
    ck_assert_uint_eq(zoom_run_void(&run), 3);
    ck_assert_uint_eq(zoom_run_void(&run), 0);

    /* of a minute's window it is a quarter of a second as well */

    ck_assert_int_eq(zoom_run_ahead(60 * SEC), SEC / 4);
}
END_TEST


START_TEST(refuses_at_once)
{
    clean();

    enter(30, SEC);
    ck_assert_int_eq(zoom_run_wait(&run, GAP, SEC), 30 * GAP);
    ck_assert_int_eq(zoom_run_enter(&run, GAP, 30 * GAP - 1, SEC), 30 * GAP);
    ck_assert_uint_eq(run.waiting, 30);

    /* three hosts want the same */

    answer(1, 0, 0, SEC);
    run.crowd = 300;
    ck_assert_int_eq(zoom_run_enter(&run, GAP, 60 * GAP, SEC), 90 * GAP);

    /* the day is over */

    clean();
    answer(0, 0, 3600 * SEC, SEC);
    ck_assert_int_eq(zoom_run_enter(&run, GAP, 60 * SEC, SEC), 3600 * SEC);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, 2 * SEC, &ask), 0);
}
END_TEST


/* A worker that did nothing for a second comes back, with all its line. */

START_TEST(remembers_who_lives)
{
    clean();

    enter(30, SEC);
    enter(1, 3 * SEC);
    ck_assert_uint_eq(run.waiting, 1);

    ck_assert_int_gt(zoom_run_look(&run, 31, 3 * SEC, &slot), 0);
    ck_assert_uint_eq(run.waiting, 31);

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, 3 * SEC, &ask), 1);
    ck_assert_uint_eq(ask.want, ZOOM_RUN_SLOTS);
}
END_TEST


START_TEST(knows_the_latest_turn)
{
    zoom_run_answer_t  a = { THERE, 0, 100, 0, 7, 0, { 0 } };

    clean();
    enter(1, SEC);

    zoom_run_answer(&run, &a, SEC);
    a.turn = 6;
    zoom_run_answer(&run, &a, SEC);
    (void) zoom_run_void(&run);

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 1);
    ck_assert_int_eq(ask.turn, 7);
}
END_TEST


START_TEST(knows_what_all_have_used)
{
    int64_t            day = THERE / (86400 * SEC);
    zoom_run_answer_t  a = { THERE, 0, 100, 42, 7, 0, { 0 } };

    clean();
    ck_assert_uint_eq(zoom_run_used(&run, day), 0);

    zoom_run_answer(&run, &a, SEC);
    ck_assert_uint_eq(zoom_run_used(&run, day), 42);
    ck_assert_uint_eq(zoom_run_used(&run, day + 1), 0);

    zoom_run_void(&run);
    ck_assert_uint_eq(zoom_run_used(&run, day), 0);
}
END_TEST


START_TEST(forgets_who_died_in_line)
{
    clean();

    enter(30, SEC);
    ck_assert_int_gt(zoom_run_look(&run, 1, 3 * SEC, &slot), 0);

    /* one of them lives */

    enter(1, 4 * SEC);
    ck_assert_uint_eq(run.waiting, 31);

    enter(1, 4 * SEC + 1);
    ck_assert_uint_eq(run.waiting, 1);

    ck_assert_int_eq(zoom_run_wait(&run, GAP, 6 * SEC), 0);

    /* so does a clock that starts anew */

    enter(1, SEC);
    ck_assert_uint_eq(run.waiting, 1);
}
END_TEST


START_TEST(looks_again)
{
    clean();

    enter(1, SEC);

    /* soon while somebody asks, else when there may be something */

    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC, &ask), 1);
    ck_assert_int_eq(zoom_run_look(&run, 1, SEC, &slot), 5000);

    answer(0, 0, 100000, SEC);
    ck_assert_int_eq(zoom_run_look(&run, 1, SEC, &slot), 100000);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC + 99999, &ask), 0);
    ck_assert_int_eq(zoom_run_ask(&run, SEC, SEC, SEC + 100000, &ask), 1);

    answer(0, 0, 3600 * SEC, SEC);
    ck_assert_int_eq(zoom_run_look(&run, 1, SEC, &slot), SEC / 4);
}
END_TEST


START_TEST(takes_no_more_than_it_holds)
{
    uint32_t  i;

    clean();

    enter(1, SEC);
    answer(10, 0, 0, SEC);
    answer(10, SEC, 0, SEC);

    ck_assert_uint_eq(run.n, ZOOM_RUN_SLOTS);

    for (i = 0; i < ZOOM_RUN_SLOTS; i++) {
        ck_assert_int_eq(zoom_run_look(&run, 1, 9 * SEC, &slot), 0);
        ck_assert_int_eq(slot.due, (i < 10) ? SEC + i * GAP
                                            : 2 * SEC + (i - 10) * GAP);
        zoom_run_take(&run);
    }
}
END_TEST


Suite *
unit_run(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("run");
    t = tcase_create("run");

    tcase_add_test(t, asks_for_those_who_wait);
    tcase_add_test(t, hands_out_when_due);
    tcase_add_test(t, asks_ahead);
    tcase_add_test(t, leaves_to_others_what_they_want);
    tcase_add_test(t, lapses);
    tcase_add_test(t, refuses_at_once);
    tcase_add_test(t, remembers_who_lives);
    tcase_add_test(t, knows_the_latest_turn);
    tcase_add_test(t, knows_what_all_have_used);
    tcase_add_test(t, forgets_who_died_in_line);
    tcase_add_test(t, looks_again);
    tcase_add_test(t, takes_no_more_than_it_holds);

    suite_add_tcase(s, t);

    return s;
}
