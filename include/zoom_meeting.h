/*
 * Meeting links: facts/zoom-api.md section 7.
 */

#ifndef ZOOM_MEETING_H_INCLUDED
#define ZOOM_MEETING_H_INCLUDED


#include "zoom_string.h"


/*
 * The meeting id of a link, digits only, borrowed from "link".  0, or -1 if
 * the link is none of Zoom's or carries no id.
 */

int zoom_meeting_id(zoom_str_t link, zoom_str_t *id);

/*
 * Appends the link with the values of everything that opens a meeting (pwd,
 * password, tk, zak, token and the like, wherever they stand) replaced by
 * "***", also inside a percent-encoded inner link.  For logs: when in doubt it
 * masks.  Control characters are replaced by "?".
 */

void zoom_meeting_mask(zoom_buf_t *b, zoom_str_t link);


#endif /* ZOOM_MEETING_H_INCLUDED */
