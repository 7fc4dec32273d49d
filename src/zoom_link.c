/* Links, freed of what stands around them and split. */

#include <string.h>

#include "zoom_link.h"


typedef struct {
    const char           *name;
    unsigned char         c;
} zoom_link_entity_t;


static void zoom_link_entities(zoom_link_t *l);
static size_t zoom_link_entity(zoom_str_t s, unsigned char *c);
static zoom_str_t zoom_link_trim(zoom_link_t *l);
static int zoom_link_scheme(zoom_str_t *s, zoom_str_t *scheme);
static int zoom_link_authority(zoom_str_t *host);
static int zoom_link_port(zoom_str_t s);


static const zoom_link_entity_t  zoom_link_known[] = {
    { "amp;", '&' }, { "#38;", '&' }, { "#x26;", '&' },
    { "lt;", '<' }, { "#60;", '<' }, { "#x3c;", '<' },
    { "gt;", '>' }, { "#62;", '>' }, { "#x3e;", '>' },
    { "quot;", '"' }, { "#34;", '"' }, { "#x22;", '"' },
    { "apos;", '\'' }, { "#39;", '\'' }, { "#x27;", '\'' },
    { "nbsp;", ' ' }, { "#160;", ' ' }, { "#xa0;", ' ' },
    { NULL, 0 }
};


/* What no link has in it, so that it ends there. */

static const uint8_t  zoom_link_ends[256] = {
    ['<'] = 1, ['>'] = 1, ['('] = 1, [')'] = 1, ['['] = 1, [']'] = 1,
    ['{'] = 1, ['}'] = 1, ['|'] = 1, ['^'] = 1, ['`'] = 1, ['"'] = 1,
    ['\\'] = 1
};


int
zoom_link_init(zoom_link_t *l, zoom_str_t text)
{
    zoom_str_t  s;

    if (text.len == 0 || text.len > ZOOM_LINK_MAX) {
        return -1;
    }

    /* unwrapping hands us our own text */

    if (text.data != l->text) {
        memcpy(l->text, text.data, text.len);
        l->after.len = 0;
    }

    l->len = text.len;

    zoom_link_entities(l);

    s = zoom_link_trim(l);

    if (text.data != l->text) {
        l->after.data = s.data + s.len;
        l->after.len = (size_t) (l->text + l->len - l->after.data);
    }

    l->whole = s;

    if (zoom_link_scheme(&s, &l->scheme) != 0) {
        return -1;
    }

    l->host = zoom_link_until(&s, "/?#");
    l->path = zoom_link_until(&s, "?#");

    if (s.len && s.data[0] == '?') {
        zoom_link_cut(&s, 1);
    }

    l->query = zoom_link_until(&s, "#");
    l->fragment = s;

    return zoom_link_authority(&l->host);
}


static void
zoom_link_entities(zoom_link_t *l)
{
    size_t         i, n;
    zoom_str_t     s;
    unsigned char  c;

    for (i = 0, n = 0; i < l->len; n++) {
        c = l->text[i];

        if (c == '&') {
            s.data = l->text + i;
            s.len = l->len - i;

            i += zoom_link_entity(s, &c);

        } else {
            i++;
        }

        l->text[n] = c;
    }

    l->len = n;
}


/*
 * The character that an "&" stands for, and the length of its spelling.  What
 * was escaped twice, "&amp;amp;", is one character, too.
 */

static size_t
zoom_link_entity(zoom_str_t s, unsigned char *c)
{
    size_t                     len;
    const zoom_link_entity_t  *e;

    len = s.len;

    *c = s.data[0];

    zoom_link_cut(&s, 1);

    while (*c == '&') {

        for (e = zoom_link_known; e->name; e++) {
            if (zoom_link_skip(&s, e->name)) {
                break;
            }
        }

        if (e->name == NULL) {
            break;
        }

        *c = e->c;
    }

    return len - s.len;
}


static zoom_str_t
zoom_link_trim(zoom_link_t *l)
{
    size_t         n;
    zoom_str_t     s, rest;
    unsigned char  c;

    s.data = l->text;
    s.len = l->len;

    for ( ;; ) {
        n = zoom_link_blank(s);

        if (n == 0 && s.len && (zoom_link_ends[s.data[0]]
                                || zoom_one_of(s.data[0], "'*")))
        {
            n = 1;
        }

        if (n == 0) {
            break;
        }

        zoom_link_cut(&s, n);
    }

    rest = s;

    while (rest.len) {
        c = rest.data[0];

        if (c < 0x20 || c == 0x7f || zoom_link_ends[c]
            || zoom_link_blank(rest))
        {
            break;
        }

        zoom_link_cut(&rest, 1);
    }

    s.len -= rest.len;

    return s;
}


size_t
zoom_link_blank(zoom_str_t s)
{
    size_t  i, len;

    /*
     * U+00A0, U+200B to U+200F, U+202F, U+2060, U+FEFF: what word processors
     * and chats put around a link
     */

    static const char *const  blanks[] = {
        " ", "\t", "\r", "\n", "\xc2\xa0", "\xe2\x80\x8b", "\xe2\x80\x8c",
        "\xe2\x80\x8d", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xaf",
        "\xe2\x81\xa0", "\xef\xbb\xbf", NULL
    };

    /* hardly ever is it anything but plain ASCII */

    if (s.len == 0 || (s.data[0] > ' ' && s.data[0] < 0xc2)) {
        return 0;
    }

    for (i = 0; blanks[i]; i++) {
        len = strlen(blanks[i]);

        if (s.len >= len && memcmp(s.data, blanks[i], len) == 0) {
            return len;
        }
    }

    return 0;
}


