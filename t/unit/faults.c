/*
 * Calls into OpenSSL that fail when they are told to: the linker finds these
 * before libcrypto's.
 */

#define OPENSSL_SUPPRESS_DEPRECATED

#include <dlfcn.h>

#include <openssl/sha.h>

#include "unit.h"


int  unit_sha256_fails;


static int
fails(void)
{
    return unit_sha256_fails && --unit_sha256_fails == 0;
}


int
SHA256_Init(SHA256_CTX *ctx)
{
    static int  (*init)(SHA256_CTX *ctx);

    if (init == NULL) {
        *(void **) &init = dlsym(RTLD_NEXT, "SHA256_Init");
    }

    return fails() ? 0 : init(ctx);
}


int
SHA256_Update(SHA256_CTX *ctx, const void *data, size_t len)
{
    static int  (*update)(SHA256_CTX *ctx, const void *data, size_t len);

    if (update == NULL) {
        *(void **) &update = dlsym(RTLD_NEXT, "SHA256_Update");
    }

    return fails() ? 0 : update(ctx, data, len);
}


int
SHA256_Final(unsigned char *sum, SHA256_CTX *ctx)
{
    static int  (*final)(unsigned char *sum, SHA256_CTX *ctx);

    if (final == NULL) {
        *(void **) &final = dlsym(RTLD_NEXT, "SHA256_Final");
    }

    return fails() ? 0 : final(sum, ctx);
}
