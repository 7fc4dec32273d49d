/*
 * A keyed hash for values that callers choose: SipHash-2-4 (Aumasson,
 * Bernstein, 2012).  Without the key nobody can construct collisions.
 */

#ifndef ZOOM_HASH_H_INCLUDED
#define ZOOM_HASH_H_INCLUDED


#include <stdint.h>

#include "zoom_string.h"


#define ZOOM_HASH_KEY_LEN  16


uint64_t zoom_hash(const unsigned char key[ZOOM_HASH_KEY_LEN], zoom_str_t s);


#endif /* ZOOM_HASH_H_INCLUDED */
