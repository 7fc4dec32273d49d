/* The content of a secret value: file, environment or literal. */

#ifndef ZOOM_SECRET_H_INCLUDED
#define ZOOM_SECRET_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_SECRET_FILE_MAX  8192

/* whatever is shorter deserves a warning, bytes */
#define ZOOM_SECRET_SHORT     16


/*
 * Takes the value out of what was read: trailing CR and LF are dropped.
 * NULL on success, "*value" then points into "raw"; else why not: "is empty"
 * or "contains a control character".  The reason never quotes the value.
 */

const char *zoom_secret_value(zoom_str_t raw, zoom_str_t *value);

/*
 * Whether a value from a file or the environment holds more than the secret,
 * as such files do that were made for others: a byte order mark, quotes around
 * it, NAME= before it (but no "=" behind it, which is base64), or a blank.
 * With "words" single blanks between words are fine, as in an Authorization
 * header.  NULL, or what it holds: "is in quotes" and the like, likewise
 * without a quotation.
 */

const char *zoom_secret_stored(zoom_str_t value, int words);

/*
 * What a value that was written out looks like, if it is rather the place of a
 * secret: "file:" for a path ("/", "./", "../" or "~/" at its start, or a "/"
 * and an extension), "env:" for a variable ("$" and a name).  NULL for others,
 * base64 without a "/" at its start among them.
 */

const char *zoom_secret_place(zoom_str_t value);


#endif /* ZOOM_SECRET_H_INCLUDED */
