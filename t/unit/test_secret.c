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


Suite *
unit_secret(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("secret");
    t = tcase_create("secret");

    tcase_add_test(t, takes);
    tcase_add_test(t, refuses);

    suite_add_tcase(s, t);

    return s;
}
