/* What a log may show of a meeting link. */

#include "zoom_meeting.h"


#define ZOOM_KEY_MAX  64


/* What stands before a "=" or ":", decoded and in lower case. */

typedef struct {
    unsigned char         key[ZOOM_KEY_MAX];
    size_t                len;
    unsigned              level;     /* how often the byte before is encoded */
    unsigned              gap;       /* 1: white space follows the key */
} zoom_mask_t;


static unsigned char zoom_mask_char(zoom_str_t s, size_t i, size_t *len,
    unsigned *level);
static void zoom_mask_copy(zoom_buf_t *b, zoom_str_t s, size_t i, size_t len);
static void zoom_mask_key(zoom_mask_t *m, unsigned char c, unsigned level);
static int zoom_mask_opens(const zoom_mask_t *m);
static size_t zoom_mask_value(zoom_buf_t *b, zoom_str_t s, size_t i,
    unsigned level);


/* Whatever has one of these in its name is taken for a key to a meeting. */

static const char *const  zoom_mask_names[] = {
    "pwd", "pass", "pin", "tk", "token", "zak", "zpk", "obf", "onbehalf",
    "secret", "sig", "auth", "jwt", "ticket", "cred", "otp", "code", "key",
    NULL
};


void
zoom_meeting_mask(zoom_buf_t *b, zoom_str_t link)
{
    size_t         i, n;
    unsigned       level;
    zoom_mask_t    m;
    unsigned char  c;

    m.len = 0;
    m.level = 0;
    m.gap = 0;

    for (i = 0; i < link.len && !b->overflow; i += n) {
        c = zoom_mask_char(link, i, &n, &level);

        zoom_mask_copy(b, link, i, n);

        if ((c == '=' || c == ':') && zoom_mask_opens(&m)) {
            n += zoom_mask_value(b, link, i + n,
                                 level < m.level ? level : m.level);
        }

        zoom_mask_key(&m, c, level);
    }
}


/*
 * The byte that stands at "i" once everything is decoded, in lower case, and
 * how often it is encoded: "%253D" is a "=" on level two.
 */

static unsigned char
zoom_mask_char(zoom_str_t s, size_t i, size_t *len, unsigned *level)
{
    int            hi, lo;
    unsigned char  c;

    c = s.data[i++];
    *len = 1;
    *level = 0;

    while (c == '%' && s.len - i >= 2) {
        hi = zoom_hex(s.data[i]);
        lo = zoom_hex(s.data[i + 1]);

        if (hi == -1 || lo == -1) {
            break;
        }

        c = (unsigned char) (hi << 4 | lo);
        i += 2;
        *len += 2;
        (*level)++;
    }

    return zoom_lower(c);
}


static void
zoom_mask_copy(zoom_buf_t *b, zoom_str_t s, size_t i, size_t len)
{
    for ( /* void */ ; len; len--, i++) {
        if (s.data[i] < 0x20 || s.data[i] == 0x7f) {
            zoom_buf_add(b, "?", 1);

        } else {
            zoom_buf_add(b, &s.data[i], 1);
        }
    }
}


static void
zoom_mask_key(zoom_mask_t *m, unsigned char c, unsigned level)
{
    if (c <= 0x20) {
        m->gap = 1;
        m->level = level;
        return;
    }

    if (zoom_one_of(c, "=:?&#;/()<>,@+|[]{}")) {
        m->len = 0;
        m->level = level;
        m->gap = 0;
        return;
    }

    if (m->gap) {
        m->len = 0;
        m->gap = 0;
    }

    if (m->len < ZOOM_KEY_MAX) {
        m->key[m->len++] = c;
    }
}


static int
zoom_mask_opens(const zoom_mask_t *m)
{
    size_t      i;
    zoom_str_t  key;

    /* longer than we looked at: it could be anything */

    if (m->len == ZOOM_KEY_MAX) {
        return 1;
    }

    key.data = m->key;
    key.len = m->len;

    for (i = 0; zoom_mask_names[i]; i++) {
        if (zoom_str_casefind(key, zoom_mask_names[i])) {
            return 1;
        }
    }

    return 0;
}


/*
 * Writes "***" for the value at "i" and tells how long it is.  It ends where
 * a delimiter stands that is encoded as often as the key's own or less: a
 * "%26" in a plain link is part of a passcode, in a wrapped one it is not.
 */

static size_t
zoom_mask_value(zoom_buf_t *b, zoom_str_t s, size_t i, unsigned level)
{
    size_t         n, start, end;
    unsigned       l;
    unsigned char  c;

    start = i;

    for ( /* void */ ; i < s.len; i += n) {
        c = zoom_mask_char(s, i, &n, &l);

        if (c > 0x20 && c != '"') {
            break;
        }

        zoom_mask_copy(b, s, i, n);
    }

    for (end = i; end < s.len; end += n) {
        c = zoom_mask_char(s, end, &n, &l);

        if (l <= level && (c <= 0x20 || zoom_one_of(c, "&#<>"))) {
            break;
        }
    }

    /* a bracket around the link or the passcode is not part of it */

    if ((end == s.len || s.data[end] <= 0x20 || s.data[end] == '>')
        && end > i && s.data[end - 1] == ')')
    {
        end--;
    }

    if (end > i) {
        zoom_buf_c(b, "***");
    }

    return end - start;
}
