/* Base64, strict. */

#include "zoom_base64.h"


/* Of each character its value and one; 0: it has none.  "+", "-", "/", "_". */

#define ZOOM_BASE64_VALUES(plus, minus, slash, underscore)                    \
    {                                                                         \
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,        \
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,        \
        0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0, plus, 0, minus, 0, slash,  \
        53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 0,  0,  0,  0,  0,  0,        \
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,       \
        16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 0,  0,  0,  0, underscore,\
        0,  27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,       \
        42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52, 0,  0,  0,  0,  0         \
    }


static void zoom_base64_write(zoom_buf_t *b, const unsigned char *p,
    size_t len, const char *alphabet, int pad);
static int zoom_base64_read(zoom_buf_t *b, zoom_str_t s,
    const unsigned char *values);


static const char  zoom_base64_std[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const char  zoom_base64_url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* the rest is zero */

static const unsigned char  zoom_base64_std_values[256] =
    ZOOM_BASE64_VALUES(63, 0, 64, 0);

static const unsigned char  zoom_base64_url_values[256] =
    ZOOM_BASE64_VALUES(0, 63, 0, 64);


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

    return zoom_base64_read(b, s, zoom_base64_std_values);
}


int
zoom_base64url_decode(zoom_buf_t *b, zoom_str_t s)
{
    return zoom_base64_read(b, s, zoom_base64_url_values);
}


size_t
zoom_base64url_span(zoom_str_t s)
{
    const unsigned char  *p, *last, *v;

    p = s.data;
    last = s.data + s.len;
    v = zoom_base64_url_values;

    while (last - p >= 4 && v[p[0]] && v[p[1]] && v[p[2]] && v[p[3]]) {
        p += 4;
    }

    while (p < last && v[*p]) {
        p++;
    }

    return (size_t) (p - s.data);
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
zoom_base64_read(zoom_buf_t *b, zoom_str_t s, const unsigned char *values)
{
    size_t                n, len, left;
    uint32_t              bits, wrong, v[4];
    unsigned char        *p;
    const unsigned char  *q;

    left = s.len % 4;
    len = s.len / 4 * 3 + left * 3 / 4;

    if (left == 1) {
        return -1;
    }

    if (b->overflow || len > b->size - b->len) {
        b->overflow = 1;
        return -1;
    }

    if (len == 0) {
        return 0;
    }

    p = b->data + b->len;
    wrong = 0;

    for (q = s.data, n = s.len / 4; n; n--, q += 4) {
        v[0] = values[q[0]] - UINT32_C(1);
        v[1] = values[q[1]] - UINT32_C(1);
        v[2] = values[q[2]] - UINT32_C(1);
        v[3] = values[q[3]] - UINT32_C(1);

        bits = v[0] << 18 | v[1] << 12 | v[2] << 6 | v[3];
        wrong |= v[0] | v[1] | v[2] | v[3];

        *p++ = (unsigned char) (bits >> 16);
        *p++ = (unsigned char) (bits >> 8);
        *p++ = (unsigned char) bits;
    }

    if (left) {
        v[0] = values[q[0]] - UINT32_C(1);
        v[1] = values[q[1]] - UINT32_C(1);
        v[2] = (left == 3) ? values[q[2]] - UINT32_C(1) : 0;

        bits = v[0] << 18 | v[1] << 12 | v[2] << 6;
        wrong |= v[0] | v[1] | v[2];

        *p++ = (unsigned char) (bits >> 16);

        if (left == 3) {
            *p++ = (unsigned char) (bits >> 8);
        }

        /* a second spelling of the same bytes is not a spelling */

        wrong |= (left == 3) ? (bits & 0xff) << 8 : bits & 0xffff;
    }

    /* of a character that is none all bits are set */

    if (wrong >= 64) {
        zoom_wipe(b->data + b->len, len);
        return -1;
    }

    b->len += len;

    return 0;
}
