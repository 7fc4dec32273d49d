#include "unit.h"
#include "zoom_uri.h"


START_TEST(escapes)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[64];

    static const struct {
        const char  *raw;
        const char  *escaped;
    } table[] = {
        { "", "" },
        { "AZaz09-._~", "AZaz09-._~" },
        { "bots@example.com", "bots%40example.com" },
        { "a b+c", "a%20b%2Bc" },
        { "/abc//d==", "%2Fabc%2F%2Fd%3D%3D" },
        { "%2F", "%252F" },
        { "?#&\"\r\n", "%3F%23%26%22%0D%0A" },
        { "\xc3\xa9\x7f", "%C3%A9%7F" }
    };

    for (i = 0; i < N(table); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        zoom_uri_escape(&b, zoom_str_c(table[i].raw));
        unit_is(unit_buf(&b), table[i].escaped);
    }

    zoom_buf_init(&b, data, 2);
    zoom_uri_escape(&b, S("@"));
    ck_assert_int_eq(b.overflow, 1);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST


START_TEST(decodes_once)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[64];

    static const struct {
        const char  *escaped;
        const char  *raw;
    } table[] = {
        { "", "" }, { "abc", "abc" }, { "a%20b", "a b" }, { "a+b", "a+b" },
        { "%6d%65", "me" }, { "%2f%2F", "//" }, { "%252F", "%2F" },
        { "%25", "%" }, { "%c3%A9", "\xc3\xa9" }
    };

    for (i = 0; i < N(table); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        ck_assert_int_eq(zoom_uri_unescape(&b, zoom_str_c(table[i].escaped)),
                         0);
        unit_is(unit_buf(&b), table[i].raw);
    }

    zoom_buf_init(&b, data, sizeof(data));
    ck_assert_int_eq(zoom_uri_unescape(&b, S("%00")), 0);
    ck_assert(zoom_str_eq(unit_buf(&b), S("\0")));
}
END_TEST


START_TEST(refuses)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[64];

    static const char *const  table[] = {
        "%", "%2", "a%", "a%4", "%zz", "%4g", "%g4", "%%41", "% 41", "%-1",
        "%0x41", "abc%"
    };

    for (i = 0; i < N(table); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        zoom_buf_c(&b, ">");
        ck_assert_msg(zoom_uri_unescape(&b, zoom_str_c(table[i])) == -1,
                      "took \"%s\"", table[i]);
        unit_is(unit_buf(&b), ">");
    }

    zoom_buf_init(&b, data, 2);
    ck_assert_int_eq(zoom_uri_unescape(&b, S("abc")), -1);
    ck_assert_int_eq(b.overflow, 1);
    ck_assert_uint_eq(b.len, 0);
}
END_TEST


START_TEST(comes_back)
{
    int            c;
    zoom_buf_t     there, back;
    unsigned char  data[256], escaped[768], again[256];

    for (c = 0; c < 256; c++) {
        data[c] = (unsigned char) c;
    }

    zoom_buf_init(&there, escaped, sizeof(escaped));
    zoom_buf_init(&back, again, sizeof(again));

    zoom_uri_escape(&there, (zoom_str_t) { data, sizeof(data) });

    ck_assert_int_eq(zoom_uri_unescape(&back, unit_buf(&there)), 0);
    ck_assert_uint_eq(back.len, sizeof(data));
    ck_assert_int_eq(memcmp(again, data, sizeof(data)), 0);
}
END_TEST


Suite *
unit_uri(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("uri");
    t = tcase_create("uri");

    tcase_add_test(t, escapes);
    tcase_add_test(t, decodes_once);
    tcase_add_test(t, refuses);
    tcase_add_test(t, comes_back);

    suite_add_tcase(s, t);

    return s;
}
