/*
 * A path of Zoom's API as a caller sends it, and as it is sent on.
 *
 * Who reads a path otherwise than Zoom does may be talked into letting through
 * what nobody allowed.  So it is taken apart into segments here, each of them
 * decoded, which are all that is looked at, and put together again out of them:
 * Zoom gets our spelling, never the caller's.
 */

#ifndef ZOOM_PATH_H_INCLUDED
#define ZOOM_PATH_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_PATH_SEGMENTS  24
#define ZOOM_PATH_MAX       2048

/* What zoom_path_write() writes at most. */
#define ZOOM_PATH_SENT_MAX  (ZOOM_PATH_MAX * 5)


typedef struct {
    zoom_str_t             text;         /* decoded */
    unsigned               slash:1;      /* holds "/" */
    unsigned               twice:1;      /* was encoded twice */
} zoom_segment_t;


/* "segments" point into "text": not to be copied. */

typedef struct {
    size_t                 n;
    zoom_segment_t         segments[ZOOM_PATH_SEGMENTS];
    unsigned char          text[ZOOM_PATH_MAX];
} zoom_path_t;


/*
 * Reads "raw", which begins with "/" and has no arguments.  NULL, or why it is
 * none: an empty or a dot segment, a bad escape, a control character, a
 * backslash or a semicolon however encoded, no UTF-8, an encoded slash or
 * something encoded twice where it can be no UUID of a meeting, or too much.
 */

const char *zoom_path_read(zoom_path_t *path, zoom_str_t raw);

/* 1 if a segment is "me" in any case, which is whoever an access token is. */
int zoom_path_has_me(const zoom_path_t *path);

/*
 * Appends the path, encoded: a UUID that begins with "/" or holds "//" twice,
 * as Zoom wants it, everything else once.
 */

void zoom_path_write(zoom_buf_t *b, const zoom_path_t *path);


#endif /* ZOOM_PATH_H_INCLUDED */
