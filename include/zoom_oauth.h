/*
 * The S2S access token: docs/protocol.md, "Access token".
 */

#ifndef ZOOM_OAUTH_H_INCLUDED
#define ZOOM_OAUTH_H_INCLUDED


#include "zoom_response.h"
#include "zoom_string.h"


#define ZOOM_ACCESS_TOKEN_MAX  16384


/*
 * Appends the body of the POST, application/x-www-form-urlencoded, and the
 * value of its Authorization header.  The query form of the same request has
 * been answered with 400.
 */

void zoom_oauth_body(zoom_buf_t *b, zoom_str_t account_id);
void zoom_oauth_authorization(zoom_buf_t *b, zoom_str_t client_id,
    zoom_str_t client_secret);

/*
 * Classifies the answer.  With ZOOM_USE the access token is appended to
 * "token" and "*life" is its life in seconds from the answer, between 1 second
 * and a day.  A missing or unusable expires_in reads as 3600; zero or a
 * negative number is an error.  Otherwise "*life" is 0.  The verdict is never
 * ZOOM_REFRESH, since there is nothing to refresh here.
 *
 * "*lacks" is the set of types of tokens that the app's scopes do not allow,
 * one bit each, as in zoom_token_types_lack().  It is 0 if the answer does not
 * list its scopes.
 */

void zoom_oauth_classify(const zoom_response_t *a, int64_t now,
    zoom_buf_t *token, int64_t *life, unsigned *lacks, zoom_verdict_t *v);


#endif /* ZOOM_OAUTH_H_INCLUDED */
