#include "classified.h"
#include "zoom_base64.h"
#include "zoom_oauth.h"
#include "zoom_time.h"
#include "zoom_token.h"


#define NOW  1772413200             /* 2026-03-02T01:00:00Z */
#define TTL  7200
#define DAY  86400


static zoom_response_t     a;
static zoom_verdict_t  v;
static zoom_buf_t        token;
static unsigned char     data[ZOOM_TOKEN_MAX];
static int64_t           expires;


/* A JWS with these claims; its signature is nonsense. */

static zoom_str_t
jwt(const char *claims)
{
    static zoom_buf_t     b;
    static unsigned char  text[8192];

    zoom_buf_init(&b, text, sizeof(text));

    zoom_base64url_encode(&b, "{\"alg\":\"HS256\"}", 15);
    zoom_buf_c(&b, ".");
    zoom_base64url_encode(&b, claims, strlen(claims));
    zoom_buf_c(&b, ".c2lnbmF0dXJl");

    ck_assert_int_eq(b.overflow, 0);

    return unit_buf(&b);
}


static void
judge(int status, zoom_str_t body, int64_t date)
{
    memset(&a, 0, sizeof(a));
    memset(&v, 0xff, sizeof(v));

    a.status = status;
    a.body = body;
    a.date = date;

    expires = -1;
    zoom_buf_init(&token, data, sizeof(data));

    zoom_zak_classify(&a, NOW, TTL, &token, &expires, &v);

    if (v.verdict != ZOOM_USE) {
        ck_assert_int_ne(v.error, ZOOM_OK);
        ck_assert_int_eq(expires, 0);
        ck_assert_uint_eq(token.len, 0);
        ck_assert_int_ne(v.message[0], '\0');
    }
}


static zoom_str_t
answer_with(zoom_str_t value)
{
    static zoom_buf_t     b;
    static unsigned char  text[16384];

    zoom_buf_init(&b, text, sizeof(text));
    zoom_buf_c(&b, "{\"token\":\"");
    zoom_buf_str(&b, value);
    zoom_buf_c(&b, "\"}");

    return unit_buf(&b);
}


START_TEST(asks)
{
    zoom_buf_t     b;
    unsigned char  text[128];

    zoom_buf_init(&b, text, sizeof(text));
    zoom_zak_path(&b, S("bots+1@example.com"), 7200);
    unit_is(unit_buf(&b),
            "/users/bots%2B1%40example.com/token?type=zak&ttl=7200");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_obf_path(&b, S("bots+1@example.com"), S("12345678901"), 60);
    unit_is(unit_buf(&b), "/users/bots%2B1%40example.com/token"
                          "?type=onbehalf&meeting_id=12345678901&ttl=60");

    zoom_buf_init(&b, text, sizeof(text));
    zoom_obf_path(&b, S("u"), S(""), 60);
    unit_is(unit_buf(&b), "/users/u/token?type=onbehalf&ttl=60");
}
END_TEST


