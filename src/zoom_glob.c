/* Patterns with stars. */

#include "zoom_glob.h"


int
zoom_glob(zoom_str_t pattern, zoom_str_t text, int fold)
{
    int     same;
    size_t  p, t, star, mark;

    p = 0;
    t = 0;
    star = pattern.len;
    mark = 0;

    while (t < text.len) {

        if (p < pattern.len && pattern.data[p] == '*') {
            star = p++;
            mark = t;
            continue;
        }

        same = p < pattern.len
               && (pattern.data[p] == text.data[t]
                   || (fold && zoom_lower(pattern.data[p])
                               == zoom_lower(text.data[t])));

        if (same) {
            p++;
            t++;
            continue;
        }

        /* only the last star need take one byte more */

        if (star == pattern.len) {
            return 0;
        }

        p = star + 1;
        t = ++mark;
    }

    while (p < pattern.len && pattern.data[p] == '*') {
        p++;
    }

    return p == pattern.len;
}
