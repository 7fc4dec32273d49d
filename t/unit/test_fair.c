#include "unit.h"
#include "zoom_fair.h"
#include "zoom_limit.h"


#define GAP     33333
#define JOBS    4096
#define CALLERS 40

#define SECOND  1000000


/* Who waits, in a worker that looks at its timers every millisecond. */

typedef struct {
    uint32_t  who;
    int64_t   turn;
    int64_t   look;
    int       taken;
} job_t;


static zoom_fair_t   f;
static zoom_limit_t  limit;

static job_t         jobs[JOBS];
static size_t        njobs;
static uint32_t      served[CALLERS], refused[CALLERS];
static int64_t       latest[CALLERS];        /* wait of those served, ever */
static int64_t       now;

static const zoom_rate_t  rate = { 30000, 0 };


static void
start(void)
{
    memset(&f, 0, sizeof(f));
    memset(&limit, 0, sizeof(limit));
    memset(served, 0, sizeof(served));
    memset(refused, 0, sizeof(refused));
    memset(latest, 0, sizeof(latest));

    njobs = 0;
    now = 12345 * (int64_t) SECOND;
    f.seen = now;
}


static zoom_fair_pace_t
pace(void)
{
    zoom_fair_pace_t  p = { GAP, limit.next, now };

    return p;
}


/* What waits for a slot is not of interest here: it is sent when it may. */

static void
take(job_t *job)
{
    zoom_slot_t  slot;

    ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, now, 0, 60 * SECOND,
                                        &slot), 0);

    served[job->who]++;

    if (slot.due - job->look > latest[job->who]) {
        latest[job->who] = slot.due - job->look;
    }

    job->taken = 1;
}


static int
ask(uint32_t who, int64_t budget)
{
    job_t             *job;
    int64_t            wait;
    zoom_fair_pace_t   p = pace();

    ck_assert_uint_lt(njobs, JOBS);

    job = &jobs[njobs];

    if (zoom_fair_join(&f, who, &p, budget, &job->turn, &wait) != 0) {
        refused[who]++;
        return 0;
    }

    job->who = who;
    job->look = now;
    job->taken = 0;
    njobs++;

    return 1;
}


static void
tick(void)
{
    size_t            i, left;
    zoom_fair_pace_t  p;

    now += 1000;

    for (i = 0; i < njobs; i++) {
        p = pace();

        if (zoom_fair_wait(&f, &p, jobs[i].turn) <= 0) {
            take(&jobs[i]);
        }
    }

    left = 0;

    for (i = 0; i < njobs; i++) {
        if (!jobs[i].taken) {
            jobs[left++] = jobs[i];
        }
    }

    njobs = left;
}


static size_t
waiting(uint32_t who)
{
    size_t  i, n;

    n = 0;

    for (i = 0; i < njobs; i++) {
        n += (jobs[i].who == who);
    }

    return n;
}


/* Callers who never have fewer than "want[who]" jobs waiting. */

static void
crowd(const size_t *want, uint32_t n, int ms, int64_t budget)
{
    uint32_t  who;

    while (ms--) {
        for (who = 0; who < n; who++) {
            while (waiting(who) < want[who] && ask(who, budget)) {
                /* void */
            }
        }

        tick();
    }
}


START_TEST(who_is_alone_has_all)
{
    size_t  want[] = { 3 };

    start();
    crowd(want, 1, 10000, 12 * SECOND);

    ck_assert_uint_ge(served[0], 298);
    ck_assert_uint_le(served[0], 302);
}
END_TEST


START_TEST(the_first_does_not_wait)
{
    int64_t           turn, wait;
    zoom_fair_pace_t  p;

    start();
    p = pace();

    ck_assert_int_eq(zoom_fair_join(&f, 7, &p, 0, &turn, &wait), 0);
    ck_assert_int_eq(wait, 0);

    /* and who comes back when it is over neither */

    now += GAP;
    p = pace();

    ck_assert_int_eq(zoom_fair_join(&f, 7, &p, 0, &turn, &wait), 0);
    ck_assert_int_le(wait, 0);
}
END_TEST


/* Of two who want all the flood has no more than the other. */

