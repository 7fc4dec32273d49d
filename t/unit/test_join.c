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
          "\"userEmail\":\"zoe@example.com\",\"customerKey\":\"k-1\","
          "\"tk\":\"t-1\",\"view\":\"component\","
          "\"else\":[{\"x\":null}],\"sdkKey\":7}")));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    unit_is(join.meeting, "123456789");
    unit_is(join.passcode, "ab\"c");
    unit_is(join.sent[ZOOM_JOIN_NAME], "Zo\xc3\xab \xf0\x9f\x98\x80");
    unit_is(join.sent[ZOOM_JOIN_EMAIL], "zoe@example.com");
    unit_is(join.sent[ZOOM_JOIN_CUSTOMER], "k-1");
    unit_is(join.tk, "t-1");
    ck_assert_int_eq(join.role, ZOOM_SDK_HOST);
    ck_assert_int_eq(join.view, ZOOM_JOIN_COMPONENT);
}
END_TEST


START_TEST(reads_little)
{
    ck_assert_ptr_null(read_join(S("{\"meeting_number\":\"98765432101\"}")));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    unit_is(join.meeting, "98765432101");
    unit_is(join.passcode, "");
    unit_is(join.sent[ZOOM_JOIN_NAME], "");
    unit_is(join.tk, "");
    ck_assert_int_eq(join.role, ZOOM_SDK_PARTICIPANT);
    ck_assert_int_eq(join.view, ZOOM_JOIN_CLIENT);

    /* nothing, in three spellings */

    ck_assert_ptr_null(read_join(S("{}")));
    ck_assert_int_eq(end_join(), ZOOM_E_NO_MEETING);

    ck_assert_ptr_null(read_join(
        S("{\"meeting_url\":null,\"meeting_number\":null,\"passWord\":null,"
          "\"userName\":null,\"userEmail\":null,\"customerKey\":null,"
          "\"tk\":null,\"role\":null,\"view\":null}")));
    ck_assert_int_eq(end_join(), ZOOM_E_NO_MEETING);

    ck_assert_ptr_null(read_join(
        S("{\"meeting_url\":\"\",\"meeting_number\":\"\",\"passWord\":\"\","
          "\"userEmail\":\"\",\"customerKey\":\"\",\"tk\":\"\","
          "\"role\":\"\",\"view\":\"\"}")));
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
        { "{\"userName\":\"\"}", "has an empty userName" },
        { "{\"userName\":\"a<script>b\"}",
          "has a userName with a script tag in it" },
        { "{\"userName\":\"</SCRIPT>\"}",
          "has a userName with a script tag in it" },
        { "{\"passWord\":\"<script>\"}",
          "has a passWord with a script tag in it" },
        { "{\"customerKey\":1}", "has a value of the wrong type" },
        { "{\"tk\":{}}", "has a value of the wrong type" },
        { "{\"userEmail\":false}", "has a value of the wrong type" },
        { "{\"view\":1}", "has a value of the wrong type" },
        { "{\"view\":\"Client\"}",
          "has a view that is neither client nor component" },
        { "{\"view\":\"embedded\"}",
          "has a view that is neither client nor component" },
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
          "has a userName that is too long" },
        { ZOOM_JOIN_CUSTOMER, ZOOM_JOIN_CUSTOMER_MAX,
          "has a customerKey that is too long" },
        { ZOOM_JOIN_TK, ZOOM_JOIN_TK_MAX, "has a tk that is too long" }
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

    /* the least that is too long for them */

    ck_assert_uint_eq(ZOOM_JOIN_PASSCODE_MAX, 32);
    ck_assert_uint_eq(ZOOM_JOIN_NAME_MAX, 64);
    ck_assert_uint_eq(ZOOM_JOIN_EMAIL_MAX, 100);
    ck_assert_uint_eq(ZOOM_JOIN_CUSTOMER_MAX, 36);
}
END_TEST


/* "n" times the characters: the most that is taken, and one more is not. */

