#include "unit.h"
#include "zoom_seal.h"


#define BASE64_0_31  "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define BASE64_ZERO  "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="


static const unsigned char  nonce[ZOOM_SEAL_NONCE_LEN] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
};


static void
hex(zoom_buf_t *b, const char *text)
{
    unsigned char  c;

    for ( /* void */ ; *text; text += 2) {
        c = (unsigned char) (zoom_hex(text[0]) << 4 | zoom_hex(text[1]));
        zoom_buf_add(b, &c, 1);
    }
}


/* By Python's cryptography.AESGCM: nonce 00..0b, AAD 01 and the name. */

static const struct {
    const char  *name;
    const char  *plain;
    const char  *sealed;
} vectors[] = {
    { "grant/users/abc", "refresh token",
      "01000102030405060708090a0b"
      "3567b069a096aa3bf92efceedf1d1f5ea1c3353354ee4a16e0e9648978" },
    { "x", "", "01000102030405060708090a0b"
      "577c93a8f42a7ff63382b971c09f0612" }
};


START_TEST(seals)
{
    zoom_buf_t     b, want;
    zoom_seal_t    seal;
    unsigned char  buf[128], other[128];

    seal.n = 0;
    ck_assert_ptr_null(zoom_seal_key(&seal, S(BASE64_0_31)));

    zoom_buf_init(&b, buf, sizeof(buf));
    zoom_buf_init(&want, other, sizeof(other));
    hex(&want, vectors[_i].sealed);

    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, zoom_str_c(vectors[_i].name),
                               zoom_str_c(vectors[_i].plain)), 0);
    ck_assert_uint_eq(b.len, want.len);
    ck_assert_mem_eq(b.data, want.data, want.len);

    zoom_buf_init(&b, buf, sizeof(buf));

    ck_assert_int_eq(zoom_open(&b, &seal, zoom_str_c(vectors[_i].name),
                               unit_buf(&want)), 0);
    unit_is(unit_buf(&b), vectors[_i].plain);
}
END_TEST


START_TEST(opens_what_an_older_key_sealed)
{
    zoom_buf_t     b, plain;
    zoom_seal_t    old, both;
    unsigned char  buf[128], text[128];

    old.n = both.n = 0;

    ck_assert_ptr_null(zoom_seal_key(&old, S(BASE64_0_31)));
    ck_assert_ptr_null(zoom_seal_key(&both, S(BASE64_ZERO)));
    ck_assert_ptr_null(zoom_seal_key(&both, S(BASE64_0_31)));

    zoom_buf_init(&b, buf, sizeof(buf));
    ck_assert_int_eq(zoom_seal(&b, &old, nonce, S("a"), S("secret")), 0);

    zoom_buf_init(&plain, text, sizeof(text));
    ck_assert_int_eq(zoom_open(&plain, &both, S("a"), unit_buf(&b)), 1);
    unit_is(unit_buf(&plain), "secret");

    /* and seals with the new one */

    zoom_buf_init(&b, buf, sizeof(buf));
    ck_assert_int_eq(zoom_seal(&b, &both, nonce, S("a"), S("secret")), 0);
    ck_assert_int_eq(zoom_open(&plain, &old, S("a"), unit_buf(&b)), -1);
    ck_assert_int_eq(zoom_open(&plain, &both, S("a"), unit_buf(&b)), 0);
}
END_TEST


START_TEST(refuses_what_was_changed)
{
    size_t         i;
    zoom_buf_t     b, plain;
    zoom_str_t     cut;
    zoom_seal_t    seal;
    unsigned char  buf[128], text[128], zero[128];

    memset(zero, 0, sizeof(zero));

    seal.n = 0;
    ck_assert_ptr_null(zoom_seal_key(&seal, S(BASE64_0_31)));

    zoom_buf_init(&b, buf, sizeof(buf));
    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), 0);

    memset(text, 0, sizeof(text));
    zoom_buf_init(&plain, text, sizeof(text));

    ck_assert_int_eq(zoom_open(&plain, &seal, S("b"), unit_buf(&b)), -1);

    for (i = 0; i < b.len; i++) {
        buf[i] ^= 1;
        ck_assert_int_eq(zoom_open(&plain, &seal, S("a"), unit_buf(&b)), -1);
        buf[i] ^= 1;

        cut.data = buf;
        cut.len = i;
        ck_assert_int_eq(zoom_open(&plain, &seal, S("a"), cut), -1);
    }

    /* nothing of it is left behind */

    ck_assert_uint_eq(plain.len, 0);
    ck_assert_mem_eq(text, zero, sizeof(text));
    ck_assert_int_eq(zoom_open(&plain, &seal, S("a"), unit_buf(&b)), 0);
}
END_TEST


