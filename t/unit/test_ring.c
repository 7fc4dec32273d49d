#include <inttypes.h>

#include "unit.h"
#include "zoom_ring.h"


#define MEMBERS  1000
#define KEYS     20000


static uint32_t           n;
static zoom_ring_point_t  points[4 * MEMBERS];
static zoom_ring_t        ring = { &n, points };


static zoom_str_t
name(char *buf, const char *what, uint32_t i)
{
    zoom_str_t  s;

    s.len = (size_t) snprintf(buf, 64, "%s%" PRIu32 "@example.com", what, i);
    s.data = (unsigned char *) buf;

    return s;
}


static void
add(uint32_t i, uint32_t weight)
{
    char  buf[64];

    zoom_ring_add(&ring, i, name(buf, "bot-", i), weight);
}


static void
take_off(uint32_t i, uint32_t weight)
{
    char  buf[64];

    zoom_ring_remove(&ring, i, name(buf, "bot-", i), weight);
}


static uint32_t
find(uint32_t key)
{
    char                buf[64];
    zoom_ring_search_t  search;

    zoom_ring_search(&ring, &search, name(buf, "", 80000000 + 7 * key));

    return zoom_ring_next(&ring, &search);
}


static void
check_sorted(void)
{
    uint32_t  i;

    for (i = 1; i < n; i++) {
        ck_assert(points[i - 1].at <= points[i].at);
    }
}


START_TEST(empty)
{
    n = 0;
    ck_assert_uint_eq(find(1), ZOOM_RING_NONE);

    add(0, 3);
    ck_assert_uint_eq(find(1), 0);

    take_off(0, 3);
    ck_assert_uint_eq(n, 0);
}
END_TEST


/*
 * The keys of one that goes move, and no other; and all are where they were
 * when it is back, whatever the order in which members came.
 */

START_TEST(moves_one_nth)
{
    static const uint32_t  sizes[] = { 2, 12, 100, 1000 };

    uint32_t  i, k, size, gone, moved;

    static uint32_t  before[KEYS];

    n = 0;
    size = sizes[_i];
    gone = size / 2;

    for (i = 0; i < size; i++) {
        add(i, 1);
    }

    check_sorted();
    ck_assert_uint_eq(n, size);

    for (k = 0; k < KEYS; k++) {
        before[k] = find(k);
    }

    take_off(gone, 1);

    for (moved = 0, k = 0; k < KEYS; k++) {
        i = find(k);
        ck_assert_uint_ne(i, gone);

        if (before[k] != gone) {
            ck_assert_uint_eq(i, before[k]);

        } else {
            moved++;
        }
    }

    ck_assert_uint_gt(moved, 0);
    ck_assert_uint_lt(moved, KEYS * 5 / 2 / size);

    n = 0;

    for (i = size; i > 0; i--) {
        add(i - 1, 1);
    }

    for (k = 0; k < KEYS; k++) {
        ck_assert_uint_eq(find(k), before[k]);
    }
}
END_TEST


/* How evenly keys lie, and that weights count. */

START_TEST(spread)
{
    uint32_t  i, k, count[12] = { 0 };

    n = 0;

    for (i = 0; i < 12; i++) {
        add(i, 20 * (i == 0 ? 2 : 1));
    }

    for (k = 0; k < KEYS; k++) {
        count[find(k)]++;
    }

    for (i = 0; i < 12; i++) {
        count[i] /= (i == 0) ? 2 : 1;

        ck_assert_uint_gt(count[i], KEYS / 13 * 7 / 10);
        ck_assert_uint_lt(count[i], KEYS / 13 * 14 / 10);
    }
}
END_TEST


/* All members are found in the end, and the search ends. */

START_TEST(all_members)
{
    char                buf[64], seen[12] = { 0 };
    uint32_t            i, k;
    zoom_ring_search_t  search;

    n = 0;

    for (i = 0; i < 12; i++) {
        add(i, 1);
    }

    zoom_ring_search(&ring, &search, name(buf, "k", 1));

    for (k = 0; (i = zoom_ring_next(&ring, &search)) != ZOOM_RING_NONE; k++) {
        seen[i] = 1;
    }

    ck_assert_uint_le(k, ZOOM_RING_VISITS);

    for (i = 0; i < 12; i++) {
        ck_assert(seen[i]);
    }
}
END_TEST


/* Against the same by looking at all points. */

START_TEST(nearest_of_all)
{
    char                buf[64];
    uint32_t            i, k, weights[MEMBERS];
    zoom_ring_search_t  search;

    n = 0;

    for (i = 0; i < MEMBERS; i++) {
        weights[i] = 1 + i * 7 % 4;
        add(i, weights[i]);
    }

    for (i = 0; i < MEMBERS; i += 3) {
        take_off(i, weights[i]);
    }

    check_sorted();

    for (k = 0; k < 500; k++) {
        zoom_ring_search(&ring, &search, name(buf, "k", k));

        for (i = 0; i < ZOOM_RING_PROBES; i++) {
            uint32_t  p, before;
            uint64_t  at;

            p = search.probes[i].point;
            before = p ? p - 1 : n - 1;
            at = points[p].at - search.probes[i].distance;

            /* no point between "at" and the one that was found */

            ck_assert(points[p].at - at <= points[p].at - points[before].at);
        }
    }
}
END_TEST


Suite *
unit_ring(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("ring");
    tc = tcase_create("ring");

    tcase_add_test(tc, empty);
    tcase_add_loop_test(tc, moves_one_nth, 0, 4);
    tcase_add_test(tc, spread);
    tcase_add_test(tc, all_members);
    tcase_add_test(tc, nearest_of_all);

    suite_add_tcase(s, tc);

    return s;
}
