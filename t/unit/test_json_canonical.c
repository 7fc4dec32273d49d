#include "unit.h"
#include "zoom_json.h"


static zoom_json_doc_t  doc;


static const struct {
    const char  *text;
    const char  *canonical;
    const char  *decoded;        /* of a string */
} forms[] = {
    { "\"\"", "\"\"", "" },
    { "\"\\/\"", "\"/\"", "/" },
    { "\"\\u002f\\u0022\\u005C\"", "\"/\\\"\\\\\"", "/\"\\" },
    { "\"\\b\\t\\n\\f\\r\"", "\"\\b\\t\\n\\f\\r\"", "\b\t\n\f\r" },
    { "\"\\u0008\\u0009\\u000a\\u000c\\u000D\"", "\"\\b\\t\\n\\f\\r\"",
      "\b\t\n\f\r" },
    { "\"\\u0001\\u000b\\u001F\\u000e\"", "\"\\u0001\\u000b\\u001f\\u000e\"",
      "\x01\x0b\x1f\x0e" },
    { "\"\\u007f\x7f\\u0020\"", "\"\x7f\x7f \"", "\x7f\x7f " },
    { "\"caf\\u00e9 \\u2615\"", "\"caf\xc3\xa9 \xe2\x98\x95\"",
      "caf\xc3\xa9 \xe2\x98\x95" },
    { "\"\\u2028\xe2\x80\xa9\"", "\"\xe2\x80\xa8\xe2\x80\xa9\"",
      "\xe2\x80\xa8\xe2\x80\xa9" },
    { "\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80" },
    { "\"\\udbff\\udfff\\uffff\\u07ff\\u0080\"",
      "\"\xf4\x8f\xbf\xbf\xef\xbf\xbf\xdf\xbf\xc2\x80\"",
      "\xf4\x8f\xbf\xbf\xef\xbf\xbf\xdf\xbf\xc2\x80" },
    { "\"\\\\n\"", "\"\\\\n\"", "\\n" },

    { " [ ] ", "[]", NULL },
    { "{ }", "{}", NULL },
    { "[1.0, -0, 1E5, 0.10, 12345678901234567890123]",
      "[1.0,-0,1E5,0.10,12345678901234567890123]", NULL },
    { "[true , false , null ]", "[true,false,null]", NULL },
    { "{\"b\": {\"d\": 1, \"c\": [3, 1, 2]}, \"a\": []}",
      "{\"a\":[],\"b\":{\"c\":[3,1,2],\"d\":1}}", NULL },
    { "{\"a\":1,\"B\":2,\"_\":3,\"\":4,\"aa\":5}",
      "{\"\":4,\"B\":2,\"_\":3,\"a\":1,\"aa\":5}", NULL },

    /* by code point, where UTF-16 would have it the other way round */

    { "{\"\\ud800\\udc00\":1,\"\\uffff\":2,\"\\u00e9\":3,\"z\":4}",
      "{\"z\":4,\"\xc3\xa9\":3,\"\xef\xbf\xbf\":2,\"\xf0\x90\x80\x80\":1}",
      NULL },
    { "{\"\xf0\x90\x80\x80\":1,\"\xef\xbf\xbf\":2}",
      "{\"\xef\xbf\xbf\":2,\"\xf0\x90\x80\x80\":1}", NULL },
    { "{\"a\\u0001\":1,\"a\":2,\"\\u0061b\":3,\"a\\n\":4}",
      "{\"a\":2,\"a\\u0001\":1,\"a\\n\":4,\"ab\":3}", NULL }
};


START_TEST(writes_canonical)
{
    zoom_buf_t     b;
    unsigned char  data[128];

    ck_assert_ptr_null(zoom_json_scan(&doc, zoom_str_c(forms[_i].text)));

    zoom_buf_init(&b, data, sizeof(data));
    zoom_json_canonical(&b, &doc);
    unit_is(unit_buf(&b), forms[_i].canonical);

    if (forms[_i].decoded) {
        zoom_buf_init(&b, data, sizeof(data));
        zoom_json_decode(&b, doc.nodes[0].text);
        unit_is(unit_buf(&b), forms[_i].decoded);
    }

    zoom_buf_init(&b, data, strlen(forms[_i].canonical) - 1);
    zoom_json_canonical(&b, &doc);
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


/* On the way, too, unless members have to be sorted. */

START_TEST(writes_canonical_on_the_way)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[128];

    static const char *const  unsorted[] = {
        "{\"b\":1,\"a\":2}", "[{\"a\":1},{\"b\": 1, \"a\\u0041\": 2}]",
        "{\"a\":{\"y\":1,\"x\":\"\\n\"}, \"b\": 1}"
    };

    zoom_buf_init(&b, data, sizeof(data));
    ck_assert_ptr_null(zoom_json_scan_canonical(&doc,
                                                zoom_str_c(forms[_i].text),
                                                &b));
    if (doc.canonical.data) {
        unit_is(doc.canonical, forms[_i].canonical);
    }

    ck_assert_int_eq(doc.canonical.data != NULL,
                     strstr(forms[_i].text, "{\"b\"") == NULL
                     && strstr(forms[_i].text, "\"B\"") == NULL
                     && strstr(forms[_i].text, "\":1,") == NULL);

    for (i = 0; i < N(unsorted); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        ck_assert_ptr_null(zoom_json_scan_canonical(&doc,
                                                    zoom_str_c(unsorted[i]),
                                                    &b));
        ck_assert_ptr_null(doc.canonical.data);
    }
}
END_TEST


