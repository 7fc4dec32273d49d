#include "unit.h"
#include "zoom_event.h"
#include "zoom_glob.h"


#define ENDED                                                                 \
    "{\"event\":\"meeting.ended\",\"event_ts\":1720705455858,\"payload\":"    \
    "{\"account_id\":\"acc_1\",\"object\":{\"duration\":1,\"id\":"            \
    "\"1234567890\",\"uuid\":\"\\/a==\",\"host_id\":\"host_1\",\"topic\":"    \
    "\"\\\"}\"}}}"


static zoom_event_t  e;


START_TEST(reads)
{
    ck_assert_ptr_null(zoom_event_read(&e, S(ENDED)));

    ck_assert_int_eq(e.kind, ZOOM_EVENT_MEETING_ENDED);
    unit_is(e.name, "meeting.ended");
    unit_is(e.account_id, "acc_1");
    unit_is(e.id, "1234567890");
    unit_is(e.meeting_id, "1234567890");
    unit_is(e.uuid, "/a==");
    unit_is(e.host_id, "host_1");
    unit_is(e.email, "");
    unit_is(e.plain_token, "");

    ck_assert_ptr_null(zoom_event_read(&e, S(
        " { \"payload\" : { \"object\" : { \"email\" : \"a@b.example\", "
        "\"id\" : \"u-1\" , \"more\" : [ { \"id\" : \"no\" } , 1 ] } , "
        "\"deep\":{\"object\":{\"id\":\"no\"}} } , \"event\" :\t"
        "\"user.deactivated\" }\r\n")));

    ck_assert_int_eq(e.kind, ZOOM_EVENT_USER_GONE);
    unit_is(e.id, "u-1");
    unit_is(e.email, "a@b.example");
    unit_is(e.meeting_id, "");

    ck_assert_ptr_null(zoom_event_read(&e, S(
        "{\"event\":\"endpoint.url_validation\",\"payload\":{\"plainToken\":"
        "\"x\\/y\"}}")));

    ck_assert_int_eq(e.kind, ZOOM_EVENT_VALIDATION);
    unit_is(e.plain_token, "x\\/y");

    ck_assert_ptr_null(zoom_event_read(&e, S(
        "{\"event\":\"app_deauthorized\",\"payload\":{\"user_id\":\"u\","
        "\"client_id\":\"c\",\"account_id\":\"a\",\"user_data_retention\":"
        "\"false\"}}")));

    ck_assert_int_eq(e.kind, ZOOM_EVENT_DEAUTHORIZED);
    unit_is(e.user_id, "u");
    unit_is(e.client_id, "c");
}
END_TEST


START_TEST(finds_meetings)
{
    size_t  i;

    static const struct {
        const char  *body;
        const char  *id;
    } bodies[] = {
        { "{\"event\":\"meeting.started\",\"payload\":{\"object\":"
          "{\"id\":98765432101}}}", "98765432101" },
        { "{\"event\":\"webinar.ended\",\"payload\":{\"object\":"
          "{\"id\":\"123456789\"}}}", "123456789" },
        { "{\"event\":\"recording.completed\",\"payload\":{\"object\":"
          "{\"id\":123456789}}}", "123456789" },
        { "{\"event\":\"user.created\",\"payload\":{\"object\":"
          "{\"id\":\"123456789\"}}}", "" },
        { "{\"event\":\"meeting.started\",\"payload\":{\"object\":"
          "{\"id\":\"12345x789\"}}}", "" },
        { "{\"event\":\"meeting.started\",\"payload\":{\"object\":"
          "{\"id\":1.5e9}}}", "" },
        { "{\"event\":\"meeting.started\",\"payload\":{\"object\":"
          "{\"id\":null}}}", "" },
        { "{\"event\":\"meeting.started\",\"payload\":{\"object\":"
          "[{\"id\":\"123456789\"}]}}", "" },
        { "{\"event\":\"meeting.started\",\"payload\":null}", "" },

        /* the last one, as for JSON.parse() */
        { "{\"event\":\"meeting.started\",\"payload\":{\"object\":"
          "{\"id\":1,\"id\":2}},\"event\":\"meeting.ended\"}", "2" }
    };

    for (i = 0; i < N(bodies); i++) {
        ck_assert_ptr_null(zoom_event_read(&e, zoom_str_c(bodies[i].body)));
        unit_is(e.meeting_id, bodies[i].id);
    }
}
END_TEST


