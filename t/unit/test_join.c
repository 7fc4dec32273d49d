#include "unit.h"
#include "zoom_callback.h"
#include "zoom_join.h"


static zoom_json_doc_t  doc;
static zoom_join_t      join;
static zoom_buf_t       b;
static zoom_buf_t       l;
static unsigned char    data[ZOOM_CALLBACK_BODY_MAX];
static unsigned char    link_data[ZOOM_JOIN_URL_MAX];


static const char *
read_join(zoom_str_t body)
{
    ck_assert_ptr_null(zoom_json_scan(&doc, body));

    zoom_buf_init(&b, data, body.len);
    zoom_join_init(&join);

    return zoom_join_read(&join, &doc, &b);
}


static zoom_error_e
end_join(void)
{
    const char  *why;

    why = NULL;

    zoom_buf_init(&l, link_data, sizeof(link_data));

    return zoom_join_end(&join, &l, &why);
}


START_TEST(reads_all)
{
    ck_assert_ptr_null(read_join(
        S("{\"meeting_url\":\"https:\\/\\/zoom.us/j/123456789\","
          "\"meeting_number\":123456789,\"passWord\":\"a\\u0062\\\"c\","
          "\"userName\":\"Zo\\u00eb \\ud83d\\ude00\",\"role\":1,"
          "\"else\":[{\"x\":null}],\"sdkKey\":7}")));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    unit_is(join.meeting, "123456789");
    unit_is(join.passcode, "ab\"c");
    unit_is(join.name, "Zo\xc3\xab \xf0\x9f\x98\x80");
    ck_assert_int_eq(join.role, ZOOM_SDK_HOST);
}
END_TEST


START_TEST(reads_little)
{
    ck_assert_ptr_null(read_join(S("{\"meeting_number\":\"98765432101\"}")));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    unit_is(join.meeting, "98765432101");
    unit_is(join.passcode, "");
    unit_is(join.name, "");
    unit_is(join.tk, "");
    ck_assert_int_eq(join.role, ZOOM_SDK_PARTICIPANT);

    /* nothing, in three spellings */

    ck_assert_ptr_null(read_join(S("{}")));
    ck_assert_int_eq(end_join(), ZOOM_E_NO_MEETING);

    ck_assert_ptr_null(read_join(
        S("{\"meeting_url\":null,\"meeting_number\":null,\"passWord\":null,"
          "\"userName\":null,\"role\":null}")));
    ck_assert_int_eq(end_join(), ZOOM_E_NO_MEETING);

    ck_assert_ptr_null(read_join(
        S("{\"meeting_url\":\"\",\"meeting_number\":\"\",\"passWord\":\"\","
          "\"userName\":\"\",\"role\":\"\"}")));
    ck_assert_int_eq(end_join(), ZOOM_E_NO_MEETING);
}
END_TEST


START_TEST(takes_spellings_of_a_role)
{
    ck_assert_ptr_null(read_join(S("{\"role\":\"1\"}")));
    ck_assert_int_eq(join.role, ZOOM_SDK_HOST);

    ck_assert_ptr_null(read_join(S("{\"role\":0}")));
    ck_assert_int_eq(join.role, ZOOM_SDK_PARTICIPANT);

    ck_assert_ptr_null(read_join(S("{\"role\":\"\\u0030\"}")));
    ck_assert_int_eq(join.role, ZOOM_SDK_PARTICIPANT);
}
END_TEST


START_TEST(refuses_bodies)
{
    size_t       i;
    const char  *why;

    static const struct {
        const char  *body;
        const char  *why;
    } table[] = {
        { "[]", "is not an object" },
        { "\"x\"", "is not an object" },
        { "{\"meeting_url\":1}", "has a value of the wrong type" },
        { "{\"meeting_url\":{}}", "has a value of the wrong type" },
        { "{\"meeting_number\":true}", "has a value of the wrong type" },
        { "{\"meeting_number\":[123456789]}", "has a value of the wrong type" },
        { "{\"passWord\":123456}", "has a value of the wrong type" },
        { "{\"userName\":7}", "has a value of the wrong type" },
        { "{\"userName\":[\"x\"]}", "has a value of the wrong type" },
        { "{\"role\":true}", "has a value of the wrong type" },
        { "{\"role\":{}}", "has a value of the wrong type" },
        { "{\"role\":2}", "has a role that is neither 0 nor 1" },
        { "{\"role\":-0}", "has a role that is neither 0 nor 1" },
        { "{\"role\":1.0}", "has a role that is neither 0 nor 1" },
        { "{\"role\":1e0}", "has a role that is neither 0 nor 1" },
        { "{\"role\":\"host\"}", "has a role that is neither 0 nor 1" },
        { "{\"role\":\"01\"}", "has a role that is neither 0 nor 1" },
        { "{\"meeting_number\":1e9}", "has a meeting_number that is none" },
        { "{\"meeting_number\":12345678}",
          "has a meeting_number that is none" },
        { "{\"meeting_number\":123456789012}",
          "has a meeting_number that is none" },
        { "{\"meeting_number\":-123456789}",
          "has a meeting_number that is none" },
        { "{\"meeting_number\":\"1234 56 789\"}",
          "has a meeting_number that is none" },
        { "{\"meeting_number\":\"https://zoom.us/j/123456789\"}",
          "has a meeting_number that is none" },
        { "{\"userName\":\"a\\nb\"}", "has a control character" },
        { "{\"passWord\":\"\\u007f\"}", "has a control character" },
        { "{\"meeting_url\":\"https://zoom.us/j/123456789\\r\"}",
          "has a control character" }
    };

    for (i = 0; i < N(table); i++) {
        why = read_join(zoom_str_c(table[i].body));

        ck_assert_msg(why != NULL, "took %s", table[i].body);
        unit_is(zoom_str_c(why), table[i].why);
    }
}
END_TEST


