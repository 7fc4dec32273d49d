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

#include <openssl/sha.h>

#include "unit.h"


int  unit_sha256_fails;


__attribute__((constructor)) static void
torture(void)
{
    const char  *which;

    which = getenv("ZOOM_TORTURE");

    if (which) {
        unit_sha256_fails = (int) strtol(which, NULL, 10);
    }
}


static int
fails(void)
{
    int          fd;
    const char  *log;

    if (unit_sha256_fails == 0 || --unit_sha256_fails != 0) {
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