START_TEST(decodes)
{
    size_t      i;
    zoom_buf_t  b;
    char        text[4096], *p;

    static const struct {
        const char  *spelled;
        const char  *text;
    } ids[] = {
        { "a\\u0040b", "a@b" },
        { "\\u00e9", "\xc3\xa9" },
        { "\\ud83d\\ude00", "" },
        { "\\u0000", "" },
        { "\\u12", "" },
        { "\\x41", "" },
        { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t" }
    };

    for (i = 0; i < N(ids); i++) {
        zoom_buf_init(&b, text, sizeof(text));
        zoom_buf_c(&b, "{\"event\":\"user.updated\",\"payload\":{\"object\":"
                       "{\"id\":\"");
        zoom_buf_c(&b, ids[i].spelled);
        zoom_buf_c(&b, "\",\"email\":\"x\"}}}");

        ck_assert_ptr_null(zoom_event_read(&e, (zoom_str_t)
                                           { b.data, b.len }));
        unit_is(e.id, ids[i].text);
        unit_is(e.email, "x");
    }

    /* what has no room is as if it were not there */

    zoom_buf_init(&b, text, sizeof(text));
    zoom_buf_c(&b, "{\"event\":\"user.updated\",\"payload\":{\"object\":"
                   "{\"id\":\"\\/");
    p = text + b.len;
    memset(p, 'x', ZOOM_EVENT_TEXT_MAX);
    b.len += ZOOM_EVENT_TEXT_MAX;
    zoom_buf_c(&b, "\",\"email\":\"\\u0041\"}}}");

    ck_assert_ptr_null(zoom_event_read(&e, (zoom_str_t) { b.data, b.len }));
    unit_is(e.id, "");
    unit_is(e.email, "A");
}
END_TEST


START_TEST(refuses)
{
    size_t       i, len;
    char        *copy;
    const char  *why;

    static const char *const  no_json[] = {
        "", " ", "null", "[]", "\"event\"", "{", "{}x", "{\"event\"}",
        "{\"event\":}", "{\"event\":\"x\",}", "{event:\"x\"}",
        "{\"event\":\"x\" \"y\":1}", "{\"event\":\"x\",\"a\":[1}",
        "{\"event\":\"x\",\"a\":{\"b\"", "{\"event\":\"x", "{\"event\":\"x\\",
        "{\"event\":\"x\"}{", "{\"event\":\"a\nb\"}",
        "{\"event\":\"x\",\"payload\":{\"object\":{\"id\"}}}",
        "{\"event\":\"x\",\"a\":[\"b\nc\"]}", "{\"event\":\"x\",\"a\":[\"b"
    };

    static const char *const  no_event[] = {
        "{}", "{\"event\":\"\"}", "{\"event\":1}", "{\"a\":1}",
        "{\"event\":null}", "{\"event\":\"a b\"}", "{\"event\":\"a\\\"b\"}",
        "{\"event\":\"caf\xc3\xa9\"}", "{\"event\":{\"event\":\"x\"}}",
        "{\"event\":\"a\\u000ab\"}",
        "{\"event\":\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
        "xxxxxxxxxx\"}"
    };

    for (i = 0; i < N(no_json); i++) {
        why = zoom_event_read(&e, zoom_str_c(no_json[i]));
        ck_assert_msg(why && strcmp(why, "the body is no JSON object") == 0,
                      "%s: %s", no_json[i], why ? why : "fine");
    }

    for (i = 0; i < N(no_event); i++) {
        why = zoom_event_read(&e, zoom_str_c(no_event[i]));
        ck_assert_msg(why && strcmp(why, "the body names no event") == 0,
                      "%s: %s", no_event[i], why ? why : "fine");
    }

    /* cut anywhere, in memory of just that size */

    for (len = 0; len < sizeof(ENDED) - 1; len++) {
        copy = malloc(len + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, ENDED, len);

        ck_assert_ptr_nonnull(zoom_event_read(&e, (zoom_str_t)
                                              { (unsigned char *) copy,
                                                len }));
        free(copy);
    }
}
END_TEST


/* What Zoom adds costs no event: deep, many, long. */

START_TEST(takes_anything)
{
    char        *text;
    size_t       i;
    zoom_buf_t   b;

    text = malloc(4000000);
    ck_assert_ptr_nonnull(text);

    zoom_buf_init(&b, text, 4000000);
    zoom_buf_c(&b, "{\"more\":");

    for (i = 0; i < 100000; i++) {
        zoom_buf_c(&b, "[{\"a\":");
    }

    zoom_buf_c(&b, "1");

    for (i = 0; i < 100000; i++) {
        zoom_buf_c(&b, "}]");
    }

    zoom_buf_c(&b, ",\"many\":[0");

    for (i = 0; i < 100000; i++) {
        zoom_buf_c(&b, ",-1.5e+3,\"\\u0000\",true");
    }

    zoom_buf_c(&b, "],\"event\":\"meeting.new_in_2030\",\"payload\":"
                   "{\"object\":{\"id\":\"5\"}}}");

    ck_assert_int_eq(b.overflow, 0);
    ck_assert_ptr_null(zoom_event_read(&e, (zoom_str_t) { b.data, b.len }));
    unit_is(e.name, "meeting.new_in_2030");
    unit_is(e.meeting_id, "5");

    free(text);
}
END_TEST


START_TEST(knows_names)
{
    size_t  i;

    for (i = 0; i < zoom_event_nnames; i++) {
        ck_assert_int_eq(zoom_event_known(zoom_str_c(zoom_event_names[i])), 1);
        ck_assert_uint_le(strlen(zoom_event_names[i]), ZOOM_EVENT_NAME_MAX);

        if (i) {
            ck_assert_int_lt(strcmp(zoom_event_names[i - 1],
                                    zoom_event_names[i]), 0);
        }
    }

    ck_assert_uint_eq(zoom_event_nnames, 536);

    ck_assert_int_eq(zoom_event_known(S("")), 0);
    ck_assert_int_eq(zoom_event_known(S("meeting.ende")), 0);
    ck_assert_int_eq(zoom_event_known(S("meeting.endedd")), 0);
    ck_assert_int_eq(zoom_event_known(S("zzz")), 0);

    ck_assert_str_eq(zoom_event_nearest(S("meeting.ende")), "meeting.ended");
    ck_assert_str_eq(zoom_event_nearest(S("meting.endedd")), "meeting.ended");
    ck_assert_str_eq(zoom_event_nearest(S("user.desactivated")),
                     "user.deactivated");
    ck_assert_str_eq(zoom_event_nearest(S("app_deauthorised")),
                     "app_deauthorized");
    ck_assert_ptr_null(zoom_event_nearest(S("something.else_altogether")));
    ck_assert_ptr_null(zoom_event_nearest(S("")));
    ck_assert_ptr_null(zoom_event_nearest((zoom_str_t)
                                          { (const unsigned char *) ENDED,
                                            65 }));

    ck_assert_int_eq(zoom_event_matches(S("meeting.*")), 1);
    ck_assert_int_eq(zoom_event_matches(S("*.ended")), 1);
    ck_assert_int_eq(zoom_event_matches(S("meting.*")), 0);
}
END_TEST


START_TEST(matches)
{
    ck_assert_int_eq(zoom_event_match(S("*"), S("meeting.ended")), 1);
    ck_assert_int_eq(zoom_event_match(S("meeting.*"), S("meeting.ended")), 1);
    ck_assert_int_eq(zoom_event_match(S("meeting.ended"),
                                      S("meeting.ended")), 1);
    ck_assert_int_eq(zoom_event_match(S("meeting.end"),
                                      S("meeting.ended")), 0);
    ck_assert_int_eq(zoom_event_match(S("meeting.*"), S("webinar.ended")), 0);
    ck_assert_int_eq(zoom_event_match(S("MEETING.*"), S("meeting.ended")), 0);
    ck_assert_int_eq(zoom_event_match(S("*_ended"), S("meeting.ended")), 0);

    ck_assert_int_eq(zoom_glob(S("M*G.E*"), S("meeting.ended"), 1), 1);
    ck_assert_int_eq(zoom_glob(S(""), S(""), 0), 1);
    ck_assert_int_eq(zoom_glob(S("**"), S(""), 0), 1);
    ck_assert_int_eq(zoom_glob(S(""), S("x"), 0), 0);
    ck_assert_int_eq(zoom_glob(S("*ab"), S("aab"), 0), 1);
}
END_TEST


Suite *
unit_event(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("event");
    t = tcase_create("event");

    tcase_add_test(t, reads);
    tcase_add_test(t, finds_meetings);
    tcase_add_test(t, decodes);
    tcase_add_test(t, refuses);
    tcase_add_test(t, takes_anything);
    tcase_add_test(t, knows_names);
    tcase_add_test(t, matches);

    suite_add_tcase(s, t);

    return s;
}
