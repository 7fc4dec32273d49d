/* The Meeting SDK's signature. */

#include "zoom_base64.h"
#include "zoom_hmac.h"
#include "zoom_meeting.h"
#include "zoom_sdk.h"
#include "zoom_time.h"


/* the claims' names and three times, with both copies of the key */
#define ZOOM_SDK_CLAIMS_MAX  (2 * ZOOM_SDK_KEY_MAX + 256)


static const char *zoom_sdk_check(zoom_str_t key, zoom_str_t secret,
    const zoom_sdk_claims_t *c);
static void zoom_sdk_claims(zoom_buf_t *b, zoom_str_t key,
    const zoom_sdk_claims_t *c);


const char *
zoom_sdk_key(zoom_str_t key)
{
    size_t         i;
    unsigned char  c;

    if (key.len == 0) {
        return "is empty";
    }

    if (key.len > ZOOM_SDK_KEY_MAX) {
        return "is too long";
    }

    for (i = 0; i < key.len; i++) {
        c = key.data[i];

        if (c <= 0x20 || c >= 0x7f || c == '"' || c == '\\') {
            return "has a character that no key has";
        }
    }

    return NULL;
}


const char *
zoom_sdk_secret(zoom_str_t secret)
{
    if (secret.len == 0) {
        return "is empty";
    }

    return (secret.len > ZOOM_SDK_SECRET_MAX) ? "is too long" : NULL;
}


const char *
zoom_sdk_signature(zoom_buf_t *b, zoom_str_t key, zoom_str_t secret,
    const zoom_sdk_claims_t *c)
{
    int             failed;
    size_t          start;
    zoom_buf_t      claims;
    zoom_str_t      text;
    zoom_hmac_t     hmac;
    const char     *why;
    unsigned char   data[ZOOM_SDK_CLAIMS_MAX], mac[ZOOM_SHA256_LEN];

    /* no secret is in it, and it never changes */

    static const char  header[] = "{\"alg\":\"HS256\",\"typ\":\"JWT\"}";

    why = zoom_sdk_check(key, secret, c);

    if (why) {
        return why;
    }

    zoom_buf_init(&claims, data, sizeof(data));

    zoom_sdk_claims(&claims, key, c);

    start = b->len;

    zoom_base64url_encode(b, header, sizeof(header) - 1);
    zoom_buf_c(b, ".");
    zoom_base64url_encode(b, claims.data, claims.len);

    text.data = b->data + start;
    text.len = b->len - start;

    failed = zoom_hmac_key(&hmac, secret) != 0
             || zoom_hmac(&hmac, text, mac) != 0;

    zoom_wipe(&hmac, sizeof(hmac));

    if (failed) {
        b->len = start;
        return "could not be computed";
    }

    zoom_buf_c(b, ".");
    zoom_base64url_encode(b, mac, sizeof(mac));

    zoom_wipe(mac, sizeof(mac));

    if (claims.overflow || b->overflow) {
        zoom_wipe(b->data + start, b->len - start);
        b->len = start;
        return "has no room";
    }

    return NULL;
}


static const char *
zoom_sdk_check(zoom_str_t key, zoom_str_t secret, const zoom_sdk_claims_t *c)
{
    if (zoom_sdk_key(key) != NULL) {
        return "has no SDK key";
    }

    if (zoom_sdk_secret(secret) != NULL) {
        return "has no SDK secret";
    }

    if (!zoom_meeting_is_id(c->meeting)) {
        return "has no meeting number";
    }

    if (c->role != ZOOM_SDK_PARTICIPANT && c->role != ZOOM_SDK_HOST) {
        return "has no role";
    }

    if (c->life < ZOOM_SDK_LIFE_MIN || c->life > ZOOM_SDK_LIFE_MAX) {
        return "has a life out of bounds";
    }

    if (c->iat < 0 || c->iat > ZOOM_TIME_MAX - c->life) {
        return "has a time out of bounds";
    }

    return NULL;
}


/* Nothing in here needs an escape. */

static void
zoom_sdk_claims(zoom_buf_t *b, zoom_str_t key, const zoom_sdk_claims_t *c)
{
    zoom_buf_c(b, "{\"appKey\":\"");
    zoom_buf_str(b, key);
    zoom_buf_c(b, "\",\"sdkKey\":\"");
    zoom_buf_str(b, key);
    zoom_buf_c(b, "\",\"mn\":\"");
    zoom_buf_str(b, c->meeting);
    zoom_buf_c(b, "\",\"role\":");
    zoom_buf_int(b, c->role);
    zoom_buf_c(b, ",\"iat\":");
    zoom_buf_int(b, c->iat);
    zoom_buf_c(b, ",\"exp\":");
    zoom_buf_int(b, c->iat + c->life);
    zoom_buf_c(b, ",\"tokenExp\":");
    zoom_buf_int(b, c->iat + c->life);
    zoom_buf_c(b, "}");
}
