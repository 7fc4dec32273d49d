/* Strings, bounded buffers and the handling of secrets. */

#include <string.h>

#include <openssl/crypto.h>

#include "zoom_string.h"


void
zoom_buf_int(zoom_buf_t *b, int64_t n)
{
    uint64_t       u;
    unsigned char  text[20], *p;

    /* the smallest number has no positive counterpart in int64_t */

    u = (n < 0) ? (uint64_t) 0 - (uint64_t) n : (uint64_t) n;

    p = text + sizeof(text);

    do {
        *--p = (unsigned char) ('0' + u % 10);
        u /= 10;
    } while (u);

    if (n < 0) {
        *--p = '-';
    }

    zoom_buf_add(b, p, (size_t) (text + sizeof(text) - p));
}


int
zoom_str_caseeq(zoom_str_t a, zoom_str_t b)
{
    size_t  i;

    if (a.len != b.len) {
        return 0;
    }

    for (i = 0; i < a.len; i++) {
        if (zoom_lower(a.data[i]) != zoom_lower(b.data[i])) {
            return 0;
        }
    }

    return 1;
}


int
zoom_str_casefind(zoom_str_t s, const char *word)
{
    size_t      i;
    zoom_str_t  w, part;

    w = zoom_str_c(word);

    for (i = 0; w.len <= s.len && i <= s.len - w.len; i++) {
        part.data = s.data + i;
        part.len = w.len;

        if (zoom_str_caseeq(part, w)) {
            return 1;
        }
    }

    return 0;
}


int
zoom_one_of(unsigned char c, const char *characters)
{
    return c && strchr(characters, c) != NULL;
}


/*
 * Eight bytes at a time, since tokens are long.  A byte that is not printable
 * has its highest bit set, or gets it from one of the two sums; what it then
 * carries into its neighbours comes too late.
 */

int
zoom_printable(zoom_str_t s)
{
    size_t    i;
    uint64_t  eight, bad;

    bad = 0;

    for (i = 0; s.len - i >= 8; i += 8) {
        memcpy(&eight, s.data + i, 8);

        bad |= eight | (eight - UINT64_C(0x2020202020202020))
               | (eight + UINT64_C(0x0101010101010101));
    }

    bad &= UINT64_C(0x8080808080808080);

    for ( /* void */ ; i < s.len; i++) {
        bad |= (uint64_t) (s.data[i] < ' ' || s.data[i] >= 0x7f);
    }

    return bad == 0;
}


int
zoom_hex(unsigned char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }

    c |= 0x20;

    return (c >= 'a' && c <= 'f') ? c - 'a' + 10 : -1;
}


size_t
zoom_utf8_len(const unsigned char *p, const unsigned char *end)
{
    size_t         i, n;
    unsigned char  min, max;

    min = 0x80;
    max = 0xbf;

    if (p[0] < 0xc2 || p[0] > 0xf4) {
        return 0;
    }

    if (p[0] < 0xe0) {
        n = 2;

    } else if (p[0] < 0xf0) {
        n = 3;
        min = (p[0] == 0xe0) ? 0xa0 : min;
        max = (p[0] == 0xed) ? 0x9f : max;

    } else {
        n = 4;
        min = (p[0] == 0xf0) ? 0x90 : min;
        max = (p[0] == 0xf4) ? 0x8f : max;
    }

    if ((size_t) (end - p) < n || p[1] < min || p[1] > max) {
        return 0;
    }

    for (i = 2; i < n; i++) {
        if (p[i] < 0x80 || p[i] > 0xbf) {
            return 0;
        }
    }

    return n;
}


int
zoom_secret_eq(zoom_str_t secret, zoom_str_t sent)
{
    size_t                  i, inside;
    volatile unsigned char  diff;
    const unsigned char    *p;

    static const unsigned char  none;

    p = secret.len ? secret.data : &none;
    diff = (unsigned char) (secret.len != sent.len || secret.len == 0);

    /*
     * always as many steps as the stranger chose; beyond the end of the
     * secret its first byte is compared over and over
     */

    for (i = 0; i < sent.len; i++) {
        inside = (size_t) 0 - (size_t) (i < secret.len);
        diff |= (unsigned char) (p[i & inside] ^ sent.data[i]);
    }

    return diff == 0;
}


void
zoom_wipe(void *data, size_t len)
{
    if (len) {
        OPENSSL_cleanse(data, len);
    }
}
