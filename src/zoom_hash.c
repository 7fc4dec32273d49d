/* SipHash-2-4. */

#include "zoom_hash.h"


#define zoom_hash_rotate(x, n)  (((x) << (n)) | ((x) >> (64 - (n))))


/* In place, as each callback hashes some twenty words. */

static inline uint64_t
zoom_hash_word(const unsigned char *p)
{
    return (uint64_t) p[0] | (uint64_t) p[1] << 8 | (uint64_t) p[2] << 16
           | (uint64_t) p[3] << 24 | (uint64_t) p[4] << 32
           | (uint64_t) p[5] << 40 | (uint64_t) p[6] << 48
           | (uint64_t) p[7] << 56;
}


static inline void
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


uint64_t
zoom_hash(const unsigned char key[ZOOM_HASH_KEY_LEN], zoom_str_t s)
{
    size_t    i;
    unsigned  shift;
    uint64_t  k0, k1, m, v[4];

    k0 = zoom_hash_word(key);
    k1 = zoom_hash_word(key + 8);

    v[0] = k0 ^ 0x736f6d6570736575;
    v[1] = k1 ^ 0x646f72616e646f6d;
    v[2] = k0 ^ 0x6c7967656e657261;
    v[3] = k1 ^ 0x7465646279746573;

    for (i = 0; i + 8 <= s.len; i += 8) {
        m = zoom_hash_word(s.data + i);

        v[3] ^= m;
        zoom_hash_rounds(v, 2);
        v[0] ^= m;
    }

    /* the rest, and the length in the highest byte */

    for (m = (uint64_t) s.len << 56, shift = 0; i < s.len; i++, shift += 8) {
        m |= (uint64_t) s.data[i] << shift;
    }

    v[3] ^= m;
    zoom_hash_rounds(v, 2);
    v[0] ^= m;

    v[2] ^= 0xff;
    zoom_hash_rounds(v, 4);

    return v[0] ^ v[1] ^ v[2] ^ v[3];
}
