/* The order of the members of an object. */

#include <string.h>

#include "zoom_json_sort.h"
#include "zoom_json_text.h"


static uint16_t zoom_json_merge(zoom_json_node_t *nodes, uint16_t a,
    uint16_t b, int *twice);


int
zoom_json_compare(const zoom_json_node_t *a, const zoom_json_node_t *b)
{
    int                   rc;
    size_t                n;
    int32_t               ca, cb;
    const unsigned char  *p, *q;

    p = a->name.data;
    q = b->name.data;

    if (a->name_escaped || b->name_escaped) {

        do {
            ca = zoom_json_next(&p, a->name.data + a->name.len);
            cb = zoom_json_next(&q, b->name.data + b->name.len);
        } while (ca == cb && ca != -1);

        return (ca > cb) - (ca < cb);
    }

    /* the order of UTF-8 is that of code points */

    n = (a->name.len < b->name.len) ? a->name.len : b->name.len;
    rc = memcmp(p, q, n);

    return rc ? rc : (a->name.len > b->name.len) - (a->name.len < b->name.len);
}


/*
 * Merge sort, since it needs no memory beyond the links.  bins[k] holds 2^k
 * sorted members or none.  Two equal names meet in some merge.
 */

int
zoom_json_sort(zoom_json_node_t *nodes, uint16_t *first)
{
    int       twice;
    uint16_t  bins[12], list, next;
    unsigned  i, n;

    n = 0;
    twice = 0;

    for (next = *first; next != ZOOM_JSON_NONE && !twice; /* void */ ) {
        list = next;
        next = nodes[list].next;
        nodes[list].next = ZOOM_JSON_NONE;

        for (i = 0; i < n && bins[i] != ZOOM_JSON_NONE; i++) {
            list = zoom_json_merge(nodes, bins[i], list, &twice);
            bins[i] = ZOOM_JSON_NONE;
        }

        bins[i] = list;
        n = (i == n) ? n + 1 : n;
    }

    list = ZOOM_JSON_NONE;

    for (i = 0; i < n; i++) {
        list = zoom_json_merge(nodes, bins[i], list, &twice);
    }

    *first = list;

    return twice ? -1 : 0;
}


static uint16_t
zoom_json_merge(zoom_json_node_t *nodes, uint16_t a, uint16_t b, int *twice)
{
    int        rc;
    uint16_t   head, *link;

    link = &head;

    while (a != ZOOM_JSON_NONE && b != ZOOM_JSON_NONE) {
        rc = zoom_json_compare(&nodes[a], &nodes[b]);

        if (rc == 0) {
            *twice = 1;
        }

        if (rc <= 0) {
            *link = a;
            link = &nodes[a].next;
            a = *link;

        } else {
            *link = b;
            link = &nodes[b].next;
            b = *link;
        }
    }

    *link = (a != ZOOM_JSON_NONE) ? a : b;

    return head;
}
