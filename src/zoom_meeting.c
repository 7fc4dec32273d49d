/* Meeting links. */

#include <string.h>

#include "zoom_meeting.h"


#define ZOOM_LINK_WRAPS   4
#define ZOOM_ID_MIN       9
#define ZOOM_ID_MAX       11
#define ZOOM_KEY_MAX      64


/* A link, decoded as often as it was wrapped, and where its bytes stood. */

typedef struct {
    unsigned char         text[ZOOM_MEETING_LINK_MAX];
    uint16_t              at[ZOOM_MEETING_LINK_MAX];
    size_t                len;
} zoom_link_t;


typedef struct {
    zoom_str_t            host;
    zoom_str_t            path;
    zoom_str_t            query;
} zoom_link_parts_t;


typedef struct {
    const char           *domain;
    const char           *path;      /* NULL: any */
    const char           *param;
} zoom_link_wrapper_t;


/* What stands before a "=" or ":", decoded and in lower case. */

typedef struct {
    unsigned char         key[ZOOM_KEY_MAX];
    size_t                len;
    unsigned              level;     /* how often the byte before is encoded */
    unsigned              gap;       /* 1: white space follows the key */
} zoom_mask_t;


static void zoom_link_init(zoom_link_t *l, zoom_str_t link);
static int zoom_link_borrow(const zoom_link_t *l, zoom_str_t link,
    zoom_str_t found, zoom_str_t *id);
static zoom_str_t zoom_link_trim(const zoom_link_t *l);
static int zoom_link_split(zoom_str_t s, zoom_link_parts_t *parts);
static int zoom_link_scheme(zoom_str_t *s);
static int zoom_link_authority(zoom_str_t *host);
static int zoom_link_in(zoom_str_t host, const char *domain);
static int zoom_link_id(const zoom_link_parts_t *parts, zoom_str_t *id);
static int zoom_link_path_id(zoom_str_t path, const char *before,
    zoom_str_t *id);
static size_t zoom_link_digits(zoom_str_t s);
static int zoom_link_param(zoom_str_t query, const char *name,
    zoom_str_t *value);
static int zoom_link_unwrap(zoom_link_t *l, const zoom_link_parts_t *parts);
static int zoom_link_decode(zoom_link_t *l, zoom_str_t part);
static zoom_str_t zoom_link_until(zoom_str_t *s, const char *of);
static int zoom_link_one(unsigned char c, const char *of);
static void zoom_link_cut(zoom_str_t *s, size_t n);

static unsigned char zoom_mask_char(zoom_str_t s, size_t i, size_t *len,
    unsigned *level);
static void zoom_mask_copy(zoom_buf_t *b, zoom_str_t s, size_t i, size_t len);
static void zoom_mask_key(zoom_mask_t *m, unsigned char c, unsigned level);
static int zoom_mask_opens(const zoom_mask_t *m);
static size_t zoom_mask_value(zoom_buf_t *b, zoom_str_t s, size_t i,
    unsigned level);


static const char *const  zoom_link_domains[] = {
    "zoom.us", "zoom.com", "zoomgov.com", "zoom.com.cn", "zoom-x.de", NULL
};


static const zoom_link_wrapper_t  zoom_link_wrappers[] = {
    { "safelinks.protection.outlook.com", NULL, "url" },
    { "google.com", "/url", "q" }
};


/* Whatever has one of these in its name is taken for a key to a meeting. */

static const char *const  zoom_mask_names[] = {
    "pwd", "pass", "pin", "tk", "token", "zak", "zpk", "obf", "onbehalf",
    "secret", "sig", "auth", "jwt", "ticket", "cred", "otp", "code", "key",
    NULL
};


int
zoom_meeting_id(zoom_str_t link, zoom_str_t *id)
{
    unsigned           wraps;
    zoom_str_t         found, text;
    zoom_link_t        l;
    zoom_link_parts_t  parts;

    if (link.len == 0 || link.len > ZOOM_MEETING_LINK_MAX) {
        return -1;
    }

    if (zoom_link_digits(link) == link.len) {
        *id = link;
        return 0;
    }

    zoom_link_init(&l, link);

    for (wraps = 0; wraps <= ZOOM_LINK_WRAPS; wraps++) {
        text = zoom_link_trim(&l);

        if (zoom_link_split(text, &parts) != 0) {
            return -1;
        }

        if (zoom_link_id(&parts, &found) == 0) {
            return zoom_link_borrow(&l, link, found, id);
        }

        if (zoom_link_unwrap(&l, &parts) != 0) {
            return -1;
        }
    }

    return -1;
}