static const struct {
    const char  *claims;
    int64_t      date;           /* from now on; 0: NOW is its own */
    int64_t      expires;        /* from now on; 0: it is not handed out */
} lives[] = {
    /* as asked, less, more */

    { "{\"iat\":1772413200,\"exp\":1772420400}", 0, 7200 },
    { "{\"iat\":1772413200,\"exp\":1772416800}", 0, 3600 },
    { "{\"iat\":1772413200,\"exp\":1772499600}", 0, 7200 },
    { "{\"exp\":1772416800}", 0, 3600 },
    { "{\"exp\":1772416800.9}", 0, 3600 },
    { "{\"exp\":\"1772416800\"}", 0, 3600 },
    { "{\"iat\":\"1772413200\",\"exp\":1772416800.0}", 0, 3600 },

    /* not to be read */

    { "{}", 0, 7200 },
    { "{\"exp\":\"soon\"}", 0, 7200 },
    { "{\"exp\":null}", 0, 7200 },
    { "{\"exp\":1772416800000}", 0, 7200 },
    { "{\"exp\":1e300}", 0, 7200 },
    { "[]", 0, 7200 },
    { "not json", 0, 7200 },

    /* dead is dead, and no other claim brings it back */

    { "{\"exp\":0}", 0, 0 },
    { "{\"exp\":-5}", 0, 0 },
    { "{\"exp\":-1e300}", 0, 0 },
    { "{\"exp\":\"-5\"}", 0, 0 },
    { "{\"iat\":-10,\"exp\":-5}", 0, 0 },
    { "{\"exp\":1772413199}", 0, 0 },
    { "{\"exp\":1772413200}", 0, 0 },
    { "{\"iat\":1772405999,\"exp\":1772413199}", 0, 0 },
    { "{\"iat\":1772409600,\"exp\":1772413200}", 0, 0 },
    { "{\"iat\":1772413199,\"exp\":1772413199}", 0, 0 },
    { "{\"iat\":1772499600,\"exp\":1772413199}", 0, 0 },
    { "{\"iat\":1000,\"exp\":4600}", 0, 0 },
    { "{\"iat\":1000,\"exp\":4600}", 1000 - NOW, 0 },
    { "{\"iat\":1772405999,\"exp\":1772413199}", -1, 0 },

    /* our clock is ahead, and Zoom's Date bears witness to it */

    { "{\"iat\":1772406000,\"exp\":1772413200}", -7200, 7200 },
    { "{\"iat\":1772405999,\"exp\":1772413199}", -7201, 7200 },
    { "{\"iat\":1772402400,\"exp\":1772409600}", -10800, 7200 },
    { "{\"exp\":1772409600}", -7200, 3600 },
    { "{\"iat\":1772326800,\"exp\":1772334000}", -DAY, 7200 },
    { "{\"iat\":1772326799,\"exp\":1772333999}", -DAY - 1, 0 },

    /* by less than a life: the shorter counts */

    { "{\"iat\":1772406000,\"exp\":1772413201}", 0, 1 },
    { "{\"iat\":1772412600,\"exp\":1772416200}", 0, 3000 },
    { "{\"iat\":1772406000,\"exp\":1772413201}", -7200, 1 },

    /* our clock is behind: by its life, and by Zoom's clock */

    { "{\"iat\":1772413800,\"exp\":1772417400}", 0, 3600 },
    { "{\"exp\":1772417400}", 600, 3600 },
    { "{\"iat\":1772413800,\"exp\":1772417400}", 600, 3600 },
    { "{\"iat\":1772413790,\"exp\":1772417400}", 600, 3600 },
    { "{\"exp\":1772416800}", 3600, 0 },
    { "{\"exp\":1772416800}", DAY, 0 },

    /* a Date in the far future kills no token */

    { "{\"exp\":1772416800}", DAY + 1, 3600 },
    { "{\"iat\":1772413200,\"exp\":1772420400}", 365 * DAY, 7200 },

    /* Zoom's clock never makes it longer */

    { "{\"exp\":1772416800}", -3600, 3600 },
    { "{}", 3600, 7200 }
};


START_TEST(tells_its_end)
{
    int64_t     date;
    zoom_str_t  zak;

    zak = jwt(lives[_i].claims);
    date = lives[_i].date;

    judge(200, answer_with(zak), date ? NOW + date : 0);

    if (lives[_i].expires == 0) {
        ck_assert_msg(v.error == ZOOM_E_ZOOM_INVALID, "%s: %+lld",
                      lives[_i].claims, (long long) (expires - NOW));
        ck_assert_int_eq(v.verdict, ZOOM_RETRY);
        ck_assert_str_eq((char *) v.message, "ZAK expired at birth");
        ck_assert_ptr_null(memmem(data, sizeof(data), zak.data, zak.len));

    } else {
        ck_assert_int_eq(v.verdict, ZOOM_USE);
        ck_assert_int_eq(v.error, ZOOM_OK);
        ck_assert(zoom_str_eq(unit_buf(&token), zak));
        ck_assert_msg(expires == NOW + lives[_i].expires, "%s: %+lld",
                      lives[_i].claims, (long long) (expires - NOW));
    }

    if (date < -DAY || date > DAY) {
        ck_assert_int_eq(v.date_off, date);

    } else {
        ck_assert_int_eq(v.date_off, 0);
    }
}
END_TEST


