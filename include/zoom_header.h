/*
 * Which headers go through the gateway.  Lists of what may pass: what Zoom, a
 * proxy before it or a caller's library adds one day stays where it is.
 */

#ifndef ZOOM_HEADER_H_INCLUDED
#define ZOOM_HEADER_H_INCLUDED


#include "zoom_string.h"


/*
 * 1 if a caller's header goes on to Zoom.  "name" is in lower case.  What the
 * gateway writes itself is not among them (Host, Authorization, the length),
 * nor is Accept-Encoding: a refusal of Zoom's has to be read.
 */

int zoom_header_asks(zoom_str_t name);

/*
 * 1 if a header of Zoom's response goes on to the caller.  Cookies and whatever
 * names our app (x-zm-clientid) are not among them.
 */

int zoom_header_answers(zoom_str_t name);


#endif /* ZOOM_HEADER_H_INCLUDED */