static void
zoom_link_init(zoom_link_t *l, zoom_str_t link)
{
    size_t  i;

    for (i = 0; i < link.len; i++) {
        l->text[i] = link.data[i];
        l->at[i] = (uint16_t) i;
    }

    l->len = link.len;
}


/* Digits that were encoded themselves can't be borrowed. */

static int
zoom_link_borrow(const zoom_link_t *l, zoom_str_t link, zoom_str_t found,
    zoom_str_t *id)
{
    size_t  at, last;

    at = (size_t) (found.data - l->text);
    last = at + found.len - 1;

    if (l->at[last] - l->at[at] != (int) found.len - 1) {
        return -1;
    }

    id->data = link.data + l->at[at];
    id->len = found.len;

    return zoom_link_digits(*id) == id->len ? 0 : -1;
}


/* Calendars put links into brackets and text around them. */

static zoom_str_t
zoom_link_trim(const zoom_link_t *l)
{
    size_t      n;
    zoom_str_t  s;

    s.data = l->text;
    s.len = l->len;

    while (s.len && zoom_link_one(s.data[0], " \t\r\n<(\"")) {
        zoom_link_cut(&s, 1);
    }

    for (n = 0; n < s.len; n++) {
        if (s.data[n] <= 0x20 || s.data[n] == 0x7f
            || zoom_link_one(s.data[n], "<>()\""))
        {
            break;
        }
    }

    s.len = n;

    return s;
}


/* 0, or -1 if it is no link or has a bad escape in it. */

static int
zoom_link_split(zoom_str_t s, zoom_link_parts_t *parts)
{
    size_t  i;

    for (i = 0; i < s.len; i++) {
        if (s.data[i] == '%'
            && (s.len - i < 3 || zoom_hex(s.data[i + 1]) == -1
                || zoom_hex(s.data[i + 2]) == -1))
        {
            return -1;
        }
    }

    if (zoom_link_scheme(&s) != 0) {
        return -1;
    }

    parts->host = zoom_link_until(&s, "/?#");
    parts->path = zoom_link_until(&s, "?#");

    if (s.len && s.data[0] == '?') {
        zoom_link_cut(&s, 1);
    }

    parts->query = zoom_link_until(&s, "#");

    return zoom_link_authority(&parts->host);
}


static int
zoom_link_scheme(zoom_str_t *s)
{
    size_t      i;
    zoom_str_t  scheme;

    static const char *const  schemes[] = {
        "https", "http", "zoommtg", "zoomus", NULL
    };

    for (i = 0; i < s->len && s->data[i] != ':' && s->data[i] != '/'; i++) {
        /* void */
    }

    if (s->len - i < 3 || memcmp(s->data + i, "://", 3) != 0) {

        /* a scheme may be missing; what else a colon means the host tells */

        return 0;
    }

    scheme.data = s->data;
    scheme.len = i;

    zoom_link_cut(s, i + 3);

    for (i = 0; schemes[i]; i++) {
        if (zoom_str_caseeq(scheme, zoom_str_c(schemes[i]))) {
            return 0;
        }
    }

    return -1;
}


/* Leaves the host's name; user names and the like hide another host. */

static int
zoom_link_authority(zoom_str_t *host)
{
    size_t         i, n;
    unsigned char  c;

    for (i = 0; i < host->len; i++) {
        c = zoom_lower(host->data[i]);

        if (c == ':') {
            break;
        }

        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9')
            && c != '-' && c != '.')
        {
            return -1;
        }

        if (c == '.' && (i == 0 || host->data[i - 1] == '.')) {
            return -1;
        }
    }

    for (n = i + 1; n < host->len; n++) {
        if (host->data[n] < '0' || host->data[n] > '9') {
            return -1;
        }
    }

    host->len = i;

    return i ? 0 : -1;
}


static int
zoom_link_in(zoom_str_t host, const char *domain)
{
    zoom_str_t  d;

    d = zoom_str_c(domain);

    if (host.len > d.len) {
        zoom_link_cut(&host, host.len - d.len - 1);

        if (host.data[0] != '.') {
            return 0;
        }

        zoom_link_cut(&host, 1);
    }

    return zoom_str_caseeq(host, d);
}


static int
zoom_link_id(const zoom_link_parts_t *parts, zoom_str_t *id)
{
    size_t  i;

    static const char *const  before[] = {
        "/j/", "/s/", "/w/", "/wc/join/", "/wc/", NULL
    };

    static const zoom_str_t  join = zoom_str("/join");
    static const zoom_str_t  start = zoom_str("/start");

    for (i = 0; zoom_link_domains[i]; i++) {
        if (zoom_link_in(parts->host, zoom_link_domains[i])) {
            break;
        }
    }

    if (zoom_link_domains[i] == NULL) {
        return -1;
    }

    for (i = 0; before[i]; i++) {
        if (zoom_link_path_id(parts->path, before[i], id) == 0) {
            return 0;
        }
    }

    if (zoom_str_eq(parts->path, join) || zoom_str_eq(parts->path, start)) {
        return (zoom_link_param(parts->query, "confno", id) == 0
                && zoom_link_digits(*id) == id->len) ? 0 : -1;
    }

    return -1;
}


