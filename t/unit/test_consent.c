#include "unit.h"
#include "zoom_consent.h"


#define VERIFIER   "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE  "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


/* RFC 7636, appendix B. */

START_TEST(challenges)
{
    zoom_buf_t  b;
    char        text[64];

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_int_eq(zoom_consent_challenge(&b, S(VERIFIER)), 0);
    unit_is(unit_buf(&b), CHALLENGE);
}
END_TEST


START_TEST(leads_to_the_page)
{
    zoom_buf_t          b;
    zoom_consent_t      c;
    zoom_consent_app_t  app;
    char                text[1024];

    memset(&c, 0, sizeof(c));
    c.verifier = S(VERIFIER);
    c.state = S("s-1_");

    app.authorize_url = S("https://zoom.us/oauth/authorize");
    app.client_id = S("a b");
    app.redirect_uri = S("https://x.example/zoom?a=1&b");
    app.scopes = S("user:read:user user:read:token");

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_int_eq(zoom_consent_url(&b, &app, &c), 0);
    unit_is(unit_buf(&b),
            "https://zoom.us/oauth/authorize?response_type=code"
            "&client_id=a%20b"
            "&redirect_uri=https%3A%2F%2Fx.example%2Fzoom%3Fa%3D1%26b"
            "&scope=user%3Aread%3Auser%20user%3Aread%3Atoken&state=s-1_"
            "&code_challenge_method=S256&code_challenge=" CHALLENGE);

    app.scopes.len = 0;

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_int_eq(zoom_consent_url(&b, &app, &c), 0);
    ck_assert(!zoom_str_casefind(unit_buf(&b), "scope"));
}
END_TEST


START_TEST(comes_back)
{
    size_t          i;
    zoom_buf_t      b;
    zoom_str_t      cut;
    zoom_consent_t  c, d;
    char            text[256];

    c.expires = 1234567890123;
    c.account = S("users");
    c.verifier = S(VERIFIER);
    c.state = S("state");
    c.alias = S("");
    c.back = S("/done");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_consent_write(&b, &c);

    ck_assert_int_eq(zoom_consent_read(&d, unit_buf(&b)), 0);
    ck_assert_int_eq(d.expires, c.expires);
    unit_is(d.account, "users");
    unit_is(d.verifier, VERIFIER);
    unit_is(d.state, "state");
    unit_is(d.alias, "");
    unit_is(d.back, "/done");

    for (i = 0; i < b.len; i++) {
        cut = unit_buf(&b);
        cut.len = i;
        ck_assert_int_eq(zoom_consent_read(&d, cut), -1);
    }

    zoom_buf_c(&b, "x");
    ck_assert_int_eq(zoom_consent_read(&d, unit_buf(&b)), -1);

    c.back.len = 65536;
    zoom_consent_write(&b, &c);
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


START_TEST(knows_places)
{
    size_t  i;

    static const struct {
        const char  *to;
        int          good;
    } table[] = {
        { "/", 1 }, { "/done", 1 }, { "/done?x=1#y", 1 },
        { "https://app.example.com", 1 },
        { "https://app.example.com/done", 1 },
        { "", 0 }, { "done", 0 }, { "//evil.example", 0 },
        { "/\\evil.example", 0 }, { "/a\\b", 0 }, { "/a b", 0 },
        { "/a\r\nSet-Cookie: x", 0 }, { "/\x09/evil.example", 0 },
        { "/caf\xc3\xa9", 0 }, { "http://app.example.com/", 0 },
        { "https://", 0 }, { "https:///x", 0 }, { "https://@evil", 0 },
        { "https:/x", 0 }, { "javascript:alert(1)", 0 },
        { "HTTPS://x", 0 }
    };

    zoom_str_t            to;
    static unsigned char  longest[ZOOM_CONSENT_PLACE_MAX + 1];

    for (i = 0; i < N(table); i++) {
        ck_assert_msg(zoom_consent_place(zoom_str_c(table[i].to))
                      == table[i].good, "\"%s\"", table[i].to);
    }

    memset(longest, 'x', sizeof(longest));
    longest[0] = '/';

    to.data = longest;
    to.len = sizeof(longest) - 1;
    ck_assert(zoom_consent_place(to));

    to.len++;
    ck_assert(!zoom_consent_place(to));
}
END_TEST


START_TEST(bears_faults)
{
    zoom_buf_t     b;
    unsigned char  buf[64];

    zoom_buf_init(&b, buf, sizeof(buf));

    unit_openssl_fails = 1;
    ck_assert_int_eq(zoom_consent_challenge(&b, S("verifier")), -1);
    ck_assert_int_eq(unit_openssl_fails, 0);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST


Suite *
unit_consent(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("consent");
    t = tcase_create("consent");

    tcase_add_test(t, challenges);
    tcase_add_test(t, leads_to_the_page);
    tcase_add_test(t, comes_back);
    tcase_add_test(t, knows_places);
    tcase_add_test(t, bears_faults);

    suite_add_tcase(s, t);

    return s;
}
