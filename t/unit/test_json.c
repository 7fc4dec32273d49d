#include "unit.h"
#include "zoom_json.h"


#define ROUNDS  60000


static zoom_json_doc_t  doc;


static const char *const  good[] = {
    "null", "true", "false", "0", "-0", "1", "-1", "10", "0.5", "-0.5e10",
    "1E+2", "1e-2", "1.25e00", "\"\"", "\"a\"", "[]", "{}", " [ ] ",
    "\t{\r\n}\n", "[1]", "[1,2]", "[[],[[]],{}]", "{\"a\":1}",
    "{\"a\":1,\"b\":[true,false,null]}", "{\"\":\"\"}", "{\"b\":1,\"a\":2}",
    "{\"a\":{\"a\":{\"a\":1}}}", "[ 1 , 2 ]", "{ \"a\" : 1 , \"b\" : 2 }",
    "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\u0001\\u00e9\\u20ac\\ufFfF\"",
    "\"\\ud83d\\ude00\"", "\"\\uDBFF\\uDFFF\"", "\"\x7f\"",
    "\"\xc2\x80\xdf\xbf\"", "\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"",
    "\"\xef\xbf\xbf\"", "\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"",
    "\"\xe2\x80\xa8\"", "\"\xef\xbb\xbf\"", "{\"a\":1,\"A\":2}",
    "{\"a\":1,\"a \":2}", "\"\\\\u0000\""
};


