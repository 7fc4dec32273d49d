/* The content of a secret value: file, environment or literal. */

#ifndef ZOOM_SECRET_H_INCLUDED
#define ZOOM_SECRET_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_SECRET_FILE_MAX  8192


/*
 * Takes the value out of what was read: trailing CR and LF are dropped.
 * NULL on success, "*value" then points into "raw"; else why not: "is empty"
 * or "contains a control character".  The reason never quotes the value.
 */

const char *zoom_secret_value(zoom_str_t raw, zoom_str_t *value);


#endif /* ZOOM_SECRET_H_INCLUDED */
