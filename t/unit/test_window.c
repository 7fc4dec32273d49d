/* zoom_window.h */

#include <stdlib.h>

#include "unit.h"
#include "zoom_window.h"


#define SEC   ((int64_t) 1000000)
#define MS    ((int64_t) 1000)


static zoom_window_t  window;


static void
clean(void)
{
    memset(&window, 0, sizeof(window));
}


static zoom_place_t
sent(int64_t now)
{
    zoom_place_t  place;

    memset(&place, 0, sizeof(place));

    zoom_window_go(&window, &place);
    zoom_window_sent(&window, &place, now);

    return place;
}


/* Enough answers to tell what is late. */

static void
know(int64_t now, int64_t took)
{
    int           i;
    zoom_place_t  place;

    for (i = 0; i < 32; i++) {
        ck_assert_int_eq(zoom_window_wait(&window, 100, SEC, now), 0);
        place = sent(now);
        zoom_window_answered(&window, &place, now + took);
        now += took;
    }
}


START_TEST(knows_too_little)
{
    int           i;
    zoom_place_t  place[4];

    clean();

    ck_assert_int_eq(zoom_window_wait(&window, 4, SEC, SEC), 0);

    for (i = 0; i < 4; i++) {
        place[i] = sent(SEC);
        zoom_window_answered(&window, &place[i], SEC + 20 * MS);
    }

    /* the fastest of few may be slow */

    ck_assert_int_gt(zoom_window_wait(&window, 4, SEC, 2 * SEC + 90 * MS), 0);
    ck_assert_int_eq(zoom_window_wait(&window, 4, SEC, 2 * SEC + 102 * MS), 0);
}
END_TEST


START_TEST(is_full)
{
    int           i;
    zoom_place_t  place[3];

    clean();
    know(SEC, 20 * MS);

    for (i = 0; i < 3; i++) {
        ck_assert_int_eq(zoom_window_wait(&window, 3, SEC, 5 * SEC), 0);
        place[i] = sent(5 * SEC);
    }

    /* on the wire since then, and believed to be there a tenth later */

    ck_assert_int_ge(zoom_window_wait(&window, 3, SEC, 5 * SEC),
                     SEC + 100 * MS);

    /* the first is as fast as others were, the second may be late */

    zoom_window_answered(&window, &place[0], 5 * SEC + 20 * MS);
    zoom_window_answered(&window, &place[1], 5 * SEC + 30 * MS);

    ck_assert_int_eq(place[0].state, ZOOM_PLACE_NONE);

    ck_assert_int_gt(zoom_window_wait(&window, 3, SEC, 6 * SEC), 0);
    ck_assert_int_gt(zoom_window_wait(&window, 2, SEC, 6 * SEC + 9 * MS), 0);

    /* what is in one cell leaves together, with the last of it */

    ck_assert_int_eq(zoom_window_wait(&window, 2, SEC, 6 * SEC + 16 * MS), 0);

    /* nothing is heard of the third one */

    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, 6 * SEC + 490 * MS), 0);
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, 6 * SEC + 512 * MS), 0);

    /* an answer that comes when it does not matter any more */

    zoom_window_answered(&window, &place[2], 7 * SEC);
    ck_assert_uint_eq(window.held, 0);
}
END_TEST


START_TEST(counts_what_is_not_sent)
{
    int           i;
    zoom_place_t  place[2];

    clean();
    memset(place, 0, sizeof(place));

    ck_assert_int_eq(zoom_window_wait(&window, 2, SEC, 0), 0);

    for (i = 0; i < 2; i++) {
        zoom_window_go(&window, &place[i]);
    }

    ck_assert_int_gt(zoom_window_wait(&window, 2, SEC, 0), 0);
    ck_assert_int_gt(zoom_window_wait(&window, 2, SEC, 999 * MS), 0);

    /* one was not sent at all, the other late */

    zoom_window_leave(&window, &place[0]);
    ck_assert_int_eq(zoom_window_wait(&window, 2, SEC, 999 * MS), 0);
    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, 999 * MS), 0);

    zoom_window_sent(&window, &place[1], 999 * MS);
    ck_assert_uint_eq(window.held, 1);
    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, 1999 * MS), 0);

    /* and sent again over another connection */

    zoom_window_sent(&window, &place[1], 1999 * MS);
    ck_assert_uint_eq(window.held, 2);
    zoom_window_leave(&window, &place[1]);
    ck_assert_uint_eq(window.held, 2);

    /* a place that was left is nobody's */

    zoom_window_leave(&window, &place[1]);
    zoom_window_answered(&window, &place[1], 1999 * MS);
    ck_assert_uint_eq(window.held, 2);
}
END_TEST


START_TEST(forgets_what_waits)
{
    zoom_place_t  place;

    clean();
    memset(&place, 0, sizeof(place));

    /* for a connection, behind others, or with a process that is dead */

    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, 3 * SEC), 0);
    zoom_window_go(&window, &place);

    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, 4 * SEC), 0);
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, 4 * SEC + 2 * MS), 0);

    /* it counts again when it is sent */

    zoom_window_sent(&window, &place, 5 * SEC);
    ck_assert_uint_eq(window.held, 1);
    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, 6 * SEC), 0);
}
END_TEST


