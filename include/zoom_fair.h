/*
 * Callers in turn: where more is wanted of a limit than it lets through, who
 * goes next.
 *
 * Each caller has a line of jobs, and a fluid server serves all lines that are
 * not empty at once, each at the same rate.  A job may take a slot when the
 * server comes to it.  So a caller who wants more than a share makes its own
 * line longer, and delays others by at most one job for each of theirs; who
 * wants less takes nothing from anybody, and what is left is the others'.
 *
 * When a job's turn comes can be computed, so nobody is in a queue and nobody
 * has to be woken; a job that is given up leaves a gap.  A line is a number:
 * how far it reaches beyond what has been served.
 *
 * Times are microseconds on the clock of zoom_limit.h; "gap" is the time
 * between two slots, and "next" the first slot that is free.  The server rests
 * while slots are given out faster than it gives turns: to others, or while
 * Zoom lets nothing through.
 */

#ifndef ZOOM_FAIR_H_INCLUDED
#define ZOOM_FAIR_H_INCLUDED


#include <stdint.h>


/* Callers who wait at the same time; further ones share these lines. */

#define ZOOM_FAIR_CALLERS  24

/* A job, on the server's clock. */

#define ZOOM_FAIR_JOB      4096


typedef struct {
    uint32_t              who;
    uint32_t              ahead;     /* of the server; 0: free */
} zoom_fair_line_t;


/* All zero at the beginning. */

typedef struct {
    int64_t               served;    /* of each line, ever */
    int64_t               seen;      /* when that was so */
    zoom_fair_line_t      lines[ZOOM_FAIR_CALLERS];
} zoom_fair_t;


/* How fast slots come. */

typedef struct {
    int64_t               gap;
    int64_t               next;
    int64_t               now;
} zoom_fair_pace_t;


/*
 * Puts a job at the end of the line of "who", if it can have a slot within
 * "budget" even if the clock slips a little: 0, "*turn" is its place and
 * "*wait" how long until its turn, 0 or less: it has come.  Else -1, nothing
 * has changed, and "*wait" is how long it would take.  With "turn" NULL it only
 * looks.
 */

int zoom_fair_join(zoom_fair_t *f, uint32_t who, const zoom_fair_pace_t *pace,
    int64_t budget, int64_t *turn, int64_t *wait);

/* How long until that turn; 0 or less: it has come. */
int64_t zoom_fair_wait(zoom_fair_t *f, const zoom_fair_pace_t *pace,
    int64_t turn);

/* How many jobs were in all lines at the last look. */
uint32_t zoom_fair_jobs(const zoom_fair_t *f);

/* How many lines are not empty now. */
uint32_t zoom_fair_busy(zoom_fair_t *f, const zoom_fair_pace_t *pace);


#endif /* ZOOM_FAIR_H_INCLUDED */