static void
takes_most(zoom_join_e what, const char *characters, size_t n)
{
    size_t         i, len;
    const char    *why;
    unsigned char  text[1024];

    len = strlen(characters);

    for (i = 0; i <= n; i++) {
        memcpy(text + i * len, characters, len);
    }

    zoom_join_init(&join);

    why = zoom_join_set(&join, what, (zoom_str_t) { text, n * len });
    ck_assert_msg(why == NULL, "refused %zu of %s: %s", n, characters, why);

    why = zoom_join_set(&join, what, (zoom_str_t) { text, (n + 1) * len });
    ck_assert_msg(why != NULL, "took more than %zu of %s", n, characters);
}


/* The client view counts what is not of ASCII twice; a name has its units. */

START_TEST(bounds_as_join_counts)
{
    takes_most(ZOOM_JOIN_PASSCODE, "x", 32);
    takes_most(ZOOM_JOIN_PASSCODE, "\xc3\xab", 16);
    takes_most(ZOOM_JOIN_PASSCODE, "\xe2\x98\x95", 16);
    takes_most(ZOOM_JOIN_PASSCODE, "\xf0\x9f\x98\x80", 8);

    takes_most(ZOOM_JOIN_NAME, "x", 64);
    takes_most(ZOOM_JOIN_NAME, "\xc3\xab", 64);
    takes_most(ZOOM_JOIN_NAME, "\xe2\x98\x95", 64);
    takes_most(ZOOM_JOIN_NAME, "\xf0\x9f\x98\x80", 32);

    takes_most(ZOOM_JOIN_CUSTOMER, "\xc3\xab", 18);
    takes_most(ZOOM_JOIN_CUSTOMER, "\xf0\x9f\x98\x80", 9);
}
END_TEST


/* What the client view takes for an address, less what nobody has. */

