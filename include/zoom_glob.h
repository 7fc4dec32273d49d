/* Patterns with stars. */

#ifndef ZOOM_GLOB_H_INCLUDED
#define ZOOM_GLOB_H_INCLUDED


#include "zoom_string.h"


/*
 * 1 if "text" matches "pattern", in which "*" stands for any run of bytes,
 * including none.  With "fold" ASCII case is ignored.  O(pattern * text) at
 * worst.
 */

int zoom_glob(zoom_str_t pattern, zoom_str_t text, int fold);


#endif /* ZOOM_GLOB_H_INCLUDED */
