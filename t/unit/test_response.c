#include "unit.h"
#include "zoom_response.h"


#define NOW  1772413200             /* 2026-03-02T01:00:00Z */
#define DAY  86400

#define RATE  "{\"code\":429,\"message\":\"You have reached the maximum " \
              "per-second rate limit for this API. Try again later.\"}"

#define XML  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"

#define DAILY  "{\"code\":429,\"message\":\"You have reached the " \
               "maximum daily rate limit for this API.\"}"


static const struct {
    int              status;
    const char      *body;
    zoom_verdict_e   verdict;
    zoom_error_e     error;
    int              code;
} rows[] = {
    /* the access token */

    { 401, "{\"code\":124,\"message\":\"Invalid access token.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 124 },
    { 400, "{\"code\":124,\"message\":\"Access token is expired.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 124 },
    { 401, "{\"code\":4700,\"message\":\"Token cannot be empty.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 4700 },
    { 400, "{\"code\":124.0,\"message\":\"Invalid access token.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 124 },
    { 401, "{}", ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 0 },
    { 401, "", ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 0 },
    { 401, "<html>", ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 0 },
    { 401, "{\"code\":\"124\"}", ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED,
      124 },
    { 400, "{\"code\":\"124\",\"message\":\"Invalid access token.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 124 },
    { 400, "{\"status\":false,\"errorCode\":124,"
      "\"errorMessage\":\"Invalid access token.\",\"result\":null}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 124 },
    { 400, "{\"code\":124,\"message\":\"This API only supports OAuth2.\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 124 },

    /* no new access token mends the type of the app */

    { 400, "{\"code\":4700,\"message\":\"This API does not support client "
      "credentials for authorization.\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 4700 },
    { 401, "{\"code\":124,\"message\":\"This API does not support client "
      "credentials for authorization.\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 124 },

    /* scopes, under whatever code */

    { 400, "{\"code\":4711,\"message\":\"Invalid access token, does not "
      "contain scopes:[user:read:token:admin].\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 4711 },
    { 401, "{\"code\":4700,\"message\":\"Invalid access token, does not "
      "contain scopes:[user:read:admin].\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 4700 },
    { 400, "{\"code\":124,\"message\":\"does not contain scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 124 },
    { 400, "{\"code\":104,\"message\":\"does not contain scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 104 },
    { 400, "{\"code\":200,\"message\":\"does not contain scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 200 },
    { 400, "{\"code\":201,\"message\":\"Does Not Contain Scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 201 },
    { 401, "{\"message\":\"does not contain scopes:[x]\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 0 },
    { 400, "{\"code\":4711,\"message\":\"No permission.\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 4711 },
    { 400, "{\"code\":200,\"message\":\"No permission.\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 200 },
    { 400, "{\"code\":104,\"message\":\"\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 104 },

    /* users and meetings */

    { 404, "{\"code\":1001,\"message\":\"User does not exist: x.\"}",
      ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1001 },
    { 400, "{\"code\":1001}", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1001 },
    { 400, "{\"code\":1010,\"message\":\"User not belong to this "
      "account.\"}", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1010 },
    { 404, "{\"code\":1010}", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1010 },
    { 400, "{\"code\":1120}", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1120 },
    { 404, "{\"code\":\"1001\"}", ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1001 },
    { 400, "{\"code\":1000,\"message\":\"The user is in pending state.\"}",
      ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1000 },
    { 400, "{\"code\":1000,\"message\":\"Something else.\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 1000 },
    { 404, "{\"code\":3001}", ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, 3001 },

    /* the rest of the final ones */

    { 400, "{\"code\":300,\"message\":\"Validation Failed.\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 300 },
    { 404, "{\"code\":300}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 300 },
    { 200, "{\"code\":300,\"message\":\"x\"}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 300 },
    { 404, "{\"code\":2300,\"message\":\"This API endpoint is not "
      "recognized.\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 2300 },
    { 400, "{\"code\":2300}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 2300 },
    { 403, "{\"code\":99999}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 99999 },
    { 401, "{\"code\":99999}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 99999 },
    { 404, "{}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0 },
    { 400, "{\"code\":99999999999}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0 },
    { 400, "{\"code\":-99999999999999999999999}",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0 },
    { 200, "{\"code\":99999}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 99999 },
    { 301, "", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, 0 },
    { 302, "{\"code\":124}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, 124 },
    { 304, "", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, 0 },

    /* in XML, but for pages of whoever else may answer */

    { 400, XML "<error><code>300</code><message>x</message></error>",
      ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 300 },
    { 404, XML "<error><code>1001</code><message>x</message></error>",
      ZOOM_FINAL, ZOOM_E_USER_UNKNOWN, 1001 },
    { 400, XML "<error><code>124</code><message>x</message></error>",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 124 },
    { 400, XML "<e><message>does not contain scopes:[x]</message></e>",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 0 },
    { 403, XML, ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0 },
    { 403, XML "<code>12", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0 },
    { 403, XML "<code>x</code>", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0 },
    { 403, XML "<code>99999999999999999999</code>", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 999999999 },
    { 401, XML "<error/>", ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 0 },
    { 429, XML "<error/>", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 0 },
    { 500, XML "<error><code>300</code></error>", ZOOM_RETRY,
      ZOOM_E_ZOOM_UNAVAILABLE, 300 },
    { 200, XML "<token>x</token>", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 403, XML "<html xmlns=\"http://www.w3.org/1999/xhtml\"/>",
      ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 403, "<?xm", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },

    /* limits */

    { 429, RATE, ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 429 },
    { 429, "", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 0 },
    { 429, "<html>", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 0 },
    { 429, "{\"code\":1001}", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 1001 },
    { 400, RATE, ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 429 },

    /* outages */

    { 500, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 502, "<html><h1>502 Bad Gateway</h1></html>",
      ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 503, "{\"code\":124}", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 124 },
    { 504, "x", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 599, "{}", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 403, "<html>blocked</html>", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 404, "", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0 },
    { 400, "{\"code\":1001,\"mess", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE,
      0 },

    /* answers that are none */

    { 200, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 200, "<html>", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 200, "{\"token\":\"", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 200, "{}", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 200, "[]", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 204, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 0, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 },
    { 101, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0 }
};


static zoom_response_t     a;
static zoom_verdict_t  v;


static void
answer(int status, const char *body)
{
    memset(&a, 0, sizeof(a));
    a.status = status;
    a.body = zoom_str_c(body);
}


START_TEST(judges)
{
    answer(rows[_i].status, rows[_i].body);
    memset(&v, 0xff, sizeof(v));

    zoom_api_classify_error(&a, NOW, &v);

    ck_assert_msg(v.verdict == rows[_i].verdict && v.error == rows[_i].error
                  && v.code == rows[_i].code, "%d %s: %d %s %d",
                  rows[_i].status, rows[_i].body, v.verdict,
                  zoom_error_info(v.error)->name.data, v.code);

    ck_assert_int_eq(v.tracking_id[0], '\0');
    ck_assert_int_ne(v.message[0], '\0');

    if (v.error == ZOOM_E_SCOPE_MISSING) {
        ck_assert_ptr_nonnull(strstr(v.advice,
                                     "add scope user:read:token:admin"));
    }

    ck_assert_int_eq(v.wait, -1);
}
END_TEST


static const struct {
    int          status;
    const char  *body;
    const char  *retry_after;
    const char  *rate_type;
    int64_t      wait;
    int64_t      retry_at;
    int64_t      date;
} waits[] = {
    { 429, RATE, "", "", -1, 0, 0 },
    { 429, RATE, "", "QPS", -1, 0, 0 },
    { 429, RATE, "7", "QPS", 7, 0, 0 },
    { 429, RATE, "0", "", 0, 0, 0 },
    { 429, RATE, "Mon, 02 Mar 2026 01:00:30 GMT", "", 30, NOW + 30, 0 },
    { 429, RATE, "Mon, 02 Mar 2026 01:00:00 GMT", "", 0, NOW, 0 },
    { 429, RATE, "Sun, 01 Mar 2026 01:00:00 GMT", "", 0, NOW - DAY, 0 },
    { 429, RATE, "Wed, 04 Mar 2026 01:00:00 GMT", "", 86400, NOW + 2 * DAY,
      0 },
    { 429, RATE, "5.5", "", 6, 0, 0 },
    { 429, RATE, "2026-03-02T01:00:45Z", "", 45, 0, 0 },
    { 429, RATE, "2026-03-02T00:00:00Z", "", 0, 0, 0 },
    { 429, RATE, "99999999999", "", 86400, 0, 0 },
    { 429, RATE, "2027-01-01T00:00:00Z", "", 86400, 0, 0 },
    { 429, RATE, "-5", "", -1, 0, 0 },
    { 429, RATE, "soon", "", -1, 0, 0 },
    { 429, DAILY, "", "", 82800, 0, 0 },
    { 429, RATE, "", "Daily-limit", 82800, 0, 0 },
    { 429, "", "", "daily-LIMIT", 82800, 0, 0 },
    { 429, DAILY, "2026-03-03T00:00:00Z", "Daily-limit", 82800, 0, 0 },
    { 429, DAILY, "soon", "Daily-limit", 82800, 0, 0 },
    { 429, DAILY, "60", "Daily-limit", 60, 0, 0 },
    { 503, "", "5", "", 5, 0, 0 },
    { 503, "", "2026-03-02T01:00:45Z", "", 45, 0, 0 },
    { 503, "", "999999", "", 86400, 0, 0 },
    { 503, "", "", "", -1, 0, 0 },
    { 503, "", "soon", "", -1, 0, 0 },
    { 500, "", "5", "", -1, 0, 0 },
    { 502, "", "5", "", -1, 0, 0 },

    /* by Zoom's clock, unless that is off by more than a day */

    { 429, RATE, "", "", 30, NOW + 330, NOW + 300 },
    { 429, RATE, "2026-03-02T01:05:30Z", "", 30, 0, NOW + 300 },
    { 429, RATE, "2026-03-02T01:00:00", "", 300, 0, NOW - 300 },
    { 429, DAILY, "", "", 82500, 0, NOW + 300 },
    { 429, RATE, "", "", 30, NOW + 30, NOW + DAY + 1 },
    { 429, RATE, "30", "", 30, 0, NOW + 300 }
};


START_TEST(tells_when)
{
    answer(waits[_i].status, waits[_i].body);
    a.retry_after = zoom_str_c(waits[_i].retry_after);
    a.retry_at = waits[_i].retry_at;
    a.rate_type = zoom_str_c(waits[_i].rate_type);
    a.date = waits[_i].date;

    zoom_api_classify_error(&a, NOW, &v);

    ck_assert_int_eq(v.verdict, ZOOM_RETRY);
    ck_assert_int_eq(v.wait, waits[_i].wait);
}
END_TEST


START_TEST(waits_for_midnight)
{
    answer(429, DAILY);

    zoom_api_classify_error(&a, 1772409600, &v);
    ck_assert_int_eq(v.wait, 86400);

    zoom_api_classify_error(&a, 1772409600 - 1, &v);
    ck_assert_int_eq(v.wait, 1);

    zoom_api_classify_error(&a, -1, &v);
    ck_assert_int_eq(v.wait, 86400);
}
END_TEST


START_TEST(keeps_the_words)
{
    answer(400, "{\"code\":4711,\"message\":\"Invalid access token, does not "
                "contain scopes:[user:read:token:admin, "
                "meeting:read:local_recording_token:admin].\"}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message,
                     "Invalid access token, does not contain scopes:"
                     "[user:read:token:admin, "
                     "meeting:read:local_recording_token:admin].");

    answer(400, "{\"code\":300,\"reason\":\"why\",\"error\":\"what\"}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "why");

    answer(400, "{\"code\":300,\"message\":[],\"error\":\"what\"}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "what");

    answer(400, "{\"code\":300,\"message\":\"Validation Failed.\",\"errors\":"
                "[{\"field\":\"user_info.email\",\"message\":\"Invalid "
                "field.\"},{\"message\":\"x\"},{\"field\":1},[]]}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message,
                     "Validation Failed. (user_info.email: Invalid field.; x; "
                     "; )");

    answer(400, "{\"errors\":[{\"field\":\"ttl\",\"message\":\"No.\"}]}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "(ttl: No.)");

    answer(400, "{\"message\":\"m\",\"errors\":{\"field\":\"f\"}}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "m");

    answer(400, "{\"errorCode\":1,\"errorMessage\":\"told\"}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "told");

    answer(400, XML "<error><code>300</code><message>Invalid id.</message>"
                "</error>");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "Invalid id.");

    answer(502, "<html>a secret page</html>");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message, "the body is not JSON");

    answer(400, "{\"message\":\"a\\r\\nb \\\"c\\\" \\u00e9\"}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.message,
                     "a\\x0d\\x0ab \\\"c\\\" \\xc3\\xa9");
}
END_TEST


/* Longer than what is looked at: a beginning of it, and no more. */

START_TEST(bears_long_words)
{
    size_t         len;
    zoom_buf_t     b;
    unsigned char  data[4096];

    zoom_buf_init(&b, data, sizeof(data));
    zoom_buf_c(&b, "{\"message\":\"");

    for (len = 0; len < 1000; len++) {
        zoom_buf_c(&b, "a ");
    }

    zoom_buf_c(&b, "\",\"errors\":[{\"field\":\"f\",\"message\":\"m\"}]}");

    answer(400, "");
    a.body = unit_buf(&b);
    zoom_api_classify_error(&a, NOW, &v);

    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_REFUSED);
    ck_assert_uint_eq(strlen((char *) v.message), ZOOM_MESSAGE_MAX);

    zoom_buf_init(&b, data, sizeof(data));
    zoom_buf_c(&b, XML "<message>");

    for (len = 0; len < 1000; len++) {
        zoom_buf_c(&b, "a ");
    }

    zoom_buf_c(&b, "</message>");

    a.body = unit_buf(&b);
    zoom_api_classify_error(&a, NOW, &v);

    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_REFUSED);
    ck_assert_uint_eq(strlen((char *) v.message), ZOOM_MESSAGE_MAX);
}
END_TEST


START_TEST(tells_of_the_app_type)
{
    answer(400, "{\"code\":4700,\"message\":\"This API does not support client "
                "credentials for authorization.\"}");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq(v.advice,
                     "the app must be of type Server-to-Server OAuth");
}
END_TEST


/* A Date that is off by more than a day is not believed, and that is told. */

START_TEST(doubts_a_date)
{
    size_t  i;

    static const struct {
        int64_t  date;
        int64_t  clock;
        int64_t  off;
    } table[] = {
        { 0, NOW, 0 }, { -5, NOW, 0 }, { NOW, NOW, 0 },
        { NOW + DAY, NOW + DAY, 0 }, { NOW - DAY, NOW - DAY, 0 },
        { NOW + DAY + 1, NOW, DAY + 1 }, { NOW - DAY - 1, NOW, -DAY - 1 },
        { 1, NOW, 1 - NOW }, { 253402300799, NOW, 253402300799 - NOW }
    };

    for (i = 0; i < N(table); i++) {
        answer(400, "{}");
        a.date = table[i].date;

        ck_assert_int_eq(zoom_response_clock(&a, NOW), table[i].clock);

        zoom_api_classify_error(&a, NOW, &v);
        ck_assert_int_eq(v.date_off, table[i].off);
    }
}
END_TEST


START_TEST(keeps_the_tracking_id)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[200];

    answer(400, "{}");

    a.tracking_id = S("WEB_abc-123.X\r\n \"\\;=\xc3\xa9\x7f/z");
    zoom_api_classify_error(&a, NOW, &v);
    ck_assert_str_eq((char *) v.tracking_id, "WEB_abc-123.X;=z");

    zoom_buf_init(&b, data, sizeof(data));

    for (i = 0; i < 100; i++) {
        zoom_buf_c(&b, ";x");
    }

    a.tracking_id = unit_buf(&b);
    zoom_verdict_init(&v, &a, NOW);
    ck_assert_uint_eq(strlen((char *) v.tracking_id), ZOOM_TRACKING_ID_MAX);
    ck_assert_int_eq(v.verdict, ZOOM_USE);
    ck_assert_int_eq(v.error, ZOOM_OK);
}
END_TEST


static const struct {
    const char  *text;
    const char  *clean;
} words[] = {
    { "", "" },
    { "Invalid access token.", "Invalid access token." },
    { "a\tb\nc\x01\x7f", "a\\x09b\\x0ac\\x01\\x7f" },
    { "\xc3\xa9\xff", "\\xc3\\xa9\\xff" },
    { "say \"a\\b\"", "say \\\"a\\\\b\\\"" },

    { "token eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjF9.c2ln!", "token ***!" },
    { "AbCdEfGhIjKlMnOpQrS", "AbCdEfGhIjKlMnOpQrS" },
    { "AbCdEfGhIjKlMnOpQrSt", "***" },
    { "abcdefghijklmnopqrs", "abcdefghijklmnopqrs" },
    { "abcdefghijklmnopqrst", "***" },
    { "0123456789012345678", "0123456789012345678" },
    { "01234567890123456789", "***" },
    { "abcdefghij_klmnopqrs1", "***" },
    { "abcdefghij_Klmnopqrst", "***" },
    { "abcdefghij_abcdefghijklmnopqrst", "***" },
    { "x=AbCdEfGhIjKlMnOpQrSt&y", "x=***&y" },
    { "AbCdEfGhIjKlMnOpQrSt AbCdEfGhIjKlMnOpQrSt", "*** ***" },

    { "user:read:token:admin", "user:read:token:admin" },
    { "meeting:read:local_recording_token:admin",
      "meeting:read:local_recording_token:admin" },
    { "see developers.zoom.us and marketplace.zoom.us",
      "see developers.zoom.us and marketplace.zoom.us" },
    { "--------------------", "--------------------" }
};


START_TEST(cleans)
{
    unsigned char  dst[ZOOM_MESSAGE_MAX + 1];

    memset(dst, 'x', sizeof(dst));
    zoom_message_clean(dst, sizeof(dst), zoom_str_c(words[_i].text));
    ck_assert_str_eq((char *) dst, words[_i].clean);
}
END_TEST


START_TEST(cuts)
{
    size_t         size, len;
    unsigned char  dst[64];

    static const char  text[] = "ab\n\"c\xff AbCdEfGhIjKlMnOpQrStUv d";
    static const char  whole[] = "ab\\x0a\\\"c\\xff *** d";

    for (size = 1; size < sizeof(dst); size++) {
        memset(dst, '!', sizeof(dst));
        zoom_message_clean(dst, size, S(text));

        len = strlen((char *) dst);
        ck_assert_uint_lt(len, size);
        ck_assert_int_eq(memcmp(dst, whole, len), 0);
        ck_assert_int_eq(dst[size], '!');

        /* no more is lost than an escape that does not fit */

        ck_assert(len == sizeof(whole) - 1 || size - 1 - len < 4);
    }

    memset(dst, '!', sizeof(dst));
    zoom_message_clean(dst, 0, S(text));
    ck_assert_int_eq(dst[0], '!');

    zoom_message_clean(dst, 1, zoom_str_c(NULL));
    ck_assert_int_eq(dst[0], '\0');
}
END_TEST


Suite *
unit_response(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("response");
    t = tcase_create("answer");

    tcase_add_loop_test(t, judges, 0, (int) N(rows));
    tcase_add_loop_test(t, tells_when, 0, (int) N(waits));
    tcase_add_test(t, waits_for_midnight);
    tcase_add_test(t, keeps_the_words);
    tcase_add_test(t, bears_long_words);
    tcase_add_test(t, tells_of_the_app_type);
    tcase_add_test(t, doubts_a_date);
    tcase_add_test(t, keeps_the_tracking_id);
    tcase_add_loop_test(t, cleans, 0, (int) N(words));
    tcase_add_test(t, cuts);

    suite_add_tcase(s, t);

    return s;
}