/* A text that is canonical is not copied; one without room is not signed. */

START_TEST(copies_no_more_than_it_must)
{
    zoom_str_t     text;
    zoom_buf_t     b;
    unsigned char  data[4];

    text = zoom_str_c("{\"a\":[1,\"\xc3\xa9\"],\"b\":{}}");

    zoom_buf_init(&b, data, sizeof(data));
    ck_assert_ptr_null(zoom_json_scan_canonical(&doc, text, &b));
    ck_assert_ptr_eq(doc.canonical.data, text.data);
    ck_assert_uint_eq(doc.canonical.len, text.len);
    ck_assert_uint_eq(doc.escaped, 0);

    ck_assert_ptr_null(zoom_json_scan_canonical(&doc, S(" [1] "), &b));
    unit_is(doc.canonical, "[1]");

    ck_assert_ptr_null(zoom_json_scan_canonical(&doc,
                                                S("[\"\\n1234\",\"5678\"]"),
                                                &b));
    ck_assert_ptr_null(doc.canonical.data);
    ck_assert_uint_eq(doc.escaped, 6);

    zoom_buf_init(&b, data, 1);
    ck_assert_ptr_null(zoom_json_scan_canonical(&doc, S("[1 ]"), &b));
    ck_assert_ptr_null(doc.canonical.data);

    zoom_buf_init(&b, data, sizeof(data));
    ck_assert_ptr_nonnull(zoom_json_scan_canonical(&doc, S("[1"), &b));
    ck_assert_ptr_null(doc.canonical.data);
}
END_TEST


START_TEST(writes_nothing_of_nothing)
{
    zoom_buf_t     b;
    unsigned char  data[8];

    zoom_buf_init(&b, data, sizeof(data));

    ck_assert_ptr_nonnull(zoom_json_scan(&doc, S("[")));
    zoom_json_canonical(&b, &doc);
    zoom_json_decode(&b, zoom_str_c(NULL));

    ck_assert_uint_eq(b.len, 0);
}
END_TEST


/* Sorted, the wrong way round, mixed, and from both ends. */

START_TEST(sorts)
{
    unsigned              i, k, n;
    uint16_t              node;
    char                  name[32];
    zoom_buf_t            b;
    static unsigned char  data[32768];

    static const unsigned  counts[] = { 1, 2, 3, 7, 8, 9, 511, 512, 1023 };

    n = counts[_i % (int) N(counts)];

    zoom_buf_init(&b, data, sizeof(data));
    zoom_buf_c(&b, "{");

    for (i = 0; i < n; i++) {

        switch (_i / (int) N(counts)) {

        case 0:
            k = i;
            break;

        case 1:
            k = n - 1 - i;
            break;

        case 2:
            k = i * 5 % n;
            break;

        default:
            k = (i % 2) ? n - 1 - i / 2 : i / 2;
            break;
        }

        snprintf(name, sizeof(name), "%s\"%s%04u\":%u", i ? "," : "",
                 k % 3 ? "x" : "\\u0078", k, k);
        zoom_buf_c(&b, name);
    }

    zoom_buf_c(&b, "}");

    ck_assert_int_eq(b.overflow, 0);
    ck_assert_ptr_null(zoom_json_scan(&doc, unit_buf(&b)));

    i = 0;

    for (node = doc.nodes[0].first; node != ZOOM_JSON_NONE;
         node = doc.nodes[node].next)
    {
        snprintf(name, sizeof(name), "%u", i++);
        unit_is(doc.nodes[node].text, name);
    }

    ck_assert_uint_eq(i, n);
}
END_TEST


/* Two equal names are found wherever they stand. */

START_TEST(finds_twins)
{
    unsigned              i, a, z, n;
    char                  name[32];
    zoom_buf_t            b;
    static unsigned char  data[32768];

    n = 40;

    for (a = 0; a < n; a++) {
        for (z = a + 1; z < n; z++) {
            zoom_buf_init(&b, data, sizeof(data));
            zoom_buf_c(&b, "{");

            for (i = 0; i < n; i++) {
                snprintf(name, sizeof(name), "%s\"%u\":0", i ? "," : "",
                         (i == z ? a : i) * 29 % 101);
                zoom_buf_c(&b, name);
            }

            zoom_buf_c(&b, "}");

            ck_assert_str_eq(zoom_json_scan(&doc, unit_buf(&b)),
                             "has a duplicate member");
        }
    }
}
END_TEST


Suite *
unit_json_canonical(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("json canonical");
    t = tcase_create("json canonical");

    tcase_add_loop_test(t, writes_canonical, 0, (int) N(forms));
    tcase_add_loop_test(t, writes_canonical_on_the_way, 0, (int) N(forms));
    tcase_add_test(t, copies_no_more_than_it_must);
    tcase_add_test(t, writes_nothing_of_nothing);
    tcase_add_loop_test(t, sorts, 0, 36);
    tcase_add_test(t, finds_twins);

    suite_add_tcase(s, t);

    return s;
}
