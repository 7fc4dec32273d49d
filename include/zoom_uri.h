/* Percent-encoding, RFC 3986. */

#ifndef ZOOM_URI_H_INCLUDED
#define ZOOM_URI_H_INCLUDED


#include "zoom_string.h"


/*
 * Appends "s" as one path segment or query value: everything but RFC 3986
 * unreserved characters is encoded, upper-case hex.
 */

void zoom_uri_escape(zoom_buf_t *b, zoom_str_t s);

/*
 * Appends "s", decoded exactly once.  0, or -1 for a "%" without two hex
 * digits or if "b" overflows; nothing is appended then.  "+" stays "+".
 */

int zoom_uri_unescape(zoom_buf_t *b, zoom_str_t s);


#endif /* ZOOM_URI_H_INCLUDED */