START_TEST(blames_the_clock)
{
    zoom_str_t  body;

    body = answer_with(jwt("{\"exp\":1772413199}"));

    judge(200, body, 0);
    ck_assert_ptr_null(v.advice);

    judge(200, body, NOW - DAY - 1);
    ck_assert_ptr_nonnull(strstr(v.advice, "clock"));
}
END_TEST


START_TEST(bears_any_ttl)
{
    size_t  i;

    static const struct {
        int64_t  ttl;
        int64_t  expires;
    } table[] = {
        { 0, 0 }, { -1, 0 }, { INT64_MIN, 0 }, { 1, NOW + 1 },
        { INT64_MAX, NOW + ZOOM_TIME_MAX }
    };

    memset(&a, 0, sizeof(a));
    a.status = 200;
    a.body = answer_with(S("a.b.c"));

    for (i = 0; i < N(table); i++) {
        zoom_buf_init(&token, data, sizeof(data));
        zoom_zak_classify(&a, NOW, table[i].ttl, &token, &expires, &v);
        ck_assert_int_eq(v.verdict,
                         table[i].expires ? ZOOM_USE : ZOOM_RETRY);
        ck_assert_int_eq(expires, table[i].expires);
    }
}
END_TEST


static const struct {
    int              status;
    const char      *body;
    zoom_verdict_e   verdict;
    zoom_error_e     error;
} rows[] = {
    { 200, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "<html>", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":\"a.b.c", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "{}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":\"\"}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":null}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":[\"a.b.c\"]}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 204, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"code\":300,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED },
    { 200, "{\"code\":1001}", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN },
    { 200, "{\"token\":\"Token is no longer supported.\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":\"a.b\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":\"a.b.c.d\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":\"a.b.c\\n\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID },
    { 200, "{\"token\":\"a.b.c=\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID },

    { 404, "{\"code\":1001,\"message\":\"User does not exist.\"}",
      ZOOM_FINAL, ZOOM_E_USER_UNKNOWN },
    { 401, "{\"code\":124,\"message\":\"Invalid access token.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED },
    { 400, "{\"code\":4711,\"message\":\"does not contain scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING },
    { 429, "", ZOOM_RETRY, ZOOM_E_RATE_LIMITED },
    { 500, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE },
    { 302, "{\"token\":\"a.b.c\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID },
    { 401, "{\"token\":\"a.b.c\"}", ZOOM_REFRESH,
      ZOOM_E_CREDENTIALS_REJECTED }
};


START_TEST(judges_errors)
{
    judge(rows[_i].status, zoom_str_c(rows[_i].body), 0);

    ck_assert_msg(v.verdict == rows[_i].verdict && v.error == rows[_i].error,
                  "%d %s: %d %s", rows[_i].status, rows[_i].body, v.verdict,
                  zoom_error_info(v.error)->name.data);
}
END_TEST


static const judged_t  obf_rows[] = {
    { 200, "{\"token\":\"a.b.c\"}", ZOOM_USE, ZOOM_OK, TTL, NULL },
    { 200, "{\"token\":\"b-_~+/64==\"}", ZOOM_USE, ZOOM_OK, TTL, NULL },
    { 201, "{\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, TTL, NULL },

    { 200, "{\"token\":\"a,b\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"token\":\"a\\n\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"token\":\"a\\\"b\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID,
      0, NULL },
    { 200, "{\"token\":\"Token is no longer supported.\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"token\":\"\"}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"code\":300,\"message\":\"Validation Failed.\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, NULL },
    { 400, "{\"code\":300,\"message\":\"Invalid meeting id.\"}",
      ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 400, "{\"code\":300,\"message\":\"Validation Failed.\",\"errors\":"
      "[{\"field\":\"meeting_id\",\"message\":\"Invalid field.\"}]}",
      ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 404, "{\"code\":3001,\"message\":\"Meeting does not exist.\"}",
      ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 404, "{\"code\":1001,\"message\":\"User does not exist.\"}",
      ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 0, "which user" },
    { 400, "{\"code\":1000,\"message\":\"pending state\"}", ZOOM_FINAL,
      ZOOM_E_USER_UNKNOWN, 0, "invitation" },
    { 400, "{\"code\":1010,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_USER_UNKNOWN, 0, "another account" },
    { 400, "{\"code\":3000,\"message\":\"The user is not in the meeting.\"}",
      ZOOM_FINAL, ZOOM_E_USER_NOT_IN_MEETING, 0,
      "in the meeting before" },
    { 400, "{\"code\":300,\"message\":\"The meeting has not started.\"}",
      ZOOM_FINAL, ZOOM_E_USER_NOT_IN_MEETING, 0,
      "in the meeting before" },
    { 400, "{\"code\":124,\"message\":\"This API only supports OAuth2 "
      "authorization.\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      0, "user's own OAuth" },
    { 401, "{\"code\":124,\"message\":\"Access token is expired.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 0, NULL },
    { 400, "{\"code\":4711,\"message\":\"does not contain scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 0, "user:read:token:admin" },
    { 400, "{\"code\":2300,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, NULL },
    { 429, "", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 0, NULL },
    { 503, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0, NULL }
};


START_TEST(judges_obf)
{
    memset(&a, 0, sizeof(a));
    a.status = obf_rows[_i].status;
    a.body = zoom_str_c(obf_rows[_i].body);

    zoom_buf_init(&token, data, sizeof(data));
    zoom_obf_classify(&a, NOW, TTL, &token, &expires, &v);

    judged_is(&obf_rows[_i], &v, &token,
              (v.verdict == ZOOM_USE) ? expires - NOW : expires);
}
END_TEST


START_TEST(reads_an_obf_life)
{
    memset(&a, 0, sizeof(a));
    a.status = 200;
    a.body = answer_with(jwt("{\"iat\":1772413200,\"exp\":1772413260}"));

    zoom_buf_init(&token, data, sizeof(data));
    zoom_obf_classify(&a, NOW, TTL, &token, &expires, &v);

    ck_assert_int_eq(v.verdict, ZOOM_USE);
    ck_assert_int_eq(expires, NOW + 60);

    a.body = answer_with(jwt("{\"iat\":1772413100,\"exp\":1772413160}"));
    zoom_buf_init(&token, data, sizeof(data));
    zoom_obf_classify(&a, NOW, TTL, &token, &expires, &v);

    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert_str_eq((char *) v.message, "OBF token expired at birth");
    ck_assert_uint_eq(token.len, 0);
}
END_TEST


/* JSON has many ways to write a token; the scanner leaves most to Jansson. */

START_TEST(reads_any_spelling)
{
    size_t  i;

    static const char *const  spellings[] = {
        "{\"token\":\"eyJh.e30.c2ln\"}",
        "{\"token\":\"\\u0065yJh.e30.c2ln\"}",
        "{\"token\":\"eyJh\\u002ee30.c2l\\u006E\"}",
        " {\n\"\\u0074oken\" : \"eyJh.e30.c2ln\", \"x\": [1, {}]}\n"
    };

    for (i = 0; i < N(spellings); i++) {
        judge(200, zoom_str_c(spellings[i]), 0);

        ck_assert_msg(v.verdict == ZOOM_USE, "%s", spellings[i]);
        ck_assert_int_eq(expires, NOW + TTL);
        unit_is(unit_buf(&token), "eyJh.e30.c2ln");
    }
}
END_TEST


START_TEST(keeps_silent)
{
    judge(200, S("{\"token\":\"eyJ.CANARY words.x\"}"), 0);
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert_str_eq((char *) v.message, "malformed ZAK");

    judge(200, S("{\"token\":\"Token is no longer supported CANARY\"}"), 0);
    ck_assert_str_eq((char *) v.message,
                     "this type of token is no longer supported");
}
END_TEST


START_TEST(has_limits)
{
    size_t                len;
    static unsigned char  zak[ZOOM_TOKEN_MAX + 1];

    memset(zak, 'x', sizeof(zak));
    zak[10] = '.';
    zak[100] = '.';

    for (len = ZOOM_TOKEN_MAX; len <= ZOOM_TOKEN_MAX + 1; len++) {
        judge(200, answer_with((zoom_str_t) { zak, len }), 0);

        if (len == ZOOM_TOKEN_MAX) {
            ck_assert_int_eq(v.verdict, ZOOM_USE);
            ck_assert_uint_eq(token.len, ZOOM_TOKEN_MAX);

        } else {
            ck_assert_int_eq(v.verdict, ZOOM_FINAL);
            ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
        }
    }

    memset(&a, 0, sizeof(a));
    a.status = 200;
    a.body = answer_with(S("aa.bb.cc"));
    zoom_buf_init(&token, data, 7);
    zoom_zak_classify(&a, NOW, TTL, &token, &expires, &v);
    ck_assert_int_eq(v.verdict, ZOOM_FINAL);
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
}
END_TEST


START_TEST(knows_the_form)
{
    size_t  i;

    static const char *const  good[] = {
        "a.b.c", "-.-.-", "_._._", "eyJ.eyJ.AZaz09-_"
    };

    static const char *const  bad[] = {
        "", ".", "..", "...", "a", "a.b", "a.b.", "a..c", ".b.c", "a.b.c.",
        "a.b.c.d", "a.b.c ", " a.b.c", "a.b.c\n", "a.b+.c", "a.b/.c",
        "a.b.c=", "a.b,.c", "a.b.\xc3\xa9", "Token is no longer supported"
    };

    for (i = 0; i < N(good); i++) {
        ck_assert_int_eq(zoom_jwt_form(zoom_str_c(good[i])), 1);
    }

    for (i = 0; i < N(bad); i++) {
        ck_assert_msg(!zoom_jwt_form(zoom_str_c(bad[i])), "\"%s\"", bad[i]);
    }

    ck_assert_int_eq(zoom_jwt_form(S("a.b.c\0")), 0);
    ck_assert_int_eq(zoom_jwt_form(zoom_str_c(NULL)), 0);
}
END_TEST


START_TEST(reads_claims)
{
    int64_t        exp, iat;
    static char    claims[4000];

    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":10,\"iat\":5}"), &exp, &iat),
                     0);
    ck_assert_int_eq(exp, 10);
    ck_assert_int_eq(iat, 5);

    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":\"10\",\"iat\":\"5\"}"), &exp,
                                  &iat), 0);
    ck_assert_int_eq(exp, 10);
    ck_assert_int_eq(iat, 5);

    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":10,\"iat\":[]}"), &exp,
                                  &iat), 0);
    ck_assert_int_eq(iat, 0);

    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":-10,\"iat\":-5}"), &exp,
                                  &iat), 0);
    ck_assert_int_eq(exp, 0);
    ck_assert_int_eq(iat, 0);

    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":253402300799}"), &exp, NULL),
                     0);
    ck_assert_int_eq(exp, ZOOM_TIME_MAX);

    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":253402300800}"), &exp, NULL),
                     -1);
    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"iat\":5}"), &exp, &iat), -1);
    ck_assert_int_eq(zoom_jwt_exp(jwt("{\"exp\":1,\"exp\":2}"), &exp, &iat),
                     -1);
    ck_assert_int_eq(zoom_jwt_exp(S("a.b.c"), &exp, &iat), -1);
    ck_assert_int_eq(zoom_jwt_exp(S("a.Zh.c"), &exp, &iat), -1);
    ck_assert_int_eq(zoom_jwt_exp(S(""), &exp, &iat), -1);

    /* claims beyond what a token may have are not looked at */

    snprintf(claims, sizeof(claims), "{\"exp\":10%*s}", 3500, "");
    ck_assert_int_eq(zoom_jwt_exp(jwt(claims), &exp, &iat), -1);
}
END_TEST


