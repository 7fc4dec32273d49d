#include "unit.h"
#include "zoom_secret.h"


START_TEST(takes)
{
    size_t       i;
    zoom_str_t   value;

    static const struct {
        const char  *raw;
        const char  *value;
    } table[] = {
        { "secret", "secret" },
        { "secret\n", "secret" },
        { "secret\r\n", "secret" },
        { "secret\n\n\r\n", "secret" },
        { " inner space ", " inner space " },
        { " \n", " " },
        { "caf\xc3\xa9", "caf\xc3\xa9" }
    };

    for (i = 0; i < N(table); i++) {
        ck_assert_ptr_null(zoom_secret_value(zoom_str_c(table[i].raw),
                                             &value));
        unit_is(value, table[i].value);
    }
}
END_TEST


START_TEST(refuses)
{
    size_t       i;
    zoom_str_t   value;

    static const char *const  control[] = {
        "a\nb", "a\tb", "\nab", "a\rb\n", "a\x7f", "a\x01", "a\x1f\n"
    };

    ck_assert_str_eq(zoom_secret_value(S(""), &value), "is empty");
    ck_assert_str_eq(zoom_secret_value(S("\n"), &value), "is empty");
    ck_assert_str_eq(zoom_secret_value(S("\r\n\r\n"), &value), "is empty");
    ck_assert_str_eq(zoom_secret_value(zoom_str_c(NULL), &value), "is empty");

    for (i = 0; i < N(control); i++) {
        ck_assert_str_eq(zoom_secret_value(zoom_str_c(control[i]), &value),
                         "contains a control character");
    }

    ck_assert_str_eq(zoom_secret_value(S("a\0b"), &value),
                     "contains a control character");
}
END_TEST


START_TEST(stored)
{
    size_t       i;
    const char  *why;

    static const struct {
        const char  *value;
        const char  *why;
        const char  *words;      /* why not where words are fine */
    } table[] = {
        { "secret", NULL, NULL },
        { "", NULL, NULL },
        { "a\"b'c", NULL, NULL },
        { "=x", NULL, NULL },
        { "9a=x", NULL, NULL },
        { "a+b=x", NULL, NULL },
        { "QUJD=", NULL, NULL },
        { "QUJD==", NULL, NULL },
        { "QUJD==x", NULL, NULL },
        { "caf\xc3\xa9", NULL, NULL },
        { "\xef\xbb\xbfsecret", "is behind a byte order mark",
          "is behind a byte order mark" },
        { "\xef\xbb", NULL, NULL },
        { "\"secret\"", "is in quotes", "is in quotes" },
        { "'secret'", "is in quotes", "is in quotes" },
        { "\"secret", "is in quotes", "is in quotes" },
        { "secret'", "is in quotes", "is in quotes" },
        { "\"", "is in quotes", "is in quotes" },
        { "NAME=secret", "is behind a name and \"=\"",
          "is behind a name and \"=\"" },
        { "client_secret2=s=", "is behind a name and \"=\"",
          "is behind a name and \"=\"" },
        { "_=s", "is behind a name and \"=\"",
          "is behind a name and \"=\"" },
        { "export NAME=secret", "has a blank", NULL },
        { "Bearer secret", "has a blank", NULL },
        { "Bearer  secret", "has a blank", "has a blank" },
        { " secret", "has a blank", "has a blank" },
        { "secret ", "has a blank", "has a blank" },
        { " ", "has a blank", "has a blank" }
    };

    for (i = 0; i < N(table); i++) {
        why = zoom_secret_stored(zoom_str_c(table[i].value), 0);
        ck_assert_pstr_eq(why, table[i].why);

        why = zoom_secret_stored(zoom_str_c(table[i].value), 1);
        ck_assert_pstr_eq(why, table[i].words);
    }
}
END_TEST


START_TEST(place)
{
    size_t  i;

    static const struct {
        const char  *value;
        const char  *place;
    } table[] = {
        { "/etc/nginx/zoom/url_secret", "file:" },
        { "/", "file:" },
        { "./secret", "file:" },
        { "../secret", "file:" },
        { "~/secret", "file:" },
        { "zoom/secret.txt", "file:" },
        { "zoom/a.b/secret.v_2", "file:" },
        { "zoom/.secret", "file:" },
        { "$SECRET", "env:" },
        { "${SECRET}", "env:" },
        { "$_", "env:" },
        { "", NULL },
        { ".", NULL },
        { "~", NULL },
        { "~secret", NULL },
        { "secret.txt", NULL },
        { "a/b", NULL },
        { "a/b.", NULL },
        { "a/b.c+d", NULL },
        { "a/b.abcdefghijk", NULL },
        { "AAEC/wQF+gcI==", NULL },
        { "whsec_AAEC/wQF", NULL },
        { "$", NULL },
        { "$1a", NULL },
        { "secret$x", NULL }
    };

    for (i = 0; i < N(table); i++) {
        ck_assert_pstr_eq(zoom_secret_place(zoom_str_c(table[i].value)),
                          table[i].place);
    }
}
END_TEST


Suite *
unit_secret(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("secret");
    t = tcase_create("secret");

    tcase_add_test(t, takes);
    tcase_add_test(t, refuses);
    tcase_add_test(t, stored);
    tcase_add_test(t, place);

    suite_add_tcase(s, t);

    return s;
}