static const struct {
    const char  *text;
    const char  *why;
} bad[] = {
    { "", "is empty" },
    { " ", "is not JSON" }, { "nul", "is not JSON" },
    { "nulll", "is not JSON" }, { "True", "is not JSON" },
    { "+1", "is not JSON" }, { "01", "is not JSON" },
    { "-01", "is not JSON" }, { "-", "is not JSON" },
    { "1.", "is not JSON" }, { ".5", "is not JSON" },
    { "1.e5", "is not JSON" }, { "1e", "is not JSON" },
    { "1e+", "is not JSON" }, { "0x10", "is not JSON" },
    { "1 2", "is not JSON" }, { "Infinity", "is not JSON" },
    { "NaN", "is not JSON" }, { "-Infinity", "is not JSON" },
    { "\"", "is not JSON" }, { "\"a", "is not JSON" },
    { "'a'", "is not JSON" }, { "\"a\nb\"", "is not JSON" },
    { "\"\t\"", "is not JSON" }, { "\"\x1f\"", "is not JSON" },
    { "\"\\\"", "is not JSON" }, { "\"\\", "is not JSON" },
    { "\"\\x41\"", "is not JSON" }, { "\"\\'\"", "is not JSON" },
    { "\"\\U0041\"", "is not JSON" }, { "\"\\u\"", "is not JSON" },
    { "\"\\u004\"", "is not JSON" }, { "\"\\u004g\"", "is not JSON" },
    { "\"\\u00", "is not JSON" }, { "\"\\u+041\"", "is not JSON" },
    { "[", "is not JSON" }, { "]", "is not JSON" },
    { "[1", "is not JSON" }, { "[1,", "is not JSON" },
    { "[1,]", "is not JSON" }, { "[,1]", "is not JSON" },
    { "[1 2]", "is not JSON" }, { "[1}", "is not JSON" },
    { "[]]", "is not JSON" }, { "[],", "is not JSON" },
    { "{", "is not JSON" }, { "}", "is not JSON" },
    { "{]", "is not JSON" }, { "{\"a\"}", "is not JSON" },
    { "{\"a\":}", "is not JSON" }, { "{\"a\":1", "is not JSON" },
    { "{\"a\":1,}", "is not JSON" }, { "{,}", "is not JSON" },
    { "{a:1}", "is not JSON" }, { "{1:1}", "is not JSON" },
    { "{\"a\" 1}", "is not JSON" }, { "{\"a\":1 \"b\":2}", "is not JSON" },
    { "{\"a\"", "is not JSON" }, { "{\"a\":", "is not JSON" },
    { "{:1}", "is not JSON" }, { "{\"a\":1]", "is not JSON" },
    { "// a\n1", "is not JSON" }, { "1 // a", "is not JSON" },
    { "/**/1", "is not JSON" }, { "\v1", "is not JSON" },
    { "\f1", "is not JSON" }, { "\xc2\xa0""1", "is not JSON" },
    { "\xef\xbb\xbf{}", "is not JSON" },

    { "\"\x80\"", "is not UTF-8" }, { "\"\xbf\"", "is not UTF-8" },
    { "\"\xc0\x80\"", "is not UTF-8" }, { "\"\xc1\xbf\"", "is not UTF-8" },
    { "\"\xc3\"", "is not UTF-8" }, { "\"\xc3", "is not UTF-8" },
    { "\"\xc3(\"", "is not UTF-8" },
    { "\"\xe0\x80\x80\"", "is not UTF-8" },
    { "\"\xe0\x9f\xbf\"", "is not UTF-8" },
    { "\"\xe2\x82\"", "is not UTF-8" },
    { "\"\xe2\x28\xa1\"", "is not UTF-8" },
    { "\"\xed\xa0\x80\"", "is not UTF-8" },
    { "\"\xed\xbf\xbf\"", "is not UTF-8" },
    { "\"\xf0\x80\x80\x80\"", "is not UTF-8" },
    { "\"\xf0\x8f\xbf\xbf\"", "is not UTF-8" },
    { "\"\xf0\x9f\x98\"", "is not UTF-8" },
    { "\"\xf0\x9f\x98\x28\"", "is not UTF-8" },
    { "\"\xf4\x90\x80\x80\"", "is not UTF-8" },
    { "\"\xf5\x80\x80\x80\"", "is not UTF-8" },
    { "\"\xff\"", "is not UTF-8" }, { "\"\xfe\"", "is not UTF-8" },
    { "{\"\xff\":1}", "is not UTF-8" },

    { "\"\\ud800\"", "has a lone surrogate" },
    { "\"\\udbff x\"", "has a lone surrogate" },
    { "\"\\udc00\"", "has a lone surrogate" },
    { "\"\\udc00\\ud800\"", "has a lone surrogate" },
    { "\"\\ud800\\ud800\"", "has a lone surrogate" },
    { "\"\\ud800\\u0041\"", "has a lone surrogate" },
    { "\"\\ud800\\n\"", "has a lone surrogate" },
    { "\"\\ud800\\udc0\"", "has a lone surrogate" },
    { "{\"\\ud800\":1}", "has a lone surrogate" },

    { "\"\\u0000\"", "has U+0000 in a string" },
    { "{\"\\u0000\":1}", "has U+0000 in a string" },

    { "{\"a\":1,\"a\":1}", "has a duplicate member" },
    { "{\"a\":1,\"\\u0061\":2}", "has a duplicate member" },
    { "{\"\\u0061\":1,\"a\":2}", "has a duplicate member" },
    { "{\"b\":1,\"a\":2,\"b\":3}", "has a duplicate member" },
    { "{\"c\":1,\"b\":2,\"a\":3,\"c\":4}", "has a duplicate member" },
    { "{\"\":1,\"\":2}", "has a duplicate member" },
    { "{\"\\/\":1,\"/\":2}", "has a duplicate member" },
    { "{\"\xc3\xa9\":1,\"\\u00e9\":2}", "has a duplicate member" },
    { "{\"\xf0\x9f\x98\x80\":1,\"\\uD83D\\ude00\":2}",
      "has a duplicate member" },
    { "[{\"a\":{\"b\":1,\"b\":1}}]", "has a duplicate member" }
};


START_TEST(takes)
{
    const char  *why;

    why = zoom_json_scan(&doc, zoom_str_c(good[_i]));

    ck_assert_msg(why == NULL, "\"%s\" %s", good[_i], why);
    ck_assert_uint_gt(doc.n, 0);
}
END_TEST


