/*
 * The tokens of a user that a bot joins with, ZAK and OBF: docs/protocol.md,
 * "Tokens of a user".
 */

#ifndef ZOOM_TOKEN_H_INCLUDED
#define ZOOM_TOKEN_H_INCLUDED


#include <jansson.h>

#include "zoom_response.h"
#include "zoom_string.h"


#define ZOOM_TOKEN_MAX  4096


typedef int (*zoom_token_form_pt)(zoom_str_t s);


/* Appends "/users/{user}/token?type=zak&ttl={ttl}", to follow the REST base. */
void zoom_zak_path(zoom_buf_t *b, zoom_str_t user, int64_t ttl);

/*
 * Classifies the answer.  With ZOOM_USE the ZAK is appended to "token" and
 * "*expires" is its expiry by our clock, in seconds since the epoch; otherwise
 * "*expires" is 0.
 *
 * The expiry is the earliest of: now + ttl; the token's own "exp", less the
 * time that Zoom's Date header is ahead of us; now + (exp - iat).  What can't
 * be read does not count.  A token whose "exp" has passed is never handed out:
 * it counts as no token, and may be asked for again.  Whether it has passed is
 * decided by Zoom's Date if zoom_response_clock() accepts that, else by our
 * clock.
 */

void zoom_zak_classify(const zoom_response_t *a, int64_t now, int64_t ttl,
    zoom_buf_t *token, int64_t *expires, zoom_verdict_t *v);

/*
 * The same for an OBF token: "/users/{user}/token?type=onbehalf&meeting_id=
 * {meeting}&ttl={ttl}".  Zoom's document has meeting_id optional: an empty
 * "meeting" leaves it out.  It need not be a JWT; where it is none it lives as
 * long as was asked.
 */

void zoom_obf_path(zoom_buf_t *b, zoom_str_t user, zoom_str_t meeting,
    int64_t ttl);
void zoom_obf_classify(const zoom_response_t *a, int64_t now, int64_t ttl,
    zoom_buf_t *token, int64_t *expires, zoom_verdict_t *v);

/* What a token has to look like, and what the log calls it. */

typedef struct {
    zoom_token_form_pt    form;
    const char           *name;
} zoom_token_look_t;


/*
 * The step that is the same for every token: 0, and the member "token" of
 * "root" appended to "token".  Else -1 and "v" tells: the answer is no success,
 * or the token does not look so.
 */

int zoom_token_take(const zoom_response_t *a, const json_t *root, int64_t now,
    const zoom_token_look_t *look, zoom_buf_t *token, zoom_verdict_t *v);

/*
 * 1 if "s" is one to eight tokens of any form, separated by commas: what
 * Attendee tries in order.
 */

int zoom_token_list(zoom_str_t s);

/*
 * 1 if "s" has the form of a JWS compact serialisation: three non-empty parts
 * of base64url joined by dots.
 */

int zoom_jwt_form(zoom_str_t s);

/*
 * Reads the claim "exp" (and "iat" where "iat" is not NULL; 0 if absent).  It
 * bounds a cache and is never verified.  0, or -1 if it can't be read.  What
 * is before the epoch reads as 0.
 */

int zoom_jwt_exp(zoom_str_t jwt, int64_t *exp, int64_t *iat);

/*
 * 1 if "s" may go into an Authorization header as a bearer token: RFC 6750
 * b64token, 1 to ZOOM_ACCESS_TOKEN_MAX bytes.
 */

int zoom_bearer_form(zoom_str_t s);

/*
 * 1 if "s" may go into an answer of ours as it is, as JSON or as text: the
 * same alphabet, 1 to ZOOM_TOKEN_MAX bytes.
 */

int zoom_token_form(zoom_str_t s);


#endif /* ZOOM_TOKEN_H_INCLUDED */
