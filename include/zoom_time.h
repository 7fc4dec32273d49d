/*
 * Points in time as servers write them, but for HTTP's own dates, which every
 * transport can read.  Seconds since the epoch, UTC.
 */

#ifndef ZOOM_TIME_H_INCLUDED
#define ZOOM_TIME_H_INCLUDED


#include "zoom_string.h"


/* The largest time that is taken seriously: 9999-12-31. */
#define ZOOM_TIME_MAX  253402300799LL


/*
 * ISO 8601 as software prints it: "2026-03-02T00:00:00Z", perhaps with a space
 * for the T, without seconds (as Java does for a full minute), with a fraction
 * or with an offset; without either Z or offset it is UTC.  0 or -1.
 */

int zoom_time_iso(zoom_str_t s, int64_t *t);

/*
 * Retry-After in the forms that are no HTTP-date: seconds, a fraction rounded
 * up, or ISO 8601 (docs/protocol.md, "Rate limits").  Gives the seconds to
 * wait from "now", at least 0.  0, or -1 if it is neither.
 */

int zoom_time_retry_after(zoom_str_t s, int64_t now, int64_t *wait);


#endif /* ZOOM_TIME_H_INCLUDED */
