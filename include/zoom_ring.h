/*
 * Consistent hashing: a key has the same member as long as that is there, and
 * when one of N goes it is the keys of that one, 1/N of all, that move.
 *
 * Members are points on a ring, as many as their weight, and a key is looked
 * for at several places of it: the point that follows one of these most closely
 * wins (multi-probe consistent hashing: Appleton, O'Reilly, 2015).  A ring of
 * ketama's kind needs 160 points a member for peaks as low, 1.6 million for
 * 10,000 members; rendezvous hashing looks at all members for each key; and
 * jump hashing knows members by numbers, which two hosts may give out in
 * another order.  Here it is the names alone that decide, so that all hosts
 * agree, and it is the same after a restart.
 *
 * Nothing is allocated and nothing points anywhere, so that all of it may lie
 * in shared memory.
 */

#ifndef ZOOM_RING_H_INCLUDED
#define ZOOM_RING_H_INCLUDED


#include <stdint.h>

#include "zoom_string.h"


#define ZOOM_RING_NONE    0xffffffff
#define ZOOM_RING_PROBES  21
#define ZOOM_RING_VISITS  256


typedef struct {
    uint64_t              at;
    uint32_t              member;
} zoom_ring_point_t;


/* A ring, as a process sees it. */

typedef struct {
    uint32_t             *n;         /* points, sorted */
    zoom_ring_point_t    *points;    /* the caller sees to the room */
} zoom_ring_t;


/* A way to the members of a key, the nearest first. */

typedef struct {
    uint32_t              n;         /* points of the ring */
    uint32_t              visits;
    struct {
        uint64_t          distance;
        uint32_t          point;
        uint32_t          left;      /* points that it has not passed */
    } probes[ZOOM_RING_PROBES];
} zoom_ring_search_t;


/* Puts a member on the ring, and takes it off, by its name.  O(weight * n). */
void zoom_ring_add(zoom_ring_t *ring, uint32_t member, zoom_str_t name,
    uint32_t weight);
void zoom_ring_remove(zoom_ring_t *ring, uint32_t member, zoom_str_t name,
    uint32_t weight);

/* A search for the members of "key". */
void zoom_ring_search(const zoom_ring_t *ring, zoom_ring_search_t *search,
    zoom_str_t key);

/*
 * The next of them; one may come more than once.  ZOOM_RING_NONE: there is no
 * other, or ZOOM_RING_VISITS points were seen.
 */

uint32_t zoom_ring_next(const zoom_ring_t *ring, zoom_ring_search_t *search);


#endif /* ZOOM_RING_H_INCLUDED */
