/* How far apart two names are. */

#include "zoom_spelling.h"


static size_t zoom_spelling_least(size_t a, size_t b, size_t c);


size_t
zoom_spelling_distance(zoom_str_t a, zoom_str_t b)
{
    size_t  i, k, last, row[ZOOM_SPELLING_MAX + 1], above;

    for (k = 0; k <= b.len; k++) {
        row[k] = k;
    }

    for (i = 1; i <= a.len; i++) {
        above = row[0];
        row[0] = i;

        for (k = 1; k <= b.len; k++) {
            last = above + (a.data[i - 1] != b.data[k - 1]);
            above = row[k];
            row[k] = zoom_spelling_least(last, row[k] + 1, row[k - 1] + 1);
        }
    }

    return row[b.len];
}


static size_t
zoom_spelling_least(size_t a, size_t b, size_t c)
{
    a = (b < a) ? b : a;

    return (c < a) ? c : a;
}
