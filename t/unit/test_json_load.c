#include "unit.h"
#include "zoom_json.h"


START_TEST(loads)
{
    json_t      *root;
    const char  *why;

    root = zoom_json_load(S("{\"token\":\"a.b.c\",\"n\":3600}"), &why);

    ck_assert_ptr_nonnull(root);
    ck_assert_ptr_null(why);
    ck_assert_str_eq(json_string_value(json_object_get(root, "token")),
                     "a.b.c");
    json_decref(root);

    root = zoom_json_load(S("{}"), NULL);
    ck_assert_ptr_nonnull(root);
    json_decref(root);
}
END_TEST


START_TEST(refuses)
{
    size_t       i;
    const char  *why;

    static const struct {
        const char  *text;
        const char  *why;
    } table[] = {
        { "", "is empty" },
        { "[]", "is not an object" },
        { "\"token\"", "is not JSON" },
        { "null", "is not JSON" },
        { "<html>", "is not JSON" },
        { "{\"a\":1}x", "is not JSON" },
        { "{\"a\":1", "is truncated" },
        { "{\"token\":\"abc", "is truncated" },
        { "{\"a\":1,\"a\":2}", "has a duplicate member" },
        { "{\"a\":\"\\u0000\"}", "has U+0000 in a string" },
        { "{\"\\u0000\":1}", "has U+0000 in a string" },
        { "{\"a\":\"\xff\"}", "is not UTF-8" },
        { "{\"a\":1e999}", "is not JSON" }
    };

    for (i = 0; i < N(table); i++) {
        ck_assert_ptr_null(zoom_json_load(zoom_str_c(table[i].text), &why));
        ck_assert_ptr_null(zoom_json_load(zoom_str_c(table[i].text), NULL));
        ck_assert_msg(strcmp(why, table[i].why) == 0, "\"%s\" %s, not %s",
                      table[i].text, why, table[i].why);
    }

    ck_assert_ptr_null(zoom_json_load(zoom_str_c(NULL), &why));
    ck_assert_ptr_null(zoom_json_load(S("{\"a\":1\0}"), &why));
    ck_assert_ptr_null(zoom_json_load(S("{\"a\":\"\0\"}"), &why));
}
END_TEST


START_TEST(has_ceilings)
{
    int            i, depth;
    json_t        *root;
    zoom_buf_t     b;
    const char    *why;
    static unsigned char  data[ZOOM_JSON_LOAD_MAX + 1];

    for (depth = 31; depth <= 33; depth++) {
        zoom_buf_init(&b, data, sizeof(data));
        zoom_buf_c(&b, "{\"[[[[\\\"[[[[[[\":");

        for (i = 1; i < depth; i++) {
            zoom_buf_c(&b, "[");
        }

        for (i = 1; i < depth; i++) {
            zoom_buf_c(&b, "]");
        }

        zoom_buf_c(&b, "}");

        root = zoom_json_load(unit_buf(&b), &why);

        ck_assert_int_eq(root != NULL, depth <= ZOOM_JSON_LOAD_DEPTH);

        if (root == NULL) {
            ck_assert_str_eq(why, "is too deep");
        }

        json_decref(root);
    }

    memset(data, ' ', sizeof(data));
    memcpy(data, "{}", 2);

    root = zoom_json_load((zoom_str_t) { data, ZOOM_JSON_LOAD_MAX }, &why);
    ck_assert_ptr_nonnull(root);
    json_decref(root);

    ck_assert_ptr_null(zoom_json_load((zoom_str_t) { data, sizeof(data) },
                                      &why));
    ck_assert_str_eq(why, "is too large");

    /* would be a stack overflow in a parser that recurses */

    memset(data, '[', sizeof(data));
    ck_assert_ptr_null(zoom_json_load((zoom_str_t) { data,
                                                     ZOOM_JSON_LOAD_MAX },
                                      &why));
    ck_assert_str_eq(why, "is too deep");
}
END_TEST


