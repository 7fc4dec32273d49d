#include "unit.h"
#include "zoom_error.h"


static const struct {
    zoom_error_e  e;
    int           status;
    const char   *name;
} rows[] = {
    { ZOOM_E_BAD_CALLBACK, 400, "bad_callback" },
    { ZOOM_E_NO_MEETING, 400, "no_meeting" },
    { ZOOM_E_BAD_TYPE, 400, "bad_type" },
    { ZOOM_E_BAD_PATH, 400, "bad_path" },
    { ZOOM_E_UNAUTHENTICATED, 401, "unauthenticated" },
    { ZOOM_E_REPLAYED, 401, "replayed" },
    { ZOOM_E_NO_USER, 403, "no_user" },
    { ZOOM_E_NO_ACCOUNT, 403, "no_account" },
    { ZOOM_E_DENIED, 403, "denied" },
    { ZOOM_E_NOT_CONNECTED, 403, "not_connected" },
    { ZOOM_E_GRANT_EXPIRED, 403, "grant_expired" },
    { ZOOM_E_METHOD, 405, "method" },
    { ZOOM_E_TOO_LARGE, 413, "too_large" },
    { ZOOM_E_USER_NOT_IN_MEETING, 409, "user_not_in_meeting" },
    { ZOOM_E_USER_DAILY_LIMIT, 429, "user_daily_limit" },
    { ZOOM_E_INTERNAL, 500, "internal" },
    { ZOOM_E_ROUTE_FAILED, 500, "route_failed" },
    { ZOOM_E_USER_UNKNOWN, 502, "user_unknown" },
    { ZOOM_E_MEETING_UNKNOWN, 502, "meeting_unknown" },
    { ZOOM_E_SCOPE_MISSING, 502, "scope_missing" },
    { ZOOM_E_CREDENTIALS_REJECTED, 502, "credentials_rejected" },
    { ZOOM_E_APP_DISABLED, 502, "app_disabled" },
    { ZOOM_E_ZOOM_REFUSED, 502, "zoom_refused" },
    { ZOOM_E_ZOOM_INVALID, 502, "zoom_invalid" },
    { ZOOM_E_RATE_LIMITED, 503, "rate_limited" },
    { ZOOM_E_ZOOM_UNAVAILABLE, 503, "zoom_unavailable" },
    { ZOOM_E_OVERLOADED, 503, "overloaded" },
    { ZOOM_E_STORE_UNAVAILABLE, 503, "store_unavailable" },
    { ZOOM_E_POOL_EXHAUSTED, 503, "pool_exhausted" },
    { ZOOM_E_TIMEOUT, 504, "timeout" }
};


START_TEST(tells)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(rows[_i].e);

    ck_assert_int_eq(info->status, rows[_i].status);
    unit_is(info->name, rows[_i].name);
}
END_TEST


START_TEST(fits_into_json)
{
    int                       e;
    size_t                    i;
    const zoom_error_info_t  *info;

    ck_assert_uint_eq(N(rows), ZOOM_E_LAST - 1);

    for (e = 0; e < ZOOM_E_LAST; e++) {
        info = zoom_error_info((zoom_error_e) e);

        ck_assert_uint_gt(info->message.len, 0);
        ck_assert_int_eq(info->message.data[info->message.len - 1], '.');

        for (i = 0; i < info->message.len; i++) {
            ck_assert(info->message.data[i] >= 0x20
                      && info->message.data[i] < 0x7f
                      && info->message.data[i] != '"'
                      && info->message.data[i] != '\\');
        }
    }
}
END_TEST


START_TEST(never_null)
{
    unit_is(zoom_error_info(ZOOM_E_LAST)->name, "internal");
    unit_is(zoom_error_info((zoom_error_e) -1)->name, "internal");
    unit_is(zoom_error_info((zoom_error_e) 1000)->name, "internal");
}
END_TEST


START_TEST(outage)
{
    int  e;

    for (e = 0; e < ZOOM_E_LAST; e++) {
        ck_assert_int_eq(zoom_error_is_outage((zoom_error_e) e),
                         e == ZOOM_E_ZOOM_UNAVAILABLE
                         || e == ZOOM_E_ZOOM_INVALID);
    }
}
END_TEST


Suite *
unit_error(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("error");
    t = tcase_create("error");

    tcase_add_loop_test(t, tells, 0, (int) N(rows));
    tcase_add_test(t, fits_into_json);
    tcase_add_test(t, never_null);
    tcase_add_test(t, outage);

    suite_add_tcase(s, t);

    return s;
}
