/* Standard Webhooks. */

#include <string.h>

#include "zoom_base64.h"
#include "zoom_stdwebhooks.h"


static int zoom_stdwebhooks_id(zoom_str_t id);
static int zoom_stdwebhooks_seconds(zoom_str_t s, int64_t *t);
static int zoom_stdwebhooks_next(zoom_str_t *list, zoom_str_t *part);
static int zoom_stdwebhooks_signature(zoom_str_t part, unsigned char *sum);
static int zoom_stdwebhooks_any(zoom_str_t list, const unsigned char *ours);


int
zoom_stdwebhooks_prefixed(zoom_str_t secret)
{
    static const zoom_str_t  prefix = zoom_str(ZOOM_STDWEBHOOKS_PREFIX);

    return secret.len >= prefix.len
           && memcmp(secret.data, prefix.data, prefix.len) == 0;
}


const char *
zoom_stdwebhooks_key(zoom_hmac_t *key, zoom_str_t secret)
{
    if (zoom_stdwebhooks_prefixed(secret)) {
        secret.data += sizeof(ZOOM_STDWEBHOOKS_PREFIX) - 1;
        secret.len -= sizeof(ZOOM_STDWEBHOOKS_PREFIX) - 1;
    }

    return zoom_hmac_secret(key, secret);
}


const char *
zoom_stdwebhooks_check(const zoom_stdwebhooks_t *sent, int64_t now, int64_t *at)
{
    unsigned       n, signatures;
    zoom_str_t     list, part;
    unsigned char  sum[ZOOM_SHA256_LEN];

    if (!zoom_stdwebhooks_id(sent->id)) {
        return "the webhook's id is not one";
    }

    if (zoom_stdwebhooks_seconds(sent->timestamp, at) != 0) {
        return "the webhook's timestamp is not one";
    }

    if (*at < now - ZOOM_STDWEBHOOKS_WINDOW) {
        return "the webhook is too old";
    }

    if (*at > now + ZOOM_STDWEBHOOKS_WINDOW) {
        return "the webhook is of the future";
    }

    list = sent->signature;
    signatures = 0;

    for (n = 0; zoom_stdwebhooks_next(&list, &part); n++) {

        if (n == ZOOM_STDWEBHOOKS_SIGNATURES_MAX) {
            return "the webhook has too many signatures";
        }

        signatures += (unsigned) zoom_stdwebhooks_signature(part, sum);
    }

    return signatures ? NULL : "the webhook has no signature of version 1";
}


int
zoom_stdwebhooks_verify(const zoom_hmac_t *key, const zoom_stdwebhooks_t *sent,
    zoom_str_t body, zoom_buf_t *scratch)
{
    int            rc;
    size_t         start;
    zoom_str_t     text;
    unsigned char  ours[ZOOM_SHA256_LEN];

    start = scratch->len;

    zoom_buf_str(scratch, sent->id);
    zoom_buf_c(scratch, ".");
    zoom_buf_str(scratch, sent->timestamp);
    zoom_buf_c(scratch, ".");
    zoom_buf_str(scratch, body);

    text.data = scratch->data + start;
    text.len = scratch->len - start;

    rc = -1;

    if (!scratch->overflow && zoom_hmac(key, text, ours) == 0) {
        rc = zoom_stdwebhooks_any(sent->signature, ours);
    }

    zoom_wipe(ours, sizeof(ours));
    scratch->len = start;

    return rc;
}


unsigned
zoom_stdwebhooks_sums(zoom_str_t signature,
    unsigned char sums[ZOOM_STDWEBHOOKS_SIGNATURES_MAX][ZOOM_SHA256_LEN])
{
    unsigned    i, n;
    zoom_str_t  part;

    n = 0;

    while (n < ZOOM_STDWEBHOOKS_SIGNATURES_MAX
           && zoom_stdwebhooks_next(&signature, &part))
    {
        if (!zoom_stdwebhooks_signature(part, sums[n])) {
            continue;
        }

        for (i = 0; i < n; i++) {
            if (memcmp(sums[i], sums[n], ZOOM_SHA256_LEN) == 0) {
                break;
            }
        }

        n += (i == n);
    }

    return n;
}


static int
zoom_stdwebhooks_id(zoom_str_t id)
{
    size_t  i;

    if (id.len == 0 || id.len > ZOOM_STDWEBHOOKS_ID_MAX) {
        return 0;
    }

    for (i = 0; i < id.len; i++) {
        if (!((zoom_lower(id.data[i]) >= 'a' && zoom_lower(id.data[i]) <= 'z')
              || (id.data[i] >= '0' && id.data[i] <= '9')
              || (id.data[i] && strchr("_-:+/=~@", id.data[i]))))
        {
            return 0;
        }
    }

    return 1;
}


static int
zoom_stdwebhooks_seconds(zoom_str_t s, int64_t *t)
{
    size_t  i;

    if (s.len == 0 || s.len > ZOOM_STDWEBHOOKS_TIMESTAMP_MAX) {
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


/* The next of a list that spaces divide: 1, or 0 at its end. */

static int
zoom_stdwebhooks_next(zoom_str_t *list, zoom_str_t *part)
{
    while (list->len && *list->data == ' ') {
        list->data++;
        list->len--;
    }

    part->data = list->data;

    while (list->len && *list->data != ' ') {
        list->data++;
        list->len--;
    }

    part->len = (size_t) (list->data - part->data);

    return part->len != 0;
}


/* 1 if it is one of version 1: others are for others. */

static int
zoom_stdwebhooks_signature(zoom_str_t part, unsigned char *sum)
{
    zoom_buf_t  b;

    if (part.len < 3 || memcmp(part.data, "v1,", 3) != 0) {
        return 0;
    }

    part.data += 3;
    part.len -= 3;

    zoom_buf_init(&b, sum, ZOOM_SHA256_LEN);

    return zoom_base64_decode(&b, part) == 0
           && b.len == ZOOM_SHA256_LEN;
}


static int
zoom_stdwebhooks_any(zoom_str_t list, const unsigned char *ours)
{
    int            same;
    unsigned       n;
    zoom_str_t     part;
    unsigned char  theirs[ZOOM_SHA256_LEN];

    same = 0;

    for (n = 0; zoom_stdwebhooks_next(&list, &part); n++) {

        if (n == ZOOM_STDWEBHOOKS_SIGNATURES_MAX) {
            return 0;
        }

        if (zoom_stdwebhooks_signature(part, theirs)) {
            same |= zoom_hmac_same(ours, theirs);
        }
    }

    return same;
}
