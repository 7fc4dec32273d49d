#include <openssl/evp.h>

#include "unit.h"
#include "zoom_base64.h"


typedef struct {
    const char  *data;
    const char  *std;
    const char  *url;
} base64_row_t;


/* RFC 4648 section 10 and what tells the alphabets apart */

static const base64_row_t  rows[] = {
    { "", "", "" },
    { "f", "Zg==", "Zg" },
    { "fo", "Zm8=", "Zm8" },
    { "foo", "Zm9v", "Zm9v" },
    { "foob", "Zm9vYg==", "Zm9vYg" },
    { "fooba", "Zm9vYmE=", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "+/+/", "-_-_" },
    { "\xff\xfe", "//4=", "__4" }
};


START_TEST(encodes)
{
    zoom_buf_t           b;
    unsigned char        data[16];
    const base64_row_t  *row;

    row = &rows[_i];

    zoom_buf_init(&b, data, sizeof(data));
    zoom_base64_encode(&b, row->data, strlen(row->data));
    unit_is(unit_buf(&b), row->std);

    zoom_buf_init(&b, data, sizeof(data));
    zoom_base64url_encode(&b, row->data, strlen(row->data));
    unit_is(unit_buf(&b), row->url);
}
END_TEST


START_TEST(decodes)
{
    zoom_buf_t           b;
    unsigned char        data[16];
    const base64_row_t  *row;

    row = &rows[_i];

    zoom_buf_init(&b, data, strlen(row->data));
    ck_assert_int_eq(zoom_base64_decode(&b, zoom_str_c(row->std)), 0);
    unit_is(unit_buf(&b), row->data);

    zoom_buf_init(&b, data, strlen(row->data));
    ck_assert_int_eq(zoom_base64url_decode(&b, zoom_str_c(row->url)), 0);
    unit_is(unit_buf(&b), row->data);

    if (row->data[0] == '\0') {
        return;
    }

    /* one byte short, and what was there before stays */

    data[0] = '>';
    zoom_buf_init(&b, data, strlen(row->data));
    b.len = 1;
    ck_assert_int_eq(zoom_base64_decode(&b, zoom_str_c(row->std)), -1);
    ck_assert_int_eq(b.overflow, 1);
    unit_is(unit_buf(&b), ">");
}
END_TEST


START_TEST(refuses)
{
    size_t         i;
    zoom_buf_t     b;
    unsigned char  data[16];

    static const char *const  std[] = {
        "Z", "Zg", "Zg=", "Zm8", "Zg===", "=", "==", "===", "====", "Z===",
        "Zg==Zg==", "Zm9v\n", " Zm9v", "Zm9v ", "Zm 9v", "Zm\n9v", "Zm9v====",
        "-_-_", "Zh==", "Zn==", "Zm9=", "Zm+=", "Zm8=Zm8=", "Z=g=", "Zm9\x80",
        "Zm9v=", "Zm9vZ", "Zm9.", "=Zm9", "Zm,="
    };

    static const char *const  url[] = {
        "Z", "Zg==", "Zm8=", "Zm9vZ", "+/+/", "Zh", "Zm9", "Zm-", "Zm9v ",
        "Zm9v\n", "a.b", "Z\xff"
    };

    for (i = 0; i < N(std); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        ck_assert_msg(zoom_base64_decode(&b, zoom_str_c(std[i])) == -1
                      && b.len == 0 && !b.overflow, "took \"%s\"", std[i]);
    }

    for (i = 0; i < N(url); i++) {
        zoom_buf_init(&b, data, sizeof(data));
        ck_assert_msg(zoom_base64url_decode(&b, zoom_str_c(url[i])) == -1
                      && b.len == 0 && !b.overflow, "took \"%s\"", url[i]);
    }

    ck_assert_int_eq(zoom_base64_decode(&b, S("Zm9\0")), -1);
}
END_TEST


START_TEST(agrees_with_openssl)
{
    size_t         i, len;
    uint32_t       seed;
    zoom_buf_t     b, back;
    unsigned char  data[100], ours[140], theirs[140], again[100];

    seed = 4648;

    for (len = 0; len <= sizeof(data); len++) {
        for (i = 0; i < len; i++) {
            data[i] = (unsigned char) unit_random(&seed, 256);
        }

        EVP_EncodeBlock(theirs, data, (int) len);

        zoom_buf_init(&b, ours, sizeof(ours));
        zoom_base64_encode(&b, data, len);
        unit_is(unit_buf(&b), (char *) theirs);

        zoom_buf_init(&back, again, len);
        ck_assert_int_eq(zoom_base64_decode(&back, unit_buf(&b)), 0);
        ck_assert(zoom_str_eq(unit_buf(&back), (zoom_str_t) { data, len }));

        zoom_buf_init(&b, ours, sizeof(ours));
        zoom_base64url_encode(&b, data, len);
        zoom_buf_init(&back, again, len);
        ck_assert_int_eq(zoom_base64url_decode(&back, unit_buf(&b)), 0);
        ck_assert(zoom_str_eq(unit_buf(&back), (zoom_str_t) { data, len }));
    }
}
END_TEST


START_TEST(stops_at_the_end)
{
    zoom_buf_t     b;
    unsigned char  data[8];

    zoom_buf_init(&b, data, 7);
    zoom_base64_encode(&b, "foobar", 6);
    ck_assert_int_eq(b.overflow, 1);

    zoom_buf_init(&b, data, 8);
    zoom_base64_encode(&b, "foobar", 6);
    ck_assert_int_eq(b.overflow, 0);
}
END_TEST


/* Each byte at each place, against the C library. */

START_TEST(spans)
{
    int         c;
    char        text[11];
    size_t      i, n;
    zoom_str_t  s;

    static const char  alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    for (n = 0; n < sizeof(text); n++) {
        for (i = 0; i < n; i++) {
            for (c = 1; c < 256; c++) {
                memset(text, 'a', n);
                text[i] = (char) c;
                text[n] = '\0';

                s.data = (unsigned char *) text;
                s.len = n;

                ck_assert_uint_eq(zoom_base64url_span(s),
                                  strspn(text, alphabet));
            }
        }
    }

    s.data = (unsigned char *) "a\0b";
    s.len = 3;
    ck_assert_uint_eq(zoom_base64url_span(s), 1);

    s.data = NULL;
    s.len = 0;
    ck_assert_uint_eq(zoom_base64url_span(s), 0);
}
END_TEST


Suite *
unit_base64(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("base64");
    t = tcase_create("base64");

    tcase_add_loop_test(t, encodes, 0, (int) N(rows));
    tcase_add_loop_test(t, decodes, 0, (int) N(rows));
    tcase_add_test(t, refuses);
    tcase_add_test(t, agrees_with_openssl);
    tcase_add_test(t, stops_at_the_end);
    tcase_add_test(t, spans);

    suite_add_tcase(s, t);

    return s;
}
