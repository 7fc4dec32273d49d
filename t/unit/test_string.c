#include "unit.h"


START_TEST(borrows)
{
    unit_is(zoom_str_c("abc"), "abc");
    unit_is(zoom_str_c(""), "");

    ck_assert_uint_eq(zoom_str_c(NULL).len, 0);
}
END_TEST


START_TEST(fills_to_the_brim)
{
    zoom_buf_t     b;
    unsigned char  data[4] = { 'x', 'x', 'x', 'x' };

    zoom_buf_init(&b, data, 3);

    zoom_buf_c(&b, "ab");
    zoom_buf_add(&b, NULL, 0);
    zoom_buf_str(&b, S("c"));

    ck_assert_int_eq(b.overflow, 0);
    unit_is(unit_buf(&b), "abc");

    zoom_buf_c(&b, "d");

    ck_assert_int_eq(b.overflow, 1);
    unit_is(unit_buf(&b), "abc");
    ck_assert_int_eq(data[3], 'x');
}
END_TEST


START_TEST(writes_nothing_after_a_gap)
{
    zoom_buf_t     b;
    unsigned char  data[3];

    zoom_buf_init(&b, data, sizeof(data));

    zoom_buf_c(&b, "a");
    zoom_buf_c(&b, "bcd");
    zoom_buf_c(&b, "e");

    ck_assert_int_eq(b.overflow, 1);
    unit_is(unit_buf(&b), "a");

    zoom_buf_init(&b, NULL, 0);
    zoom_buf_c(&b, "");
    ck_assert_int_eq(b.overflow, 0);
    zoom_buf_c(&b, "a");
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


START_TEST(writes_numbers)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[20];

    static const struct {
        int64_t      n;
        const char  *text;
    } table[] = {
        { 0, "0" }, { 7, "7" }, { -1, "-1" }, { 7200, "7200" },
        { INT64_MAX, "9223372036854775807" },
        { INT64_MIN, "-9223372036854775808" }
    };

    for (i = 0; i < N(table); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        zoom_buf_int(&b, table[i].n);
        unit_is(unit_buf(&b), table[i].text);
    }

    zoom_buf_init(&b, data, 19);
    zoom_buf_int(&b, INT64_MIN);
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


START_TEST(compares)
{
    ck_assert_int_eq(zoom_str_eq(S("abc"), S("abc")), 1);
    ck_assert_int_eq(zoom_str_eq(S("abc"), S("abC")), 0);
    ck_assert_int_eq(zoom_str_eq(S("abc"), S("ab")), 0);
    ck_assert_int_eq(zoom_str_eq(zoom_str_c(NULL), S("")), 1);
    ck_assert_int_eq(zoom_str_eq(S("a\0b"), S("a\0c")), 0);

    ck_assert_int_eq(zoom_str_caseeq(S("aBc-1"), S("AbC-1")), 1);
    ck_assert_int_eq(zoom_str_caseeq(S("@"), S("`")), 0);
    ck_assert_int_eq(zoom_str_caseeq(S("[{"), S("{[")), 0);
    ck_assert_int_eq(zoom_str_caseeq(S("\xc4"), S("\xe4")), 0);
    ck_assert_int_eq(zoom_str_caseeq(S("ab"), S("abc")), 0);
    ck_assert_int_eq(zoom_str_caseeq(zoom_str_c(NULL), S("")), 1);
}
END_TEST


START_TEST(finds)
{
    ck_assert_int_eq(zoom_str_casefind(S("the Daily limit"), "daily"), 1);
    ck_assert_int_eq(zoom_str_casefind(S("daily"), "daily"), 1);
    ck_assert_int_eq(zoom_str_casefind(S("dail"), "daily"), 0);
    ck_assert_int_eq(zoom_str_casefind(S("xdailx"), "daily"), 0);
    ck_assert_int_eq(zoom_str_casefind(S("ddaily"), "daily"), 1);
    ck_assert_int_eq(zoom_str_casefind(S(""), "daily"), 0);
    ck_assert_int_eq(zoom_str_casefind(zoom_str_c(NULL), "daily"), 0);
    ck_assert_int_eq(zoom_str_casefind(S("abc"), ""), 1);
}
END_TEST


START_TEST(knows_characters)
{
    int         c;
    const char  *p;

    static const char  digits[] = "0123456789abcdef";

    for (c = 0; c < 256; c++) {
        ck_assert_int_eq(zoom_lower((unsigned char) c),
                         c >= 'A' && c <= 'Z' ? c + 32 : c);

        p = c ? strchr(digits, zoom_lower((unsigned char) c)) : NULL;

        ck_assert_int_eq(zoom_hex((unsigned char) c),
                         p ? (int) (p - digits) : -1);
    }
}
END_TEST


START_TEST(knows_what_is_printable)
{
    int            c, good;
    size_t         at, len;
    unsigned char  text[20];

    for (len = 0; len < sizeof(text); len++) {

        memset(text, len % 2 ? ' ' : '~', sizeof(text));
        ck_assert_int_eq(zoom_printable((zoom_str_t) { text, len }), 1);

        for (at = 0; at < len; at++) {

            for (c = 0; c < 256; c++) {
                text[at] = (unsigned char) c;
                good = (c >= ' ' && c <= '~');

                ck_assert_int_eq(zoom_printable((zoom_str_t) { text, len }),
                                 good);
            }

            text[at] = 'x';
        }
    }

    ck_assert_int_eq(zoom_printable(zoom_str_c(NULL)), 1);
}
END_TEST


START_TEST(compares_secrets)
{
    ck_assert_int_eq(zoom_secret_eq(S("s3cret"), S("s3cret")), 1);
    ck_assert_int_eq(zoom_secret_eq(S("s3cret"), S("s3creT")), 0);
    ck_assert_int_eq(zoom_secret_eq(S("s3cret"), S("s3cre")), 0);
    ck_assert_int_eq(zoom_secret_eq(S("s3cret"), S("s3crett")), 0);
    ck_assert_int_eq(zoom_secret_eq(S("s3cret"), S("x3cret")), 0);
    ck_assert_int_eq(zoom_secret_eq(S("s3cret"), S("")), 0);
    ck_assert_int_eq(zoom_secret_eq(S("aaa"), S("aaaa")), 0);
    ck_assert_int_eq(zoom_secret_eq(S("a\0b"), S("a\0b")), 1);
    ck_assert_int_eq(zoom_secret_eq(S("a\0b"), S("a\0c")), 0);

    /* an empty secret is no secret */

    ck_assert_int_eq(zoom_secret_eq(S(""), S("")), 0);
    ck_assert_int_eq(zoom_secret_eq(zoom_str_c(NULL), zoom_str_c(NULL)), 0);
    ck_assert_int_eq(zoom_secret_eq(zoom_str_c(NULL), S("\0")), 0);
}
END_TEST


START_TEST(notices_every_bit)
{
    size_t         i;
    unsigned       bit;
    unsigned char  secret[32], sent[32];

    memset(secret, 0xa5, sizeof(secret));

    for (i = 0; i < sizeof(sent); i++) {
        for (bit = 0; bit < 8; bit++) {
            memcpy(sent, secret, sizeof(sent));
            sent[i] ^= (unsigned char) (1u << bit);

            ck_assert_int_eq(zoom_secret_eq((zoom_str_t) { secret, 32 },
                                            (zoom_str_t) { sent, 32 }), 0);
        }
    }
}
END_TEST


START_TEST(wipes)
{
    size_t         i;
    unsigned char  data[64];

    memset(data, 'x', sizeof(data));

    zoom_wipe(data, sizeof(data) - 1);
    zoom_wipe(NULL, 0);

    for (i = 0; i < sizeof(data) - 1; i++) {
        ck_assert_int_eq(data[i], 0);
    }

    ck_assert_int_eq(data[i], 'x');
}
END_TEST


START_TEST(knows_utf8)
{
    size_t      i;
    zoom_str_t  s;

    static const struct {
        const char  *text;
        size_t       len;
    } table[] = {
        { "\xc2\x80", 2 }, { "\xdf\xbf", 2 }, { "\xe0\xa0\x80", 3 },
        { "\xed\x9f\xbf", 3 }, { "\xee\x80\x80", 3 }, { "\xef\xbf\xbf", 3 },
        { "\xf0\x90\x80\x80", 4 }, { "\xf4\x8f\xbf\xbf", 4 },
        { "\xc3\xa9xyz", 2 }, { "x", 0 }, { "\x7f", 0 }, { "\x80", 0 },
        { "\xbf\x80", 0 }, { "\xc0\x80", 0 }, { "\xc1\xbf", 0 },
        { "\xe0\x9f\xbf", 0 }, { "\xed\xa0\x80", 0 }, { "\xf0\x8f\xbf\xbf", 0 },
        { "\xf4\x90\x80\x80", 0 }, { "\xf5\x80\x80\x80", 0 }, { "\xff", 0 },
        { "\xc3", 0 }, { "\xe2\x98", 0 }, { "\xf0\x9f\x98", 0 },
        { "\xc3(", 0 }, { "\xe2\x98(", 0 }, { "\xf0\x9f\x98(", 0 }
    };

    for (i = 0; i < N(table); i++) {
        s = zoom_str_c(table[i].text);

        ck_assert_msg(zoom_utf8_len(s.data, s.data + s.len) == table[i].len,
                      "sequence %zu", i);
    }
}
END_TEST


Suite *
unit_string(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("string");
    t = tcase_create("string");

    tcase_add_test(t, borrows);
    tcase_add_test(t, fills_to_the_brim);
    tcase_add_test(t, writes_nothing_after_a_gap);
    tcase_add_test(t, writes_numbers);
    tcase_add_test(t, compares);
    tcase_add_test(t, finds);
    tcase_add_test(t, knows_characters);
    tcase_add_test(t, knows_what_is_printable);
    tcase_add_test(t, compares_secrets);
    tcase_add_test(t, notices_every_bit);
    tcase_add_test(t, wipes);
    tcase_add_test(t, knows_utf8);

    suite_add_tcase(s, t);

    return s;
}
