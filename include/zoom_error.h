/*
 * What a caller is told when there is no token: docs/errors.md.
 */

#ifndef ZOOM_ERROR_H_INCLUDED
#define ZOOM_ERROR_H_INCLUDED


#include "zoom_string.h"


typedef enum {
    ZOOM_OK = 0,

    ZOOM_E_BAD_CALLBACK,         /* 400 */
    ZOOM_E_NO_MEETING,
    ZOOM_E_BAD_TYPE,
    ZOOM_E_BAD_PATH,
    ZOOM_E_UNAUTHENTICATED,      /* 401 */
    ZOOM_E_REPLAYED,
    ZOOM_E_NO_USER,              /* 403 */
    ZOOM_E_NO_ACCOUNT,
    ZOOM_E_DENIED,
    ZOOM_E_NOT_CONNECTED,
    ZOOM_E_GRANT_EXPIRED,
    ZOOM_E_METHOD,               /* 405 */
    ZOOM_E_TOO_LARGE,            /* 413 */
    ZOOM_E_USER_NOT_IN_MEETING,  /* 409, of Zoom's */
    ZOOM_E_USER_DAILY_LIMIT,     /* 429 */
    ZOOM_E_INTERNAL,             /* 500 */
    ZOOM_E_ROUTE_FAILED,
    ZOOM_E_USER_UNKNOWN,         /* 502 */
    ZOOM_E_MEETING_UNKNOWN,
    ZOOM_E_SCOPE_MISSING,
    ZOOM_E_CREDENTIALS_REJECTED,
    ZOOM_E_APP_DISABLED,
    ZOOM_E_ZOOM_REFUSED,
    ZOOM_E_ZOOM_INVALID,
    ZOOM_E_RATE_LIMITED,         /* 503 */
    ZOOM_E_ZOOM_UNAVAILABLE,
    ZOOM_E_OVERLOADED,
    ZOOM_E_STORE_UNAVAILABLE,
    ZOOM_E_POOL_EXHAUSTED,
    ZOOM_E_TIMEOUT,              /* 504 */

    ZOOM_E_LAST
} zoom_error_e;


typedef struct {
    int                   status;    /* HTTP status of our answer */
    zoom_str_t            name;      /* the stable code, "no_user" */
    zoom_str_t            message;   /* one plain sentence, no secret in it */
} zoom_error_info_t;


/* Never NULL: an unknown code reads as "internal". */
const zoom_error_info_t *zoom_error_info(zoom_error_e e);

/* Whether it is about one user, and another may do. */
int zoom_error_is_of_user(zoom_error_e e);

/*
 * Whether Zoom is at fault: it can't be reached, or its answer makes no sense.
 */
int zoom_error_is_outage(zoom_error_e e);


#endif /* ZOOM_ERROR_H_INCLUDED */
