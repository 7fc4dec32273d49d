/*
 * A failure is logged once, and then every five minutes with a count while it
 * lasts.  Times are in seconds since the epoch.
 */

#ifndef ZOOM_LOG_ONCE_H_INCLUDED
#define ZOOM_LOG_ONCE_H_INCLUDED


#include <stdint.h>


#define ZOOM_LOG_ONCE_REMINDER  300


/* All zero at the beginning, and when it is over. */

typedef struct {
    int64_t               told;      /* when last, 0: never */
    uint64_t              count;     /* since then */
} zoom_log_once_t;


/*
 * Counts an occurrence. 0: nothing to log now.  Otherwise the number of
 * occurrences since the last line, this one included.
 */

uint64_t zoom_log_once(zoom_log_once_t *i, int64_t now);


#endif /* ZOOM_LOG_ONCE_H_INCLUDED */
