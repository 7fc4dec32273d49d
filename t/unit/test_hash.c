#include "unit.h"
#include "zoom_hash.h"


/* The authors' vectors: key 00 to 0f, of the bytes 00, 01, 02 and so on. */

static const struct {
    size_t    len;
    uint64_t  hash;
} rows[] = {
    { 0, 0x726fdb47dd0e0e31 },
    { 1, 0x74f839c593dc67fd },
    { 8, 0x93f5f5799a932462 },
    { 15, 0xa129ca6149be45e5 }
};


START_TEST(vectors)
{
    size_t         i;
    zoom_str_t     s;
    unsigned char  bytes[16];

    for (i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char) i;
    }

    s.data = bytes;
    s.len = rows[_i].len;

    ck_assert_uint_eq(zoom_hash(bytes, s), rows[_i].hash);
}
END_TEST


START_TEST(key_matters)
{
    unsigned char  key[ZOOM_HASH_KEY_LEN] = { 0 };
    uint64_t       hash;
    size_t         i;

    hash = zoom_hash(key, S("bots@example.com"));

    for (i = 0; i < sizeof(key); i++) {
        key[i] = 1;
        ck_assert_uint_ne(zoom_hash(key, S("bots@example.com")), hash);
        key[i] = 0;
    }
}
END_TEST


Suite *
unit_hash(void)
{
    TCase  *t;
    Suite  *s;

    s = suite_create("hash");
    t = tcase_create("hash");

    tcase_add_loop_test(t, vectors, 0, (int) N(rows));
    tcase_add_test(t, key_matters);

    suite_add_tcase(s, t);

    return s;
}
