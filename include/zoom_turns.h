/*
 * Whose turn it is among weighted members: round robin, and least leased.
 *
 * Each member has a turn, a point in virtual time; the earliest is next, and
 * then comes again one stride later, which is the shorter the greater its
 * weight is (stride scheduling: Waldspurger, Weihl, 1995).  So any W picks in a
 * row, W the sum of the weights, give each member its weight, one more or one
 * less, as nginx's smooth weighted round robin does, but in a heap: a pick
 * takes O(log n), where that looks at all members.
 *
 * Whoever has fewest leases for its weight goes before turns count, if that is
 * wished.
 *
 * Nothing is allocated and nothing points anywhere, so that all of it may lie
 * in shared memory.  A member is a number, an index into an array of turns.
 */

#ifndef ZOOM_TURNS_H_INCLUDED
#define ZOOM_TURNS_H_INCLUDED


#include <stdint.h>


#define ZOOM_TURNS_NONE    0xffffffff
#define ZOOM_TURNS_VISITS  256
#define ZOOM_WEIGHT_MAX    100


typedef struct {
    uint64_t              turn;      /* in virtual time */
    uint32_t              weight;    /* 1 to ZOOM_WEIGHT_MAX */
    uint32_t              leases;
    uint32_t              place;     /* in the heap it is in */
} zoom_turn_t;


typedef struct {
    uint64_t              now;       /* the latest turn that was taken */
    uint32_t              n;         /* members in the heap */
} zoom_turns_head_t;


/* A heap, as a process sees it. */

typedef struct {
    zoom_turns_head_t    *head;
    uint32_t             *heap;      /* room for all members */
    zoom_turn_t          *turns;     /* of all members */
    int                   least;     /* leases count before turns do */
} zoom_turns_t;


/* A way through a heap in the order of turns. */

typedef struct {
    uint32_t              n;
    uint32_t              visits;
    uint32_t              places[ZOOM_TURNS_VISITS + 1];
} zoom_turns_search_t;


/* Member "i", which is in no heap, comes in, with no claim to earlier turns. */
void zoom_turns_join(zoom_turns_t *t, uint32_t i);

/* As it is: "turn" was set by the caller. */
void zoom_turns_add(zoom_turns_t *t, uint32_t i);

/* Member "i", which is in the heap, goes. */
void zoom_turns_leave(zoom_turns_t *t, uint32_t i);

/* Member "i" of the heap has had its turn. */
void zoom_turns_took(zoom_turns_t *t, uint32_t i);

/* Its weight or the number of its leases has changed. */
void zoom_turns_changed(zoom_turns_t *t, uint32_t i);

/* The next one, or ZOOM_TURNS_NONE. */
uint32_t zoom_turns_first(const zoom_turns_t *t);

/*
 * Those of the heap in their order, each once, for a caller that passes over
 * some: "search" is zeroed in "n" and "visits" before.  ZOOM_TURNS_NONE: there
 * is no other, or ZOOM_TURNS_VISITS were seen.  The heap must not change
 * meanwhile.  O(log visits) each.
 */

uint32_t zoom_turns_next(const zoom_turns_t *t, zoom_turns_search_t *search);


#endif /* ZOOM_TURNS_H_INCLUDED */
