/*
 * Meeting links: docs/protocol.md, "Meeting links".
 */

#ifndef ZOOM_MEETING_H_INCLUDED
#define ZOOM_MEETING_H_INCLUDED


#include "zoom_link.h"
#include "zoom_string.h"


#define ZOOM_MEETING_LINK_MAX  ZOOM_LINK_MAX
#define ZOOM_MEETING_ID_MIN    9
#define ZOOM_MEETING_ID_MAX    11

/* Room that zoom_meeting_mask() needs for a link of so many bytes. */
#define zoom_meeting_mask_size(len)  ((len) + 64)


/* What a link tells, all of it in "b". */

typedef struct {
    zoom_str_t            id;
    zoom_str_t            passcode;  /* decoded; empty: none */
    zoom_str_t            tk;        /* of a registrant, likewise */
    int                   webinar;   /* its path is /w/: a webinar, or a
                                        meeting with registration */
} zoom_meeting_t;


/* 1 if "s" is 9 to 11 digits and no more. */
int zoom_meeting_is_id(zoom_str_t s);

/*
 * Appends the digits of a meeting's number, which may come in groups as Zoom
 * prints them: "861 2580 0160".  0, or -1 if it is none.
 */

int zoom_meeting_number(zoom_str_t text, zoom_buf_t *b);

/*
 * Appends the number of the meeting that a link leads to; a number alone is a
 * link as well.  0, or -1 if the link is none of Zoom's, is over 2,048 bytes,
 * carries no number, or has a bad escape in its path or in what opens the
 * meeting.  Known wrappers (src/zoom_link_wrap.c) are looked into, four deep
 * at most.
 */

int zoom_meeting_id(zoom_str_t link, zoom_buf_t *b);

/*
 * The same, and what else is in it: pwd=, password= or passcode=, else
 * "Passcode:" or "Password:" in words behind the link; and tk=.  Either is made
 * of [A-Za-z0-9._-], ends where that ends, and is left empty if it is there
 * twice.  The id stands first; room for the length of "link" is enough.
 */

int zoom_meeting_read(zoom_meeting_t *m, zoom_str_t link, zoom_buf_t *b);

/*
 * Appends what a log may show of a link: scheme, host, the path as far as it
 * is made of Zoom's own words, the meeting's number, and the names of the
 * parameters above.  All else is "***".  Of a link in a wrapper that is the
 * inner one, if it leads to a meeting.
 */

void zoom_meeting_mask(zoom_buf_t *b, zoom_str_t link);


#endif /* ZOOM_MEETING_H_INCLUDED */