START_TEST(bounds)
{
    size_t         i;
    const char    *why;
    unsigned char  text[ZOOM_JOIN_URL_MAX + 1];

    static const struct {
        zoom_join_e  what;
        size_t       most;
        const char  *why;
    } table[] = {
        { ZOOM_JOIN_URL, ZOOM_JOIN_URL_MAX,
          "has a meeting_url that is too long" },
        { ZOOM_JOIN_PASSCODE, ZOOM_JOIN_PASSCODE_MAX,
          "has a passWord that is too long" },
        { ZOOM_JOIN_NAME, ZOOM_JOIN_NAME_MAX,
          "has a userName that is too long" }
    };

    memset(text, 'x', sizeof(text));

    for (i = 0; i < N(table); i++) {
        zoom_join_init(&join);

        why = zoom_join_set(&join, table[i].what,
                            (zoom_str_t) { text, table[i].most });
        ck_assert_ptr_null(why);
        ck_assert_uint_eq(join.sent[table[i].what].len, table[i].most);

        zoom_join_init(&join);

        why = zoom_join_set(&join, table[i].what,
                            (zoom_str_t) { text, table[i].most + 1 });
        ck_assert_ptr_nonnull(why);
        unit_is(zoom_str_c(why), table[i].why);
        ck_assert_uint_eq(join.sent[table[i].what].len, 0);
    }

    /* characters, not bytes */

    for (i = 0; i < 65; i++) {
        memcpy(text + 4 * i, "\xf0\x9f\x98\x80", 4);
    }

    zoom_join_init(&join);
    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_NAME,
                                     (zoom_str_t) { text, 4 * 64 }));
    ck_assert_ptr_nonnull(zoom_join_set(&join, ZOOM_JOIN_NAME,
                                        (zoom_str_t) { text, 4 * 65 }));
}
END_TEST


/* What turns text around, ends a line, or is no text at all. */

START_TEST(refuses_characters)
{
    size_t       i;
    const char  *why;

    static const char *const  bad[] = {
        "\x01", "a\tb", "a\nb", "a\rb", "\x1f", "\x7f", "\xc2\x80",
        "\xc2\x85", "\xc2\x9f", "\xe2\x80\xa8", "\xe2\x80\xa9",
        "\xe2\x80\xaa", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa9"
    };

    static const char *const  broken[] = {
        "\x80", "\xff", "a\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf4\x90\x80\x80", "\xf0\x9f\x98", "\xe2\x80"
    };

    static const char *const  good[] = {
        "x", " ", "\xc2\xa0", "Zo\xc3\xab", "\xe2\x80\x8f", "\xe2\x80\xa7",
        "\xe2\x80\xaf", "\xe2\x81\xa5", "\xe2\x81\xaa", "\xe2\x98\x95",
        "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf", "</script>",
        "\"\\'<&>"
    };

    for (i = 0; i < N(bad); i++) {
        zoom_join_init(&join);
        why = zoom_join_set(&join, ZOOM_JOIN_NAME, zoom_str_c(bad[i]));
        ck_assert_msg(why != NULL, "took character %zu", i);
        unit_is(zoom_str_c(why), "has a control character");
    }

    for (i = 0; i < N(broken); i++) {
        zoom_join_init(&join);
        why = zoom_join_set(&join, ZOOM_JOIN_PASSCODE, zoom_str_c(broken[i]));
        ck_assert_msg(why != NULL, "took broken %zu", i);
        unit_is(zoom_str_c(why), "has a value that is not UTF-8");
    }

    for (i = 0; i < N(good); i++) {
        zoom_join_init(&join);
        why = zoom_join_set(&join, ZOOM_JOIN_NAME, zoom_str_c(good[i]));
        ck_assert_msg(why == NULL, "refused good %zu", i);
    }

    /* a zero byte, which percent-encoding can bring */

    why = zoom_join_set(&join, ZOOM_JOIN_NAME, S("a\0b"));
    ck_assert_ptr_nonnull(why);
}
END_TEST