START_TEST(knows_addresses)
{
    size_t         i;
    const char    *why;
    unsigned char  text[ZOOM_JOIN_EMAIL_MAX + 1];

    static const char *const  good[] = {
        "a@b.cd", "a.b.c@d.example", "a+b_c%d/e@f-g.example.com",
        "!#$&'*-/=?^_`{|}~@x.test", "A@B.CD", "a@1.2.cd", "a@-.cd"
    };

    static const char *const  bad[] = {
        "a", "@", "a@", "@b.cd", "a@b", "a@b.c", "a@b.cd.", "a@.cd",
        "a@b..cd", ".a@b.cd", "a.@b.cd", "a..b@c.de", "a@b@c.de", "a b@c.de",
        "a@b c.de", "a@b_c.de", "a@b.c1", "a@b.xn--p1ai", "a@1.2.3.4",
        "a@[1.2.3.4]", "\"a\"@b.cd", "<script>@b.cd", "a,b@c.de", "a;b@c.de",
        "a:b@c.de", "a\\b@c.de", "(a)@b.cd", "Zo\xc3\xab@b.cd",
        "a@b\xc3\xab.cd", "a@b.cd "
    };

    for (i = 0; i < N(good); i++) {
        zoom_join_init(&join);
        why = zoom_join_set(&join, ZOOM_JOIN_EMAIL, zoom_str_c(good[i]));
        ck_assert_msg(why == NULL, "refused %s", good[i]);
        unit_is(join.sent[ZOOM_JOIN_EMAIL], good[i]);
    }

    for (i = 0; i < N(bad); i++) {
        zoom_join_init(&join);
        why = zoom_join_set(&join, ZOOM_JOIN_EMAIL, zoom_str_c(bad[i]));
        ck_assert_msg(why != NULL, "took %s", bad[i]);
        unit_is(zoom_str_c(why), "has a userEmail that is none");
        unit_is(join.sent[ZOOM_JOIN_EMAIL], "");
    }

    memset(text, 'x', sizeof(text));
    memcpy(text + sizeof(text) - 5, "@b.cd", 5);

    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_EMAIL,
                                     (zoom_str_t) { text + 1,
                                                    sizeof(text) - 1 }));
    why = zoom_join_set(&join, ZOOM_JOIN_EMAIL,
                        (zoom_str_t) { text, sizeof(text) });
    ck_assert_ptr_nonnull(why);
    unit_is(zoom_str_c(why), "has a userEmail that is too long");
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
        "\xed\x9f\xbf", "\xee\x80\x80", "\xf4\x8f\xbf\xbf",
        "<script", "</script", "< script>", "<script src=x>", "\"\\'<&>"
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
        const char    *tk;
        zoom_error_e   error;
        const char    *wants[3];     /* meeting, passcode, registrant */
    } table[] = {
        { "https://zoom.us/j/123456789?pwd=x", NULL, NULL, NULL, ZOOM_OK,
          { "123456789", "x", "" } },
        { "https://zoom.us/j/123456789?pwd=x", NULL, "y", NULL, ZOOM_OK,
          { "123456789", "y", "" } },
        { "https://zoom.us/j/123456789?pwd=x-y_1.1&tk=t-k_1", NULL, "", "",
          ZOOM_OK, { "123456789", "x-y_1.1", "t-k_1" } },
        { "https://zoom.us/w/123456789?tk=t", "123456789", NULL, NULL,
          ZOOM_OK, { "123456789", "", "t" } },
        { "https://zoom.us/w/123456789?tk=t&pwd=x", NULL, NULL, "mine",
          ZOOM_OK, { "123456789", "x", "mine" } },
        { "123456789", NULL, NULL, NULL, ZOOM_OK, { "123456789", "", "" } },
        { NULL, "98765432101", "p", "t", ZOOM_OK, { "98765432101", "p", "t" } },
        { "https://zoom.us/j/123456789?pwd=a%2Bb%22.1&tk=t-k_1", NULL, "",
          NULL, ZOOM_OK, { "123456789", "a", "t-k_1" } },
        { NULL, "987 6543 2101", "p", NULL, ZOOM_OK,
          { "98765432101", "p", "" } },
        { "https://zoom.us/j/123456789", "123 456 789", NULL, NULL, ZOOM_OK,
          { "123456789", "", "" } },
        { "https://zoom.us/j/123456789", "123456788", NULL, NULL,
          ZOOM_E_BAD_CALLBACK, { NULL } },
        { "https://zoom.us/my/somebody?pwd=x", NULL, NULL, NULL,
          ZOOM_E_NO_MEETING, { NULL } },
        { "https://zoom.us/my/somebody", "123456789", NULL, NULL,
          ZOOM_E_NO_MEETING, { NULL } },
        { "https://zoom.us.evil.example/j/123456789", NULL, NULL, NULL,
          ZOOM_E_NO_MEETING, { NULL } },
        { "javascript:alert(123456789)", NULL, NULL, NULL, ZOOM_E_NO_MEETING,
          { NULL } },
        { NULL, NULL, "p", "t", ZOOM_E_NO_MEETING, { NULL } }
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
        ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_TK,
                                         zoom_str_c(table[i].tk)));

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


/* What join() or the answer has no room for is left out. */

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


/* A link's passcode is 32 characters and ".1" where Zoom encrypted it. */

START_TEST(leaves_out_what_join_refuses)
{
    size_t  i;

    static const char *const  urls[] = {
        "https://zoom.us/j/123456789?pwd=abcdefghijklmnopqrstuvwxyz012345.1",
        "https://zoom.us/j/123456789?pwd=%3Cscript%3E"
    };

    for (i = 0; i < N(urls); i++) {
        zoom_join_init(&join);
        ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_URL,
                                         zoom_str_c(urls[i])));
        ck_assert_int_eq(end_join(), ZOOM_OK);
        unit_is(join.meeting, "123456789");
        unit_is(join.passcode, "");
    }
}
END_TEST


static zoom_join_kit_t
kit_of(const char *zak, const char *obf, const char *recording)
{
    zoom_join_kit_t  kit;

    memset(&kit, 0, sizeof(kit));

    kit.signature = S("a.b.c");
    kit.zak = zoom_str_c(zak);
    kit.obf = zoom_str_c(obf);
    kit.recording = zoom_str_c(recording);

    return kit;
}