START_TEST(knows_bearers)
{
    size_t                i;
    static unsigned char  text[ZOOM_ACCESS_TOKEN_MAX + 1];

    static const char *const  good[] = {
        "a", "AZaz09-._~+/", "a=", "a==", "eyJ.eyJ.sig", "a.b=="
    };

    static const char *const  bad[] = {
        "", "=", "==", "=a", "a=b", "a b", "a\r\n", "a\n", "\ta", "a,", "a\"",
        "a\x7f", "a\xc3\xa9", "a%", "a:"
    };

    for (i = 0; i < N(good); i++) {
        ck_assert_msg(zoom_bearer_form(zoom_str_c(good[i])), "\"%s\"",
                      good[i]);
    }

    for (i = 0; i < N(bad); i++) {
        ck_assert_msg(!zoom_bearer_form(zoom_str_c(bad[i])), "\"%s\"",
                      bad[i]);
    }

    ck_assert_int_eq(zoom_bearer_form(S("a\0b")), 0);

    memset(text, 'a', sizeof(text));
    ck_assert_int_eq(zoom_bearer_form((zoom_str_t) { text,
                                      ZOOM_ACCESS_TOKEN_MAX }), 1);
    ck_assert_int_eq(zoom_bearer_form((zoom_str_t) { text,
                                      ZOOM_ACCESS_TOKEN_MAX + 1 }), 0);

    ck_assert_int_eq(zoom_token_form((zoom_str_t) { text, ZOOM_TOKEN_MAX }),
                     1);
    ck_assert_int_eq(zoom_token_form((zoom_str_t) { text,
                                     ZOOM_TOKEN_MAX + 1 }), 0);
    ck_assert_int_eq(zoom_token_form(S("a\"b")), 0);
    ck_assert_int_eq(zoom_token_form(S("")), 0);
}
END_TEST


