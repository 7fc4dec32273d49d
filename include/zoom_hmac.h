/*
 * HMAC-SHA256 (RFC 2104) under keys that are used over and over: what depends
 * on the key alone is computed once.
 */

#ifndef ZOOM_HMAC_H_INCLUDED
#define ZOOM_HMAC_H_INCLUDED


#include <openssl/sha.h>

#include "zoom_string.h"


#define ZOOM_SHA256_LEN           32

#define ZOOM_HMAC_SECRET_MIN      16
#define ZOOM_HMAC_SECRET_MAX      256


/*
 * A key, ready to be used: SHA-256 as it stands after the key's inner and
 * outer block.  As secret as the key itself; plain memory, nothing to free.
 */

typedef struct {
    SHA256_CTX  inner;
    SHA256_CTX  outer;
} zoom_hmac_t;


/* 0, or -1 if OpenSSL failed.  A key of any length will do. */
int zoom_hmac_key(zoom_hmac_t *hmac, zoom_str_t key);

/*
 * A key as platforms hand it out, base64 of 16 to 256 bytes.  NULL on success,
 * else why not, for the log: "is not base64", "is too short", "is too long",
 * "can't be used" (OpenSSL failed).  The reason never quotes it.
 */

const char *zoom_hmac_secret(zoom_hmac_t *hmac, zoom_str_t secret);

/*
 * ZOOM_SHA256_LEN bytes into "sum".  0, or -1 if OpenSSL failed or "hmac" is
 * all zero: a key that was never set signs nothing.
 */

int zoom_hmac(const zoom_hmac_t *hmac, zoom_str_t text, unsigned char *sum);

/* Likewise, over n texts as if they were one. */
int zoom_hmac_texts(const zoom_hmac_t *hmac, const zoom_str_t *texts, size_t n,
    unsigned char *sum);

/* 1 if the two sums are the same, in constant time. */
int zoom_hmac_same(const unsigned char *a, const unsigned char *b);


#endif /* ZOOM_HMAC_H_INCLUDED */