static int
zoom_link_scheme(zoom_str_t *s, zoom_str_t *scheme)
{
    size_t  i;

    static const char *const  schemes[] = {
        "https://", "http://", "zoommtg://", "zoomus://", "//", NULL
    };

    for (i = 0; schemes[i]; i++) {
        if (zoom_link_skip(s, schemes[i])) {
            *scheme = zoom_str_c(schemes[i]);
            return 0;
        }
    }

    *scheme = zoom_str_c("");

    for (i = 0; i < s->len && s->data[i] != ':' && s->data[i] != '/'; i++) {
        /* void */
    }

    /* a scheme may be missing; what else a colon means the host tells */

    return (s->len - i >= 3 && memcmp(s->data + i, "://", 3) == 0) ? -1 : 0;
}


/* Leaves the host's name; user names and the like hide another host. */

static int
zoom_link_authority(zoom_str_t *host)
{
    size_t         i;
    zoom_str_t     port;
    unsigned char  c;

    port = *host;
    *host = zoom_link_until(&port, ":");

    if (host->len > 1 && host->data[host->len - 1] == '.') {
        host->len--;
    }

    for (i = 0; i < host->len; i++) {
        c = zoom_lower(host->data[i]);

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '.')
        {
            return -1;
        }

        if (c == '.'
            && (i == 0 || i == host->len - 1 || host->data[i - 1] == '.'))
        {
            return -1;
        }
    }

    return (host->len && zoom_link_port(port)) ? 0 : -1;
}


static int
zoom_link_port(zoom_str_t s)
{
    size_t  i;

    for (i = 1; i < s.len; i++) {
        if (s.data[i] < '0' || s.data[i] > '9') {
            return 0;
        }
    }

    return 1;
}


int
zoom_link_in(zoom_str_t host, const char *domains)
{
    zoom_str_t   d, end;
    const char  *p, *space;

    for (p = domains; p; p = space ? space + 1 : NULL) {
        space = strchr(p, ' ');

        d.data = (const unsigned char *) p;
        d.len = space ? (size_t) (space - p) : strlen(p);

        if (host.len < d.len) {
            continue;
        }

        end = host;

        zoom_link_cut(&end, host.len - d.len);

        if ((host.len == d.len || end.data[-1] == '.')
            && zoom_str_caseeq(end, d))
        {
            return 1;
        }
    }

    return 0;
}


int
zoom_link_param(zoom_str_t query, const char *separators, const char *name,
    zoom_str_t *value)
{
    size_t      found;
    zoom_str_t  part;

    found = 0;

    while (query.len) {
        part = zoom_link_until(&query, separators);

        if (query.len) {
            zoom_link_cut(&query, 1);
        }

        if (zoom_link_skip(&part, name) && zoom_link_skip(&part, "=")) {
            *value = part;
            found++;
        }
    }

    return (found == 1 && value->len) ? 0 : -1;
}


void
zoom_link_unescape(zoom_buf_t *b, zoom_str_t s)
{
    int            hi, lo;
    unsigned char  c;

    while (s.len) {
        c = s.data[0];

        zoom_link_cut(&s, 1);

        if (c == '%' && s.len >= 2) {
            hi = zoom_hex(s.data[0]);
            lo = zoom_hex(s.data[1]);

            if (hi != -1 && lo != -1) {
                c = (unsigned char) (hi << 4 | lo);
                zoom_link_cut(&s, 2);
            }
        }

        zoom_buf_add(b, &c, 1);
    }
}


int
zoom_link_escaped(zoom_str_t s)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '%'
            && (s.len - i < 3 || zoom_hex(s.data[i + 1]) == -1
                || zoom_hex(s.data[i + 2]) == -1))
        {
            return 0;
        }
    }

    return 1;
}


zoom_str_t
zoom_link_until(zoom_str_t *s, const char *of)
{
    size_t                n, len;
    zoom_str_t            part;
    const unsigned char  *p;

    part = *s;

    /* each of them in turn: most are looked for alone */

    for (n = 0; of[n]; n++) {
        p = part.len ? memchr(part.data, of[n], part.len) : NULL;

        if (p) {
            len = (size_t) (p - part.data);
            part.len = len;
        }
    }

    zoom_link_cut(s, part.len);

    return part;
}


void
zoom_link_cut(zoom_str_t *s, size_t n)
{
    s->data += n;
    s->len -= n;
}


int
zoom_link_skip(zoom_str_t *s, const char *word)
{
    zoom_str_t  w, begin;

    w = zoom_str_c(word);

    if (s->len < w.len) {
        return 0;
    }

    begin.data = s->data;
    begin.len = w.len;

    if (!zoom_str_caseeq(begin, w)) {
        return 0;
    }

    zoom_link_cut(s, w.len);

    return 1;
}