START_TEST(refuses)
{
    const char  *why;

    why = zoom_json_scan(&doc, zoom_str_c(bad[_i].text));

    ck_assert_msg(why && strcmp(why, bad[_i].why) == 0,
                  "\"%s\" %s, should be: %s", bad[_i].text, why ? why : "ok",
                  bad[_i].why);
    ck_assert_uint_eq(doc.n, 0);
}
END_TEST


START_TEST(refuses_zero_bytes)
{
    ck_assert_ptr_nonnull(zoom_json_scan(&doc, S("\0")));
    ck_assert_ptr_nonnull(zoom_json_scan(&doc, S("1\0")));
    ck_assert_ptr_nonnull(zoom_json_scan(&doc, S("\"a\0b\"")));
    ck_assert_ptr_nonnull(zoom_json_scan(&doc, S("[1,\0 2]")));
    ck_assert_ptr_nonnull(zoom_json_scan(&doc, zoom_str_c(NULL)));
}
END_TEST


START_TEST(never_reads_beyond)
{
    size_t          i, len;
    unsigned char  *copy;

    /* each beginning in memory of its own, for the sanitizer to watch */

    len = strlen(good[_i]);

    for (i = 0; i <= len; i++) {
        copy = malloc(i ? i : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, good[_i], i);

        (void) zoom_json_scan(&doc, (zoom_str_t) { copy, i });

        free(copy);
    }
}
END_TEST


/* Whatever the scanner looks at in one go, each byte counts. */

START_TEST(looks_at_every_byte)
{
    int             c, want;
    size_t          i, len;
    unsigned char  *text;

    len = 2 + (size_t) _i;

    text = malloc(len);
    ck_assert_ptr_nonnull(text);

    for (i = 1; i < len - 1; i++) {
        for (c = 0; c < 256; c++) {
            memset(text, 'x', len);
            text[0] = '"';
            text[len - 1] = '"';
            text[i] = (unsigned char) c;

            want = (c >= 0x20 && c < 0x80 && c != '"' && c != '\\');

            if ((zoom_json_scan(&doc, (zoom_str_t) { text, len }) == NULL)
                != want)
            {
                ck_abort_msg("byte 0x%02x at %u of %u", (unsigned) c,
                             (unsigned) i, (unsigned) len);
            }
        }
    }

    free(text);
}
END_TEST


START_TEST(has_a_floor)
{
    int            object;
    unsigned       i, depth;
    zoom_buf_t     b;
    unsigned char  data[256];

    for (object = 0; object < 2; object++) {
        for (depth = 15; depth <= 18; depth++) {
            zoom_buf_init(&b, data, sizeof(data));

            for (i = 0; i < depth; i++) {
                zoom_buf_c(&b, object ? (i ? "{\"a\":" : "{") : "[");
                if (object && i == 0) {
                    zoom_buf_c(&b, "\"a\":");
                }
            }

            zoom_buf_c(&b, "1");

            for (i = 0; i < depth; i++) {
                zoom_buf_c(&b, object ? "}" : "]");
            }

            if (depth <= ZOOM_JSON_MAX_DEPTH) {
                ck_assert_ptr_null(zoom_json_scan(&doc, unit_buf(&b)));

            } else {
                ck_assert_str_eq(zoom_json_scan(&doc, unit_buf(&b)),
                                 "is too deep");
            }
        }
    }
}
END_TEST


START_TEST(has_a_ceiling)
{
    unsigned       i, n;
    zoom_buf_t     b;
    unsigned char  data[2 * ZOOM_JSON_MAX_NODES + 4];

    /* the array itself is a value, too */

    for (n = ZOOM_JSON_MAX_NODES - 2; n <= ZOOM_JSON_MAX_NODES + 1; n++) {
        zoom_buf_init(&b, data, sizeof(data));
        zoom_buf_c(&b, "[");

        for (i = 0; i < n; i++) {
            zoom_buf_c(&b, i ? ",0" : "0");
        }

        zoom_buf_c(&b, "]");

        if (n < ZOOM_JSON_MAX_NODES) {
            ck_assert_ptr_null(zoom_json_scan(&doc, unit_buf(&b)));
            ck_assert_uint_eq(doc.n, n + 1);

        } else {
            ck_assert_str_eq(zoom_json_scan(&doc, unit_buf(&b)),
                             "has too many values");
        }
    }
}
END_TEST


