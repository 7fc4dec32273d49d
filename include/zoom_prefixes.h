/*
 * A set of beginnings of keys, each with a time: the latest of those that a key
 * begins with is found in O(log n).
 */

#ifndef ZOOM_PREFIXES_H_INCLUDED
#define ZOOM_PREFIXES_H_INCLUDED


#include <stdint.h>

#include "zoom_string.h"


/* As a time: of none. */

#define ZOOM_PREFIXES_NONE  INT64_MIN


typedef struct {
    zoom_str_t            text;      /* borrowed */
    int64_t               time;
    uint32_t              up;        /* its own */
} zoom_prefix_t;


/* Before they are looked in; the same text may be there twice. */
void zoom_prefixes_sort(zoom_prefix_t *list, uint32_t n);

int64_t zoom_prefixes_find(const zoom_prefix_t *list, uint32_t n,
    zoom_str_t key);


#endif /* ZOOM_PREFIXES_H_INCLUDED */
