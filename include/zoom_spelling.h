/* How far apart two names are, to tell of the one that was meant. */

#ifndef ZOOM_SPELLING_H_INCLUDED
#define ZOOM_SPELLING_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_SPELLING_MAX  256


/*
 * Levenshtein's distance: how many characters are wrong, missing or too many.
 * Both have at most ZOOM_SPELLING_MAX bytes.
 */

size_t zoom_spelling_distance(zoom_str_t a, zoom_str_t b);


#endif /* ZOOM_SPELLING_H_INCLUDED */
