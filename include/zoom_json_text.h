/*
 * The characters of a JSON string that zoom_json_scan() has accepted: for the
 * files that are about JSON.
 */

#ifndef ZOOM_JSON_TEXT_H_INCLUDED
#define ZOOM_JSON_TEXT_H_INCLUDED


#include <stddef.h>
#include <stdint.h>

#include "zoom_string.h"


/* The next code point of a string that ends at "end", -1: it is over. */
int32_t zoom_json_next(const unsigned char **p, const unsigned char *end);

/* The code point of an escape; "*p" goes from its backslash to what follows. */
int32_t zoom_json_unescape(const unsigned char **p);

/* Four hexadecimal digits, -1: there are none.  Anything may stand here. */
int32_t zoom_json_hex4(const unsigned char *p, const unsigned char *end);

/* Writes a code point in UTF-8; how many bytes, 4 at most. */
size_t zoom_json_utf8(unsigned char *dst, int32_t cp);

/* Appends a character that came escaped in its shortest spelling. */
void zoom_json_put_char(zoom_buf_t *b, int32_t cp);


#endif /* ZOOM_JSON_TEXT_H_INCLUDED */