START_TEST(fills_nodes)
{
    const zoom_json_node_t  *n, *m;

    static const char  text[] =
        " {\"n\":-1.50e+1,\"s\":\"a\\nb\",\"a\":[true, null],\"\\u0065\":{}} ";

    ck_assert_ptr_null(zoom_json_scan(&doc, S(text)));
    ck_assert_uint_eq(doc.n, 7);

    n = &doc.nodes[0];
    ck_assert_int_eq(n->type, ZOOM_JSON_OBJECT);
    ck_assert_uint_eq(n->next, ZOOM_JSON_NONE);
    ck_assert_uint_eq(n->text.len, sizeof(text) - 3);

    /* sorted: a, e, n, s */

    m = &doc.nodes[n->first];
    unit_is(m->name, "a");
    ck_assert_int_eq(m->type, ZOOM_JSON_ARRAY);
    unit_is(m->text, "[true, null]");
    ck_assert_int_eq(doc.nodes[m->first].type, ZOOM_JSON_TRUE);
    ck_assert_int_eq(doc.nodes[doc.nodes[m->first].next].type,
                     ZOOM_JSON_NULL);

    m = &doc.nodes[m->next];
    unit_is(m->name, "\\u0065");
    ck_assert_int_eq(m->name_escaped, 1);
    ck_assert_int_eq(m->type, ZOOM_JSON_OBJECT);
    ck_assert_uint_eq(m->first, ZOOM_JSON_NONE);

    m = &doc.nodes[m->next];
    ck_assert_int_eq(m->type, ZOOM_JSON_NUMBER);
    unit_is(m->text, "-1.50e+1");

    m = &doc.nodes[m->next];
    ck_assert_int_eq(m->type, ZOOM_JSON_STRING);
    ck_assert_int_eq(m->escaped, 1);
    ck_assert_int_eq(m->name_escaped, 0);
    unit_is(m->text, "a\\nb");
    ck_assert_uint_eq(m->next, ZOOM_JSON_NONE);
}
END_TEST


START_TEST(finds_members)
{
    const zoom_json_node_t  *root;

    ck_assert_ptr_null(zoom_json_scan(&doc,
                       S("{\"ab\":1,\"\\u00e9x\":2,\"c\\\\d\":3,\"\":4,"
                         "\"\\ud83d\\ude00\":5}")));

    root = &doc.nodes[0];

    unit_is(zoom_json_member(&doc, root, "ab")->text, "1");
    unit_is(zoom_json_member(&doc, root, "\xc3\xa9x")->text, "2");
    unit_is(zoom_json_member(&doc, root, "c\\d")->text, "3");
    unit_is(zoom_json_member(&doc, root, "")->text, "4");
    unit_is(zoom_json_member(&doc, root, "\xf0\x9f\x98\x80")->text, "5");

    ck_assert_ptr_null(zoom_json_member(&doc, root, "a"));
    ck_assert_ptr_null(zoom_json_member(&doc, root, "abc"));
    ck_assert_ptr_null(zoom_json_member(&doc, root, "c\\\\d"));
    ck_assert_ptr_null(zoom_json_member(&doc, root, "\xc3\xa9"));
    ck_assert_ptr_null(zoom_json_member(&doc, root, "\xc3\xa9xy"));
    ck_assert_ptr_null(zoom_json_member(&doc, &doc.nodes[1], "ab"));
}
END_TEST


