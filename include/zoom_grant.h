/*
 * The grant of a user: a code, a refresh token or a device's code becomes an
 * access token, and another refresh token.  OAuth 2.0 (RFC 6749), Device
 * Authorization Grant (RFC 8628), Token Revocation (RFC 7009), and Zoom's own
 * pages on them: docs/protocol.md, "Grants of users".
 */

#ifndef ZOOM_GRANT_H_INCLUDED
#define ZOOM_GRANT_H_INCLUDED


#include "zoom_response.h"
#include "zoom_string.h"
#include "zoom_user.h"


#define ZOOM_REFRESH_TOKEN_MAX     4096
#define ZOOM_DEVICE_CODE_MAX       1024
#define ZOOM_USER_CODE_MAX         64
#define ZOOM_VERIFICATION_MAX      1024


typedef enum {
    ZOOM_GRANT_ACTIVE = 0,
    ZOOM_GRANT_EXPIRED,          /* Zoom has ended it */
    ZOOM_NGRANT_STATES
} zoom_grant_state_e;


/* What operators know them by: "active". */

extern const char *const  zoom_grant_states[ZOOM_NGRANT_STATES];


/*
 * Appends the body of a POST to the token endpoint, or to that for revocation,
 * application/x-www-form-urlencoded.  A public client, which has no secret,
 * adds its id, and so does any that starts a device's flow.
 */

void zoom_grant_code_body(zoom_buf_t *b, zoom_str_t code,
    zoom_str_t redirect_uri, zoom_str_t verifier);
void zoom_grant_refresh_body(zoom_buf_t *b, zoom_str_t token);
void zoom_grant_device_body(zoom_buf_t *b, zoom_str_t device_code);
void zoom_grant_start_body(zoom_buf_t *b, zoom_str_t scopes);
void zoom_grant_revoke_body(zoom_buf_t *b, zoom_str_t token);
void zoom_grant_public(zoom_buf_t *b, zoom_str_t client_id);


/* Where a grant's tokens go. */

typedef struct {
    zoom_buf_t           *access;
    zoom_buf_t           *refresh;   /* left empty where Zoom sent none: the
                                        one that was used stays good */
    int64_t               life;      /* of the access token, seconds */
} zoom_grant_tokens_t;


/*
 * Classifies the answer to any of the first three.  ZOOM_USE: the tokens are
 * appended.  ZOOM_FINAL with ZOOM_E_GRANT_EXPIRED: Zoom has ended the grant,
 * or never gave it.  Otherwise as zoom_oauth_classify().
 */

void zoom_grant_classify(const zoom_response_t *a, int64_t now,
    zoom_grant_tokens_t *tokens, zoom_verdict_t *v);


/* Why there is no access token for a device yet (RFC 8628, section 3.5). */

typedef enum {
    ZOOM_DEVICE_NONE = 0,        /* no such reason */
    ZOOM_DEVICE_PENDING,         /* ask again after the interval */
    ZOOM_DEVICE_SLOW_DOWN,       /* from now on wait 5 seconds longer */
    ZOOM_DEVICE_DENIED,
    ZOOM_DEVICE_EXPIRED
} zoom_device_e;


zoom_device_e zoom_device_reason(const zoom_response_t *a);


/* What a device shows its user, each zero-terminated. */

typedef struct {
    char                  device_code[ZOOM_DEVICE_CODE_MAX + 1];
    char                  user_code[ZOOM_USER_CODE_MAX + 1];
    char                  uri[ZOOM_VERIFICATION_MAX + 1];
    char                  complete[ZOOM_VERIFICATION_MAX + 1];  /* or empty */
    int64_t               life;      /* seconds */
    int64_t               interval;  /* least seconds between two polls */
} zoom_device_t;


/*
 * Classifies the answer of the device authorization endpoint: ZOOM_USE with
 * "*d" filled in, otherwise as zoom_oauth_classify().
 */

void zoom_device_classify(const zoom_response_t *a, int64_t now,
    zoom_device_t *d, zoom_verdict_t *v);


/* Who gave the grant: /users/me. */

typedef struct {
    char                  id[ZOOM_USER_ID_MAX + 1];
    char                  email[ZOOM_USER_MAX + 1];  /* or empty */
} zoom_profile_t;


void zoom_profile_classify(const zoom_response_t *a, int64_t now,
    zoom_profile_t *profile, zoom_verdict_t *v);


#endif /* ZOOM_GRANT_H_INCLUDED */