START_TEST(keeps_to_its_room)
{
    zoom_buf_t     b;
    zoom_seal_t    seal;
    unsigned char  buf[ZOOM_SEAL_EXTRA + 6], text[5];

    seal.n = 0;
    zoom_buf_init(&b, buf, sizeof(buf));

    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), -1);

    ck_assert_ptr_null(zoom_seal_key(&seal, S(BASE64_0_31)));

    zoom_buf_init(&b, buf, sizeof(buf) - 1);
    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), -1);
    ck_assert_int_eq(b.overflow, 1);

    zoom_buf_init(&b, buf, 3);
    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), -1);

    zoom_buf_init(&b, buf, sizeof(buf));
    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), 0);
    ck_assert_uint_eq(b.len, sizeof(buf));

    zoom_buf_init(&b, text, sizeof(text));
    ck_assert_int_eq(zoom_open(&b, &seal, S("a"),
                               (zoom_str_t) { buf, sizeof(buf) }), -1);
    ck_assert_int_eq(b.overflow, 1);
}
END_TEST


START_TEST(reads_keys)
{
    size_t       i;
    zoom_seal_t  seal;

    static const struct {
        const char  *key;
        const char  *why;
    } table[] = {
        { BASE64_0_31, NULL },
        { "", "is shorter than 32 bytes" },
        { "AAECAwQFBgcICQoLDA0ODw==", "is shorter than 32 bytes" },
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g",
          "is longer than 32 bytes" },
        { BASE64_0_31 BASE64_0_31, "is longer than 32 bytes" },
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gAAECAwQFBgcICQo=",
          "is longer than 32 bytes" },
        { "not base64!", "is not valid base64" },
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
          "is not valid base64" }
    };

    seal.n = 0;

    for (i = 0; i < N(table); i++) {
        ck_assert_pstr_eq(zoom_seal_key(&seal, zoom_str_c(table[i].key)),
                          table[i].why);
    }

    ck_assert_uint_eq(seal.n, 1);

    while (seal.n < ZOOM_SEAL_KEYS_MAX) {
        ck_assert_ptr_null(zoom_seal_key(&seal, S(BASE64_0_31)));
    }

    ck_assert_str_eq(zoom_seal_key(&seal, S(BASE64_0_31)),
                     "is one too many");
}
END_TEST


/* Whatever OpenSSL does not do, nothing is sealed or opened by halves. */

START_TEST(bears_faults)
{
    int            n;
    zoom_buf_t     b, plain;
    zoom_seal_t    seal;
    unsigned char  buf[128], text[128];

    seal.n = 0;
    ck_assert_ptr_null(zoom_seal_key(&seal, S(BASE64_0_31)));

    zoom_buf_init(&b, buf, sizeof(buf));

    for (n = 1; n <= 7; n++) {
        unit_openssl_fails = n;
        ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), -1);
        ck_assert_int_eq(unit_openssl_fails, 0);
        ck_assert_uint_eq(b.len, 0);
    }

    ck_assert_int_eq(zoom_seal(&b, &seal, nonce, S("a"), S("secret")), 0);

    zoom_buf_init(&plain, text, sizeof(text));

    for (n = 1; n <= 6; n++) {
        unit_openssl_fails = n;
        ck_assert_int_eq(zoom_open(&plain, &seal, S("a"), unit_buf(&b)), -1);
        ck_assert_int_eq(unit_openssl_fails, 0);
        ck_assert_uint_eq(plain.len, 0);
    }

    ck_assert_int_eq(zoom_open(&plain, &seal, S("a"), unit_buf(&b)), 0);
}
END_TEST


Suite *
unit_seal(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("seal");
    t = tcase_create("seal");

    tcase_add_loop_test(t, seals, 0, N(vectors));
    tcase_add_test(t, opens_what_an_older_key_sealed);
    tcase_add_test(t, refuses_what_was_changed);
    tcase_add_test(t, keeps_to_its_room);
    tcase_add_test(t, reads_keys);
    tcase_add_test(t, bears_faults);

    suite_add_tcase(s, t);

    return s;
}