START_TEST(finds_the_meeting)
{
    size_t       i;
    const char  *why;

    static const struct {
        const char    *url;
        const char    *number;
        const char    *passcode;
        zoom_error_e   error;
        const char    *wants[3];     /* meeting, passcode, registrant */
    } table[] = {
        { "https://zoom.us/j/123456789?pwd=x", NULL, NULL, ZOOM_OK,
          { "123456789", "x", "" } },
        { "https://zoom.us/j/123456789?pwd=x", NULL, "y", ZOOM_OK,
          { "123456789", "y", "" } },
        { "https://zoom.us/j/123456789?pwd=a%2Bb%22.1&tk=t-k_1", NULL, "",
          ZOOM_OK, { "123456789", "a", "t-k_1" } },
        { "https://zoom.us/w/123456789?tk=t", "123456789", NULL, ZOOM_OK,
          { "123456789", "", "t" } },
        { "123456789", NULL, NULL, ZOOM_OK, { "123456789", "", "" } },
        { NULL, "98765432101", "p", ZOOM_OK, { "98765432101", "p", "" } },
        { NULL, "987 6543 2101", "p", ZOOM_OK, { "98765432101", "p", "" } },
        { "https://zoom.us/j/123456789", "123 456 789", NULL, ZOOM_OK,
          { "123456789", "", "" } },
        { "https://zoom.us/j/123456789", "123456788", NULL,
          ZOOM_E_BAD_CALLBACK, { NULL } },
        { "https://zoom.us/my/somebody?pwd=x", NULL, NULL, ZOOM_E_NO_MEETING,
          { NULL } },
        { "https://zoom.us/my/somebody", "123456789", NULL, ZOOM_E_NO_MEETING,
          { NULL } },
        { "https://zoom.us.evil.example/j/123456789", NULL, NULL,
          ZOOM_E_NO_MEETING, { NULL } },
        { "javascript:alert(123456789)", NULL, NULL, ZOOM_E_NO_MEETING,
          { NULL } },
        { NULL, NULL, "p", ZOOM_E_NO_MEETING, { NULL } }
    };

    for (i = 0; i < N(table); i++) {
        zoom_join_init(&join);
        zoom_buf_init(&l, link_data, sizeof(link_data));

        ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_URL,
                                         zoom_str_c(table[i].url)));
        ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_NUMBER,
                                         zoom_str_c(table[i].number)));
        ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_PASSCODE,
                                         zoom_str_c(table[i].passcode)));

        why = NULL;

        ck_assert_int_eq(zoom_join_end(&join, &l, &why), table[i].error);

        if (table[i].wants[0]) {
            unit_is(join.meeting, table[i].wants[0]);
            unit_is(join.passcode, table[i].wants[1]);
            unit_is(join.tk, table[i].wants[2]);

        } else {
            ck_assert_ptr_nonnull(why);
        }
    }
}
END_TEST


/* What is too long for the answer is left out of it. */

START_TEST(bounds_what_links_have)
{
    size_t         i, n;
    zoom_str_t     url;
    unsigned char  text[ZOOM_JOIN_URL_MAX];

    static const struct {
        const char  *begin;
        size_t       most;
    } table[] = {
        { "https://zoom.us/j/123456789?pwd=", ZOOM_JOIN_PASSCODE_MAX },
        { "https://zoom.us/j/123456789?tk=", ZOOM_JOIN_TK_MAX }
    };

    for (i = 0; i < N(table); i++) {
        for (n = table[i].most; n <= table[i].most + 1; n++) {
            zoom_buf_init(&b, text, sizeof(text));
            zoom_buf_c(&b, table[i].begin);
            memset(text + b.len, 'x', n);

            url = unit_buf(&b);
            url.len += n;

            zoom_join_init(&join);
            ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_URL, url));
            ck_assert_int_eq(end_join(), ZOOM_OK);

            ck_assert_uint_eq(join.passcode.len + join.tk.len,
                              n == table[i].most ? n : 0);
        }
    }
}
END_TEST


static void
answer(const char *url, const char *passcode, const char *name,
    zoom_sdk_role_e role, zoom_str_t zak, zoom_str_t obf)
{
    zoom_join_init(&join);

    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_URL, zoom_str_c(url)));
    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_PASSCODE,
                                     zoom_str_c(passcode)));
    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_NAME,
                                     zoom_str_c(name)));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    zoom_buf_init(&b, data, ZOOM_JOIN_ANSWER_MAX);
    zoom_join_answer(&b, &join, role, S("KEY"), S("a.b.c"), zak, obf);
    ck_assert_int_eq(b.overflow, 0);
}


