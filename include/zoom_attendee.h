/*
 * Attendee's X-Webhook-Signature: standard base64 of HMAC-SHA256 over the
 * canonical form of the body, under the project secret, itself base64
 * (docs/protocol.md, "Attendee's signature").
 */

#ifndef ZOOM_ATTENDEE_H_INCLUDED
#define ZOOM_ATTENDEE_H_INCLUDED


#include "zoom_hmac.h"
#include "zoom_json.h"
#include "zoom_string.h"


/*
 * 1 if "signature", a header's value, is that of the scanned body under "key"
 * (zoom_hmac_secret()); 0 if it is not; -1 if OpenSSL failed or "scratch" has
 * no room: it needs the body's length, unless doc->canonical is set, and is
 * left as it was.  Constant time in
 * everything secret.
 */

int zoom_attendee_verify(const zoom_hmac_t *key, const zoom_json_doc_t *doc,
    zoom_str_t signature, zoom_buf_t *scratch);


#endif /* ZOOM_ATTENDEE_H_INCLUDED */
