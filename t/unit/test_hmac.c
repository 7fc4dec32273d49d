#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "unit.h"
#include "zoom_base64.h"
#include "zoom_hmac.h"


/* RFC 4231, test cases 1, 2, 6 and 7. */

static const struct {
    const char  *key;
    size_t       repeat;             /* of the key's only byte */
    const char  *text;
    const char  *sum;
} vectors[] = {
    { "\x0b", 20, "Hi There",
      "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
    { "Jefe", 1, "what do ya want for nothing?",
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
    { "\xaa", 131, "Test Using Larger Than Block-Size Key - Hash Key First",
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
    { "\xaa", 131, "This is a test using a larger than block-size key and a "
      "larger than block-size data. The key needs to be hashed before being "
      "used by the HMAC algorithm.",
      "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2" }
};


START_TEST(sums)
{
    size_t         i, len;
    zoom_str_t     key;
    zoom_hmac_t    hmac;
    unsigned char  data[256], sum[ZOOM_SHA256_LEN];
    char           hex[2 * ZOOM_SHA256_LEN + 1];

    len = strlen(vectors[_i].key);

    for (i = 0; i < vectors[_i].repeat; i++) {
        memcpy(data + i * len, vectors[_i].key, len);
    }

    key.data = data;
    key.len = len * vectors[_i].repeat;

    ck_assert_int_eq(zoom_hmac_key(&hmac, key), 0);
    ck_assert_int_eq(zoom_hmac(&hmac, zoom_str_c(vectors[_i].text), sum), 0);

    for (i = 0; i < ZOOM_SHA256_LEN; i++) {
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
    }

    ck_assert_str_eq(hex, vectors[_i].sum);
}
END_TEST


/* Every length of key and text around the blocks, a key used over and over. */

START_TEST(agrees_with_openssl)
{
    size_t         i, j;
    zoom_str_t     key, text;
    zoom_hmac_t    hmac;
    unsigned int   len;
    unsigned char  data[512], ours[ZOOM_SHA256_LEN];
    unsigned char  theirs[EVP_MAX_MD_SIZE];

    for (i = 0; i < sizeof(data); i++) {
        data[i] = (unsigned char) (i * 167 + (i >> 3));
    }

    for (i = 0; i < 140; i++) {
        key.data = data + 7;
        key.len = i;

        ck_assert_int_eq(zoom_hmac_key(&hmac, key), 0);

        for (j = 0; j < 300; j += 1 + i % 7) {
            text.data = data + j % 13;
            text.len = j;

            ck_assert_int_eq(zoom_hmac(&hmac, text, ours), 0);
            ck_assert_ptr_nonnull(HMAC(EVP_sha256(), key.data, (int) i,
                                       text.data, j, theirs, &len));
            ck_assert_int_eq(zoom_hmac_same(ours, theirs), 1);
        }
    }
}
END_TEST


/* A secret makes the key that its bytes make. */

START_TEST(takes_secrets)
{
    size_t         len;
    zoom_buf_t     text;
    zoom_hmac_t    want, got;
    const char    *why, *no;
    unsigned char  raw[300], encoded[500], a[ZOOM_SHA256_LEN];
    unsigned char  b[ZOOM_SHA256_LEN];

    for (len = 0; len < sizeof(raw); len++) {
        raw[len] = (unsigned char) (len * 31);
    }

    for (len = 0; len < sizeof(raw); len++) {
        zoom_buf_init(&text, encoded, sizeof(encoded));
        zoom_base64_encode(&text, raw, len);

        no = (len < 16) ? "is too short" : (len > 256) ? "is too long" : NULL;
        why = zoom_hmac_secret(&got, unit_buf(&text));

        ck_assert_msg(no ? (why && strcmp(no, why) == 0) : !why,
                      "%u bytes: %s", (unsigned) len, why ? why : "ok");

        if (no) {
            continue;
        }

        ck_assert_int_eq(zoom_hmac_key(&want, (zoom_str_t) { raw, len }), 0);
        ck_assert_int_eq(zoom_hmac(&want, S("text"), a), 0);
        ck_assert_int_eq(zoom_hmac(&got, S("text"), b), 0);
        ck_assert_int_eq(zoom_hmac_same(a, b), 1);
    }

    ck_assert_str_eq(zoom_hmac_secret(&got, S("not base64!")),
                     "is not base64");
    ck_assert_str_eq(zoom_hmac_secret(&got, S("AAECAwQFBgcICQoLDA0ODw")),
                     "is not base64");
}
END_TEST


START_TEST(needs_a_key)
{
    zoom_hmac_t    none;
    unsigned char  sum[ZOOM_SHA256_LEN];

    memset(&none, 0, sizeof(none));
    ck_assert_int_eq(zoom_hmac(&none, S("text"), sum), -1);
}
END_TEST


START_TEST(tells_sums_apart)
{
    size_t         i;
    unsigned char  a[ZOOM_SHA256_LEN], b[ZOOM_SHA256_LEN];

    memset(a, 'x', sizeof(a));
    memset(b, 'x', sizeof(b));

    ck_assert_int_eq(zoom_hmac_same(a, b), 1);

    for (i = 0; i < sizeof(b); i++) {
        b[i] ^= 1;
        ck_assert_int_eq(zoom_hmac_same(a, b), 0);
        b[i] ^= 1;
    }
}
END_TEST


START_TEST(keeps_no_key)
{
    zoom_hmac_t  hmac;

    /* not in so many words: only what SHA-256 made of it */

    ck_assert_int_eq(zoom_hmac_key(&hmac, S("a key of thirty-two bytes, long")),
                     0);
    ck_assert_ptr_null(memmem(&hmac, sizeof(hmac), "thirty", 6));
}
END_TEST


/* Each call that can fail does so once: no sum, no key, and no success. */

START_TEST(bears_faults)
{
    int            n;
    zoom_str_t     key;
    zoom_hmac_t    hmac;
    unsigned char  sum[ZOOM_SHA256_LEN], data[100];

    static const struct {
        size_t  len;
        int     calls;
    } keys[] = { { 32, 4 }, { sizeof(data), 7 } };

    memset(data, 'k', sizeof(data));

    key.data = data;
    key.len = keys[_i].len;

    /* one more than there are: none fails */

    for (n = 1; n <= keys[_i].calls + 1; n++) {
        unit_openssl_fails = n;
        ck_assert_int_eq(zoom_hmac_key(&hmac, key),
                         n > keys[_i].calls ? 0 : -1);
    }

    ck_assert_int_eq(unit_openssl_fails, 1);

    for (n = 1; n <= 5; n++) {
        unit_openssl_fails = n;
        ck_assert_int_eq(zoom_hmac(&hmac, S("text"), sum), n > 4 ? 0 : -1);
    }

    ck_assert_int_eq(unit_openssl_fails, 1);

    for (n = 1; n <= 4; n++) {
        unit_openssl_fails = n;
        ck_assert_str_eq(zoom_hmac_secret(&hmac,
                                     S("AAECAwQFBgcICQoLDA0ODxAREhMUFRYX")),
                         "can't be used");
    }
}
END_TEST


Suite *
unit_hmac(void)
{
    TCase  *tc;
    Suite  *s;

    s = suite_create("hmac");
    tc = tcase_create("hmac");

    tcase_add_loop_test(tc, sums, 0, N(vectors));
    tcase_add_test(tc, agrees_with_openssl);
    tcase_add_test(tc, takes_secrets);
    tcase_add_test(tc, needs_a_key);
    tcase_add_test(tc, tells_sums_apart);
    tcase_add_test(tc, keeps_no_key);
    tcase_add_loop_test(tc, bears_faults, 0, 2);

    suite_add_tcase(s, tc);

    return s;
}
