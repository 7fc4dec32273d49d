/*
 * The order in which the members of an object stand in the canonical form: for
 * the files that are about JSON.
 */

#ifndef ZOOM_JSON_SORT_H_INCLUDED
#define ZOOM_JSON_SORT_H_INCLUDED


#include <stdint.h>

#include "zoom_json.h"


/* By the code points of their decoded names, as memcmp(). */
int zoom_json_compare(const zoom_json_node_t *a, const zoom_json_node_t *b);

/*
 * Links the members that begin at "*first" anew, in n log n comparisons.  0, or
 * -1: two have the same name.
 */

int zoom_json_sort(zoom_json_node_t *nodes, uint16_t *first);


#endif /* ZOOM_JSON_SORT_H_INCLUDED */