static int
zoom_link_path_id(zoom_str_t path, const char *before, zoom_str_t *id)
{
    size_t      len;
    zoom_str_t  part;

    len = strlen(before);

    if (path.len < len || memcmp(path.data, before, len) != 0) {
        return -1;
    }

    zoom_link_cut(&path, len);

    len = zoom_link_digits(path);

    if (len == 0) {
        return -1;
    }

    id->data = path.data;
    id->len = len;

    zoom_link_cut(&path, len);

    if (path.len == 0 || path.data[0] == '/' || path.data[0] == '&') {
        return 0;
    }

    /* a "?", "&" or "#" that was encoded along with what it begins */

    part.data = path.data;
    part.len = (path.len < 3) ? path.len : 3;

    return (zoom_str_caseeq(part, zoom_str_c("%3f"))
            || zoom_str_caseeq(part, zoom_str_c("%26"))
            || zoom_str_caseeq(part, zoom_str_c("%23"))) ? 0 : -1;
}


/* How many digits a text begins with, 0 if they make no id. */

static size_t
zoom_link_digits(zoom_str_t s)
{
    size_t  n;

    for (n = 0; n < s.len && s.data[n] >= '0' && s.data[n] <= '9'; n++) {
        /* void */
    }

    return (n < ZOOM_ID_MIN || n > ZOOM_ID_MAX) ? 0 : n;
}


/* -1 also if the parameter is there twice: who knows which one counts. */

static int
zoom_link_param(zoom_str_t query, const char *name, zoom_str_t *value)
{
    size_t      len, found;
    zoom_str_t  part;

    len = strlen(name);
    found = 0;

    while (query.len) {
        part = zoom_link_until(&query, "&");

        if (query.len) {
            zoom_link_cut(&query, 1);
        }

        if (part.len > len && part.data[len] == '='
            && memcmp(part.data, name, len) == 0)
        {
            zoom_link_cut(&part, len + 1);
            *value = part;
            found++;
        }
    }

    return (found == 1 && value->len) ? 0 : -1;
}


static int
zoom_link_unwrap(zoom_link_t *l, const zoom_link_parts_t *parts)
{
    size_t                      i, n;
    zoom_str_t                  inner;
    const zoom_link_wrapper_t  *w;

    n = sizeof(zoom_link_wrappers) / sizeof(zoom_link_wrappers[0]);

    for (i = 0; i < n; i++) {
        w = &zoom_link_wrappers[i];

        if (zoom_link_in(parts->host, w->domain)
            && (w->path == NULL
                || zoom_str_eq(parts->path, zoom_str_c(w->path)))
            && zoom_link_param(parts->query, w->param, &inner) == 0)
        {
            return zoom_link_decode(l, inner);
        }
    }

    return -1;
}


/* Puts a part of the link, decoded once, in the link's place. */

static int
zoom_link_decode(zoom_link_t *l, zoom_str_t part)
{
    size_t  i, end, n;

    i = (size_t) (part.data - l->text);
    end = i + part.len;

    for (n = 0; i < end; n++) {
        l->at[n] = l->at[i];

        if (l->text[i] != '%') {
            l->text[n] = l->text[i++];
            continue;
        }

        /* all escapes were looked at when the link was split */

        l->text[n] = (unsigned char) (zoom_hex(l->text[i + 1]) << 4
                                      | zoom_hex(l->text[i + 2]));
        i += 3;
    }

    l->len = n;

    return 0;
}


/* Cuts off what stands before one of these characters. */

static zoom_str_t
zoom_link_until(zoom_str_t *s, const char *of)
{
    size_t      n;
    zoom_str_t  part;

    for (n = 0; n < s->len && !zoom_link_one(s->data[n], of); n++) {
        /* void */
    }

    part.data = s->data;
    part.len = n;

    zoom_link_cut(s, n);

    return part;
}


static int
zoom_link_one(unsigned char c, const char *of)
{
    return c && strchr(of, c) != NULL;
}


static void
zoom_link_cut(zoom_str_t *s, size_t n)
{
    s->data += n;
    s->len -= n;
}


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

    if (zoom_link_one(c, "=:?&#;/()<>,@+|[]{}")) {
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

        if (l <= level && (c <= 0x20 || zoom_link_one(c, "&#<>"))) {
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