START_TEST(a_flood_gets_a_share)
{
    size_t  want[] = { 300, 20, 20 };
    size_t  i;

    start();
    crowd(want, 1, 3000, 12 * SECOND);

    memset(served, 0, sizeof(served));
    crowd(want, 3, 12000, 12 * SECOND);

    for (i = 0; i < 3; i++) {
        ck_assert_uint_ge(served[i], 116);
        ck_assert_uint_le(served[i], 124);
    }

    /* twenty of its own are 2 s at a third of the rate */

    ck_assert_int_lt(latest[1], 2200000);
    ck_assert_int_lt(latest[2], 2200000);
}
END_TEST


/* Who wants less than a share waits for a slot, and not for the others. */

START_TEST(a_modest_one_does_not_wait)
{
    int     i;
    size_t  want[] = { 300, 300, 0 };

    start();
    crowd(want, 2, 3000, 12 * SECOND);

    memset(served, 0, sizeof(served));

    for (i = 0; i < 50; i++) {
        ck_assert(ask(2, SECOND));
        crowd(want, 2, 200, 12 * SECOND);
    }

    ck_assert_uint_eq(served[2], 50);
    ck_assert_uint_eq(refused[2], 0);
    ck_assert_int_lt(latest[2], 5 * GAP);
    ck_assert_uint_ge(served[0] + served[1], 245);
}
END_TEST


/* The flood is refused for its own line, which is as long as its share. */

START_TEST(what_cannot_be_served_is_refused_to_whom_it_concerns)
{
    size_t  want[] = { 4000, 1 };

    start();
    crowd(want, 2, 5000, 3 * SECOND);

    ck_assert_uint_gt(refused[0], 4000);
    ck_assert_uint_eq(refused[1], 0);

    /* alone it would have been 85, and it knew of the other one early */

    ck_assert_uint_lt(waiting(0), 90);
    ck_assert_uint_ge(served[0] + served[1], 148);
}
END_TEST


/* Slots that others take, or that Zoom takes back, are not given twice. */

START_TEST(the_server_rests_while_there_are_no_slots)
{
    size_t       want[] = { 50, 50 };
    zoom_slot_t  slot;
    int          i;

    start();
    crowd(want, 2, 1000, 60 * SECOND);

    memset(&slot, 0, sizeof(slot));
    zoom_limit_close(&limit, &slot, now, 2 * SECOND);
    memset(served, 0, sizeof(served));

    crowd(want, 2, 1800, 60 * SECOND);
    ck_assert_uint_le(served[0] + served[1], 6);

    /* half of them */

    crowd(want, 2, 1000, 60 * SECOND);
    memset(served, 0, sizeof(served));

    for (i = 0; i < 150; i++) {
        ck_assert_int_eq(zoom_limit_reserve(&limit, &rate, now, 0,
                                            60 * SECOND, &slot), 0);
        crowd(want, 2, 66, 60 * SECOND);
    }

    ck_assert_uint_ge(served[0] + served[1], 135);
    ck_assert_uint_le(served[0] + served[1], 155);
    ck_assert_int_lt(limit.next - now, 6 * GAP);
}
END_TEST


/* More callers than lines: some share one, and all are served. */

START_TEST(there_is_a_bound)
{
    size_t    want[CALLERS];
    uint32_t  i, n;

    start();

    for (i = 0; i < CALLERS; i++) {
        want[i] = 2;
    }

    crowd(want, CALLERS, 40000, 60 * SECOND);

    n = 0;

    for (i = 0; i < CALLERS; i++) {
        ck_assert_uint_ge(served[i], 10);
        n += served[i];
    }

    ck_assert_uint_ge(n, 1190);

    /* one of each line may be ahead of its time */

    ck_assert_uint_le(n, 1200 + ZOOM_FAIR_CALLERS + 4);
}
END_TEST


/* An estimate holds as long as nobody comes. */

