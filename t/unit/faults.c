/*
 * Calls into OpenSSL that fail when they are told to: the linker finds these
 * before libcrypto's.  They are all that the core calls and that can fail; it
 * takes no memory.
 *
 * "make torture" has the one fail in each test whose number is in ZOOM_TORTURE,
 * and counts the lines of the file that ZOOM_TORTURE_LOG names.
 */

#define OPENSSL_SUPPRESS_DEPRECATED

#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "unit.h"


int  unit_openssl_fails;


__attribute__((constructor)) static void
torture(void)
{
    const char  *which;

    which = getenv("ZOOM_TORTURE");

    if (which) {
        unit_openssl_fails = (int) strtol(which, NULL, 10);
    }
}


static int
fails(void)
{
    int          fd;
    const char  *log;

    if (unit_openssl_fails == 0 || --unit_openssl_fails != 0) {
        return 0;
    }

    log = getenv("ZOOM_TORTURE_LOG");
    fd = log ? open(log, O_WRONLY|O_APPEND|O_CREAT|O_CLOEXEC, 0600) : -1;

    if (fd != -1) {
        ck_assert_int_eq(write(fd, "\n", 1), 1);
        (void) close(fd);
    }

    return 1;
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


int
EVP_Digest(const void *data, size_t len, unsigned char *sum, unsigned *size,
    const EVP_MD *type, ENGINE *engine)
{
    static int  (*digest)(const void *data, size_t len, unsigned char *sum,
        unsigned *size, const EVP_MD *type, ENGINE *engine);

    if (digest == NULL) {
        *(void **) &digest = dlsym(RTLD_NEXT, "EVP_Digest");
    }

    return fails() ? 0 : digest(data, len, sum, size, type, engine);
}


EVP_CIPHER_CTX *
EVP_CIPHER_CTX_new(void)
{
    static EVP_CIPHER_CTX  *(*make)(void);

    if (make == NULL) {
        *(void **) &make = dlsym(RTLD_NEXT, "EVP_CIPHER_CTX_new");
    }

    return fails() ? NULL : make();
}


int
EVP_CIPHER_CTX_ctrl(EVP_CIPHER_CTX *ctx, int type, int arg, void *data)
{
    static int  (*ctrl)(EVP_CIPHER_CTX *ctx, int type, int arg, void *data);

    if (ctrl == NULL) {
        *(void **) &ctrl = dlsym(RTLD_NEXT, "EVP_CIPHER_CTX_ctrl");
    }

    return fails() ? 0 : ctrl(ctx, type, arg, data);
}


int
EVP_EncryptInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *type, ENGINE *engine,
    const unsigned char *key, const unsigned char *iv)
{
    static int  (*init)(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *type,
        ENGINE *engine, const unsigned char *key, const unsigned char *iv);

    if (init == NULL) {
        *(void **) &init = dlsym(RTLD_NEXT, "EVP_EncryptInit_ex");
    }

    return fails() ? 0 : init(ctx, type, engine, key, iv);
}


int
EVP_EncryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *n,
    const unsigned char *in, int len)
{
    static int  (*update)(EVP_CIPHER_CTX *ctx, unsigned char *out, int *n,
        const unsigned char *in, int len);

    if (update == NULL) {
        *(void **) &update = dlsym(RTLD_NEXT, "EVP_EncryptUpdate");
    }

    return fails() ? 0 : update(ctx, out, n, in, len);
}


int
EVP_EncryptFinal_ex(EVP_CIPHER_CTX *ctx, unsigned char *out, int *n)
{
    static int  (*final)(EVP_CIPHER_CTX *ctx, unsigned char *out, int *n);

    if (final == NULL) {
        *(void **) &final = dlsym(RTLD_NEXT, "EVP_EncryptFinal_ex");
    }

    return fails() ? 0 : final(ctx, out, n);
}


int
EVP_DecryptInit_ex(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *type, ENGINE *engine,
    const unsigned char *key, const unsigned char *iv)
{
    static int  (*init)(EVP_CIPHER_CTX *ctx, const EVP_CIPHER *type,
        ENGINE *engine, const unsigned char *key, const unsigned char *iv);

    if (init == NULL) {
        *(void **) &init = dlsym(RTLD_NEXT, "EVP_DecryptInit_ex");
    }

    return fails() ? 0 : init(ctx, type, engine, key, iv);
}


int
EVP_DecryptUpdate(EVP_CIPHER_CTX *ctx, unsigned char *out, int *n,
    const unsigned char *in, int len)
{
    static int  (*update)(EVP_CIPHER_CTX *ctx, unsigned char *out, int *n,
        const unsigned char *in, int len);

    if (update == NULL) {
        *(void **) &update = dlsym(RTLD_NEXT, "EVP_DecryptUpdate");
    }

    return fails() ? 0 : update(ctx, out, n, in, len);
}