START_TEST(answers)
{
    zoom_str_t  zak, obf;

    zak = S("z.a.k");
    obf = S("o.b.f");

    answer("123456789", "", "", ZOOM_SDK_PARTICIPANT, S(""), S(""));
    unit_is(unit_buf(&b),
            "{\"sdkKey\":\"KEY\",\"signature\":\"a.b.c\","
            "\"meetingNumber\":\"123456789\",\"passWord\":\"\","
            "\"userName\":\"\",\"role\":0}");

    answer("123456789", "p", "Zo\xc3\xab", ZOOM_SDK_HOST, zak, obf);
    unit_is(unit_buf(&b),
            "{\"sdkKey\":\"KEY\",\"signature\":\"a.b.c\","
            "\"meetingNumber\":\"123456789\",\"passWord\":\"p\","
            "\"userName\":\"Zo\xc3\xab\",\"role\":1,\"zak\":\"z.a.k\","
            "\"obfToken\":\"o.b.f\"}");

    answer("https://zoom.us/w/123456789?tk=t&pwd=p", "", "",
           ZOOM_SDK_PARTICIPANT, zak, S(""));
    unit_is(unit_buf(&b),
            "{\"sdkKey\":\"KEY\",\"signature\":\"a.b.c\","
            "\"meetingNumber\":\"123456789\",\"passWord\":\"p\","
            "\"userName\":\"\",\"role\":0,\"tk\":\"t\","
            "\"zak\":\"z.a.k\"}");

    /* nothing a stranger chose gets out of its quotes, nor out of a script */

    answer("123456789", "\"\\", "</script><!--&\",\"role\":1,\"x\":\"",
           ZOOM_SDK_PARTICIPANT, S(""), obf);
    unit_is(unit_buf(&b),
            "{\"sdkKey\":\"KEY\",\"signature\":\"a.b.c\","
            "\"meetingNumber\":\"123456789\",\"passWord\":\"\\\"\\\\\","
            "\"userName\":\"\\u003c/script\\u003e\\u003c!--\\u0026\\\","
            "\\\"role\\\":1,\\\"x\\\":\\\"\",\"role\":0,"
            "\"obfToken\":\"o.b.f\"}");
}
END_TEST


/* ZOOM_JOIN_ANSWER_MAX is enough for the worst that is let in. */

START_TEST(answers_in_bounds)
{
    zoom_str_t            signature, key;
    static unsigned char  less[ZOOM_JOIN_PASSCODE_MAX], name[64],
                          text[ZOOM_SDK_SIGNATURE_MAX];

    memset(less, '<', sizeof(less));
    memset(name, '&', sizeof(name));
    memset(text, 's', sizeof(text));

    zoom_join_init(&join);

    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_NUMBER,
                                     S("98765432101")));
    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_PASSCODE,
                                     (zoom_str_t) { less, sizeof(less) }));
    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_NAME,
                                     (zoom_str_t) { name, sizeof(name) }));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    /* whatever a registrant's token is made of */

    join.tk.data = data + ZOOM_JOIN_ANSWER_MAX;
    join.tk.len = ZOOM_JOIN_TK_MAX;
    memset(data + ZOOM_JOIN_ANSWER_MAX, '>', ZOOM_JOIN_TK_MAX);

    signature = (zoom_str_t) { text, sizeof(text) };
    key = (zoom_str_t) { text, ZOOM_SDK_KEY_MAX };

    zoom_buf_init(&b, data, ZOOM_JOIN_ANSWER_MAX);
    zoom_join_answer(&b, &join, ZOOM_SDK_HOST, key, signature, S(""),
                     S(""));
    ck_assert_int_eq(b.overflow, 0);
}
END_TEST


START_TEST(has_names)
{
    static const char *const  names[] = {
        "meeting_url", "meeting_number", "passWord", "userName", "role"
    };

    ck_assert_uint_eq(N(names), ZOOM_JOIN_LAST);
    unit_is(zoom_str_c(zoom_join_name((zoom_join_e) _i)), names[_i]);
}
END_TEST


Suite *
unit_join(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("join");
    t = tcase_create("join");

    tcase_add_test(t, reads_all);
    tcase_add_test(t, reads_little);
    tcase_add_test(t, takes_spellings_of_a_role);
    tcase_add_test(t, refuses_bodies);
    tcase_add_test(t, bounds);
    tcase_add_test(t, refuses_characters);
    tcase_add_test(t, finds_the_meeting);
    tcase_add_test(t, bounds_what_links_have);
    tcase_add_test(t, answers);
    tcase_add_test(t, answers_in_bounds);
    tcase_add_loop_test(t, has_names, 0, ZOOM_JOIN_LAST);

    suite_add_tcase(s, t);

    return s;
}
