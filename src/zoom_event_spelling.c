/* Which of Zoom's events a name is, or nearly is. */

#include "zoom_event.h"


/* so many letters may be wrong, missing or too many */
#define ZOOM_EVENT_NEAR  3


static int zoom_event_order(zoom_str_t a, zoom_str_t b);
static size_t zoom_event_distance(zoom_str_t a, zoom_str_t b);
static size_t zoom_event_least(size_t a, size_t b, size_t c);


int
zoom_event_known(zoom_str_t name)
{
    int     order;
    size_t  low, high, middle;

    low = 0;
    high = zoom_event_nnames;

    while (low < high) {
        middle = low + (high - low) / 2;

        order = zoom_event_order(name, zoom_str_c(zoom_event_names[middle]));

        if (order == 0) {
            return 1;
        }

        if (order < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return 0;
}


static int
zoom_event_order(zoom_str_t a, zoom_str_t b)
{
    int  order;

    order = memcmp(a.data, b.data, (a.len < b.len) ? a.len : b.len);

    return order ? order : (a.len > b.len) - (a.len < b.len);
}


int
zoom_event_matches(zoom_str_t pattern)
{
    size_t  i;

    for (i = 0; i < zoom_event_nnames; i++) {
        if (zoom_event_match(pattern, zoom_str_c(zoom_event_names[i]))) {
            return 1;
        }
    }

    return 0;
}


const char *
zoom_event_nearest(zoom_str_t name)
{
    size_t       i, n, least;
    zoom_str_t   known;
    const char  *nearest;

    least = ZOOM_EVENT_NEAR + 1;
    nearest = NULL;

    if (name.len > ZOOM_EVENT_NAME_MAX) {
        return NULL;
    }

    for (i = 0; i < zoom_event_nnames; i++) {
        known = zoom_str_c(zoom_event_names[i]);

        n = zoom_event_distance(name, known);

        if (n < least) {
            least = n;
            nearest = zoom_event_names[i];
        }
    }

    return nearest;
}


/* Levenshtein's; both are names of at most ZOOM_EVENT_NAME_MAX bytes. */

static size_t
zoom_event_distance(zoom_str_t a, zoom_str_t b)
{
    size_t  i, k, last, row[ZOOM_EVENT_NAME_MAX + 1], above;

    for (k = 0; k <= b.len; k++) {
        row[k] = k;
    }

    for (i = 1; i <= a.len; i++) {
        above = row[0];
        row[0] = i;

        for (k = 1; k <= b.len; k++) {
            last = above + (a.data[i - 1] != b.data[k - 1]);
            above = row[k];
            row[k] = zoom_event_least(last, row[k] + 1, row[k - 1] + 1);
        }
    }

    return row[b.len];
}


static size_t
zoom_event_least(size_t a, size_t b, size_t c)
{
    a = (b < a) ? b : a;

    return (c < a) ? c : a;
}
