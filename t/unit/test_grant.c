#include "unit.h"
#include "zoom_grant.h"
#include "zoom_oauth.h"


#define NOW  1700000000


static zoom_response_t
answer(int status, const char *body)
{
    zoom_response_t  a;

    memset(&a, 0, sizeof(a));

    a.status = status;
    a.body = zoom_str_c(body);

    return a;
}


START_TEST(asks)
{
    zoom_buf_t  b;
    char        text[512];

    zoom_buf_init(&b, text, sizeof(text));
    zoom_grant_code_body(&b, S("a/b"), S("https://x/y"), S("v"));
    unit_is(unit_buf(&b), "grant_type=authorization_code&code=a%2Fb"
            "&redirect_uri=https%3A%2F%2Fx%2Fy&code_verifier=v");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_grant_refresh_body(&b, S("r+"));
    zoom_grant_public(&b, S("id"));
    unit_is(unit_buf(&b), "grant_type=refresh_token&refresh_token=r%2B"
            "&client_id=id");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_grant_device_body(&b, S("d"));
    unit_is(unit_buf(&b), "grant_type=urn%3Aietf%3Aparams%3Aoauth%3A"
            "grant-type%3Adevice_code&device_code=d");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_grant_start_body(&b, S("a b"));
    zoom_grant_public(&b, S("id"));
    unit_is(unit_buf(&b), "scope=a%20b&client_id=id");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_grant_start_body(&b, S(""));
    zoom_grant_public(&b, S("id"));
    unit_is(unit_buf(&b), "client_id=id");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_grant_revoke_body(&b, S("t=="));
    unit_is(unit_buf(&b), "token=t%3D%3D");
}
END_TEST


