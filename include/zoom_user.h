/*
 * The Zoom user a token is minted for: what may stand in the path of
 * /users/{userId}/token.
 */

#ifndef ZOOM_USER_H_INCLUDED
#define ZOOM_USER_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_USER_MAX     128
#define ZOOM_USER_ID_MAX  64


typedef enum {
    ZOOM_USER_EMPTY = 0,
    ZOOM_USER_INVALID,
    ZOOM_USER_ID,
    ZOOM_USER_EMAIL
} zoom_user_e;


/*
 * Accepted: 1 to 64 of [A-Za-z0-9_-] that are not "me" in any case (with S2S
 * credentials Zoom resolves "me" to the app's owner: docs/protocol.md, "Access
 * token"), or an ASCII e-mail: one "@" with something on both sides, up to 128
 * bytes, no "/ ? # %", space or control.
 */

zoom_user_e zoom_user_check(zoom_str_t user);

/*
 * The form under which a user that was accepted is one and the same: an e-mail
 * in lower case, an id as it is.  "b" needs room for user.len.
 */

void zoom_user_fold(zoom_buf_t *b, zoom_str_t user);

/*
 * 1 if "user" matches "pattern", in which "*" stands for any run of bytes,
 * also none.  ASCII case is ignored where the user is an e-mail.  Takes
 * O(pattern * user) at worst.
 */

int zoom_user_match(zoom_str_t pattern, zoom_str_t user);


#endif /* ZOOM_USER_H_INCLUDED */