START_TEST(bears_huge_integers)
{
    json_t  *root;

    root = zoom_json_load(S("{\"n\":99999999999999999999999,\"t\":\"x\"}"),
                          NULL);

    ck_assert_ptr_nonnull(root);
    ck_assert(json_is_real(json_object_get(root, "n")));

    json_decref(root);
}
END_TEST


START_TEST(reads_numbers)
{
    size_t   i;
    double   n;
    char     text[64];
    json_t  *root;

    static const struct {
        const char  *text;
        int          number;
        double       n;
    } table[] = {
        { "0", 1, 0 }, { "3600", 1, 3600 }, { "-5", 1, -5 },
        { "3600.0", 1, 3600 }, { "3599.5", 1, 3599.5 }, { "1e300", 1, 1e300 },
        { "4294967297", 1, 4294967297.0 },
        { "99999999999999999999", 1, 1e20 },
        { "\"3599\"", 1, 3599 }, { "\"007\"", 1, 7 },
        { "\"-5\"", 1, -5 }, { "\"3599.9\"", 1, 3599 },
        { "\"0.5\"", 1, 0 },

        { "\"\"", 0, 0 }, { "\"-\"", 0, 0 }, { "\"+5\"", 0, 0 },
        { "\" 5\"", 0, 0 }, { "\"5 \"", 0, 0 }, { "\"5s\"", 0, 0 },
        { "\"5.\"", 0, 0 }, { "\".5\"", 0, 0 }, { "\"5.5.5\"", 0, 0 },
        { "\"1e3\"", 0, 0 }, { "\"0x10\"", 0, 0 }, { "\"inf\"", 0, 0 },
        { "\"nan\"", 0, 0 }, { "null", 0, 0 }, { "true", 0, 0 },
        { "[5]", 0, 0 }, { "{}", 0, 0 }
    };

    for (i = 0; i < N(table); i++) {
        snprintf(text, sizeof(text), "{\"n\":%s}", table[i].text);

        root = zoom_json_load(zoom_str_c(text), NULL);
        ck_assert_ptr_nonnull(root);

        ck_assert_msg(zoom_json_double(json_object_get(root, "n"), &n)
                      == table[i].number, "%s", text);

        if (table[i].number) {
            ck_assert_msg(n == table[i].n, "%s: %f", text, n);
        }

        json_decref(root);
    }

    ck_assert_int_eq(zoom_json_double(NULL, &n), 0);
}
END_TEST


START_TEST(wipes)
{
    json_t  *root, *value;

    root = zoom_json_load(S("{\"token\":\"abc\",\"n\":1}"), NULL);
    value = json_object_get(root, "token");

    zoom_json_wipe(value);
    ck_assert_int_eq(memcmp(json_string_value(value), "\0\0\0\0", 4), 0);

    zoom_json_wipe(json_object_get(root, "n"));
    zoom_json_wipe(NULL);

    json_decref(root);
}
END_TEST


static int  nfreed;


static void
counted_free(void *p)
{
    nfreed++;
    free(p);
}


static void *
others_malloc(size_t size)
{
    return malloc(size);
}


START_TEST(frees_by_a_function)
{
    json_t         *root;
    json_free_t     gives;
    json_malloc_t   takes;

    root = zoom_json_load(S("{\"token\":\"of before\"}"), NULL);
    ck_assert_ptr_nonnull(root);

    zoom_json_free_by(counted_free);
    json_decref(root);
    ck_assert_int_gt(nfreed, 0);

    /* it has somebody else's */

    json_set_alloc_funcs(others_malloc, free);
    zoom_json_free_by(counted_free);
    json_get_alloc_funcs(&takes, &gives);
    ck_assert(takes == others_malloc && gives == free);

    json_set_alloc_funcs(malloc, free);
}
END_TEST


Suite *
unit_json_load(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("json_load");
    t = tcase_create("json_load");

    tcase_add_test(t, loads);
    tcase_add_test(t, refuses);
    tcase_add_test(t, has_ceilings);
    tcase_add_test(t, bears_huge_integers);
    tcase_add_test(t, reads_numbers);
    tcase_add_test(t, wipes);
    tcase_add_test(t, frees_by_a_function);

    suite_add_tcase(s, t);

    return s;
}
