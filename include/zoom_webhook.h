/*
 * Zoom's webhooks (docs/protocol.md, "Webhooks"): how they are signed, and
 * what Zoom is answered when it asks whether an endpoint is one.
 *
 * The signature is "v0=" and lower-case hex of HMAC-SHA256 over
 * "v0:{timestamp}:{body}", the body as it came, under the app's secret token as
 * it is written.  Neither the URL nor x-zm-request-id is signed.
 */

#ifndef ZOOM_WEBHOOK_H_INCLUDED
#define ZOOM_WEBHOOK_H_INCLUDED


#include "zoom_hmac.h"
#include "zoom_string.h"


#define ZOOM_WEBHOOK_TIMESTAMP_MAX  12
#define ZOOM_WEBHOOK_TOKEN_MAX      256

/* seconds that Zoom's clock may be ahead of ours */
#define ZOOM_WEBHOOK_AHEAD          300

/* for how long Zoom may send a delivery again: 5, 25, 85 minutes; seconds */
#define ZOOM_WEBHOOK_REDELIVERS     7200


/* The headers' values. */

typedef struct {
    zoom_str_t            signature;     /* x-zm-signature */
    zoom_str_t            timestamp;     /* x-zm-request-timestamp */
} zoom_webhook_t;


/*
 * What needs neither key nor body.  NULL if the signature may hold, else why
 * not: it does not look like one; the timestamp is no number of seconds, is
 * over "window" seconds old, or over 300 s of the future.  "*at" is the
 * timestamp, seconds since the epoch.
 */

const char *zoom_webhook_check(const zoom_webhook_t *sent, int64_t now,
    int64_t window, int64_t *at);

/*
 * After that: 1 if the signature is that of timestamp and body under "key", 0
 * if it is not, -1 if OpenSSL failed.  Compares in constant time.
 */

int zoom_webhook_verify(const zoom_hmac_t *key, const zoom_webhook_t *sent,
    zoom_str_t body);

/*
 * The answer to endpoint.url_validation, {"plainToken":"...",
 * "encryptedToken":"..."}, for a token as it is spelled in the request.  NULL,
 * or why there is none: the token is empty, over 256 bytes, or of anything but
 * letters, digits and "_-.+/=".  With a colon it could be the text of another
 * webhook, which we would sign.  "answer" needs ZOOM_WEBHOOK_ANSWER_MAX bytes.
 */

#define ZOOM_WEBHOOK_ANSWER_MAX                                               \
    (ZOOM_WEBHOOK_TOKEN_MAX + 2 * ZOOM_SHA256_LEN                             \
     + sizeof("{\"plainToken\":\"\",\"encryptedToken\":\"\"}"))

const char *zoom_webhook_answer(const zoom_hmac_t *key, zoom_str_t token,
    zoom_buf_t *answer);


#endif /* ZOOM_WEBHOOK_H_INCLUDED */