START_TEST(starts_anew)
{
    zoom_place_t  open, place;

    clean();
    memset(&open, 0, sizeof(open));

    ck_assert_int_eq(zoom_window_clock(&window, 50 * SEC), 0);
    ck_assert_int_eq(zoom_window_wait(&window, 2, SEC, 50 * SEC), 0);
    place = sent(50 * SEC);
    zoom_window_go(&window, &open);

    /* a little is nothing */

    ck_assert_int_eq(zoom_window_clock(&window, 50 * SEC - 300 * MS), 0);
    ck_assert_int_gt(zoom_window_wait(&window, 2, SEC, 50 * SEC - 300 * MS),
                     0);

    ck_assert_int_eq(zoom_window_clock(&window, 2 * SEC), 48 * SEC);
    ck_assert_int_gt(zoom_window_wait(&window, 2, SEC, 3 * SEC - 20 * MS), 0);

    /* places of a former time */

    zoom_window_answered(&window, &place, 3 * SEC - 20 * MS);
    zoom_window_leave(&window, &open);
    ck_assert_uint_eq(window.held, 2);
    ck_assert_int_eq(zoom_window_wait(&window, 2, SEC, 3 * SEC + 1 * MS), 0);
    ck_assert_uint_eq(window.held, 0);

    /* another width */

    (void) sent(4 * SEC);
    ck_assert_int_gt(zoom_window_wait(&window, 1, 2 * SEC, 5 * SEC), SEC);
    ck_assert_int_eq(zoom_window_wait(&window, 1, 2 * SEC, 8 * SEC), 0);
}
END_TEST


/* Where answers differ a lot not all of that is believed. */

START_TEST(believes_what_is_cheap)
{
    int           i;
    int64_t       now;
    zoom_place_t  place;

    clean();
    know(SEC, 20 * MS);

    now = 5 * SEC;
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, now), 0);
    place = sent(now);
    zoom_window_answered(&window, &place, now + 320 * MS);
    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, now + 1290 * MS), 0);
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, now + 1310 * MS), 0);

    for (i = 0; i < 200; i++) {
        now += 2 * SEC;
        ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, now), 0);
        place = sent(now);
        zoom_window_answered(&window, &place, now + (i % 2 ? 420 : 20) * MS);
    }

    /* a tenth of the window */

    now += 2 * SEC;
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, now), 0);
    place = sent(now);
    zoom_window_answered(&window, &place, now + 420 * MS);
    ck_assert_int_gt(zoom_window_wait(&window, 1, SEC, now + SEC), 0);
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, now + 1115 * MS), 0);
}
END_TEST


START_TEST(learns_from_refusals)
{
    int           i;
    int64_t       reach, now;
    zoom_place_t  place;

    clean();

    ck_assert_int_eq(zoom_window_wait(&window, 4, SEC, SEC), 0);
    reach = window.reach;

    /* whoever filled the window, it was not us */

    (void) sent(SEC);
    zoom_window_refused(&window, 4);
    ck_assert_int_eq(window.reach, reach);

    for (i = 0; i < 3; i++) {
        (void) sent(SEC);
    }

    for (i = 0; i < 5; i++) {
        zoom_window_refused(&window, 4);
    }

    ck_assert_int_eq(window.reach, SEC / 2);

    /* in peace it becomes less, but never nothing */

    for (now = 3 * SEC; now < 4000 * SEC; now += SEC) {
        ck_assert_int_eq(zoom_window_wait(&window, 4, SEC, now), 0);
        place = sent(now);
        zoom_window_answered(&window, &place, now + 10 * MS);
    }

    ck_assert_int_eq(window.reach, SEC / 40);
}
END_TEST


START_TEST(has_bounds)
{
    int           i;
    zoom_place_t  place;

    clean();

    /* more than a cell can count */

    ck_assert_int_eq(zoom_window_wait(&window, 4000000, SEC, SEC), 0);

    for (i = 0; i < 70000; i++) {
        place = sent(SEC);
    }

    ck_assert_uint_eq(window.held, UINT16_MAX);

    for (i = 0; i < 70000; i++) {
        place.state = ZOOM_PLACE_SENT;
        zoom_window_answered(&window, &place, SEC + i % 2);
    }

    ck_assert_uint_le(window.held, 2 * UINT16_MAX);
    ck_assert_int_eq(zoom_window_wait(&window, 1, SEC, 4 * SEC), 0);
    ck_assert_uint_eq(window.held, 0);
}
END_TEST


Suite *
unit_window(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("window");
    t = tcase_create("window");

    tcase_add_test(t, knows_too_little);
    tcase_add_test(t, is_full);
    tcase_add_test(t, counts_what_is_not_sent);
    tcase_add_test(t, forgets_what_waits);
    tcase_add_test(t, starts_anew);
    tcase_add_test(t, believes_what_is_cheap);
    tcase_add_test(t, learns_from_refusals);
    tcase_add_test(t, has_bounds);

    suite_add_tcase(s, t);

    return s;
}
