/* Base64, strict. */

#include "zoom_base64.h"


static void zoom_base64_write(zoom_buf_t *b, const unsigned char *p,
    size_t len, const char *alphabet, int pad);
static int zoom_base64_read(zoom_buf_t *b, zoom_str_t s, int url);
static int zoom_base64_value(unsigned char c, int url);


static const char  zoom_base64_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char  zoom_base64_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";


void
zoom_base64_encode(zoom_buf_t *b, const void *data, size_t len)
{
    zoom_base64_write(b, data, len, zoom_base64_std, 1);
}


void
zoom_base64url_encode(zoom_buf_t *b, const void *data, size_t len)
{
    zoom_base64_write(b, data, len, zoom_base64_url, 0);
}


int
zoom_base64_decode(zoom_buf_t *b, zoom_str_t s)
{
    if (s.len % 4) {
        return -1;
    }

    /* at most two padding characters; one among the data is caught there */

    if (s.len && s.data[s.len - 1] == '=') {
        s.len--;

        if (s.data[s.len - 1] == '=') {
            s.len--;
        }
    }

    return zoom_base64_read(b, s, 0);
}


int
zoom_base64url_decode(zoom_buf_t *b, zoom_str_t s)
{
    return zoom_base64_read(b, s, 1);
}


static void
zoom_base64_write(zoom_buf_t *b, const unsigned char *p, size_t len,
    const char *alphabet, int pad)
{
    size_t         n;
    uint32_t       bits;
    unsigned char  out[4];

    for ( /* void */ ; len && !b->overflow; len -= n, p += n) {
        n = (len < 3) ? len : 3;

        bits = (uint32_t) p[0] << 16;
        bits |= (n > 1) ? (uint32_t) p[1] << 8 : 0;
        bits |= (n > 2) ? (uint32_t) p[2] : 0;

        out[0] = (unsigned char) alphabet[bits >> 18];
        out[1] = (unsigned char) alphabet[bits >> 12 & 0x3f];
        out[2] = (unsigned char) (n > 1 ? alphabet[bits >> 6 & 0x3f] : '=');
        out[3] = (unsigned char) (n > 2 ? alphabet[bits & 0x3f] : '=');

        zoom_buf_add(b, out, pad ? 4 : n + 1);
    }

    zoom_wipe(out, sizeof(out));
}


static int
zoom_base64_read(zoom_buf_t *b, zoom_str_t s, int url)
{
    int        v;
    size_t     i, start;
    uint32_t   bits;

    start = b->len;
    bits = 0;

    if (s.len % 4 == 1) {
        return -1;
    }

    if (b->overflow
        || s.len / 4 * 3 + s.len % 4 * 3 / 4 > b->size - b->len)
    {
        b->overflow = 1;
        return -1;
    }

    for (i = 0; i < s.len; i++) {
        v = zoom_base64_value(s.data[i], url);

        if (v == -1) {
            goto failed;
        }

        bits = bits << 6 | (uint32_t) v;

        /* the first character of four completes no byte */

        if (i % 4) {
            b->data[b->len++] = (unsigned char) (bits >> (6 - i % 4 * 2));
        }
    }

    /* a second spelling of the same bytes is not a spelling */

    if ((s.len % 4 == 2 && (bits & 0xf)) || (s.len % 4 == 3 && (bits & 0x3)))
    {
        goto failed;
    }

    return 0;

failed:

    zoom_wipe(b->data + start, b->len - start);
    b->len = start;

    return -1;
}


static int
zoom_base64_value(unsigned char c, int url)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }

    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }

    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }

    if (c == (url ? '-' : '+')) {
        return 62;
    }

    return (c == (url ? '_' : '/')) ? 63 : -1;
}
