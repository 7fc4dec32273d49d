/* Which of Zoom's events a name is, or nearly is. */

#include "zoom_event.h"
#include "zoom_spelling.h"


/* so many letters may be wrong, missing or too many */
#define ZOOM_EVENT_NEAR  3


static int zoom_event_order(zoom_str_t a, zoom_str_t b);


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

        n = zoom_spelling_distance(name, known);

        if (n < least) {
            least = n;
            nearest = zoom_event_names[i];
        }
    }

    return nearest;
}
