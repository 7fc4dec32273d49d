#include "unit.h"
#include "zoom_oauth.h"
#include "zoom_token_type.h"


#define NOW  1772413200

#define ALL   ((1u << ZOOM_NTOKEN_TYPES) - 1)
#define USER  (1u << ZOOM_ZAK | 1u << ZOOM_ONBEHALF)

#define TOKEN  "eyJzdiI6IjAwMDAwMSJ9.eyJhdWQiOiJ6b29tIn0.c2lnbmF0dXJl"


static zoom_response_t     a;
static zoom_verdict_t  v;
static zoom_buf_t        token;
static unsigned char     data[ZOOM_ACCESS_TOKEN_MAX];
static int64_t           life;
static unsigned          lacks;


static void
judge(int status, zoom_str_t body)
{
    memset(&a, 0, sizeof(a));
    memset(&v, 0xff, sizeof(v));

    a.status = status;
    a.body = body;
    a.tracking_id = S("WEB_1");

    life = -1;
    lacks = ~0u;
    zoom_buf_init(&token, data, sizeof(data));

    zoom_oauth_classify(&a, NOW, &token, &life, &lacks, &v);

    ck_assert_str_eq((char *) v.tracking_id, "WEB_1");

    if (v.verdict != ZOOM_USE) {
        ck_assert_int_ne(v.error, ZOOM_OK);
        ck_assert_int_eq(life, 0);
        ck_assert_uint_eq(lacks, 0);
        ck_assert_uint_eq(token.len, 0);
        ck_assert_int_ne(v.message[0], '\0');
    }
}


