/*
 * HMAC-SHA256 with saved states.
 *
 * OpenSSL 3 deprecates SHA256_Update() and its like in favour of EVP.  What
 * comes nearest there is an EVP_MAC_CTX that is kept, and started again with
 * EVP_MAC_init() and no key.  For 357 bytes, on a processor with instructions
 * for SHA and OpenSSL 3.0.19 (medians of 31 interleaved rounds of 20,000; the
 * cycles are those of one call that finds a cache of 1 MB swept out):
 *
 *     saved states            0.307 us      970 cycles
 *     two EVP_MD_CTX, copied  0.360 us     1070 cycles
 *     kept HMAC_CTX           0.369 us     1290 cycles (as deprecated)
 *     kept EVP_MAC_CTX        0.410 us     4120 cycles
 *     HMAC()                  1.48 us      9970 cycles
 *
 * In nginx, which does much else between two of them, a callback took 0.5 us
 * more of 7.4 with EVP_MAC (the median of 40 rounds in turn, 7 %); 1 % would
 * have been bearable.  Besides, states are plain memory:
 * a key is wiped by whoever wipes the configuration, workers inherit it, and
 * no signature that is checked changes it.  HMAC() is the oracle in the tests.
 */

#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "zoom_base64.h"
#include "zoom_hmac.h"


#define ZOOM_HMAC_BLOCK  64


static int zoom_hmac_start(SHA256_CTX *ctx, const unsigned char *key,
    unsigned char pad);


int
zoom_hmac_key(zoom_hmac_t *hmac, zoom_str_t key)
{
    int            ok;
    SHA256_CTX     ctx;
    unsigned char  block[ZOOM_HMAC_BLOCK];

    memset(block, 0, sizeof(block));
    ok = 1;

    if (key.len > sizeof(block)) {
        ok = SHA256_Init(&ctx) && SHA256_Update(&ctx, key.data, key.len)
             && SHA256_Final(block, &ctx);

        zoom_wipe(&ctx, sizeof(ctx));

    } else if (key.len) {
        memcpy(block, key.data, key.len);
    }

    ok = ok && zoom_hmac_start(&hmac->inner, block, 0x36)
         && zoom_hmac_start(&hmac->outer, block, 0x5c);

    zoom_wipe(block, sizeof(block));

    return ok ? 0 : -1;
}


static int
zoom_hmac_start(SHA256_CTX *ctx, const unsigned char *key, unsigned char pad)
{
    int            ok;
    size_t         i;
    unsigned char  block[ZOOM_HMAC_BLOCK];

    for (i = 0; i < sizeof(block); i++) {
        block[i] = key[i] ^ pad;
    }

    ok = SHA256_Init(ctx) && SHA256_Update(ctx, block, sizeof(block));

    zoom_wipe(block, sizeof(block));

    return ok;
}


const char *
zoom_hmac_secret(zoom_hmac_t *hmac, zoom_str_t secret)
{
    zoom_buf_t      key;
    const char     *why;
    unsigned char   data[ZOOM_HMAC_SECRET_MAX];

    zoom_buf_init(&key, data, sizeof(data));

    if (zoom_base64_decode(&key, secret) != 0) {
        return key.overflow ? "is too long" : "is not base64";
    }

    why = NULL;

    if (key.len < ZOOM_HMAC_SECRET_MIN) {
        why = "is too short";

    } else if (zoom_hmac_key(hmac, (zoom_str_t) { data, key.len }) != 0) {
        why = "can't be used";
    }

    zoom_wipe(data, key.len);

    return why;
}


int
zoom_hmac(const zoom_hmac_t *hmac, zoom_str_t text, unsigned char *sum)
{
    return zoom_hmac_texts(hmac, &text, 1, sum);
}


int
zoom_hmac_texts(const zoom_hmac_t *hmac, const zoom_str_t *texts, size_t n,
    unsigned char *sum)
{
    int            ok;
    size_t         i;
    SHA256_CTX     ctx;
    unsigned char  inner[ZOOM_SHA256_LEN];

    ctx = hmac->inner;

    ok = ctx.md_len == ZOOM_SHA256_LEN;

    for (i = 0; ok && i < n; i++) {
        ok = SHA256_Update(&ctx, texts[i].data, texts[i].len);
    }

    ok = ok && SHA256_Final(inner, &ctx);

    ctx = hmac->outer;

    ok = ok && SHA256_Update(&ctx, inner, sizeof(inner))
         && SHA256_Final(sum, &ctx);

    zoom_wipe(&ctx, sizeof(ctx));

    return ok ? 0 : -1;
}


int
zoom_hmac_same(const unsigned char *a, const unsigned char *b)
{
    return CRYPTO_memcmp(a, b, ZOOM_SHA256_LEN) == 0;
}
