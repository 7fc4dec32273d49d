/* Attendee's X-Webhook-Signature. */

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "zoom_attendee.h"
#include "zoom_base64.h"


const char *
zoom_attendee_key(zoom_buf_t *key, zoom_str_t secret)
{
    size_t       start, len;
    const char  *why;

    start = key->len;

    if (zoom_base64_decode(key, secret) != 0) {
        return key->overflow ? "is too long" : "is not base64";
    }

    len = key->len - start;
    why = NULL;

    if (len < ZOOM_ATTENDEE_KEY_MIN) {
        why = "is too short";

    } else if (len > ZOOM_ATTENDEE_KEY_MAX) {
        why = "is too long";
    }

    if (why) {
        zoom_wipe(key->data + start, len);
        key->len = start;
    }

    return why;
}


int
zoom_attendee_verify(zoom_str_t key, const zoom_json_doc_t *doc,
    zoom_str_t signature, zoom_buf_t *scratch)
{
    int            rc;
    size_t         start;
    zoom_buf_t     sent;
    unsigned int   len;
    unsigned char  theirs[ZOOM_SHA256_LEN], ours[EVP_MAX_MD_SIZE];

    /* a key that short is a configuration gone wrong; it opens nothing */

    if (key.len < ZOOM_ATTENDEE_KEY_MIN || key.len > ZOOM_ATTENDEE_KEY_MAX) {
        return 0;
    }

    zoom_buf_init(&sent, theirs, sizeof(theirs));

    if (zoom_base64_decode(&sent, signature) != 0
        || sent.len != ZOOM_SHA256_LEN)
    {
        return 0;
    }

    start = scratch->len;

    zoom_json_canonical(scratch, doc);

    rc = -1;
    len = 0;

    if (!scratch->overflow
        && HMAC(EVP_sha256(), key.data, (int) key.len, scratch->data + start,
                scratch->len - start, ours, &len)
           != NULL
        && len == ZOOM_SHA256_LEN)
    {
        rc = (CRYPTO_memcmp(ours, theirs, ZOOM_SHA256_LEN) == 0);
    }

    zoom_wipe(ours, sizeof(ours));
    scratch->len = start;

    return rc;
}
