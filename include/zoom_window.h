/*
 * A sliding window of requests as its other side may see it: how many have
 * arrived there within its width, at most.
 *
 * A request is known by when it was sent and when it was answered, and arrived
 * in between.  What it took longer than the fastest one of late it may have
 * lost on its way there: it is counted as having arrived so much later.  One
 * that is not answered yet is counted as late as is believed of any, and one
 * that is not sent yet from when it was to be.  How much is believed is learnt:
 * all as long as that is cheap, else what refusals in a full window ask for.
 *
 * Times are microseconds on a clock that does not jump and may show whole
 * milliseconds; one that starts anew makes all that is counted young again.
 */

#ifndef ZOOM_WINDOW_H_INCLUDED
#define ZOOM_WINDOW_H_INCLUDED


#include <stdint.h>


/* Precision of the window, and the bound on its length. */

#define ZOOM_WINDOW_CELLS    48
#define ZOOM_WINDOW_RING     80


typedef struct {
    uint16_t              n;
    uint16_t              last;      /* of them, as part of the cell's time */
} zoom_window_cell_t;


/* All zero at the beginning. */

typedef struct {
    int64_t               width;
    int64_t               now;       /* the latest time that was seen */
    int64_t               first;     /* number of the oldest cell */
    uint32_t              turn;      /* of the numbers */
    uint32_t              held;      /* in all cells */
    int64_t               reach;     /* learnt: most that one arrives late */
    int64_t               late;      /* they were, on average */
    int64_t               fastest;   /* answer of late, and before; 0: none */
    int64_t               before;
    int64_t               since;     /* "fastest" is that */
    uint32_t              known;     /* answers since then, and before */
    uint32_t              earlier;
    zoom_window_cell_t    cells[ZOOM_WINDOW_RING];
} zoom_window_t;


typedef enum {
    ZOOM_PLACE_NONE = 0,
    ZOOM_PLACE_OPEN,
    ZOOM_PLACE_SENT
} zoom_place_e;


/* That of a request.  All zero at the beginning. */

typedef struct {
    zoom_place_e          state;
    uint32_t              turn;
    int64_t               number;    /* of its cell */
    int64_t               sent;
} zoom_place_t;


/* How far the clock went back if it started anew, else 0. */
int64_t zoom_window_clock(zoom_window_t *w, int64_t now);

/*
 * How long to wait until another request makes no more than "n" within
 * "width"; 0: none has to.
 */

int64_t zoom_window_wait(zoom_window_t *w, uint32_t n, int64_t width,
    int64_t now);

/* A request is about to be sent, when zoom_window_wait() found room. */
void zoom_window_go(zoom_window_t *w, zoom_place_t *place);

/* It goes over the wire; once more, if it is sent again. */
void zoom_window_sent(zoom_window_t *w, zoom_place_t *place, int64_t now);

/*
 * It was answered, and had arrived by the time that is returned; or will be no
 * more.  Harmless on a place that is left: 0.
 */

int64_t zoom_window_answered(zoom_window_t *w, zoom_place_t *place,
    int64_t now);
void zoom_window_leave(zoom_window_t *w, zoom_place_t *place);

/* The other side refused one of "n" requests: could we have known? */
void zoom_window_refused(zoom_window_t *w, uint32_t n);


#endif /* ZOOM_WINDOW_H_INCLUDED */
