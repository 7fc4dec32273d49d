#include "unit.h"
#include "zoom_turns.h"


#define MEMBERS  1000


static zoom_turns_head_t  head;
static zoom_turn_t        turns[MEMBERS];
static uint32_t           heap[MEMBERS];
static zoom_turns_t       t = { &head, heap, turns, 0 };

static uint32_t           seed;


static uint32_t
any(void)
{
    seed = seed * 1664525 + 1013904223;

    return seed >> 8;
}


static void
start(uint32_t n, const uint32_t *weights, int least)
{
    uint32_t  i;

    memset(&head, 0, sizeof(head));
    memset(turns, 0, sizeof(turns));

    t.least = least;

    for (i = 0; i < n; i++) {
        turns[i].weight = weights ? weights[i] : 1;
        zoom_turns_join(&t, i);
    }
}


static uint32_t
take(void)
{
    uint32_t  i;

    i = zoom_turns_first(&t);
    zoom_turns_took(&t, i);

    return i;
}


static void
check_heap(void)
{
    uint32_t  i;

    for (i = 0; i < head.n; i++) {
        ck_assert_uint_eq(turns[heap[i]].place, i);

        if (i) {
            ck_assert((int64_t) (turns[heap[(i - 1) / 2]].turn
                                 - turns[heap[i]].turn)
                      <= 0 || t.least);
        }
    }
}


/* Heavier ones come in between, and equals one after the other. */

START_TEST(vector)
{
    char      order[15];
    uint32_t  i;

    static const uint32_t  weights[] = { 5, 1, 1 };

    start(3, weights, 0);

    for (i = 0; i < 14; i++) {
        order[i] = (char) ('a' + take());
    }

    order[14] = '\0';

    ck_assert_str_eq(order, "aaabcaaaaabcaa");
}
END_TEST


/* In any W picks in a row each has its weight, one more or one less. */

START_TEST(weights_are_kept)
{
    uint32_t  i, k, sum, weights[12], window[64 * 12], n, at, count[12];

    seed = (uint32_t) _i + 1;

    n = 2 + any() % 11;

    for (sum = 0, i = 0; i < n; i++) {
        weights[i] = 1 + any() % 20;
        sum += weights[i];
    }

    start(n, weights, 0);
    memset(count, 0, sizeof(count));

    for (k = 0; k < 20 * sum; k++) {
        at = k % sum;

        if (k >= sum) {
            count[window[at]]--;
        }

        window[at] = take();
        count[window[at]]++;

        for (i = 0; k >= sum && i < n; i++) {
            ck_assert_uint_le(count[i], weights[i] + 1);
            ck_assert_uint_ge(count[i] + 1, weights[i]);
        }
    }

    check_heap();
}
END_TEST


/* Whoever was away has no claim to what it missed. */

START_TEST(no_burst_after_absence)
{
    uint32_t  i, k, count;

    start(4, NULL, 0);

    zoom_turns_leave(&t, 2);

    for (i = 0; i < 999; i++) {
        ck_assert_uint_ne(take(), 2);
    }

    zoom_turns_join(&t, 2);

    for (count = 0, k = 0; k < 8; k++) {
        count += (take() == 2);
    }

    ck_assert_uint_ge(count, 1);
    ck_assert_uint_le(count, 3);
}
END_TEST


START_TEST(least_leased_first)
{
    uint32_t  i, k;

    static const uint32_t  weights[] = { 1, 2, 1 };

    start(3, weights, 1);

    turns[0].leases = 1;
    zoom_turns_changed(&t, 0);
    turns[1].leases = 1;
    zoom_turns_changed(&t, 1);

    ck_assert_uint_eq(zoom_turns_first(&t), 2);

    turns[2].leases = 1;
    zoom_turns_changed(&t, 2);

    /* one of two is less than one of one */

    ck_assert_uint_eq(zoom_turns_first(&t), 1);

    /* kept leased, they end up by weight */

    for (k = 0; k < 397; k++) {
        i = take();
        turns[i].leases++;
        zoom_turns_changed(&t, i);
    }

    ck_assert_uint_eq(turns[0].leases, 100);
    ck_assert_uint_eq(turns[1].leases, 200);
    ck_assert_uint_eq(turns[2].leases, 100);
}
END_TEST


/* A search sees each once, in order, and the first ones are all it can see. */

START_TEST(search_in_order)
{
    char                  seen[MEMBERS];
    uint32_t              i, n, last;
    zoom_turns_search_t   search;

    start(MEMBERS, NULL, 0);
    seed = 7;

    for (i = 0; i < 5000; i++) {
        take();

        if (i % 3 == 0) {
            last = any() % MEMBERS;
            zoom_turns_leave(&t, last);
            turns[last].weight = 1 + any() % 9;
            zoom_turns_join(&t, last);
        }
    }

    check_heap();

    memset(seen, 0, sizeof(seen));
    search.n = 0;
    search.visits = 0;
    last = ZOOM_TURNS_NONE;

    for (n = 0; (i = zoom_turns_next(&t, &search)) != ZOOM_TURNS_NONE; n++) {
        ck_assert(!seen[i]);
        seen[i] = 1;

        if (last != ZOOM_TURNS_NONE) {
            ck_assert((int64_t) (turns[last].turn - turns[i].turn) <= 0);
        }

        last = i;
    }

    ck_assert_uint_eq(n, ZOOM_TURNS_VISITS);

    for (i = 0; i < MEMBERS; i++) {
        ck_assert(seen[i]
                  || (int64_t) (turns[last].turn - turns[i].turn) <= 0);
    }
}
END_TEST


START_TEST(search_of_few)
{
    zoom_turns_search_t  search = { 0, 0, { 0 } };

    start(0, NULL, 0);
    ck_assert_uint_eq(zoom_turns_first(&t), ZOOM_TURNS_NONE);
    ck_assert_uint_eq(zoom_turns_next(&t, &search), ZOOM_TURNS_NONE);

    start(2, NULL, 0);
    ck_assert_uint_eq(zoom_turns_next(&t, &search), 0);
    ck_assert_uint_eq(zoom_turns_next(&t, &search), 1);
    ck_assert_uint_eq(zoom_turns_next(&t, &search), ZOOM_TURNS_NONE);
}
END_TEST


/* Virtual time may run over. */

START_TEST(runs_over)
{
    uint32_t  i, count[2] = { 0, 0 };

    memset(&head, 0, sizeof(head));
    memset(turns, 0, sizeof(turns));

    head.now = UINT64_MAX - ((uint64_t) 3 << 32);
    t.least = 0;

    turns[0].weight = 1;
    turns[1].weight = 3;
    zoom_turns_join(&t, 0);
    zoom_turns_join(&t, 1);

    for (i = 0; i < 400; i++) {
        count[take()]++;
    }

    ck_assert_uint_eq(count[0], 100);
    ck_assert_uint_eq(count[1], 300);
}
END_TEST


Suite *
unit_turns(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("turns");
    tc = tcase_create("turns");

    tcase_add_test(tc, vector);
    tcase_add_loop_test(tc, weights_are_kept, 0, 50);
    tcase_add_test(tc, no_burst_after_absence);
    tcase_add_test(tc, least_leased_first);
    tcase_add_test(tc, search_in_order);
    tcase_add_test(tc, search_of_few);
    tcase_add_test(tc, runs_over);

    suite_add_tcase(s, tc);

    return s;
}