static void
random_string(zoom_buf_t *b, uint32_t *seed)
{
    unsigned  n;

    static const char *const  parts[] = {
        "a", "b", "c", "name", "0", " ", "/", "\\/", "\\\"", "\\\\", "\\n",
        "\\b", "\\u0001", "\\u001F", "\\u0061", "\\u00e9", "\xc3\xa9",
        "\xe2\x98\x95", "\\ud83d\\ude00", "\xf0\x9f\x98\x80", "\x7f",
        "\\uffff", "\\u005c", "\\u0022"
    };

    zoom_buf_c(b, "\"");

    for (n = unit_random(seed, 4); n; n--) {
        zoom_buf_c(b, parts[unit_random(seed, N(parts))]);
    }

    zoom_buf_c(b, "\"");
}


static void
random_value(zoom_buf_t *b, uint32_t *seed, unsigned depth)
{
    unsigned  i, n, kind;

    static const char *const  scalars[] = {
        "null", "true", "false", "0", "-0", "1", "-12", "1.5", "1e5",
        "2.50E-3", "123456789012", "9223372036854775807"
    };

    static const char *const  spaces[] = { "", "", " ", "\n\t", "\r\n  " };

    zoom_buf_c(b, spaces[unit_random(seed, N(spaces))]);

    kind = unit_random(seed, depth ? 5 : 2);

    if (kind == 0) {
        zoom_buf_c(b, scalars[unit_random(seed, N(scalars))]);

    } else if (kind == 1) {
        random_string(b, seed);

    } else {
        n = unit_random(seed, 5);
        zoom_buf_c(b, kind == 2 ? "[" : "{");

        for (i = 0; i < n; i++) {
            zoom_buf_c(b, i ? "," : "");

            if (kind != 2) {
                random_string(b, seed);
                zoom_buf_c(b, ":");
            }

            random_value(b, seed, depth - 1);
        }

        zoom_buf_c(b, kind == 2 ? "]" : "}");
    }

    zoom_buf_c(b, spaces[unit_random(seed, N(spaces))]);
}


static void
mutate(zoom_buf_t *b, uint32_t *seed)
{
    size_t    at;
    unsigned  n;

    static const char  bytes[] = "\"\"\\\\u{}[],:0123e.-+/ adDc\x80\xc3\xed\n";

    for (n = 1 + unit_random(seed, 3); n && b->len; n--) {
        at = unit_random(seed, (uint32_t) b->len);

        switch (unit_random(seed, 4)) {

        case 0:
            b->data[at] = (unsigned char) bytes[unit_random(seed,
                                                            sizeof(bytes))];
            break;

        case 1:
            b->data[at] = (unsigned char) unit_random(seed, 256);
            break;

        case 2:
            memmove(b->data + at, b->data + at + 1, b->len - at - 1);
            b->len--;
            break;

        default:
            b->len = at + 1;
        }
    }
}


/* What we took must come out sorted, short, the same, and stay so. */

static void
check_canonical(zoom_str_t text, const json_t *theirs)
{
    json_t                *again;
    uint16_t               i, k;
    zoom_buf_t             one, two, name;
    const unsigned char   *last;
    size_t                 len;
    static unsigned char   first[8192], second[8192], names[16384];

    zoom_buf_init(&one, first, text.len);
    zoom_json_canonical(&one, &doc);
    ck_assert_int_eq(one.overflow, 0);

    zoom_buf_init(&name, names, sizeof(names));

    for (i = 0; i < doc.n; i++) {
        last = NULL;
        len = 0;

        if (doc.nodes[i].type != ZOOM_JSON_OBJECT) {
            continue;
        }

        for (k = doc.nodes[i].first; k != ZOOM_JSON_NONE;
             k = doc.nodes[k].next)
        {
            name.len = last ? (size_t) (last - names) + len : 0;
            two.len = name.len;

            zoom_json_decode(&name, doc.nodes[k].name);
            ck_assert_int_eq(name.overflow, 0);
            ck_assert_uint_le(name.len - two.len, doc.nodes[k].name.len);

            if (last) {
                int     rc;
                size_t  n = name.len - two.len;

                rc = memcmp(last, names + two.len, n < len ? n : len);
                ck_assert(rc < 0 || (rc == 0 && len < n));
            }

            last = names + two.len;
            len = name.len - two.len;
        }
    }

    again = json_loadb((char *) one.data, one.len,
                       JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, NULL);
    ck_assert_ptr_nonnull(again);
    ck_assert(json_equal(theirs, again));
    json_decref(again);

    ck_assert_ptr_null(zoom_json_scan(&doc, unit_buf(&one)));
    zoom_buf_init(&two, second, one.len);
    zoom_json_canonical(&two, &doc);
    ck_assert(zoom_str_eq(unit_buf(&one), unit_buf(&two)));
}


