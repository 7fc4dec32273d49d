#include "unit.h"
#include "zoom_log_once.h"


#define START  1720705455


START_TEST(once)
{
    int              i;
    zoom_log_once_t  incident = { 0, 0 };

    ck_assert_uint_eq(zoom_log_once(&incident, START), 1);

    for (i = 0; i < 299; i++) {
        ck_assert_uint_eq(zoom_log_once(&incident, START + i), 0);
    }

    /* in the last second before it is time */

    ck_assert_uint_eq(zoom_log_once(&incident, START + 299), 0);
}
END_TEST


START_TEST(reminder)
{
    zoom_log_once_t  incident = { 0, 0 };

    ck_assert_uint_eq(zoom_log_once(&incident, START), 1);
    ck_assert_uint_eq(zoom_log_once(&incident, START + 1), 0);
    ck_assert_uint_eq(zoom_log_once(&incident, START + 299), 0);
    ck_assert_uint_eq(zoom_log_once(&incident, START + 300), 3);

    /* the next one counts anew, from there */

    ck_assert_uint_eq(zoom_log_once(&incident, START + 301), 0);
    ck_assert_uint_eq(zoom_log_once(&incident, START + 599), 0);
    ck_assert_uint_eq(zoom_log_once(&incident, START + 600), 3);
    ck_assert_uint_eq(zoom_log_once(&incident, START + 5000), 1);
}
END_TEST


START_TEST(clock_goes_back)
{
    zoom_log_once_t  incident = { 0, 0 };

    ck_assert_uint_eq(zoom_log_once(&incident, START), 1);
    ck_assert_uint_eq(zoom_log_once(&incident, START - 7200), 1);
    ck_assert_uint_eq(zoom_log_once(&incident, START - 7199), 0);
    ck_assert_uint_eq(zoom_log_once(&incident, START - 6900), 2);
}
END_TEST


Suite *
unit_log_once(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("log_once");
    t = tcase_create("log_once");

    tcase_add_test(t, once);
    tcase_add_test(t, reminder);
    tcase_add_test(t, clock_goes_back);

    suite_add_tcase(s, t);

    return s;
}