START_TEST(asks)
{
    zoom_buf_t     b;
    unsigned char  text[128];

    zoom_buf_init(&b, text, sizeof(text));
    zoom_oauth_body(&b, S("a-B_1 &="));
    unit_is(unit_buf(&b),
            "grant_type=account_credentials&account_id=a-B_1%20%26%3D");

    /* RFC 7617 section 2 */

    zoom_buf_init(&b, text, sizeof(text));
    zoom_oauth_authorization(&b, S("Aladdin"), S("open sesame"));
    unit_is(unit_buf(&b), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");

    zoom_buf_init(&b, text, 10);
    zoom_oauth_authorization(&b, S("Aladdin"), S("open sesame"));
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


START_TEST(asks_with_long_secrets)
{
    zoom_buf_t            b;
    static unsigned char  text[32768], secret[8193];

    memset(secret, 's', sizeof(secret));

    zoom_buf_init(&b, text, sizeof(text));
    zoom_oauth_authorization(&b, (zoom_str_t) { secret, 8192 },
                             (zoom_str_t) { secret, 8192 });
    ck_assert_int_eq(b.overflow, 0);
    ck_assert_uint_eq(b.len, 6 + (16385 + 2) / 3 * 4);

    zoom_buf_init(&b, text, sizeof(text));
    zoom_oauth_authorization(&b, (zoom_str_t) { secret, 8192 },
                             (zoom_str_t) { secret, 8193 });
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


static const struct {
    const char  *expires_in;
    int64_t      life;           /* 0: refused */
} lives[] = {
    { ",\"expires_in\":3600", 3600 },
    { ",\"expires_in\":3599", 3599 },
    { ",\"expires_in\":3599.9", 3599 },
    { ",\"expires_in\":1", 1 },
    { ",\"expires_in\":59", 59 },
    { ",\"expires_in\":61", 61 },
    { ",\"expires_in\":86400", 86400 },
    { ",\"expires_in\":86401", 86400 },
    { ",\"expires_in\":9223372036854775807", 86400 },
    { ",\"expires_in\":99999999999999999999999999", 86400 },
    { ",\"expires_in\":1e300", 86400 },
    { "", 3600 },
    { ",\"expires_in\":null", 3600 },
    { ",\"expires_in\":3600.0", 3600 },
    { ",\"expires_in\":4294967297", 86400 },
    { ",\"expires_in\":\"3599\"", 3599 },
    { ",\"expires_in\":\"120\"", 120 },
    { ",\"expires_in\":\"120.5\"", 120 },
    { ",\"expires_in\":\"soon\"", 3600 },
    { ",\"expires_in\":\"\"", 3600 },
    { ",\"expires_in\":\"0\"", 0 },
    { ",\"expires_in\":\"-1\"", 0 },
    { ",\"expires_in\":[]", 3600 },
    { ",\"expires_in\":true", 3600 },
    { ",\"expires_in\":0", 0 },
    { ",\"expires_in\":0.5", 0 },
    { ",\"expires_in\":-1", 0 },
    { ",\"expires_in\":-3600", 0 },
    { ",\"expires_in\":-1e300", 0 },
    { ",\"expires_in\":-99999999999999999999999999", 0 }
};


START_TEST(reads_life)
{
    char  body[256];

    snprintf(body, sizeof(body), "{\"access_token\":\"%s\","
             "\"token_type\":\"bearer\"%s,\"scope\":\"a b\","
             "\"api_url\":\"https://api-us.zoom.us\"}", TOKEN,
             lives[_i].expires_in);

    judge(200, zoom_str_c(body));

    if (lives[_i].life) {
        ck_assert_int_eq(v.verdict, ZOOM_USE);
        ck_assert_int_eq(v.error, ZOOM_OK);
        ck_assert_int_eq(life, lives[_i].life);
        unit_is(unit_buf(&token), TOKEN);

    } else {
        ck_assert_int_eq(v.verdict, ZOOM_RETRY);
        ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    }
}
END_TEST


START_TEST(takes_many_scopes)
{
    zoom_buf_t            b;
    static unsigned char  body[32768];

    zoom_buf_init(&b, body, sizeof(body));
    zoom_buf_c(&b, "{\"access_token\":\"" TOKEN "\",\"scope\":\"");

    while (b.len < 20480) {
        zoom_buf_c(&b, "meeting:read:local_recording_token:admin ");
    }

    zoom_buf_c(&b, "\",\"expires_in\":3599}");

    judge(200, unit_buf(&b));

    ck_assert_int_eq(v.verdict, ZOOM_USE);
    ck_assert_int_eq(life, 3599);
    ck_assert_uint_eq(lacks, ALL & ~(1u << ZOOM_LOCAL_RECORDING));
}
END_TEST


static const struct {
    const char  *scope;          /* as a member, NULL: none */
    unsigned     lacks;
} scopes[] = {
    { NULL, 0 },
    { ",\"scope\":null", 0 },
    { ",\"scope\":[]", 0 },
    { ",\"scope\":12", 0 },
    { ",\"scope\":\"\"", 0 },
    { ",\"scope\":\" \"", ALL },
    { ",\"scope\":\"user:read:user:admin\"", ALL },
    { ",\"scope\":\"user:read:token:admin\"", ALL & ~USER },
    { ",\"scope\":\"a user:read:admin b\"", ALL & ~USER }
};


START_TEST(reads_scopes)
{
    char  body[256];

    snprintf(body, sizeof(body), "{\"access_token\":\"%s\"%s}", TOKEN,
             scopes[_i].scope ? scopes[_i].scope : "");

    judge(200, zoom_str_c(body));

    ck_assert_int_eq(v.verdict, ZOOM_USE);
    ck_assert_uint_eq(lacks, scopes[_i].lacks);
}
END_TEST


START_TEST(takes_long_tokens)
{
    size_t                len;
    zoom_buf_t            b;
    static unsigned char  body[ZOOM_ACCESS_TOKEN_MAX + 100];

    for (len = ZOOM_ACCESS_TOKEN_MAX; len <= ZOOM_ACCESS_TOKEN_MAX + 1; len++)
    {
        zoom_buf_init(&b, body, sizeof(body));
        zoom_buf_c(&b, "{\"access_token\":\"");
        memset(body + b.len, 't', len);
        b.len += len;
        zoom_buf_c(&b, "\"}");

        judge(200, unit_buf(&b));

        ck_assert_int_eq(v.verdict,
                         len > ZOOM_ACCESS_TOKEN_MAX ? ZOOM_FINAL : ZOOM_USE);
    }

    /* a buffer of the caller's that is too small */

    zoom_buf_init(&token, data, 10);
    a.body = S("{\"access_token\":\"" TOKEN "\"}");
    zoom_oauth_classify(&a, NOW, &token, &life, &lacks, &v);
    ck_assert_int_eq(v.verdict, ZOOM_FINAL);
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert_int_eq(life, 0);
}
END_TEST


START_TEST(refuses_tokens)
{
    char  body[256];

    static const char *const  tokens[] = {
        "CANARY\\r\\nX-Evil: 1", "CANARY\\n", "CANARY abc", "CANARY\\t",
        "CANARY\\u0001", "CANARY\xc3\xa9", "CANARY\\\"", "CANARY,x",
        "=CANARY", "CAN=ARY", "CANARY\x7f"
    };

    snprintf(body, sizeof(body),
             "{\"access_token\":\"%s\",\"expires_in\":3600}", tokens[_i]);

    judge(200, zoom_str_c(body));

    ck_assert_int_eq(v.verdict, ZOOM_FINAL);
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert_ptr_null(strstr((char *) v.message, "CANARY"));
}
END_TEST


static const struct {
    int              status;
    const char      *body;
    zoom_verdict_e   verdict;
    zoom_error_e     error;
    const char      *advice;     /* NULL: none */
    const char      *message;    /* NULL: any */
} rows[] = {
    { 400, "{\"reason\":\"Invalid client_id or client_secret\","
      "\"error\":\"invalid_client\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      "Invalid client_id or client_secret" },
    { 400, "{\"reason\":\"The app has been disabled by the developer\","
      "\"error\":\"invalid_client\"}", ZOOM_FINAL, ZOOM_E_APP_DISABLED,
      "activate the app in the Zoom App Marketplace",
      "The app has been disabled by the developer" },
    { 400, "{\"reason\":\"Bad Request\",\"error\":\"invalid_request\"}",
      ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED, "check account_id",
      "Bad Request" },
    { 400, "{\"reason\":\"Other words\",\"error\":\"invalid_request\"}",
      ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED, "check account_id",
      "Other words" },
    { 400, "{\"error\":\"invalid_request\"}",
      ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED, "check account_id",
      "invalid_request" },
    { 400, "{\"reason\":\"Bad Request\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check account_id", "Bad Request" },
    { 400, "{\"reason\":\"unsupported grant type\","
      "\"error\":\"unsupported_grant_type\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED,
      "the app must be of type Server-to-Server OAuth",
      "unsupported grant type" },
    { 401, "{\"reason\":\"The app has been disabled by the developer\","
      "\"error\":\"invalid_client\"}", ZOOM_FINAL, ZOOM_E_APP_DISABLED,
      "activate the app in the Zoom App Marketplace", NULL },
    { 401, "{\"reason\":\"x\",\"error\":\"y\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      "x" },
    { 401, "", ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED,
      "check client_id and client_secret", NULL },
    { 401, "<html>", ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED,
      "check client_id and client_secret", NULL },
    { 401, "{\"code\":124}", ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED,
      "check client_id and client_secret", NULL },

    /* the same by number, in either spelling, and under either status */

    { 400, "{\"code\":4702,\"message\":\"Invalid client.\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      "Invalid client." },
    { 400, "{\"status\":false,\"errorCode\":4702,\"errorMessage\":"
      "\"Invalid client_id: x\",\"result\":null}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      "Invalid client_id: x" },
    { 200, "{\"status\":false,\"errorCode\":4702,\"errorMessage\":"
      "\"Invalid client_id: x\",\"result\":null}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      NULL },
    { 400, "{\"errorCode\":\"4704\",\"errorMessage\":\"Invalid client "
      "secret.\"}", ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED,
      "check client_id and client_secret", "Invalid client secret." },
    { 400, "{\"code\":4706,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      "x" },
    { 400, "{\"code\":4705,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED,
      "the app must be of type Server-to-Server OAuth", "x" },
    { 400, "{\"code\":4717,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_APP_DISABLED, "activate the app in the Zoom App Marketplace",
      "x" },
    { 401, "{\"errorCode\":4717,\"errorMessage\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_APP_DISABLED, "activate the app in the Zoom App Marketplace",
      "x" },
    { 400, "{\"code\":4702,\"message\":\"The app has been disabled\"}",
      ZOOM_FINAL, ZOOM_E_APP_DISABLED,
      "activate the app in the Zoom App Marketplace", NULL },
    { 400, "{\"code\":4700,\"message\":\"This API does not support client "
      "credentials for authorization.\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      "the app must be of type Server-to-Server OAuth", NULL },
    { 401, "{\"code\":4700,\"message\":\"This API does not support client "
      "credentials for authorization.\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      "the app must be of type Server-to-Server OAuth", NULL },
    { 400, "{\"code\":4700,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, NULL, "x" },

    /* in XML */

    { 400, "<?xml version=\"1.0\"?><e><code>4702</code><message>No."
      "</message></e>", ZOOM_FINAL, ZOOM_E_CREDENTIALS_REJECTED,
      "check client_id and client_secret", "No." },
    { 400, "<?xml version=\"1.0\"?><e/>", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      NULL, NULL },

    { 400, "{\"reason\":\"x\",\"error\":\"y\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, NULL, "x" },
    { 400, "{}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL, NULL },
    { 400, "{\"code\":124}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL, NULL },
    { 404, "{\"code\":1001}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL, NULL },
    { 403, "{\"error\":[]}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL, NULL },
    { 302, "", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, NULL, NULL },

    { 429, "", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, NULL, NULL },
    { 429, "{\"error\":\"invalid_client\"}", ZOOM_RETRY,
      ZOOM_E_RATE_LIMITED, NULL, NULL },
    { 500, "{\"error\":\"invalid_client\"}", ZOOM_RETRY,
      ZOOM_E_ZOOM_UNAVAILABLE, NULL, NULL },
    { 503, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, NULL, NULL },
    { 403, "<html>", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, NULL, NULL },
    { 400, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, NULL, NULL },
    { 400, "{\"error\":\"invalid_cl", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE,
      NULL, NULL },

    { 200, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL, NULL },
    { 200, "<html>", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL, NULL },
    { 200, "{\"access_token\":\"abc", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL,
      NULL },
    { 200, "{}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL, NULL },
    { 200, "{\"access_token\":\"\"}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL,
      NULL },
    { 200, "{\"access_token\":1}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL,
      NULL },
    { 200, "{\"access_token\":null}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, NULL,
      NULL },
    { 200, "{\"code\":300}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, NULL, NULL },
    { 200, "{\"reason\":\"x\",\"error\":\"invalid_client\"}", ZOOM_FINAL,
      ZOOM_E_CREDENTIALS_REJECTED, "check client_id and client_secret",
      NULL },

    /* a token where none may be */

    { 400, "{\"access_token\":\"abc\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED,
      NULL, NULL },
    { 500, "{\"access_token\":\"abc\"}", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE,
      NULL, NULL }
};


START_TEST(judges_errors)
{
    judge(rows[_i].status, zoom_str_c(rows[_i].body));

    ck_assert_msg(v.verdict == rows[_i].verdict && v.error == rows[_i].error,
                  "%d %s: %d %s", rows[_i].status, rows[_i].body, v.verdict,
                  zoom_error_info(v.error)->name.data);

    if (rows[_i].advice) {
        ck_assert_str_eq(v.advice, rows[_i].advice);

    } else {
        ck_assert_ptr_null(v.advice);
    }

    if (rows[_i].message) {
        ck_assert_str_eq((char *) v.message, rows[_i].message);
    }

    ck_assert_int_eq(v.wait, -1);
}
END_TEST


Suite *
unit_oauth(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("oauth");
    t = tcase_create("oauth");

    tcase_add_test(t, asks);
    tcase_add_test(t, asks_with_long_secrets);
    tcase_add_loop_test(t, reads_life, 0, (int) N(lives));
    tcase_add_test(t, takes_many_scopes);
    tcase_add_loop_test(t, reads_scopes, 0, (int) N(scopes));
    tcase_add_test(t, takes_long_tokens);
    tcase_add_loop_test(t, refuses_tokens, 0, 11);
    tcase_add_loop_test(t, judges_errors, 0, (int) N(rows));

    suite_add_tcase(s, t);

    return s;
}
