/*
 * What went wrong is told once, then every five minutes with a count for as
 * long as it goes on.  Times are seconds since the epoch.
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
 * It has happened, again perhaps.  0: it need not be told now.  Else how often
 * it has happened since it was told last, this time included.
 */

uint64_t zoom_log_once(zoom_log_once_t *i, int64_t now);


#endif /* ZOOM_LOG_ONCE_H_INCLUDED */
