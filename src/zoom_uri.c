/* Percent-encoding. */

#include "zoom_uri.h"


static int zoom_uri_unreserved(unsigned char c);


void
zoom_uri_escape(zoom_buf_t *b, zoom_str_t s)
{
    size_t         i;
    unsigned char  out[3];

    static const char  hex[] = "0123456789ABCDEF";

    for (i = 0; i < s.len && !b->overflow; i++) {

        if (zoom_uri_unreserved(s.data[i])) {
            zoom_buf_add(b, &s.data[i], 1);
            continue;
        }

        out[0] = '%';
        out[1] = (unsigned char) hex[s.data[i] >> 4];
        out[2] = (unsigned char) hex[s.data[i] & 0xf];

        zoom_buf_add(b, out, 3);
    }
}


int
zoom_uri_unescape(zoom_buf_t *b, zoom_str_t s)
{
    int            hi, lo;
    size_t         i, start;
    unsigned char  c;

    start = b->len;

    for (i = 0; i < s.len && !b->overflow; i++) {
        c = s.data[i];

        if (c == '%') {
            if (s.len - i < 3) {
                goto failed;
            }

            hi = zoom_hex(s.data[i + 1]);
            lo = zoom_hex(s.data[i + 2]);

            if (hi == -1 || lo == -1) {
                goto failed;
            }

            c = (unsigned char) (hi << 4 | lo);
            i += 2;
        }

        zoom_buf_add(b, &c, 1);
    }

    if (!b->overflow) {
        return 0;
    }

failed:

    b->len = start;

    return -1;
}


static int
zoom_uri_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')
           || (c >= '0' && c <= '9')
           || c == '-' || c == '.' || c == '_' || c == '~';
}
