#include "unit.h"
#include "zoom_callback.h"


static zoom_json_doc_t   doc;
static zoom_callback_t  *cb;
static zoom_buf_t        b;
static unsigned char     data[ZOOM_CALLBACK_BODY_MAX];


static const char *
read_callback(zoom_str_t body)
{
    ck_assert_ptr_null(zoom_json_scan(&doc, body));
    zoom_buf_init(&b, data, body.len);

    /* so much and no more, a sanitizer sees to it */

    free(cb);
    cb = malloc(zoom_callback_size(&doc));
    ck_assert_ptr_nonnull(cb);

    return zoom_callback_read(cb, &doc, &b);
}


START_TEST(reads_attendees)
{
    ck_assert_ptr_null(read_callback(
        S("{\"bot_id\": \"bot_AbCdEfGh12345678\", \"bot_metadata\": "
          "{\"tenant\": \"caf\\u00e9 \\u2615\", \"z\": \"1\", \"a\": \"2\"}, "
          "\"callback_type\": \"zoom_tokens\", \"meeting_url\": "
          "\"https:\\/\\/zoom.us/j/123456789?pwd=abc\"}")));

    unit_is(cb->bot_id, "bot_AbCdEfGh12345678");
    unit_is(cb->meeting_url, "https://zoom.us/j/123456789?pwd=abc");
    ck_assert_uint_eq(cb->typed, 1);
    ck_assert_uint_eq(cb->nmetadata, 3);

    unit_is(*zoom_callback_metadata(cb, S("tenant")),
            "caf\xc3\xa9 \xe2\x98\x95");
    unit_is(*zoom_callback_metadata(cb, S("z")), "1");
    unit_is(*zoom_callback_metadata(cb, S("a")), "2");
    ck_assert_ptr_null(zoom_callback_metadata(cb, S("b")));
}
END_TEST


START_TEST(reads_little)
{
    ck_assert_ptr_null(read_callback(S("{}")));
    ck_assert_uint_eq(cb->bot_id.len, 0);
    ck_assert_uint_eq(cb->meeting_url.len, 0);
    ck_assert_uint_eq(cb->nmetadata, 0);
    ck_assert_uint_eq(cb->typed, 0);

    ck_assert_ptr_null(read_callback(
        S("{\"bot_id\":null,\"bot_metadata\":null,\"callback_type\":null,"
          "\"meeting_url\":null,\"meeting_number\":null,\"x\":[{}]}")));
    ck_assert_uint_eq(cb->bot_id.len, 0);
    ck_assert_uint_eq(cb->meeting_url.len, 0);
    ck_assert_uint_eq(cb->typed, 0);

    /* values other than strings are let by, not kept */

    ck_assert_ptr_null(read_callback(
        S("{\"bot_metadata\":{\"a\":1,\"b\":\"2\",\"c\":null,\"d\":{}}}")));
    ck_assert_uint_eq(cb->nmetadata, 1);
    unit_is(*zoom_callback_metadata(cb, S("b")), "2");
}
END_TEST


START_TEST(reads_meetstreams)
{
    ck_assert_ptr_null(read_callback(S("{\"meeting_number\":98765432101}")));
    unit_is(cb->meeting_url, "98765432101");

    ck_assert_ptr_null(read_callback(
        S("{\"bot_id\":\"x\",\"meeting_number\":\"98765432101\"}")));
    unit_is(cb->meeting_url, "98765432101");

    ck_assert_ptr_null(read_callback(
        S("{\"meeting_url\":\"https://zoom.us/j/1\","
          "\"meeting_number\":98765432101}")));
    unit_is(cb->meeting_url, "https://zoom.us/j/1");
}
END_TEST


static const struct {
    const char  *body;
    const char  *why;
} bad[] = {
    { "[]", "is not an object" },
    { "\"zoom_tokens\"", "is not an object" },
    { "null", "is not an object" },
    { "{\"callback_type\":1}", "has another callback_type" },
    { "{\"callback_type\":[\"zoom_tokens\"]}", "has another callback_type" },
    { "{\"callback_type\":\"\"}", "has another callback_type" },
    { "{\"callback_type\":\"bot.state_change\"}",
      "has another callback_type" },
    { "{\"callback_type\":\"Zoom_tokens\"}", "has another callback_type" },
    { "{\"callback_type\":\"zoom_tokens\\n\"}", "has another callback_type" }
};


START_TEST(refuses)
{
    const char  *why;

    why = read_callback(zoom_str_c(bad[_i].body));

    ck_assert_msg(why && strcmp(why, bad[_i].why) == 0, "%s: %s",
                  bad[_i].body, why ? why : "ok");
}
END_TEST


