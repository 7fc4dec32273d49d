/* Zoom's webhooks. */

#include "zoom_webhook.h"


#define ZOOM_WEBHOOK_HEX  (2 * ZOOM_SHA256_LEN)


static int zoom_webhook_signature(zoom_str_t s, unsigned char *sum);
static int zoom_webhook_digit(unsigned char c);
static int zoom_webhook_seconds(zoom_str_t s, int64_t *t);
static int zoom_webhook_token(zoom_str_t token);
static void zoom_webhook_hex(zoom_buf_t *b, const unsigned char *sum);


static const zoom_str_t  zoom_webhook_version = zoom_str("v0=");


const char *
zoom_webhook_check(const zoom_webhook_t *sent, int64_t now, int64_t window,
    int64_t *at)
{
    unsigned char  sum[ZOOM_SHA256_LEN];

    if (sent->signature.len == 0) {
        return "there is no x-zm-signature";
    }

    if (!zoom_webhook_signature(sent->signature, sum)) {
        return "x-zm-signature is none of version 0";
    }

    if (zoom_webhook_seconds(sent->timestamp, at) != 0) {
        return "x-zm-request-timestamp is no time";
    }

    if (*at < now - window) {
        return "the webhook is too old";
    }

    if (*at > now + ZOOM_WEBHOOK_AHEAD) {
        return "the webhook is of the future";
    }

    return NULL;
}


int
zoom_webhook_verify(const zoom_hmac_t *key, const zoom_webhook_t *sent,
    zoom_str_t body)
{
    zoom_str_t     texts[4];
    unsigned char  ours[ZOOM_SHA256_LEN], theirs[ZOOM_SHA256_LEN];

    static const zoom_str_t  version = zoom_str("v0:");
    static const zoom_str_t  colon = zoom_str(":");

    if (!zoom_webhook_signature(sent->signature, theirs)) {
        return 0;
    }

    texts[0] = version;
    texts[1] = sent->timestamp;
    texts[2] = colon;
    texts[3] = body;

    if (zoom_hmac_texts(key, texts, 4, ours) != 0) {
        return -1;
    }

    return zoom_hmac_same(ours, theirs);
}


const char *
zoom_webhook_answer(const zoom_hmac_t *key, zoom_str_t token,
    zoom_buf_t *answer)
{
    unsigned char  sum[ZOOM_SHA256_LEN];

    if (!zoom_webhook_token(token)) {
        return "the plainToken is none";
    }

    if (zoom_hmac(key, token, sum) != 0) {
        return "the plainToken could not be signed";
    }

    zoom_buf_c(answer, "{\"plainToken\":\"");
    zoom_buf_str(answer, token);
    zoom_buf_c(answer, "\",\"encryptedToken\":\"");
    zoom_webhook_hex(answer, sum);
    zoom_buf_c(answer, "\"}");

    return answer->overflow ? "the plainToken is too long" : NULL;
}


static int
zoom_webhook_signature(zoom_str_t s, unsigned char *sum)
{
    int     high, low;
    size_t  i;

    if (s.len != zoom_webhook_version.len + ZOOM_WEBHOOK_HEX
        || memcmp(s.data, zoom_webhook_version.data, zoom_webhook_version.len)
           != 0)
    {
        return 0;
    }

    s.data += zoom_webhook_version.len;

    for (i = 0; i < ZOOM_SHA256_LEN; i++) {
        high = zoom_webhook_digit(s.data[2 * i]);
        low = zoom_webhook_digit(s.data[2 * i + 1]);

        if (high < 0 || low < 0) {
            return 0;
        }

        sum[i] = (unsigned char) (high << 4 | low);
    }

    return 1;
}


/* One spelling each, since a signature that was seen is known by it. */

static int
zoom_webhook_digit(unsigned char c)
{
    return (c == zoom_lower(c)) ? zoom_hex(c) : -1;
}


static int
zoom_webhook_seconds(zoom_str_t s, int64_t *t)
{
    size_t  i;

    if (s.len == 0 || s.len > ZOOM_WEBHOOK_TIMESTAMP_MAX) {
        return -1;
    }

    *t = 0;

    for (i = 0; i < s.len; i++) {

        if (s.data[i] < '0' || s.data[i] > '9') {
            return -1;
        }

        *t = *t * 10 + (s.data[i] - '0');
    }

    return 0;
}


static int
zoom_webhook_token(zoom_str_t token)
{
    size_t         i;
    unsigned char  c;

    if (token.len == 0 || token.len > ZOOM_WEBHOOK_TOKEN_MAX) {
        return 0;
    }

    for (i = 0; i < token.len; i++) {
        c = zoom_lower(token.data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && !zoom_one_of(c, "_-.+/="))
        {
            return 0;
        }
    }

    return 1;
}


static void
zoom_webhook_hex(zoom_buf_t *b, const unsigned char *sum)
{
    size_t         i;
    unsigned char  hex[ZOOM_WEBHOOK_HEX];

    static const char  digits[] = "0123456789abcdef";

    for (i = 0; i < ZOOM_SHA256_LEN; i++) {
        hex[2 * i] = (unsigned char) digits[sum[i] >> 4];
        hex[2 * i + 1] = (unsigned char) digits[sum[i] & 0xf];
    }

    zoom_buf_add(b, hex, sizeof(hex));
}