static const struct {
    int             status;
    const char     *body;
    zoom_verdict_e  verdict;
    zoom_error_e    error;
    const char     *access;
    const char     *refresh;
    int64_t         life;
} rows[] = {
    { 200, "{\"access_token\":\"a\",\"refresh_token\":\"r\","
      "\"expires_in\":3599}", ZOOM_USE, ZOOM_OK, "a", "r", 3599 },
    { 200, "{\"access_token\":\"a\",\"expires_in\":10}", ZOOM_USE, ZOOM_OK,
      "a", "", 10 },
    { 200, "{\"access_token\":\"a\",\"refresh_token\":\"r r\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_INVALID, "", "", 3600 },
    { 400, "{\"reason\":\"Invalid Token!\",\"error\":\"invalid_grant\"}",
      ZOOM_FINAL, ZOOM_E_GRANT_EXPIRED, "", "", 0 },
    { 401, "{\"reason\":\"Invalid Token!\",\"error\":\"invalid_request\"}",
      ZOOM_FINAL, ZOOM_E_GRANT_EXPIRED, "", "", 0 },
    { 400, "{\"reason\":\"Invalid authorization code x\","
      "\"error\":\"invalid_request\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      "", "", 0 },
    { 400, "{\"error\":\"invalid_grant\"}", ZOOM_FINAL, ZOOM_E_GRANT_EXPIRED,
      "", "", 0 },
    { 400, "{\"reason\":\"Invalid client_id or client_secret\","
      "\"error\":\"invalid_client\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "", "", 0 },
    { 503, "{\"error\":\"invalid_grant\"}", ZOOM_RETRY,
      ZOOM_E_ZOOM_UNAVAILABLE, "", "", 0 },
    { 429, "{\"error\":\"invalid_grant\"}", ZOOM_RETRY, ZOOM_E_RATE_LIMITED,
      "", "", 0 },
    { 200, "<html>", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, "", "", 0 },
    { 500, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, "", "", 0 }
};


START_TEST(judges)
{
    zoom_buf_t           access, refresh;
    zoom_verdict_t       v;
    zoom_response_t      a;
    zoom_grant_tokens_t  tokens;
    char                 one[64], two[64];

    zoom_buf_init(&access, one, sizeof(one));
    zoom_buf_init(&refresh, two, sizeof(two));

    tokens.access = &access;
    tokens.refresh = &refresh;

    a = answer(rows[_i].status, rows[_i].body);
    zoom_grant_classify(&a, NOW, &tokens, &v);

    ck_assert_int_eq(v.verdict, rows[_i].verdict);
    ck_assert_int_eq(v.error, rows[_i].error);
    unit_is(unit_buf(&access), rows[_i].access);
    unit_is(unit_buf(&refresh), rows[_i].refresh);
    ck_assert_int_eq(tokens.life, rows[_i].life);
}
END_TEST


START_TEST(has_no_room)
{
    zoom_buf_t           access, refresh;
    zoom_verdict_t       v;
    zoom_response_t      a;
    zoom_grant_tokens_t  tokens;
    char                 one[64], two[3];

    zoom_buf_init(&access, one, sizeof(one));
    zoom_buf_init(&refresh, two, sizeof(two));

    tokens.access = &access;
    tokens.refresh = &refresh;

    a = answer(200, "{\"access_token\":\"a\",\"refresh_token\":\"long\"}");
    zoom_grant_classify(&a, NOW, &tokens, &v);

    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert_uint_eq(access.len, 0);
}
END_TEST


START_TEST(waits_for_a_device)
{
    size_t           i;
    zoom_response_t  a;

    static const struct {
        int             status;
        const char     *body;
        zoom_device_e   reason;
    } table[] = {
        { 400, "{\"error\":\"authorization_pending\"}", ZOOM_DEVICE_PENDING },
        { 400, "{\"error\":\"slow_down\"}", ZOOM_DEVICE_SLOW_DOWN },
        { 400, "{\"error\":\"access_denied\"}", ZOOM_DEVICE_DENIED },
        { 401, "{\"error\":\"expired_token\"}", ZOOM_DEVICE_EXPIRED },
        { 400, "{\"error\":\"invalid_client\"}", ZOOM_DEVICE_NONE },
        { 200, "{\"error\":\"slow_down\"}", ZOOM_DEVICE_NONE },
        { 500, "{\"error\":\"slow_down\"}", ZOOM_DEVICE_NONE },
        { 400, "slow_down", ZOOM_DEVICE_NONE }
    };

    for (i = 0; i < N(table); i++) {
        a = answer(table[i].status, table[i].body);
        ck_assert_int_eq(zoom_device_reason(&a), table[i].reason);
    }
}
END_TEST


START_TEST(reads_a_device)
{
    zoom_device_t    d;
    zoom_verdict_t   v;
    zoom_response_t  a;

    a = answer(200, "{\"device_code\":\"dc\",\"user_code\":\"ABC-DEF\","
               "\"verification_uri\":\"https://zoom.us/oauth_device\","
               "\"verification_uri_complete\":\"https://zoom.us/d?c=1\","
               "\"expires_in\":600,\"interval\":7}");
    zoom_device_classify(&a, NOW, &d, &v);

    ck_assert_int_eq(v.verdict, ZOOM_USE);
    ck_assert_str_eq(d.device_code, "dc");
    ck_assert_str_eq(d.user_code, "ABC-DEF");
    ck_assert_str_eq(d.uri, "https://zoom.us/oauth_device");
    ck_assert_str_eq(d.complete, "https://zoom.us/d?c=1");
    ck_assert_int_eq(d.life, 600);
    ck_assert_int_eq(d.interval, 7);

    a = answer(200, "{\"device_code\":\"dc\",\"user_code\":\"A\","
               "\"verification_uri\":\"https://zoom.us/\","
               "\"expires_in\":1e9,\"interval\":0}");
    zoom_device_classify(&a, NOW, &d, &v);

    ck_assert_int_eq(v.verdict, ZOOM_USE);
    ck_assert_str_eq(d.complete, "");
    ck_assert_int_eq(d.life, 3600);
    ck_assert_int_eq(d.interval, 5);

    a = answer(200, "{\"device_code\":\"d\\\"c\",\"user_code\":\"A\","
               "\"verification_uri\":\"https://zoom.us/\"}");
    zoom_device_classify(&a, NOW, &d, &v);
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);

    a = answer(400, "{\"error\":\"invalid_client\"}");
    zoom_device_classify(&a, NOW, &d, &v);
    ck_assert_int_eq(v.error, ZOOM_E_CREDENTIALS_REJECTED);
}
END_TEST


START_TEST(reads_a_profile)
{
    size_t           i;
    zoom_verdict_t   v;
    zoom_profile_t   p;
    zoom_response_t  a;

    static const struct {
        int           status;
        const char   *body;
        zoom_error_e  error;
        const char   *id;
        const char   *email;
    } table[] = {
        { 200, "{\"id\":\"u-1_Z\",\"email\":\"A@x.example\"}", ZOOM_OK,
          "u-1_Z", "A@x.example" },
        { 200, "{\"id\":\"u\"}", ZOOM_OK, "u", "" },
        { 200, "{\"id\":\"u\",\"email\":\"no mail\"}", ZOOM_OK, "u", "" },
        { 200, "{\"id\":\"u\",\"email\":17}", ZOOM_OK, "u", "" },
        { 200, "{\"id\":\"me\"}", ZOOM_E_ZOOM_INVALID, NULL, NULL },
        { 200, "{\"id\":\"a/b\"}", ZOOM_E_ZOOM_INVALID, NULL, NULL },
        { 200, "{}", ZOOM_E_ZOOM_INVALID, NULL, NULL },
        { 400, "{\"code\":4711,\"message\":\"does not contain scopes:[x]\"}",
          ZOOM_E_SCOPE_MISSING, NULL, NULL },
        { 502, "", ZOOM_E_ZOOM_UNAVAILABLE, NULL, NULL }
    };

    for (i = 0; i < N(table); i++) {
        a = answer(table[i].status, table[i].body);
        zoom_profile_classify(&a, NOW, &p, &v);

        ck_assert_int_eq(v.error, table[i].error);

        if (v.error == ZOOM_OK) {
            ck_assert_str_eq(p.id, table[i].id);
            ck_assert_str_eq(p.email, table[i].email);
        }
    }
}
END_TEST


Suite *
unit_grant(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("grant");
    t = tcase_create("grant");

    tcase_add_test(t, asks);
    tcase_add_loop_test(t, judges, 0, N(rows));
    tcase_add_test(t, has_no_room);
    tcase_add_test(t, waits_for_a_device);
    tcase_add_test(t, reads_a_device);
    tcase_add_test(t, reads_a_profile);

    suite_add_tcase(s, t);

    return s;
}
