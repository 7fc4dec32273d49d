/*
 * What a GraphQL request asks for, as far as it has to be known to allow and to
 * pace it: whether it changes something, and how much it wants.
 */

#ifndef ZOOM_GRAPHQL_H_INCLUDED
#define ZOOM_GRAPHQL_H_INCLUDED


#include "zoom_string.h"


/* of a request's body, bytes */
#define ZOOM_GRAPHQL_MAX  65536


typedef struct {
    int                   writes;        /* some operation is no query */
    size_t                fields;        /* at the root of all operations */
} zoom_graphql_t;


/*
 * Reads the JSON body of a request, whose "query" is a document of operations;
 * which of them is run does not matter, all of them count.  NULL, or why it is
 * none: what can't be read is not let through.
 */

const char *zoom_graphql_read(zoom_graphql_t *g, zoom_str_t body);


#endif /* ZOOM_GRAPHQL_H_INCLUDED */