static const struct {
    const char  *body;
    const char  *left_out;
    const char  *no_meeting;
} odd[] = {
    { "{\"bot_id\":[]}", "bot_id, which is no string", NULL },
    { "{\"bot_id\":false}", "bot_id, which is no string", NULL },
    { "{\"bot_id\":\"a\\nb\"}", "bot_id, which has control characters", NULL },
    { "{\"bot_id\":\"a\\u007f\"}", "bot_id, which has control characters",
      NULL },
    { "{\"bot_id\":\"01234567\\n\"}", "bot_id, which has control characters",
      NULL },
    { "{\"bot_id\":\"0123\\n5678\"}", "bot_id, which has control characters",
      NULL },
    { "{\"bot_metadata\":\"a\"}", "bot_metadata, which is no object", NULL },
    { "{\"bot_metadata\":[]}", "bot_metadata, which is no object", NULL },
    { "{\"meeting_url\":{}}", NULL,
      "the callback's meeting_url is no string" },
    { "{\"meeting_url\":true,\"meeting_number\":\"\"}", NULL,
      "the callback's meeting_url is no string" },
    { "{\"meeting_number\":[1]}", NULL,
      "the callback's meeting_number is no number" }
};


START_TEST(leaves_out)
{
    ck_assert_ptr_null(read_callback(zoom_str_c(odd[_i].body)));
    ck_assert_pstr_eq(cb->left_out, odd[_i].left_out);
    ck_assert_pstr_eq(cb->no_meeting, odd[_i].no_meeting);
    ck_assert_uint_eq(cb->bot_id.len, 0);
    ck_assert_uint_eq(cb->meeting_url.len, 0);
    ck_assert_uint_eq(cb->nmetadata, 0);
}
END_TEST


/* Numbers are as good as strings. */

START_TEST(reads_numbers)
{
    ck_assert_ptr_null(read_callback(
        S("{\"bot_id\":17,\"meeting_url\":123456789}")));
    unit_is(cb->bot_id, "17");
    unit_is(cb->meeting_url, "123456789");
    ck_assert_ptr_null(cb->left_out);
}
END_TEST


/* What is only needed for some tokens decides over no others. */

START_TEST(meets_nobody)
{
    size_t       i;
    zoom_str_t   empty;

    static const char *const  bodies[] = {
        "{\"bot_id\":\"x\",\"meeting_url\":\"https://zoom.us\\n/j/1\"}",
        "{\"bot_id\":\"x\",\"meeting_url\":\"a\\tb\"}",
        "{\"bot_id\":\"x\",\"meeting_url\":\"a\\u0001b\"}",
        "{\"bot_id\":\"x\",\"meeting_url\":\"a\x7f\"}",
        "{\"bot_id\":\"x\",\"meeting_number\":\"1\\t2\"}"
    };

    for (i = 0; i < N(bodies); i++) {
        ck_assert_ptr_null(read_callback(zoom_str_c(bodies[i])));
        ck_assert_uint_eq(cb->meeting_url.len, 0);
        ck_assert_str_eq(cb->no_meeting,
                         "the callback's meeting_url has control characters");
        unit_is(cb->bot_id, "x");
    }

    /* the number is as good */

    ck_assert_ptr_null(read_callback(
        S("{\"meeting_url\":\"\\n\",\"meeting_number\":\"123 456 789\"}")));
    unit_is(cb->meeting_url, "123 456 789");

    ck_assert_ptr_null(read_callback(S("{\"meeting_url\":\"\"}")));
    ck_assert_ptr_null(cb->no_meeting);

    /* what is around it does no harm */

    ck_assert_ptr_null(read_callback(
        S("{\"meeting_url\":\"\\r\\n\\thttps://zoom.us/j/1\\t\\r\\n\"}")));
    unit_is(cb->meeting_url, "https://zoom.us/j/1");
    ck_assert_ptr_null(cb->no_meeting);

    empty = S("");
    zoom_callback_meet(cb, empty);
    ck_assert_uint_eq(cb->meeting_url.len, 0);
    ck_assert_ptr_null(cb->no_meeting);
}
END_TEST


START_TEST(has_limits)
{
    size_t                len;
    zoom_buf_t            body;
    static unsigned char  text[8192];

    for (len = ZOOM_CALLBACK_URL_MAX; len <= ZOOM_CALLBACK_URL_MAX + 1; len++)
    {
        zoom_buf_init(&body, text, sizeof(text));
        zoom_buf_c(&body, "{\"meeting_url\":\"");
        memset(text + body.len, 'x', len);
        body.len += len;
        zoom_buf_c(&body, "\"}");

        ck_assert_ptr_null(read_callback(unit_buf(&body)));

        if (len == ZOOM_CALLBACK_URL_MAX) {
            ck_assert_uint_eq(cb->meeting_url.len, len);
            ck_assert_ptr_null(cb->no_meeting);

        } else {
            ck_assert_uint_eq(cb->meeting_url.len, 0);
            ck_assert_str_eq(cb->no_meeting,
                             "the callback's meeting_url is too long");
        }
    }
}
END_TEST


