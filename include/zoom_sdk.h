/*
 * The Meeting SDK's signature: docs/protocol.md, "Meeting SDK".
 */

#ifndef ZOOM_SDK_H_INCLUDED
#define ZOOM_SDK_H_INCLUDED


#include "zoom_string.h"


#define ZOOM_SDK_KEY_MAX        128
#define ZOOM_SDK_SECRET_MAX     8192

/* seconds from iat to exp, as Zoom bounds them */
#define ZOOM_SDK_LIFE_MIN       1800
#define ZOOM_SDK_LIFE_MAX       (48 * 60 * 60)

/* always enough for a signature */
#define ZOOM_SDK_SIGNATURE_MAX  1024


typedef enum {
    ZOOM_SDK_PARTICIPANT = 0,
    ZOOM_SDK_HOST = 1
} zoom_sdk_role_e;


/*
 * NULL if "key" can be an SDK key, else why not: "is empty", "is too long",
 * "has a character that no key has".  Printable ASCII without quotes and
 * backslashes, so that it goes into JSON as it is.
 */

const char *zoom_sdk_key(zoom_str_t key);

/* Likewise, for an SDK secret: "is empty" or "is too long". */
const char *zoom_sdk_secret(zoom_str_t secret);

/* What a signature is for. */

typedef struct {
    zoom_str_t            meeting;   /* 9 to 11 digits */
    zoom_sdk_role_e       role;
    int64_t               iat;       /* seconds since 1970 */
    int64_t               life;      /* within the bounds above */
} zoom_sdk_claims_t;


/*
 * Appends the signature that ZoomMtg.join() takes: a JWT under HS256 with the
 * claims appKey and sdkKey (both "key"), mn, role, iat, exp and tokenExp (both
 * iat + life).  NULL on success, else why there is none; nothing is appended
 * then.
 */

const char *zoom_sdk_signature(zoom_buf_t *b, zoom_str_t key,
    zoom_str_t secret, const zoom_sdk_claims_t *c);


#endif /* ZOOM_SDK_H_INCLUDED */
