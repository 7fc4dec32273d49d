/*
 * HMAC-SHA256 (RFC 2104) under keys that are used over and over: what depends
 * on the key alone is computed once.
 */

#ifndef ZOOM_HMAC_H_INCLUDED
#define ZOOM_HMAC_H_INCLUDED


#include <openssl/sha.h>

#include "zoom_string.h"


#define ZOOM_SHA256_LEN  32


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

/* ZOOM_SHA256_LEN bytes into "sum".  0, or -1 if OpenSSL failed. */
int zoom_hmac(const zoom_hmac_t *hmac, zoom_str_t text, unsigned char *sum);

/*
 * 1 if the two sums are the same, in constant time.
 */

int zoom_hmac_same(const unsigned char *a, const unsigned char *b);


#endif /* ZOOM_HMAC_H_INCLUDED */
