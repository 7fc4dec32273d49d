/*
 * Zoom's rate limits, kept: docs/protocol.md, "Rate limits".
 *
 * A label is a virtual clock.  Each request takes the next slot of it, so the
 * order of arrival is the order of service and nobody stands in a queue.
 * Slots lie 1 / rate apart, and the holder of one goes when the window has room
 * that Zoom counts: a clock that runs ahead of the window waits for it.
 *
 * Times are microseconds on a clock that does not jump; days are those of UTC.
 */

#ifndef ZOOM_LIMIT_H_INCLUDED
#define ZOOM_LIMIT_H_INCLUDED


#include <stdint.h>

#include "zoom_window.h"


#define ZOOM_LIMIT_SECOND  1000000


typedef enum {
    ZOOM_LIGHT = 0,
    ZOOM_MEDIUM,
    ZOOM_HEAVY,
    ZOOM_RESOURCE,
    ZOOM_NLABELS
} zoom_label_e;


typedef enum {
    ZOOM_FREE = 0,
    ZOOM_PRO,
    ZOOM_BUSINESS,
    ZOOM_NPLANS
} zoom_plan_e;


/* What may be spent. */

typedef struct {
    uint32_t              rate;      /* requests in 1000 seconds, never 0 */
    uint32_t              day;       /* requests in a UTC day, 0: no limit */
} zoom_rate_t;


/* What has been spent.  All zero at the beginning. */

typedef struct {
    int64_t               next;      /* the first free slot */
    int64_t               shift;     /* by how much slots were moved */
    int64_t               closed;    /* by the last refusal, until then */
    int64_t               pace;      /* nobody goes before */
    int64_t               day;       /* since the epoch */
    uint32_t              used;      /* in that day */
    zoom_window_t         window;
} zoom_limit_t;


typedef struct {
    int64_t               due;
    int64_t               shift;     /* when the slot was taken */
    uint32_t              n;         /* requests that may be sent */
    int64_t               width;     /* in such a time */
    zoom_place_t          place;
} zoom_slot_t;


/* The rate of a label under a plan, of which "share" percent are ours. */
zoom_rate_t zoom_limit_rate(zoom_plan_e plan, zoom_label_e label,
    unsigned share);

/* "percent" of a rate, but never nothing. */
zoom_rate_t zoom_limit_share(zoom_rate_t rate, unsigned share);

/* One of "n" equal parts of a rate, but never nothing; "n" is not 0. */
zoom_rate_t zoom_limit_part(zoom_rate_t rate, unsigned n);

/*
 * Requests in a UTC day that a label may make together with another one, as
 * Zoom counts heavy and resource-intensive ones; 0: it counts for itself.
 */

uint32_t zoom_limit_days(const zoom_rate_t *rates, zoom_label_e label);

/* So many requests within "*width". */
uint32_t zoom_limit_window(const zoom_rate_t *rate, int64_t *width);

/*
 * Takes a slot that is free now, or is reached within "budget" from "now" even
 * if the clock slips a little; "seconds" is the time since the epoch.  0 on
 * success.  Else nothing was taken, and it is how long to wait before it makes
 * sense to ask again.
 */

int64_t zoom_limit_reserve(zoom_limit_t *l, const zoom_rate_t *rate,
    int64_t now, int64_t seconds, int64_t budget, zoom_slot_t *slot);

/*
 * How long a request made now would have to wait, for a slot or for the next
 * day, and what is used of this one.
 */

int64_t zoom_limit_look(const zoom_limit_t *l, const zoom_rate_t *rate,
    int64_t now, int64_t seconds, uint32_t *used);

/*
 * How long the holder of a slot has to wait from "now"; 0 or less: it may be
 * sent.  Ask again after that time, since a refusal may have moved the slot.
 */

int64_t zoom_limit_due(zoom_limit_t *l, const zoom_slot_t *slot,
    int64_t now);

/*
 * The holder of a slot that is due sends its request.  Requests that are late
 * follow each other at no more than twice the rate, as the window permits.
 */

void zoom_limit_go(zoom_limit_t *l, zoom_slot_t *slot, int64_t now);

/*
 * Somebody else's clock has let a request through: it is counted as one that
 * goes.  0, or how long it still has to wait, since Zoom has refused one or the
 * window is full; then nothing was taken.
 */

int64_t zoom_limit_granted(zoom_limit_t *l, const zoom_rate_t *rate,
    int64_t now, int64_t seconds, zoom_slot_t *slot);

/* No slot is free before that. */
void zoom_limit_hold(zoom_limit_t *l, int64_t until);

/* As in zoom_window.h, for the request of a slot. */
void zoom_limit_sent(zoom_limit_t *l, zoom_slot_t *slot, int64_t now);
int64_t zoom_limit_answered(zoom_limit_t *l, zoom_slot_t *slot, int64_t now);
void zoom_limit_leave(zoom_limit_t *l, zoom_slot_t *slot);

/* Zoom refused a request: no slot before now + wait; the order stays. */
void zoom_limit_close(zoom_limit_t *l, const zoom_slot_t *slot, int64_t now,
    int64_t wait);


#endif /* ZOOM_LIMIT_H_INCLUDED */
