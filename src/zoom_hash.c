/* SipHash-2-4. */

#include "zoom_hash.h"


static uint64_t zoom_hash_word(const unsigned char *p, size_t n);
static void zoom_hash_rounds(uint64_t v[4], unsigned n);


#define zoom_hash_rotate(x, n)  (((x) << (n)) | ((x) >> (64 - (n))))


uint64_t
zoom_hash(const unsigned char key[ZOOM_HASH_KEY_LEN], zoom_str_t s)
{
    size_t    i;
    uint64_t  k0, k1, m, v[4];

    k0 = zoom_hash_word(key, 8);
    k1 = zoom_hash_word(key + 8, 8);

    v[0] = k0 ^ 0x736f6d6570736575;
    v[1] = k1 ^ 0x646f72616e646f6d;
    v[2] = k0 ^ 0x6c7967656e657261;
    v[3] = k1 ^ 0x7465646279746573;

    for (i = 0; i + 8 <= s.len; i += 8) {
        m = zoom_hash_word(s.data + i, 8);

        v[3] ^= m;
        zoom_hash_rounds(v, 2);
        v[0] ^= m;
    }

    /* the rest, and the length in the highest byte */

    m = zoom_hash_word(s.data + i, s.len - i) | (uint64_t) s.len << 56;

    v[3] ^= m;
    zoom_hash_rounds(v, 2);
    v[0] ^= m;

    v[2] ^= 0xff;
    zoom_hash_rounds(v, 4);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}


static uint64_t
zoom_hash_word(const unsigned char *p, size_t n)
{
    size_t    i;
    uint64_t  word;

    word = 0;

    for (i = 0; i < n; i++) {
        word |= (uint64_t) p[i] << 8 * i;
    }

    return word;
}


static void
zoom_hash_rounds(uint64_t v[4], unsigned n)
{
    while (n--) {
        v[0] += v[1];
        v[2] += v[3];
        v[1] = zoom_hash_rotate(v[1], 13) ^ v[0];
        v[3] = zoom_hash_rotate(v[3], 16) ^ v[2];
        v[0] = zoom_hash_rotate(v[0], 32);

        v[2] += v[1];
        v[0] += v[3];
        v[1] = zoom_hash_rotate(v[1], 17) ^ v[2];
        v[3] = zoom_hash_rotate(v[3], 21) ^ v[0];
        v[2] = zoom_hash_rotate(v[2], 32);
    }
}