static void
answer(const char *body, const zoom_join_kit_t *kit)
{
    static unsigned char  text[ZOOM_JOIN_ANSWER_MAX];

    ck_assert_ptr_null(read_join(zoom_str_c(body)));
    ck_assert_int_eq(end_join(), ZOOM_OK);

    zoom_buf_init(&b, text, sizeof(text));
    zoom_join_answer(&b, &join, kit);
    ck_assert_int_eq(b.overflow, 0);
}


START_TEST(answers)
{
    zoom_join_kit_t  kit;

    kit = kit_of("", "", "");

    answer("{\"meeting_number\":123456789}", &kit);
    unit_is(unit_buf(&b),
            "{\"signature\":\"a.b.c\",\"meetingNumber\":\"123456789\","
            "\"passWord\":\"\"}");

    kit = kit_of("z.a.k", "", "r.e.c");
    kit.sdk_key = S("KEY");

    answer("{\"meeting_number\":123456789,\"passWord\":\"p\",\"role\":1,"
           "\"userName\":\"Zo\xc3\xab\",\"userEmail\":\"z@b.cd\","
           "\"customerKey\":\"k\",\"tk\":\"t\",\"view\":\"client\"}", &kit);
    unit_is(unit_buf(&b),
            "{\"signature\":\"a.b.c\",\"meetingNumber\":\"123456789\","
            "\"passWord\":\"p\",\"userName\":\"Zo\xc3\xab\","
            "\"userEmail\":\"z@b.cd\",\"customerKey\":\"k\",\"tk\":\"t\","
            "\"sdkKey\":\"KEY\",\"zak\":\"z.a.k\","
            "\"recordingToken\":\"r.e.c\"}");

    /* the component view */

    kit = kit_of("", "o.b.f", "");

    answer("{\"meeting_url\":\"https://zoom.us/w/123456789?tk=t&pwd=p\","
           "\"view\":\"component\"}", &kit);
    unit_is(unit_buf(&b),
            "{\"signature\":\"a.b.c\",\"meetingNumber\":\"123456789\","
            "\"password\":\"p\",\"tk\":\"t\",\"obfToken\":\"o.b.f\"}");

    /* nothing a stranger chose gets out of its quotes, nor out of a script */

    answer("{\"meeting_number\":123456789,\"passWord\":\"\\\"\\\\\","
           "\"userName\":\"</style><!--&\\\",\\\"role\\\":1,\\\"x\\\":\\\"\","
           "\"customerKey\":\"\\\"</script>\",\"tk\":\"<script>\"}", &kit);
    unit_is(unit_buf(&b),
            "{\"signature\":\"a.b.c\",\"meetingNumber\":\"123456789\","
            "\"passWord\":\"\\\"\\\\\","
            "\"userName\":\"\\u003c/style\\u003e\\u003c!--\\u0026\\\","
            "\\\"role\\\":1,\\\"x\\\":\\\"\","
            "\"customerKey\":\"\\\"\\u003c/script\\u003e\","
            "\"tk\":\"\\u003cscript\\u003e\",\"obfToken\":\"o.b.f\"}");
}
END_TEST


/* ZOOM_JOIN_ANSWER_MAX is enough for the worst that is let in. */

START_TEST(answers_in_bounds)
{
    size_t                i;
    zoom_join_kit_t       kit;
    static unsigned char  worst[ZOOM_JOIN_TK_MAX],
                          text[ZOOM_SDK_SIGNATURE_MAX],
                          room[ZOOM_JOIN_ANSWER_MAX];

    static const struct {
        zoom_join_e  what;
        size_t       most;
    } table[] = {
        { ZOOM_JOIN_PASSCODE, ZOOM_JOIN_PASSCODE_MAX },
        { ZOOM_JOIN_NAME, ZOOM_JOIN_NAME_MAX },
        { ZOOM_JOIN_CUSTOMER, ZOOM_JOIN_CUSTOMER_MAX },
        { ZOOM_JOIN_TK, ZOOM_JOIN_TK_MAX }
    };

    memset(worst, '<', sizeof(worst));
    memset(text, 's', sizeof(text));

    zoom_join_init(&join);

    ck_assert_ptr_null(zoom_join_set(&join, ZOOM_JOIN_NUMBER,
                                     S("98765432101")));

    for (i = 0; i < N(table); i++) {
        ck_assert_ptr_null(zoom_join_set(&join, table[i].what,
                                         (zoom_str_t) { worst,
                                                        table[i].most }));
    }

    ck_assert_int_eq(end_join(), ZOOM_OK);

    /* worse than any address */

    join.sent[ZOOM_JOIN_EMAIL] = (zoom_str_t) { worst, ZOOM_JOIN_EMAIL_MAX };

    kit = kit_of("", "", "");
    kit.signature = (zoom_str_t) { text, sizeof(text) };
    kit.sdk_key = (zoom_str_t) { text, ZOOM_SDK_KEY_MAX };

    zoom_buf_init(&b, room, sizeof(room));
    zoom_join_answer(&b, &join, &kit);
    ck_assert_int_eq(b.overflow, 0);
}
END_TEST