static void
check_against_jansson(zoom_str_t text)
{
    json_t        *theirs;
    const char    *why;
    json_error_t   error;

    why = zoom_json_scan(&doc, text);

    /* Jansson skips a zero byte after a number */

    if (text.len == 0 || memchr(text.data, '\0', text.len)) {
        ck_assert_ptr_nonnull(why);
        return;
    }

    theirs = json_loadb((const char *) text.data, text.len,
                        JSON_REJECT_DUPLICATES|JSON_DECODE_ANY, &error);

    /* ours alone has ceilings, Jansson alone computes numbers */

    if ((why && (strcmp(why, "is too deep") == 0
                 || strcmp(why, "has too many values") == 0))
        || (theirs == NULL
            && json_error_code(&error) == json_error_numeric_overflow))
    {
        json_decref(theirs);
        return;
    }

    ck_assert_msg((why == NULL) == (theirs != NULL),
                  "\"%.*s\": ours %s, Jansson's %s", (int) text.len,
                  (const char *) text.data, why ? why : "ok",
                  theirs ? "ok" : error.text);

    if (theirs) {
        check_canonical(text, theirs);
        json_decref(theirs);
    }
}


START_TEST(agrees_with_jansson)
{
    if ((size_t) _i < N(good)) {
        check_against_jansson(zoom_str_c(good[_i]));

    } else {
        check_against_jansson(zoom_str_c(bad[(size_t) _i - N(good)].text));
    }
}
END_TEST


START_TEST(agrees_at_random)
{
    int             i, valid;
    uint32_t        seed;
    zoom_buf_t      b;
    unsigned char  *copy;
    static unsigned char  data[8192];

    seed = 8259 + (uint32_t) _i;
    valid = 0;

    for (i = 0; i < ROUNDS / 4; i++) {
        zoom_buf_init(&b, data, sizeof(data));
        random_value(&b, &seed, 5);

        if (b.overflow) {
            continue;
        }

        if (i % 3) {
            mutate(&b, &seed);
        }

        copy = malloc(b.len ? b.len : 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, b.data, b.len);

        check_against_jansson((zoom_str_t) { copy, b.len });
        valid += (doc.n > 0);

        free(copy);
    }

    ck_assert_int_gt(valid, ROUNDS / 16);
}
END_TEST


Suite *
unit_json(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("json");
    t = tcase_create("json");

    tcase_add_loop_test(t, takes, 0, (int) N(good));
    tcase_add_loop_test(t, refuses, 0, (int) N(bad));
    tcase_add_test(t, refuses_zero_bytes);
    tcase_add_loop_test(t, never_reads_beyond, 0, (int) N(good));
    tcase_add_loop_test(t, looks_at_every_byte, 1, 26);
    tcase_add_test(t, has_a_floor);
    tcase_add_test(t, has_a_ceiling);
    tcase_add_test(t, fills_nodes);
    tcase_add_test(t, finds_members);
    tcase_add_loop_test(t, agrees_with_jansson, 0,
                        (int) (N(good) + N(bad)));
    tcase_add_loop_test(t, agrees_at_random, 0, 4);

    suite_add_tcase(s, t);

    return s;
}
