#include <time.h>

#include "unit.h"
#include "zoom_time.h"


static const struct {
    const char  *text;
    int64_t      t;          /* -1: refused */
} http[] = {
    { "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 },
    { "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 },
    { "Sun Nov  6 08:49:37 1994", 784111777 },
    { "Wed Nov 16 08:49:37 1994", 784975777 },
    { "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
    { "Tue, 29 Feb 2000 12:00:00 GMT", 951825600 },
    { "Fri, 31 Dec 9999 23:59:59 GMT", ZOOM_TIME_MAX },
    { "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800 },
    { "Monday, 02-Mar-26 00:00:00 GMT", 1772409600 },
    { "Friday, 02-Jan-70 00:00:00 GMT", 86400 },

    { "", -1 },
    { "Sun, 06 Nov 1994 08:49:37", -1 },
    { "Sun, 06 Nov 1994 08:49:37 GMT ", -1 },
    { " Sun, 06 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Nov 1994 08:49:37 UTC", -1 },
    { "Sun, 06 Nov 1994 08:49:37 +0000", -1 },
    { "Sun, 6 Nov 1994 08:49:37 GMT", -1 },
    { "sun, 06 nov 1994 08:49:37 GMT", -1 },
    { "Xxx, 06 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 06 Xxx 1994 08:49:37 GMT", -1 },
    { "Sun, 00 Nov 1994 08:49:37 GMT", -1 },
    { "Sun, 31 Nov 1994 08:49:37 GMT", -1 },
    { "Mon, 29 Feb 1900 12:00:00 GMT", -1 },
    { "Thu, 29 Feb 2001 12:00:00 GMT", -1 },
    { "Sun, 06 Nov 1994 24:00:00 GMT", -1 },
    { "Sun, 06 Nov 1994 08:60:00 GMT", -1 },
    { "Sun, 06 Nov 1994 08:00:61 GMT", -1 },
    { "Wed, 31 Dec 1969 23:59:59 GMT", -1 },
    { "Sat, 01 Jan 0000 00:00:00 GMT", -1 },
    { "Sun, 06 Nov -994 08:49:37 GMT", -1 },
    { "Sun Nov 06 08:49:37 94", -1 },
    { "Sun Nov   6 08:49:37 1994", -1 },
    { "1994-11-06T08:49:37Z", -1 }
};


START_TEST(reads_http)
{
    int      rc;
    int64_t  t;

    t = -1;
    rc = zoom_time_http(zoom_str_c(http[_i].text), &t);

    ck_assert_msg(rc == (http[_i].t == -1 ? -1 : 0), "\"%s\": %d",
                  http[_i].text, rc);

    if (rc == 0) {
        ck_assert_int_eq(t, http[_i].t);
    }
}
END_TEST


static const struct {
    const char  *text;
    int64_t      t;
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

    { "", -1 },
    { "2026-03-02", -1 },
    { "2026-03-02T00:00:00", -1 },
    { "2026-03-02 00:00:00Z", -1 },
    { "2026-03-02T00:00Z", -1 },
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

        strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", &tm);
        ck_assert_int_eq(zoom_time_http(zoom_str_c(text), &t), 0);
        ck_assert_int_eq(t, when);

        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
        ck_assert_int_eq(zoom_time_iso(zoom_str_c(text), &t), 0);
        ck_assert_int_eq(t, when);
    }
}
END_TEST


START_TEST(never_reads_beyond)
{
    size_t          i;
    int64_t         t;
    unsigned char  *copy;

    static const char  texts[][32] = {
        "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "2026-03-02T00:00:00.12+01:00"
    };

    /* each beginning in memory of its own, for the sanitizer to watch */

    for (i = 0; i < strlen(texts[_i]); i++) {
        copy = malloc(i ? i : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, texts[_i], i);

        ck_assert_int_eq(zoom_time_http((zoom_str_t) { copy, i }, &t), -1);
        ck_assert_int_eq(zoom_time_iso((zoom_str_t) { copy, i }, &t), -1);

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
        { "Mon, 02 Mar 2026 00:00:30 GMT", 30 },
        { "2026-03-02T00:01:00Z", 60 },
        { "Sun, 01 Mar 2026 00:00:00 GMT", 0 },
        { "2020-01-01T00:00:00Z", 0 },
        { "", -1 }, { "-1", -1 }, { "+1", -1 }, { "1.5", -1 }, { "1 ", -1 },
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

    tcase_add_loop_test(t, reads_http, 0, (int) N(http));
    tcase_add_loop_test(t, reads_iso, 0, (int) N(iso));
    tcase_add_test(t, agrees_with_libc);
    tcase_add_loop_test(t, never_reads_beyond, 0, 4);
    tcase_add_test(t, waits);

    suite_add_tcase(s, t);

    return s;
}
