/*
 * Standard Webhooks, as Recall.ai sends them (docs/protocol.md): three headers
 * with an id, a time and a list of signatures.  A signature is standard base64
 * of HMAC-SHA256 over "{id}.{timestamp}.{body}", the body as it came and empty
 * for GET, under the base64-decoded secret.  Neither method nor URL is signed.
 */

#ifndef ZOOM_STDWEBHOOKS_H_INCLUDED
#define ZOOM_STDWEBHOOKS_H_INCLUDED


#include "zoom_hmac.h"
#include "zoom_string.h"


#define ZOOM_STDWEBHOOKS_ID_MAX          128
#define ZOOM_STDWEBHOOKS_TIMESTAMP_MAX   12
#define ZOOM_STDWEBHOOKS_SIGNATURES_MAX  16

/* seconds that the sender's clock may be behind or ahead of ours */
#define ZOOM_STDWEBHOOKS_WINDOW          300


/* The headers' values. */

typedef struct {
    zoom_str_t            id;
    zoom_str_t            timestamp;
    zoom_str_t            signature;
} zoom_stdwebhooks_t;


/* what a secret begins with where a platform shows it */
#define ZOOM_STDWEBHOOKS_PREFIX          "whsec_"

/* Whether a secret begins with "whsec_". */
int zoom_stdwebhooks_prefixed(zoom_str_t secret);

/* zoom_hmac_secret() for a secret with its "whsec_" or without. */
const char *zoom_stdwebhooks_key(zoom_hmac_t *key, zoom_str_t secret);

/*
 * What needs neither key nor body.  NULL if the proof may hold, else why not:
 * an id that is empty, over 128 bytes or of anything but letters, digits and
 * "_-:+/=~@" (a "." would make two readings of one signed text); a timestamp
 * that is no number of seconds, or not within 300 s of "now"; no signature of
 * version 1 among those sent, or more than 16.  "*at" is the timestamp in
 * seconds since the epoch.
 */

const char *zoom_stdwebhooks_check(const zoom_stdwebhooks_t *sent, int64_t now,
    int64_t *at);

/*
 * 1 if any signature of version 1 is that of id, timestamp and body under
 * "key"; 0 if none is or there are more than 16; -1 if OpenSSL failed or
 * "scratch" has no room: it needs the lengths of id, timestamp and body and 2,
 * and is left as it was.  Constant time in everything secret: every signature
 * is compared, in full.
 */

int zoom_stdwebhooks_verify(const zoom_hmac_t *key,
    const zoom_stdwebhooks_t *sent, zoom_str_t body, zoom_buf_t *scratch);

/*
 * The signatures of version 1 that were sent, decoded, each once: how many, 16
 * at most.
 */

unsigned zoom_stdwebhooks_sums(zoom_str_t signature,
    unsigned char sums[ZOOM_STDWEBHOOKS_SIGNATURES_MAX][ZOOM_SHA256_LEN]);


#endif /* ZOOM_STDWEBHOOKS_H_INCLUDED */
