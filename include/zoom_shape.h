/*
 * The shapes of Zoom's links: docs/protocol.md, "Meeting links".
 */

#ifndef ZOOM_SHAPE_H_INCLUDED
#define ZOOM_SHAPE_H_INCLUDED


#include "zoom_link.h"


typedef struct {
    const char           *before;    /* the path in front of the number */
    const char           *behind;    /* and behind it */
    const char           *param;     /* which has the number, if not NULL */
    int                   webinar;
} zoom_shape_t;


/* All strings point into the link's text. */

typedef struct {
    const zoom_shape_t   *shape;     /* NULL: a number without a link */
    zoom_str_t            id;        /* 9 to 11 digits */
    zoom_str_t            rest;      /* what follows in path and query, if the
                                        number is in the path */
} zoom_shape_found_t;


/* The parameters that open a meeting, ending with NULL: the first is "tk". */
extern const char *const  zoom_shape_params[];


/*
 * Finds the meeting's number in a link, looking into the wrappers around it,
 * four deep at most, or in a text that is nothing but a number.  "l" is the
 * link that was found.  0, or -1 if there is none.
 */

int zoom_shape_find(zoom_shape_found_t *found, zoom_link_t *l,
    zoom_str_t text);

/* 1 if it is one of Zoom's hosts. */
int zoom_shape_host(zoom_str_t host);


#endif /* ZOOM_SHAPE_H_INCLUDED */
