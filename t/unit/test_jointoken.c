#include "classified.h"
#include "zoom_jointoken.h"
#include "zoom_token.h"


#define NOW  1772413200             /* 2026-03-02T01:00:00Z */


static const zoom_jointoken_t  recording = { ZOOM_LOCAL_RECORDING, 0 };
static const zoom_jointoken_t  streaming = { ZOOM_LIVE_STREAMING, 0 };


static const struct {
    zoom_token_type_e   what;
    int                webinar;
    int                bypass;
    const char        *path;
} paths[] = {
    { ZOOM_LOCAL_RECORDING, 0, 0,
      "/meetings/12345678901/jointoken/local_recording" },
    { ZOOM_LOCAL_RECORDING, 0, 1,
      "/meetings/12345678901/jointoken/local_recording"
      "?bypass_waiting_room=true" },
    { ZOOM_LOCAL_RECORDING, 1, 0,
      "/webinars/12345678901/jointoken/local_recording" },
    { ZOOM_LOCAL_RECORDING, 1, 1,
      "/webinars/12345678901/jointoken/local_recording" },
    { ZOOM_LIVE_STREAMING, 0, 1,
      "/meetings/12345678901/jointoken/live_streaming" },
    { ZOOM_LIVE_STREAMING, 1, 0,
      "/webinars/12345678901/jointoken/live_streaming" },
    { ZOOM_LOCAL_ARCHIVING, 0, 1,
      "/meetings/12345678901/jointoken/local_archiving" },
    { ZOOM_LOCAL_ARCHIVING, 1, 0,
      "/webinars/12345678901/jointoken/local_archiving" }
};


START_TEST(asks)
{
    zoom_buf_t     b;
    unsigned char  text[128];

    zoom_buf_init(&b, text, sizeof(text));
    zoom_jointoken_path(&b, paths[_i].what, S("12345678901"),
                        paths[_i].webinar, paths[_i].bypass);
    unit_is(unit_buf(&b), paths[_i].path);
}
END_TEST