START_TEST(chooses)
{
    size_t  i;

    static const struct {
        const char          *word;
        zoom_join_choice_e   choice;
        zoom_join_choice_e   participant;
        zoom_join_choice_e   host;
    } table[] = {
        { "auto", ZOOM_JOIN_AUTO, ZOOM_JOIN_AUTO, ZOOM_JOIN_ZAK },
        { "zak", ZOOM_JOIN_ZAK, ZOOM_JOIN_ZAK, ZOOM_JOIN_ZAK },
        { "onbehalf", ZOOM_JOIN_ONBEHALF, ZOOM_JOIN_ONBEHALF,
          ZOOM_JOIN_ONBEHALF }
    };

    static const char *const  none[] = {
        "", "Auto", "ZAK", "obf", "zak ", "on_behalf"
    };

    for (i = 0; i < N(table); i++) {
        ck_assert_int_eq(zoom_join_choice(zoom_str_c(table[i].word)),
                         table[i].choice);
        ck_assert_int_eq(zoom_join_choose(table[i].choice,
                                          ZOOM_SDK_PARTICIPANT),
                         table[i].participant);
        ck_assert_int_eq(zoom_join_choose(table[i].choice, ZOOM_SDK_HOST),
                         table[i].host);
    }

    for (i = 0; i < N(none); i++) {
        ck_assert_int_eq(zoom_join_choice(zoom_str_c(none[i])),
                         ZOOM_JOIN_NO_CHOICE);
    }
}
END_TEST


/* Never both; a ZAK beside a recording token, which is for our own meetings. */

START_TEST(settles)
{
    size_t           i;
    zoom_join_kit_t  kit;

    static const struct {
        const char  *zak, *obf, *recording;
        const char  *left_zak, *left_obf;
    } table[] = {
        { "", "", "", "", "" },
        { "z", "", "", "z", "" },
        { "", "o", "", "", "o" },
        { "z", "o", "", "", "o" },
        { "z", "o", "r", "z", "" },
        { "z", "", "r", "z", "" },
        { "", "o", "r", "", "o" },
        { "", "", "r", "", "" }
    };

    for (i = 0; i < N(table); i++) {
        kit = kit_of(table[i].zak, table[i].obf, table[i].recording);

        zoom_join_settle(&kit);

        unit_is(kit.zak, table[i].left_zak);
        unit_is(kit.obf, table[i].left_obf);
        unit_is(kit.recording, table[i].recording);
    }
}
END_TEST


START_TEST(has_names)
{
    static const char *const  names[] = {
        "meeting_url", "meeting_number", "passWord", "userName", "userEmail",
        "customerKey", "tk", "role", "view"
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
    tcase_add_test(t, bounds_as_join_counts);
    tcase_add_test(t, knows_addresses);
    tcase_add_test(t, refuses_characters);
    tcase_add_test(t, finds_the_meeting);
    tcase_add_test(t, bounds_what_links_have);
    tcase_add_test(t, leaves_out_what_join_refuses);
    tcase_add_test(t, answers);
    tcase_add_test(t, answers_in_bounds);
    tcase_add_test(t, chooses);
    tcase_add_test(t, settles);
    tcase_add_loop_test(t, has_names, 0, ZOOM_JOIN_LAST);

    suite_add_tcase(s, t);

    return s;
}