START_TEST(a_wait_is_known)
{
    int64_t           turn, wait, w;
    uint32_t          i, who;
    zoom_fair_pace_t  p;

    start();

    for (i = 0; i < 60; i++) {
        for (who = 0; who < 3; who++) {
            if (who == 0 || i < 5) {
                (void) ask(who, 60 * SECOND);
            }
        }
    }

    p = pace();

    ck_assert_int_eq(zoom_fair_join(&f, 0, &p, 60 * SECOND, &turn, &wait), 0);
    ck_assert_int_gt(wait, 69 * GAP);
    ck_assert_int_lt(wait, 71 * GAP);

    w = now + wait;

    while (now < w - 2000) {
        tick();
        p = pace();
        wait = zoom_fair_wait(&f, &p, turn);
        ck_assert_int_lt(llabs(now + wait - w), 40000);
    }
}
END_TEST


/* A clock that starts anew, or stands still, costs nobody a turn. */

START_TEST(clocks)
{
    size_t  want[] = { 10, 10 };

    start();
    crowd(want, 2, 1000, 60 * SECOND);

    now -= 3000 * (int64_t) SECOND;
    limit.next -= 3000 * (int64_t) SECOND;
    memset(served, 0, sizeof(served));

    crowd(want, 2, 1000, 60 * SECOND);
    ck_assert_uint_ge(served[0] + served[1], 28);
    ck_assert_uint_le(served[0] + served[1], 33);

    now += 100000 * (int64_t) SECOND;
    memset(served, 0, sizeof(served));

    crowd(want, 2, 1000, 60 * SECOND);
    ck_assert_uint_ge(served[0] + served[1], 28);
    ck_assert_int_lt(limit.next - now, 6 * GAP);
}
END_TEST


/* One in a thousand seconds: nothing is lost by looking often. */

START_TEST(slow_rates)
{
    int               i;
    int64_t           turn, wait;
    zoom_fair_pace_t  p = { 1000 * (int64_t) SECOND, 0, 0 };

    memset(&f, 0, sizeof(f));

    ck_assert_int_eq(zoom_fair_join(&f, 1, &p, INT64_MAX / 2, &turn, &wait),
                     0);
    ck_assert_int_eq(zoom_fair_join(&f, 1, &p, INT64_MAX / 2, &turn, &wait),
                     0);
    ck_assert_int_eq(wait, 1000 * (int64_t) SECOND);

    for (i = 0; i < 1000000; i++) {
        p.now += 999;
        (void) zoom_fair_wait(&f, &p, turn);
    }

    wait = zoom_fair_wait(&f, &p, turn);
    ck_assert_int_gt(wait, SECOND / 2);
    ck_assert_int_lt(wait, 3 * SECOND / 2);
}
END_TEST


START_TEST(a_line_has_an_end)
{
    int64_t           turn, wait;
    uint32_t          i;
    zoom_fair_pace_t  p;

    start();
    p = pace();

    for (i = 0; zoom_fair_join(&f, 1, &p, INT64_MAX / 2, &turn, &wait) == 0;
         i++)
    {
        ck_assert_uint_lt(i, 65536);
    }

    ck_assert_uint_eq(i, 65535);
    ck_assert_int_gt(wait, 65534 * (int64_t) GAP);

    ck_assert_uint_eq(zoom_fair_busy(&f, &p), 1);
    ck_assert_int_eq(zoom_fair_join(&f, 2, &p, 0, NULL, &wait), 0);
    ck_assert_uint_eq(zoom_fair_busy(&f, &p), 1);
}
END_TEST


Suite *
unit_fair(void)
{
    Suite  *s;
    TCase  *tc;

    s = suite_create("fair");
    tc = tcase_create("fair");

    tcase_set_timeout(tc, 60);

    tcase_add_test(tc, who_is_alone_has_all);
    tcase_add_test(tc, the_first_does_not_wait);
    tcase_add_test(tc, a_flood_gets_a_share);
    tcase_add_test(tc, a_modest_one_does_not_wait);
    tcase_add_test(tc, what_cannot_be_served_is_refused_to_whom_it_concerns);
    tcase_add_test(tc, the_server_rests_while_there_are_no_slots);
    tcase_add_test(tc, there_is_a_bound);
    tcase_add_test(tc, a_wait_is_known);
    tcase_add_test(tc, clocks);
    tcase_add_test(tc, slow_rates);
    tcase_add_test(tc, a_line_has_an_end);

    suite_add_tcase(s, tc);

    return s;
}
