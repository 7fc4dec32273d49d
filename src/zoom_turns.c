/* Whose turn it is among weighted members. */

#include "zoom_turns.h"


/* of a member whose weight is 1 */

#define ZOOM_TURNS_STRIDE  ((uint64_t) 1 << 32)


static int zoom_turns_before(const zoom_turns_t *t, uint32_t a, uint32_t b);
static void zoom_turns_put(zoom_turns_t *t, uint32_t place, uint32_t i);
static void zoom_turns_up(zoom_turns_t *t, uint32_t place);
static void zoom_turns_down(zoom_turns_t *t, uint32_t place);


/* Whether "a" goes before "b"; virtual time may run over. */

static int
zoom_turns_before(const zoom_turns_t *t, uint32_t a, uint32_t b)
{
    uint64_t            left, right;
    const zoom_turn_t  *x, *y;

    x = &t->turns[a];
    y = &t->turns[b];

    if (t->least) {
        left = (uint64_t) x->leases * y->weight;
        right = (uint64_t) y->leases * x->weight;

        if (left != right) {
            return left < right;
        }
    }

    if (x->turn != y->turn) {
        return (int64_t) (x->turn - y->turn) < 0;
    }

    return a < b;
}


static void
zoom_turns_put(zoom_turns_t *t, uint32_t place, uint32_t i)
{
    t->heap[place] = i;
    t->turns[i].place = place;
}


static void
zoom_turns_up(zoom_turns_t *t, uint32_t place)
{
    uint32_t  i, parent;

    i = t->heap[place];

    while (place > 0) {
        parent = (place - 1) / 2;

        if (!zoom_turns_before(t, i, t->heap[parent])) {
            break;
        }

        zoom_turns_put(t, place, t->heap[parent]);
        place = parent;
    }

    zoom_turns_put(t, place, i);
}


static void
zoom_turns_down(zoom_turns_t *t, uint32_t place)
{
    uint32_t  i, n, child;

    n = t->head->n;
    i = t->heap[place];

    for ( ;; ) {
        child = 2 * place + 1;

        if (child >= n) {
            break;
        }

        if (child + 1 < n
            && zoom_turns_before(t, t->heap[child + 1], t->heap[child]))
        {
            child++;
        }

        if (!zoom_turns_before(t, t->heap[child], i)) {
            break;
        }

        zoom_turns_put(t, place, t->heap[child]);
        place = child;
    }

    zoom_turns_put(t, place, i);
}


/* Half a stride, so that equals don't come in a row behind the others. */

void
zoom_turns_join(zoom_turns_t *t, uint32_t i)
{
    zoom_turn_t  *m;

    m = &t->turns[i];

    m->turn = t->head->now + ZOOM_TURNS_STRIDE / m->weight / 2;

    zoom_turns_add(t, i);
}


void
zoom_turns_add(zoom_turns_t *t, uint32_t i)
{
    t->heap[t->head->n] = i;

    zoom_turns_up(t, t->head->n++);
}


void
zoom_turns_leave(zoom_turns_t *t, uint32_t i)
{
    uint32_t  place, last;

    place = t->turns[i].place;
    last = t->heap[--t->head->n];

    if (last == i) {
        return;
    }

    zoom_turns_put(t, place, last);
    zoom_turns_changed(t, last);
}


void
zoom_turns_took(zoom_turns_t *t, uint32_t i)
{
    zoom_turn_t  *m;

    m = &t->turns[i];

    /* others that were passed over before keep their claim */

    if ((int64_t) (m->turn - t->head->now) > 0) {
        t->head->now = m->turn;
    }

    m->turn += ZOOM_TURNS_STRIDE / m->weight;

    zoom_turns_changed(t, i);
}


void
zoom_turns_changed(zoom_turns_t *t, uint32_t i)
{
    zoom_turns_up(t, t->turns[i].place);
    zoom_turns_down(t, t->turns[i].place);
}


uint32_t
zoom_turns_first(const zoom_turns_t *t)
{
    return t->head->n ? t->heap[0] : ZOOM_TURNS_NONE;
}


/*
 * What may be next are the children of those that were seen: these stand in a
 * heap of their own.
 */

uint32_t
zoom_turns_next(const zoom_turns_t *t, zoom_turns_search_t *search)
{
    uint32_t  i, j, k, child, place, last, *places;

    places = search->places;

    if (search->visits == 0 && t->head->n) {
        places[0] = 0;
        search->n = 1;
    }

    if (search->n == 0 || search->visits == ZOOM_TURNS_VISITS) {
        return ZOOM_TURNS_NONE;
    }

    search->visits++;
    place = places[0];

    /* the last one takes its place, and goes down */

    last = places[--search->n];

    for (i = 0; (j = 2 * i + 1) < search->n; i = j) {

        if (j + 1 < search->n
            && zoom_turns_before(t, t->heap[places[j + 1]],
                                 t->heap[places[j]]))
        {
            j++;
        }

        if (!zoom_turns_before(t, t->heap[places[j]], t->heap[last])) {
            break;
        }

        places[i] = places[j];
    }

    places[i] = last;

    for (k = 1; k <= 2; k++) {
        child = 2 * place + k;

        if (child >= t->head->n) {
            break;
        }

        for (i = search->n++; i > 0; i = j) {
            j = (i - 1) / 2;

            if (!zoom_turns_before(t, t->heap[child], t->heap[places[j]])) {
                break;
            }

            places[i] = places[j];
        }

        places[i] = child;
    }

    return t->heap[place];
}
