/*
 * The endpoints as t/tools/endpoints makes them of src/endpoints.tsv: for
 * zoom_endpoint.c and its tests alone.
 */

#ifndef ZOOM_ENDPOINT_TABLE_H_INCLUDED
#define ZOOM_ENDPOINT_TABLE_H_INCLUDED


#include <stddef.h>
#include <stdint.h>


/*
 * A segment of a path.  The first nodes are the roots, one for each of
 * zoom_method_e.  Children lie side by side: a parameter, whose name is empty,
 * and then names as memcmp() sorts them.
 */

typedef struct {
    const char            *name;
    uint8_t                len;
    uint8_t                nchildren;
    uint16_t               first;
    uint16_t               row;          /* 1 and up, 0: no endpoint */
} zoom_endpoint_node_t;


extern const zoom_endpoint_node_t  zoom_endpoint_nodes[];


#endif /* ZOOM_ENDPOINT_TABLE_H_INCLUDED */
