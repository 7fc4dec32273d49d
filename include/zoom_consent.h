/*
 * A user's consent: what leads to Zoom's page and what is remembered until the
 * user comes back.  OAuth 2.0 (RFC 6749, section 4.1) with PKCE (RFC 7636,
 * method S256); docs/protocol.md, "Grants of users".
 */

#ifndef ZOOM_CONSENT_H_INCLUDED
#define ZOOM_CONSENT_H_INCLUDED


#include "zoom_string.h"


/* Of both 32 random bytes in base64url. */
#define ZOOM_CONSENT_VERIFIER_LEN  43
#define ZOOM_CONSENT_STATE_LEN     43

#define ZOOM_CONSENT_LIFE          600
#define ZOOM_CONSENT_MAX           2048
#define ZOOM_CONSENT_PLACE_MAX     1024     /* of which it is the most */


/* What a browser keeps, sealed, while its user is at Zoom. */

typedef struct {
    int64_t               expires;   /* seconds since the epoch */
    zoom_str_t            account;
    zoom_str_t            verifier;
    zoom_str_t            state;
    zoom_str_t            alias;     /* the operator's name for the user */
    zoom_str_t            back;      /* where to after it, or nothing */
} zoom_consent_t;


/* What Zoom's page is asked with. */

typedef struct {
    zoom_str_t            authorize_url;
    zoom_str_t            client_id;
    zoom_str_t            redirect_uri;
    zoom_str_t            scopes;    /* separated by blanks, or nothing */
} zoom_consent_app_t;


/*
 * Appends the flat form of "c"; reads it, all parts borrowed from "text": 0, or
 * -1 if it is none.
 */

void zoom_consent_write(zoom_buf_t *b, const zoom_consent_t *c);
int zoom_consent_read(zoom_consent_t *c, zoom_str_t text);

/* Appends the URL of the page; -1: OpenSSL failed. */
int zoom_consent_url(zoom_buf_t *b, const zoom_consent_app_t *app,
    const zoom_consent_t *c);

/* Appends the challenge of a verifier, S256; -1: OpenSSL failed. */
int zoom_consent_challenge(zoom_buf_t *b, zoom_str_t verifier);

/*
 * Whether "to" is a place that a browser may be sent to: a path of this host
 * ("/done", never "//host" or "/\host"), or an https URL with a host; no blank,
 * control or byte outside ASCII, and not longer than there is room for.
 */

int zoom_consent_place(zoom_str_t to);


#endif /* ZOOM_CONSENT_H_INCLUDED */
