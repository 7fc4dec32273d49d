/*
 * A wall clock that can be put forward: preloaded into nginx, it is as many
 * microseconds ahead as the file says that SHIM_CLOCK names, an int64_t.  The
 * file is mapped, so all workers see a change at once.
 */

#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>


typedef int (*shim_time_pt)(struct timeval *tv, void *zone);


static volatile const int64_t  *shim_ahead;
static shim_time_pt             shim_time;


__attribute__((constructor)) static void
shim_start(void)
{
    int          fd;
    void        *map, *found;
    const char  *name;

    found = dlsym(RTLD_NEXT, "gettimeofday");
    memcpy(&shim_time, &found, sizeof(found));

    name = getenv("SHIM_CLOCK");
    fd = name ? open(name, O_RDONLY) : -1;

    if (fd == -1) {
        return;
    }

    map = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, fd, 0);
    close(fd);

    if (map != MAP_FAILED) {
        shim_ahead = map;
    }
}


int
gettimeofday(struct timeval *tv, void *zone)
{
    int      rc;
    int64_t  usec;

    rc = shim_time(tv, zone);

    if (rc == 0 && shim_ahead) {
        usec = tv->tv_usec + *shim_ahead;

        tv->tv_sec += usec / 1000000;
        tv->tv_usec = usec % 1000000;
    }

    return rc;
}