static const judged_t  rows[] = {
    { 200, "{\"expire_in\":120,\"token\":\"2njt50mj\"}", ZOOM_USE, ZOOM_OK,
      120, NULL },
    { 200, "{\"expire_in\":7200,\"token\":\"a.b.c\"}", ZOOM_USE, ZOOM_OK,
      7200, NULL },
    { 200, "{\"expire_in\":1.5,\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, 1,
      NULL },
    { 200, "{\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, 120, NULL },
    { 200, "{\"expire_in\":\"60\",\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, 60,
      NULL },
    { 200, "{\"expire_in\":60.0,\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, 60,
      NULL },
    { 200, "{\"expire_in\":\"soon\",\"token\":\"x\"}", ZOOM_USE, ZOOM_OK,
      120, NULL },
    { 200, "{\"expire_in\":1e300,\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, 120,
      NULL },
    { 200, "{\"expires_in\":1,\"token\":\"x\"}", ZOOM_USE, ZOOM_OK, 120,
      NULL },

    { 200, "{\"expire_in\":0,\"token\":\"x\"}", ZOOM_RETRY,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"expire_in\":-1,\"token\":\"x\"}", ZOOM_RETRY,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"expire_in\":120,\"token\":\"a b\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"expire_in\":120,\"token\":\"a\\r\\nb\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"expire_in\":120,\"token\":\"\"}", ZOOM_RETRY,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"expire_in\":120,\"token\":7}", ZOOM_RETRY,
      ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "", ZOOM_RETRY, ZOOM_E_ZOOM_INVALID, 0, NULL },
    { 200, "{\"expire_in\":120,\"token\":\"x\"", ZOOM_RETRY,
      ZOOM_E_ZOOM_INVALID, 0, NULL },

    { 404, "{\"code\":3001,\"message\":\"Meeting does not exist: 1.\"}",
      ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 404, "{\"code\":300,\"message\":\"Meeting ID does not exist.\"}",
      ZOOM_FINAL, ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 400, "{\"code\":300,\"message\":\"Invalid meeting ID.\"}", ZOOM_FINAL,
      ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 200, "{\"code\":300,\"message\":\"Invalid meeting ID.\"}", ZOOM_FINAL,
      ZOOM_E_MEETING_UNKNOWN, 0, NULL },
    { 404, "{\"code\":2300,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, NULL },
    { 404, "{\"code\":1001,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, "meeting's host" },
    { 400, "{\"code\":1010,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, "meeting's host" },
    { 400, "{\"code\":1000,\"message\":\"pending state\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, "meeting's host" },
    { 400, "{\"code\":3000,\"message\":\"x\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, "settings" },
    { 400, "{\"code\":200,\"message\":\"No permission.\"}", ZOOM_FINAL,
      ZOOM_E_ZOOM_REFUSED, 0, NULL },

    /* not an access token that died */

    { 400, "{\"code\":124,\"message\":\"This API only supports OAuth2 "
      "authorization.\"}", ZOOM_FINAL, ZOOM_E_ZOOM_REFUSED, 0,
      "user's own OAuth" },
    { 400, "{\"code\":124,\"message\":\"Invalid access token.\"}",
      ZOOM_REFRESH, ZOOM_E_CREDENTIALS_REJECTED, 0, NULL },
    { 401, "{\"code\":4700,\"message\":\"Token expired\"}", ZOOM_REFRESH,
      ZOOM_E_CREDENTIALS_REJECTED, 0, NULL },

    { 400, "{\"code\":4711,\"message\":\"Invalid access token, does not "
      "contain scopes:[x].\"}", ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 0,
      "meeting:read:local_recording_token:admin" },
    { 400, "{\"code\":4700,\"message\":\"does not contain scopes:[x].\"}",
      ZOOM_FINAL, ZOOM_E_SCOPE_MISSING, 0,
      "meeting:read:local_recording_token:admin" },
    { 429, "{\"code\":429}", ZOOM_RETRY, ZOOM_E_RATE_LIMITED, 0, NULL },
    { 500, "{\"code\":3001}", ZOOM_RETRY, ZOOM_E_ZOOM_UNAVAILABLE, 0, NULL },
    { 302, "{\"token\":\"x\"}", ZOOM_FINAL, ZOOM_E_ZOOM_INVALID, 0, NULL }
};


START_TEST(judges)
{
    int64_t          expires;
    zoom_buf_t       token;
    zoom_response_t  a;
    zoom_verdict_t   v;
    unsigned char    data[ZOOM_TOKEN_MAX];

    memset(&a, 0, sizeof(a));
    a.status = rows[_i].status;
    a.body = zoom_str_c(rows[_i].body);

    expires = -1;
    zoom_buf_init(&token, data, sizeof(data));

    zoom_jointoken_classify(&a, NOW, &recording, &token, &expires, &v);

    judged_is(&rows[_i], &v, &token,
              (v.verdict == ZOOM_USE) ? expires - NOW : expires);
}
END_TEST


START_TEST(names_the_scope)
{
    int64_t           expires;
    zoom_buf_t        token;
    zoom_response_t   a;
    zoom_verdict_t    v;
    zoom_jointoken_t  what;
    unsigned char     data[ZOOM_TOKEN_MAX];

    static const char *const  scopes[] = {
        "meeting:read:local_recording_token:admin",
        "webinar:read:local_recording_token:admin",
        "meeting:read:live_streaming_token:admin",
        "webinar:read:live_streaming_token:admin",
        "meeting:read:local_archiving_token:admin",
        "webinar:read:local_archiving_token:admin"
    };

    memset(&a, 0, sizeof(a));
    a.status = 400;
    a.body = S("{\"code\":4711,\"message\":\"x\"}");

    what.type = ZOOM_LOCAL_RECORDING + _i / 2;
    what.webinar = _i % 2;

    zoom_buf_init(&token, data, sizeof(data));
    zoom_jointoken_classify(&a, NOW, &what, &token, &expires, &v);

    ck_assert_int_eq(v.error, ZOOM_E_SCOPE_MISSING);
    ck_assert_msg(zoom_str_casefind(zoom_str_c(v.advice), scopes[_i]), "%s",
                  v.advice);
}
END_TEST


START_TEST(keeps_what_is_there)
{
    int64_t          expires;
    zoom_buf_t       token;
    zoom_response_t  a;
    zoom_verdict_t   v;
    unsigned char    data[8];

    memset(&a, 0, sizeof(a));
    a.status = 200;
    a.body = S("{\"expire_in\":0,\"token\":\"CANARY\"}");

    zoom_buf_init(&token, data, sizeof(data));
    zoom_buf_c(&token, "ab");

    zoom_jointoken_classify(&a, NOW, &streaming, &token, &expires, &v);

    unit_is(unit_buf(&token), "ab");
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert(memcmp(data + 2, "CANARY", 6) != 0);

    a.body = S("{\"expire_in\":1,\"token\":\"CANARY7\"}");
    zoom_jointoken_classify(&a, NOW, &streaming, &token, &expires, &v);
    ck_assert_int_eq(v.error, ZOOM_E_ZOOM_INVALID);
    ck_assert_str_eq((char *) v.message, "join token is too long");
}
END_TEST


Suite *
unit_jointoken(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("jointoken");
    t = tcase_create("jointoken");

    tcase_add_loop_test(t, asks, 0, (int) N(paths));
    tcase_add_loop_test(t, judges, 0, (int) N(rows));
    tcase_add_loop_test(t, names_the_scope, 0, 6);
    tcase_add_test(t, keeps_what_is_there);

    suite_add_tcase(s, t);

    return s;
}
