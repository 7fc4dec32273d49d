/* Points in time as servers write them.  Seconds since the epoch, UTC. */

#ifndef ZOOM_TIME_H_INCLUDED
#define ZOOM_TIME_H_INCLUDED


#include "zoom_string.h"


/* The largest time that is taken seriously: 9999-12-31. */
#define ZOOM_TIME_MAX  253402300799LL


/* RFC 9110 section 5.6.7, IMF-fixdate and the two older forms.  0 or -1. */
int zoom_time_http(zoom_str_t s, int64_t *t);

/* "2026-03-02T00:00:00Z", fraction and offset allowed.  0 or -1. */
int zoom_time_iso(zoom_str_t s, int64_t *t);

/*
 * Retry-After in any of its three forms: seconds, HTTP-date or ISO-8601
 * (facts/zoom-api.md 4).  Gives the seconds to wait from "now", at least 0.
 * 0, or -1 if it is none of them.
 */

int zoom_time_retry_after(zoom_str_t s, int64_t now, int64_t *wait);


#endif /* ZOOM_TIME_H_INCLUDED */
