/*
 * Slots of a limit that several hosts share, as one of them has them: a clock
 * that all of them ask hands out a few at a time, a run, and who waits for one
 * stands in line.  A slot that nobody has used within its time lapses.
 *
 * Times are microseconds on a clock that does not jump; stamps are times on
 * the clock that hands out, whatever it shows.
 */

#ifndef ZOOM_RUN_H_INCLUDED
#define ZOOM_RUN_H_INCLUDED


#include <stdint.h>


#define ZOOM_RUN_SLOTS  16

/* A slot is due so much after it was handed out at most, of the width. */

#define ZOOM_RUN_AHEAD      8
#define ZOOM_RUN_AHEAD_MAX  250000

/* Until it is known when a request arrived, it counts from so much later. */

#define ZOOM_RUN_LATE       4


typedef struct {
    int64_t               due;
    int64_t               stamp;
} zoom_run_slot_t;


/* All zero at the beginning. */

typedef struct {
    zoom_run_slot_t       slots[ZOOM_RUN_SLOTS];
    uint32_t              first;
    uint32_t              n;
    uint32_t              waiting;
    uint32_t              crowd;     /* as that of an answer, or 0 */
    uint32_t              came;      /* since "since", and in the time before */
    uint32_t              before;
    int64_t               since;
    int64_t               looked;    /* somebody who waits, last */
    int64_t               asking;    /* somebody does, until then */
    int64_t               again;     /* there is nothing before */
    int64_t               asked;     /* when somebody did */
    int64_t               sent;      /* the latest that was answered, */
    int64_t               clock;     /* and what the other clock showed */
    uint32_t              used;      /* of the day, by all, as of then */
    int64_t               turn;      /* of its turns, the latest we know of */
} zoom_run_t;


/* What the clock is asked. */

typedef struct {
    uint32_t              want;      /* slots, */
    uint32_t              jobs;      /* of so many that wait */
    uint32_t              alone;     /* 1: it is the first after we were so;
                                        or how much was sent meanwhile */
    int64_t               most;      /* that it may show, if it has not jumped;
                                        0: not known */
    int64_t               turn;      /* it is at least at that one, unless it
                                        has lost some */
} zoom_run_ask_t;


/* What it answers. */

typedef struct {
    int64_t               now;       /* what it shows */
    int64_t               again;     /* it makes sense to ask after so long */
    uint32_t              crowd;     /* by how much slots are rarer for us than
                                        if no other host wanted any, in
                                        hundredths: 100 or more */
    uint32_t              used;      /* of the day, by all */
    int64_t               turn;      /* of turns, each has one more */
    uint32_t              n;
    int64_t               stamps[ZOOM_RUN_SLOTS];    /* when they are due */
} zoom_run_answer_t;


/* How long before it is due a slot may be handed out, and used after. */
int64_t zoom_run_ahead(int64_t width);

/*
 * Somebody comes who needs a slot within "budget"; "gap" lies between two slots
 * of the limit.  0: he stands in line.  Else he does not, and it is how long he
 * would wait.
 */

int64_t zoom_run_enter(zoom_run_t *r, int64_t gap, int64_t budget,
    int64_t now);

/* Who stands in line and does not look for so long is taken for dead. */
#define ZOOM_RUN_DESERT  1000000

/* He has got one, or has gone. */
void zoom_run_leave(zoom_run_t *r);

/* How long somebody who comes now would wait. */
int64_t zoom_run_wait(const zoom_run_t *r, int64_t gap, int64_t now);

/* The time between two slots that we get. */
int64_t zoom_run_gap(const zoom_run_t *r, int64_t gap);

/* 1: one has lapsed, and "*stamp" is it; ask again.  0: none. */
int zoom_run_lapse(zoom_run_t *r, int64_t width, int64_t now,
    int64_t *stamp);

/*
 * Looks for a slot for the first of "n" in a line; there may be further lines.
 * 0: "*slot" is one that is due; it stays until zoom_run_take() takes it.  Else
 * look again after that time.
 */

int64_t zoom_run_look(zoom_run_t *r, uint32_t n, int64_t now,
    zoom_run_slot_t *slot);
void zoom_run_take(zoom_run_t *r);

/*
 * Whether to ask for more.  1: "ask" is filled in, and nobody else asks before
 * the answer, or for "patience".
 */

int zoom_run_ask(zoom_run_t *r, int64_t width, int64_t patience, int64_t now,
    zoom_run_ask_t *ask);

/*
 * What the other clock may show now, if it has not jumped; 0: nothing is known
 * of it.
 */

int64_t zoom_run_most(const zoom_run_t *r, int64_t width, int64_t now);

/* What all have used of that day, as far as is known. */
uint32_t zoom_run_used(const zoom_run_t *r, int64_t day);

/* The answer; NULL: there is none. */
void zoom_run_answer(zoom_run_t *r, const zoom_run_answer_t *a, int64_t now);

/* Whatever was handed out is void; how many slots that were. */
uint32_t zoom_run_void(zoom_run_t *r);


#endif /* ZOOM_RUN_H_INCLUDED */