/* Attendee lets 90 members by, others as many as they like. */

START_TEST(keeps_all_metadata)
{
    int                   i, n;
    char                  name[32];
    zoom_buf_t            body;
    static unsigned char  text[ZOOM_CALLBACK_BODY_MAX];

    static const int  members[] = { 64, 65, 90, 2000, 4000 };

    for (n = 0; n < (int) N(members); n++) {
        zoom_buf_init(&body, text, sizeof(text));
        zoom_buf_c(&body, "{\"bot_metadata\":{");

        for (i = 0; i < members[n]; i++) {
            snprintf(name, sizeof(name), "%s\"k%d\":\"%d\"", i ? "," : "", i,
                     i);
            zoom_buf_c(&body, name);
        }

        zoom_buf_c(&body, ",\"n\":0}}");

        ck_assert_ptr_null(read_callback(unit_buf(&body)));
        ck_assert_uint_eq(cb->nmetadata, (unsigned) members[n]);

        i = snprintf(name, sizeof(name), "k%d", members[n] - 1);
        unit_is(*zoom_callback_metadata(cb, (zoom_str_t) {
                    (unsigned char *) name, (size_t) i }), name + 1);
    }
}
END_TEST


START_TEST(copies_little)
{
    zoom_str_t  body;

    body = S("{\"bot_id\":\"abc\",\"meeting_url\":\"a\\/b\","
             "\"bot_metadata\":{\"k\":\"v\"}}");

    ck_assert_ptr_null(read_callback(body));

    ck_assert_ptr_eq(cb->bot_id.data, body.data + 11);
    unit_is(cb->bot_id, "abc");
    ck_assert_ptr_eq(cb->meeting_url.data, data);
    unit_is(cb->meeting_url, "a/b");
    unit_is(cb->metadata[0].name, "k");
    unit_is(cb->metadata[0].value, "v");
    ck_assert_uint_eq(b.len, 3);
}
END_TEST


START_TEST(needs_room)
{
    ck_assert_ptr_null(read_callback(S("{\"bot_id\":\"a\\u0062c\"}")));
    unit_is(cb->bot_id, "abc");

    zoom_buf_init(&b, data, 2);
    ck_assert_str_eq(zoom_callback_read(cb, &doc, &b), "is too large");

    /* a body that was not scanned */

    ck_assert_ptr_nonnull(zoom_json_scan(&doc, S("{")));
    ck_assert_uint_eq(zoom_callback_size(&doc), sizeof(zoom_callback_t));
    zoom_buf_init(&b, data, sizeof(data));
    ck_assert_str_eq(zoom_callback_read(cb, &doc, &b), "is not an object");
}
END_TEST


START_TEST(finds_metadata)
{
    ck_assert_ptr_null(read_callback(
        S("{\"bot_metadata\":{\"Tenant-Id\":\"1\",\"a.b\":\"2\",\"a_b\":\"3\","
          "\"x-y\":\"4\",\"X_Y\":0,\"\":\"5\",\"caf\\u00e9\":\"6\","
          "\"\\u0071\":\"7\"}}")));

    unit_is(*zoom_callback_metadata(cb, S("tenant_id")), "1");
    unit_is(*zoom_callback_metadata(cb, S("TENANT_ID")), "1");
    unit_is(*zoom_callback_metadata(cb, S("caf\xc3\xa9")), "6");
    unit_is(*zoom_callback_metadata(cb, S("q")), "7");

    /* a string and something else under one name: only strings are kept */

    unit_is(*zoom_callback_metadata(cb, S("x_y")), "4");

    ck_assert_ptr_null(zoom_callback_metadata(cb, S("a_b")));
    ck_assert_ptr_null(zoom_callback_metadata(cb, S("tenant-id")));
    ck_assert_ptr_null(zoom_callback_metadata(cb, S("tenant")));
}
END_TEST


Suite *
unit_callback(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("callback");
    t = tcase_create("callback");

    tcase_add_test(t, reads_attendees);
    tcase_add_test(t, reads_little);
    tcase_add_test(t, reads_meetstreams);
    tcase_add_loop_test(t, refuses, 0, (int) N(bad));
    tcase_add_loop_test(t, leaves_out, 0, (int) N(odd));
    tcase_add_test(t, reads_numbers);
    tcase_add_test(t, meets_nobody);
    tcase_add_test(t, has_limits);
    tcase_add_test(t, keeps_all_metadata);
    tcase_add_test(t, copies_little);
    tcase_add_test(t, needs_room);
    tcase_add_test(t, finds_metadata);

    suite_add_tcase(s, t);

    return s;
}
