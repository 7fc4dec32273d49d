/*
 * Beginnings of keys, sorted.  All that a key begins with begin the last one
 * that does not come after the key as well, so that it is enough to follow its
 * own beginnings: "up" is one more than the index of the longest.
 */

#include <stdlib.h>

#include "zoom_prefixes.h"


static int zoom_prefixes_compare(const void *one, const void *two);
static int zoom_prefixes_order(zoom_str_t a, zoom_str_t b);
static int zoom_prefixes_begins(zoom_str_t key, zoom_str_t prefix);


void
zoom_prefixes_sort(zoom_prefix_t *list, uint32_t n)
{
    uint32_t  i, up;

    qsort(list, n, sizeof(zoom_prefix_t), zoom_prefixes_compare);

    for (i = 0; i < n; i++) {

        for (up = i;
             up && !zoom_prefixes_begins(list[i].text, list[up - 1].text);
             up = list[up - 1].up)
        {
            /* void */
        }

        list[i].up = up;

        if (up && list[up - 1].time > list[i].time) {
            list[i].time = list[up - 1].time;
        }
    }
}


int64_t
zoom_prefixes_find(const zoom_prefix_t *list, uint32_t n, zoom_str_t key)
{
    uint32_t  low, high, middle;

    low = 0;
    high = n;

    while (low < high) {
        middle = low + (high - low) / 2;

        if (zoom_prefixes_order(list[middle].text, key) <= 0) {
            low = middle + 1;

        } else {
            high = middle;
        }
    }

    while (low && !zoom_prefixes_begins(key, list[low - 1].text)) {
        low = list[low - 1].up;
    }

    return low ? list[low - 1].time : ZOOM_PREFIXES_NONE;
}


static int
zoom_prefixes_compare(const void *one, const void *two)
{
    const zoom_prefix_t  *a = one, *b = two;

    return zoom_prefixes_order(a->text, b->text);
}


static int
zoom_prefixes_order(zoom_str_t a, zoom_str_t b)
{
    int     rc;
    size_t  len;

    len = (a.len < b.len) ? a.len : b.len;
    rc = len ? memcmp(a.data, b.data, len) : 0;

    return rc ? rc : (a.len > b.len) - (a.len < b.len);
}


static int
zoom_prefixes_begins(zoom_str_t key, zoom_str_t prefix)
{
    return key.len >= prefix.len
           && (prefix.len == 0
               || memcmp(key.data, prefix.data, prefix.len) == 0);
}
