#include "unit.h"
#include "zoom_header.h"


START_TEST(asks)
{
    size_t  i;

    static const char *const  never[] = {
        "authorization", "cookie", "host", "connection", "te", "upgrade",
        "transfer-encoding", "content-length", "accept-encoding", "expect",
        "x-forwarded-for", "proxy-authorization", "Accept", ""
    };

    ck_assert(zoom_header_asks(zoom_str_c("accept")));
    ck_assert(zoom_header_asks(zoom_str_c("content-type")));
    ck_assert(zoom_header_asks(zoom_str_c("mcp-session-id")));

    for (i = 0; i < N(never); i++) {
        ck_assert_msg(!zoom_header_asks(zoom_str_c(never[i])), "%s", never[i]);
    }
}
END_TEST


START_TEST(answers)
{
    size_t  i;

    static const char *const  never[] = {
        "set-cookie", "x-zm-clientid", "server", "connection", "date",
        "transfer-encoding", "content-length", "x-accel-redirect",
        "www-authenticate", "strict-transport-security", ""
    };

    ck_assert(zoom_header_answers(zoom_str_c("x-zm-trackingid")));
    ck_assert(zoom_header_answers(zoom_str_c("content-type")));
    ck_assert(zoom_header_answers(zoom_str_c("retry-after")));

    for (i = 0; i < N(never); i++) {
        ck_assert_msg(!zoom_header_answers(zoom_str_c(never[i])), "%s",
                      never[i]);
    }
}
END_TEST


Suite *
unit_header(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("header");
    tc = tcase_create("header");

    tcase_add_test(tc, asks);
    tcase_add_test(tc, answers);

    suite_add_tcase(s, tc);

    return s;
}
