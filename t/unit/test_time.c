#include <time.h>

#include "unit.h"
#include "zoom_time.h"


static const struct {
    const char  *text;
    int64_t      t;          /* -1: refused */
} iso[] = {
    { "2026-03-02T00:00:00Z", 1772409600 },
    { "2026-03-02t00:00:00z", 1772409600 },
    { "2026-03-02T00:00:00.5Z", 1772409600 },
    { "2026-03-02T00:00:00.123456789Z", 1772409600 },
    { "2026-03-02T01:00:00+01:00", 1772409600 },
    { "2026-03-01T19:00:00-05:00", 1772409600 },
    { "2026-03-02T05:30:00+0530", 1772409600 },
    { "2026-03-02T00:00:00-00:00", 1772409600 },
    { "1970-01-01T00:00:00Z", 0 },
    { "9999-12-31T23:59:59Z", ZOOM_TIME_MAX },
    { "2024-02-29T00:00:00Z", 1709164800 },
    { "2000-02-29T12:00:00Z", 951825600 },
    { "2016-12-31T23:59:60Z", 1483228800 },

    /* as printed by Java, by databases, by who forgot the Z */

    { "2026-03-02T00:00:00", 1772409600 },
    { "2026-03-02T00:00:00.000", 1772409600 },
    { "2026-03-02T00:00", 1772409600 },
    { "2026-03-02T00:00Z", 1772409600 },
    { "2026-03-02T01:00+01:00", 1772409600 },
    { "2026-03-02 00:00:00", 1772409600 },
    { "2026-03-02 00:00:00Z", 1772409600 },

    { "", -1 },
    { "2026-03-02", -1 },
    { "2026-03-02T", -1 },
    { "2026-03-02T00", -1 },
    { "2026-03-02x00:00:00Z", -1 },
    { "2026-03-02T00:00:", -1 },
    { "2026-03-02T00:00.5Z", -1 },
    { "2026-03-02T00:00:00 Z", -1 },
    { "2026/03/02T00:00:00Z", -1 },
    { "2026-03-00T00:00:00Z", -1 },
    { "2026-03-32T00:00:00Z", -1 },
    { "2026-03-02T24:00:00Z", -1 },
    { "2026-03-02T00:60:00Z", -1 },
    { "2026-03-02T00:00:61Z", -1 },
    { "1900-02-29T00:00:00Z", -1 },
    { "1969-12-31T23:59:59Z", -1 },
    { "2026-03-02T00:00:00.Z", -1 },
    { "2026-03-02T00:00:00Zx", -1 },
    { "2026-03-02T00:00:00+1", -1 },
    { "2026-03-02T00:00:00+24:00", -1 },
    { "2026-03-02T00:00:00+01:60", -1 },
    { "2026-03-02T00:00:00+01:", -1 },
    { "2026-02-29T00:00:00Z", -1 },
    { "2026-13-01T00:00:00Z", -1 },
    { "2026-00-01T00:00:00Z", -1 },
    { "2026-3-2T00:00:00Z", -1 },
    { "0000-01-01T00:00:00Z", -1 },
    { "1970-01-01T00:00:00+00:01", -1 },
    { "9999-12-31T23:59:59-00:01", -1 },
    { "20260302T000000Z", -1 }
};


START_TEST(reads_iso)
{
    int      rc;
    int64_t  t;

    t = -1;
    rc = zoom_time_iso(zoom_str_c(iso[_i].text), &t);

    ck_assert_msg(rc == (iso[_i].t == -1 ? -1 : 0), "\"%s\": %d",
                  iso[_i].text, rc);

    if (rc == 0) {
        ck_assert_int_eq(t, iso[_i].t);
    }
}
END_TEST


START_TEST(agrees_with_libc)
{
    char       text[64];
    time_t     when;
    int64_t    t;
    struct tm  tm;

    /* a bit over a week, up to the year 2400 */

    for (when = 0; when < 13569465600LL; when += 608461) {
        ck_assert_ptr_nonnull(gmtime_r(&when, &tm));

        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
        ck_assert_int_eq(zoom_time_iso(zoom_str_c(text), &t), 0);
        ck_assert_int_eq(t, when);
    }
}
END_TEST


START_TEST(never_reads_beyond)
{
    int             whole;
    size_t          i;
    int64_t         t;
    unsigned char  *copy;

    static const char  text[] = "2026-03-02T00:00:00.12+01:00";

    /* each beginning in memory of its own, for the sanitizer to watch */

    for (i = 0; i < sizeof(text) - 1; i++) {
        copy = malloc(i ? i : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, text, i);

        /* the times of these are whole, if not what was meant */

        whole = (i == 16 || i == 19 || i == 21 || i == 22);

        ck_assert_int_eq(zoom_time_iso((zoom_str_t) { copy, i }, &t),
                         whole ? 0 : -1);
        (void) zoom_time_retry_after((zoom_str_t) { copy, i }, 0, &t);

        free(copy);
    }
}
END_TEST


START_TEST(waits)
{
    size_t   i;
    int64_t  wait;

    static const struct {
        const char  *text;
        int64_t      wait;       /* -1: refused */
    } table[] = {
        { "0", 0 }, { "1", 1 }, { "120", 120 }, { "007", 7 },
        { "99999999999999999999999999", ZOOM_TIME_MAX },
        { "0.0", 0 }, { "0.1", 1 }, { "1.5", 2 }, { "5.5", 6 },
        { "5.0", 5 }, { "5.000", 5 }, { "5.0001", 6 }, { "5.10", 6 },
        { "99999999999999999999999999.9", ZOOM_TIME_MAX },
        { "2026-03-02T00:01:00Z", 60 },
        { "2026-03-02T00:01:00", 60 }, { "2026-03-02T00:01", 60 },
        { "2020-01-01T00:00:00Z", 0 },
        { "", -1 }, { "-1", -1 }, { "+1", -1 }, { "1 ", -1 },
        { "1.", -1 }, { ".5", -1 }, { "1.5s", -1 }, { "1.5.5", -1 },
        { "1,5", -1 }, { "Mon, 02 Mar 2026 00:00:30 GMT", -1 },
        { " 1", -1 }, { "soon", -1 }, { "1s", -1 }
    };

    for (i = 0; i < N(table); i++) {
        wait = -1;

        ck_assert_int_eq(zoom_time_retry_after(zoom_str_c(table[i].text),
                                               1772409600, &wait),
                         table[i].wait == -1 ? -1 : 0);
        ck_assert_int_eq(wait, table[i].wait);
    }

    ck_assert_int_eq(zoom_time_retry_after(zoom_str_c(NULL), 0, &wait), -1);
}
END_TEST


Suite *
unit_time(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("time");
    t = tcase_create("time");

    tcase_add_loop_test(t, reads_iso, 0, (int) N(iso));
    tcase_add_test(t, agrees_with_libc);
    tcase_add_test(t, never_reads_beyond);
    tcase_add_test(t, waits);

    suite_add_tcase(s, t);

    return s;
}