START_TEST(lists)
{
    size_t                    i;
    static const char *const  good[] = { "a", "a.b.c", "a,b",
                                         "a,b,c,d,e,f,g,h" };
    static const char *const  bad[] = { "", ",", "a,", ",a", "a,,b", "a, b",
                                        "a,\"", "\",a", "a,b,c,d,e,f,g,h,i" };

    for (i = 0; i < N(good); i++) {
        ck_assert_msg(zoom_token_list(zoom_str_c(good[i])), "\"%s\"", good[i]);
    }

    for (i = 0; i < N(bad); i++) {
        ck_assert_msg(!zoom_token_list(zoom_str_c(bad[i])), "\"%s\"", bad[i]);
    }
}
END_TEST


Suite *
unit_token(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("token");
    t = tcase_create("token");

    tcase_add_test(t, asks);
    tcase_add_test(t, lists);
    tcase_add_loop_test(t, tells_its_end, 0, (int) N(lives));
    tcase_add_test(t, blames_the_clock);
    tcase_add_test(t, bears_any_ttl);
    tcase_add_loop_test(t, judges_errors, 0, (int) N(rows));
    tcase_add_loop_test(t, judges_obf, 0, (int) N(obf_rows));
    tcase_add_test(t, reads_an_obf_life);
    tcase_add_test(t, reads_any_spelling);
    tcase_add_test(t, keeps_silent);
    tcase_add_test(t, has_limits);
    tcase_add_test(t, knows_the_form);
    tcase_add_test(t, reads_claims);
    tcase_add_test(t, knows_bearers);

    suite_add_tcase(s, t);

    return s;
}
