/*
 * Meeting links: docs/protocol.md, "Meeting links".
 */

#ifndef ZOOM_MEETING_H_INCLUDED
#define ZOOM_MEETING_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_MEETING_LINK_MAX  2048
#define ZOOM_MEETING_ID_MAX    11


/* What a link tells. */

typedef struct {
    zoom_str_t            id;        /* borrowed from the link */
    zoom_str_t            passcode;  /* in "b", decoded; empty: none */
    zoom_str_t            tk;        /* of a registrant, likewise */
    int                   webinar;   /* its path is /w/: a webinar, or a
                                        meeting with registration */
} zoom_meeting_t;


/*
 * The meeting id of a link, 9 to 11 digits, borrowed from "link".  0, or -1 if
 * the link is none of Zoom's, is over 2,048 bytes, has a bad escape in it or
 * carries no id.  Known wrappers (Outlook's safe links, google.com/url) are
 * looked into, four deep at most.  A text of digits alone is an id, too.
 */

int zoom_meeting_id(zoom_str_t link, zoom_str_t *id);

/*
 * The same, and what else is in it: pwd= or password=, else "Passcode:" in
 * words behind the link; and tk=.  Either is left empty if it is there twice,
 * or if it is more than printable ASCII without spaces.  They are appended to
 * "b", for which room for the length of "link" is enough.
 */

int zoom_meeting_read(zoom_meeting_t *m, zoom_str_t link, zoom_buf_t *b);

/*
 * Appends the link with the values of everything that opens a meeting (pwd,
 * password, tk, zak, token and the like, wherever they stand) replaced by
 * "***", also inside a percent-encoded inner link.  For logs: when in doubt it
 * masks.  Control characters are replaced by "?".  Room for twice the length
 * of "link" is always enough.
 */

void zoom_meeting_mask(zoom_buf_t *b, zoom_str_t link);


#endif /* ZOOM_MEETING_H_INCLUDED */
