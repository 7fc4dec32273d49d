/*
 * Runs a fuzzer's target over files, without a fuzzer: what was found once
 * stays found.
 */

#include <stdio.h>
#include <stdlib.h>


#define REPLAY_MAX  (1 << 20)


int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);


/* A copy of just the size: a sanitizer, or valgrind, knows where it ends. */

static int
replay_run(const unsigned char *data, size_t size)
{
    size_t          i;
    unsigned char  *copy;

    copy = malloc(size ? size : 1);
    if (copy == NULL) {
        return 1;
    }

    for (i = 0; i < size; i++) {
        copy[i] = data[i];
    }

    (void) LLVMFuzzerTestOneInput(copy, size);

    free(copy);

    return 0;
}


static int
replay_file(const char *name)
{
    FILE                 *file;
    size_t                n, i;
    static unsigned char  data[REPLAY_MAX];

    file = fopen(name, "rb");
    if (file == NULL) {
        perror(name);
        return 1;
    }

    n = fread(data, 1, REPLAY_MAX, file);
    fclose(file);

    /* cut anywhere, as the fuzzer would */

    for (i = 0; i <= n; i += 1 + n / 256) {
        if (replay_run(data, i) != 0) {
            return 1;
        }
    }

    return replay_run(data, n);
}


int
main(int argc, char **argv)
{
    int  i;

    for (i = 1; i < argc; i++) {
        if (replay_file(argv[i]) != 0) {
            return 1;
        }
    }

    printf("%s: %d inputs, whole and cut\n", argv[0], argc - 1);

    return argc > 1 ? 0 : 1;
}
