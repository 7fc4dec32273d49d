/*
 * The tokens of a meeting that let a bot record, stream or archive it:
 * docs/protocol.md, "Join tokens".
 */

#ifndef ZOOM_JOINTOKEN_H_INCLUDED
#define ZOOM_JOINTOKEN_H_INCLUDED


#include "zoom_response.h"
#include "zoom_string.h"
#include "zoom_token_type.h"


/* Which token, and of what. */

typedef struct {
    zoom_token_type_e     type;
    int                   webinar;
} zoom_jointoken_t;


/*
 * Appends "/meetings/{id}/jointoken/{what}", or "/webinars/...", to follow the
 * REST base.  "bypass" adds "?bypass_waiting_room=true" where Zoom takes it:
 * for the local recording of a meeting.
 */

void zoom_jointoken_path(zoom_buf_t *b, zoom_token_type_e what,
    zoom_str_t meeting, int webinar, int bypass);

/*
 * Classifies the answer.  With ZOOM_USE the token is appended to "token" and
 * "*expires" is its expiry by our clock; otherwise "*expires" is 0.  The token
 * need not be a JWT.  A missing or unusable expire_in (Zoom's spelling) reads
 * as 120 seconds; a value that is not positive is an error.
 */

void zoom_jointoken_classify(const zoom_response_t *a, int64_t now,
    const zoom_jointoken_t *what, zoom_buf_t *token, int64_t *expires,
    zoom_verdict_t *v);


#endif /* ZOOM_JOINTOKEN_H_INCLUDED */
