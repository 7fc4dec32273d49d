/* What a log may show of a query: not the values of all arguments. */

#ifndef ZOOM_QUERY_H_INCLUDED
#define ZOOM_QUERY_H_INCLUDED


#include "zoom_string.h"


/*
 * An argument whose value is hidden, however its name is spelled: in any case,
 * and percent-encoded or not.  With "number" a value stays that is the number
 * of a meeting, and no link to it: digits, and blanks or "-" between them.
 */

typedef struct {
    zoom_str_t            name;      /* not empty */
    unsigned              number;
} zoom_hidden_t;


/*
 * Overwrites with "*", in one pass, each value in the "len" bytes at "query",
 * which is "name=value&...", whose name is one of these "n".  A name that
 * stands there twice hides what either hides.
 */

void zoom_query_hide(unsigned char *query, size_t len,
    const zoom_hidden_t *hidden, size_t n);

/*
 * The same for each value that is "secret" when decoded, whatever its name,
 * and for an argument without one.  "scratch" needs room for "len" bytes and
 * holds the secret afterwards: the caller wipes it.  Without room everything
 * is overwritten.
 */

void zoom_query_hide_secret(unsigned char *query, size_t len,
    zoom_str_t secret, zoom_buf_t *scratch);


#endif /* ZOOM_QUERY_H_INCLUDED */
