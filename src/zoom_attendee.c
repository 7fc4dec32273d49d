/* Attendee's X-Webhook-Signature. */

#include "zoom_attendee.h"
#include "zoom_base64.h"


int
zoom_attendee_verify(const zoom_hmac_t *key, const zoom_json_doc_t *doc,
    zoom_str_t signature, zoom_buf_t *scratch)
{
    int            rc;
    size_t         start;
    zoom_buf_t     sent;
    zoom_str_t     text;
    unsigned char  theirs[ZOOM_SHA256_LEN], ours[ZOOM_SHA256_LEN];

    zoom_buf_init(&sent, theirs, sizeof(theirs));

    if (zoom_base64_decode(&sent, signature) != 0
        || sent.len != ZOOM_SHA256_LEN)
    {
        return 0;
    }

    start = scratch->len;
    text = doc->canonical;

    if (text.data == NULL) {
        zoom_json_canonical(scratch, doc);

        text.data = scratch->data + start;
        text.len = scratch->len - start;
    }

    rc = -1;

    if (!scratch->overflow && zoom_hmac(key, text, ours) == 0) {
        rc = zoom_hmac_same(ours, theirs);
    }

    zoom_wipe(ours, sizeof(ours));
    scratch->len = start;

    return rc;
}
