/* Repeated failures are logged now and then. */

#include "zoom_log_once.h"


uint64_t
zoom_log_once(zoom_log_once_t *i, int64_t now)
{
    uint64_t  count;

    i->count++;

    /* a clock that went back must not make it silent for as long */

    if (i->told && now >= i->told && now - i->told < ZOOM_LOG_ONCE_REMINDER) {
        return 0;
    }

    count = i->count;

    i->told = now;
    i->count = 0;

    return count;
}
