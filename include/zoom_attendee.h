/*
 * Attendee's X-Webhook-Signature: standard base64 of HMAC-SHA256 over the
 * canonical form of the body, under the base64-decoded project secret
 * (facts/callbacks.md).
 */

#ifndef ZOOM_ATTENDEE_H_INCLUDED
#define ZOOM_ATTENDEE_H_INCLUDED


#include "zoom_json.h"
#include "zoom_string.h"


#define ZOOM_ATTENDEE_KEY_MIN    16
#define ZOOM_ATTENDEE_KEY_MAX    256
#define ZOOM_SHA256_LEN          32


/*
 * Decodes a project secret into "key".  NULL on success, else why not: "is
 * not base64", "is too short", "is too long".  The reason never quotes it.
 */

const char *zoom_attendee_key(zoom_buf_t *key, zoom_str_t secret);

/*
 * 1 if "signature", a header's value, is that of the scanned body under
 * "key"; 0 if it is not, or "key" is too short or too long; -1 if OpenSSL
 * failed or "scratch" has no room: it needs the body's length and is left as
 * it was.  Constant time in everything secret.
 */

int zoom_attendee_verify(zoom_str_t key, const zoom_json_doc_t *doc,
    zoom_str_t signature, zoom_buf_t *scratch);


#endif /* ZOOM_ATTENDEE_H_INCLUDED */
