/* Strings that have been scanned, character by character. */

#include "zoom_json_text.h"
#include "zoom_string.h"


int32_t
zoom_json_next(const unsigned char **p, const unsigned char *end)
{
    size_t                n;
    int32_t               cp;
    const unsigned char  *c;

    c = *p;

    if (c == end) {
        return -1;
    }

    if (*c == '\\') {
        return zoom_json_unescape(p);
    }

    if (*c < 0x80) {
        *p = c + 1;
        return *c;
    }

    n = (*c < 0xe0) ? 2 : (*c < 0xf0) ? 3 : 4;
    *p = c + n;

    cp = *c & (0x7f >> n);

    while (--n) {
        cp = cp << 6 | (*++c & 0x3f);
    }

    return cp;
}


int32_t
zoom_json_unescape(const unsigned char **p)
{
    int32_t               cp, low;
    const unsigned char  *c;

    c = *p;
    *p = c + 2;

    switch (c[1]) {

    case 'b':
        return '\b';

    case 'f':
        return '\f';

    case 'n':
        return '\n';

    case 'r':
        return '\r';

    case 't':
        return '\t';

    case 'u':
        break;

    default:
        return c[1];
    }

    cp = zoom_json_hex4(c + 2, c + 6);
    *p = c + 6;

    if (cp < 0xd800 || cp > 0xdfff) {
        return cp;
    }

    low = zoom_json_hex4(c + 8, c + 12);
    *p = c + 12;

    return 0x10000 + ((cp & 0x3ff) << 10 | (low & 0x3ff));
}


int32_t
zoom_json_hex4(const unsigned char *p, const unsigned char *end)
{
    int      i, digit;
    int32_t  cp;

    if (end - p < 4) {
        return -1;
    }

    for (cp = 0, i = 0; i < 4; i++) {
        digit = zoom_hex(p[i]);

        if (digit == -1) {
            return -1;
        }

        cp = cp << 4 | digit;
    }

    return cp;
}


size_t
zoom_json_utf8(unsigned char *dst, int32_t cp)
{
    if (cp < 0x80) {
        dst[0] = (unsigned char) cp;
        return 1;
    }

    if (cp < 0x800) {
        dst[0] = (unsigned char) (0xc0 | cp >> 6);
        dst[1] = (unsigned char) (0x80 | (cp & 0x3f));
        return 2;
    }

    if (cp < 0x10000) {
        dst[0] = (unsigned char) (0xe0 | cp >> 12);
        dst[1] = (unsigned char) (0x80 | (cp >> 6 & 0x3f));
        dst[2] = (unsigned char) (0x80 | (cp & 0x3f));
        return 3;
    }

    dst[0] = (unsigned char) (0xf0 | cp >> 18);
    dst[1] = (unsigned char) (0x80 | (cp >> 12 & 0x3f));
    dst[2] = (unsigned char) (0x80 | (cp >> 6 & 0x3f));
    dst[3] = (unsigned char) (0x80 | (cp & 0x3f));

    return 4;
}
