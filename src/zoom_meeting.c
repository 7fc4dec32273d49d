/* Meeting links. */

#include <string.h>

#include "zoom_meeting.h"
#include "zoom_uri.h"


#define ZOOM_LINK_WRAPS   4
#define ZOOM_ID_MIN       9


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


/* Borrowed from the link as it was sent: "id" and "after". */

typedef struct {
    zoom_str_t            id;
    zoom_str_t            query;
    zoom_str_t            rest;      /* all that follows an id in the path */
    zoom_str_t            after;     /* words behind the link */
    int                   webinar;
} zoom_link_found_t;


typedef struct {
    const char           *domain;
    const char           *path;      /* NULL: any */
    const char           *param;
} zoom_link_wrapper_t;


static int zoom_link_find(zoom_link_t *l, zoom_str_t link,
    zoom_link_found_t *found);
static void zoom_link_init(zoom_link_t *l, zoom_str_t link);
static int zoom_link_borrow(const zoom_link_t *l, zoom_str_t link,
    zoom_str_t found, zoom_str_t *id);
static zoom_str_t zoom_link_trim(const zoom_link_t *l, zoom_str_t *after);
static int zoom_link_split(zoom_str_t s, zoom_link_parts_t *parts);
static int zoom_link_scheme(zoom_str_t *s);
static int zoom_link_authority(zoom_str_t *host);
static int zoom_link_in(zoom_str_t host, const char *domain);
static int zoom_link_id(const zoom_link_parts_t *parts,
    zoom_link_found_t *found);
static int zoom_link_path_id(zoom_str_t path, const char *before,
    zoom_str_t *id);
static int zoom_link_ends(zoom_str_t path, int client);
static size_t zoom_link_digits(zoom_str_t s);
static int zoom_link_param(zoom_str_t query, const char *separators,
    const char *name, zoom_str_t *value);
static int zoom_link_values(zoom_str_t query, const char *separators,
    zoom_buf_t *b, zoom_meeting_t *m);
static void zoom_link_encoded(zoom_str_t rest, zoom_buf_t *b,
    zoom_meeting_t *m);
static void zoom_link_passcode(zoom_str_t words, zoom_buf_t *b,
    zoom_str_t *value);
static void zoom_link_take(zoom_buf_t *b, size_t start, zoom_str_t *value);
static int zoom_link_unwrap(zoom_link_t *l, const zoom_link_parts_t *parts);
static int zoom_link_decode(zoom_link_t *l, zoom_str_t part);
static zoom_str_t zoom_link_until(zoom_str_t *s, const char *of);
static void zoom_link_cut(zoom_str_t *s, size_t n);


static const char *const  zoom_link_domains[] = {
    "zoom.us", "zoom.com", "zoomgov.com", "zoom.com.cn", "zoom-x.de", NULL
};


static const zoom_link_wrapper_t  zoom_link_wrappers[] = {
    { "safelinks.protection.outlook.com", NULL, "url" },
    { "google.com", "/url", "q" }
};


int
zoom_meeting_id(zoom_str_t link, zoom_str_t *id)
{
    zoom_link_t        l;
    zoom_link_found_t  found;

    if (zoom_link_find(&l, link, &found) != 0) {
        return -1;
    }

    *id = found.id;

    return 0;
}


int
zoom_meeting_read(zoom_meeting_t *m, zoom_str_t link, zoom_buf_t *b)
{
    zoom_link_t        l;
    zoom_link_found_t  found;

    memset(m, 0, sizeof(zoom_meeting_t));

    if (zoom_link_find(&l, link, &found) != 0) {
        return -1;
    }

    m->id = found.id;
    m->webinar = found.webinar;

    if (zoom_link_values(found.query, "&", b, m) == 0) {
        zoom_link_encoded(found.rest, b, m);
    }

    if (m->passcode.len == 0) {
        zoom_link_passcode(found.after, b, &m->passcode);
    }

    zoom_wipe(&l, sizeof(zoom_link_t));

    return b->overflow ? -1 : 0;
}


/* -1 if there is no id, or nothing that may be one. */

static int
zoom_link_find(zoom_link_t *l, zoom_str_t link, zoom_link_found_t *found)
{
    unsigned           wraps;
    zoom_str_t         text, after;
    zoom_link_parts_t  parts;

    memset(found, 0, sizeof(zoom_link_found_t));

    if (link.len == 0 || link.len > ZOOM_MEETING_LINK_MAX) {
        return -1;
    }

    if (zoom_link_digits(link) == link.len) {
        found->id = link;
        return 0;
    }

    zoom_link_init(l, link);

    for (wraps = 0; wraps <= ZOOM_LINK_WRAPS; wraps++) {
        text = zoom_link_trim(l, &after);

        if (wraps == 0) {

            /* unwrapping overwrites the text, but not so far */

            found->after.data = link.data + (after.data - l->text);
            found->after.len = after.len;
        }

        if (zoom_link_split(text, &parts) != 0) {
            return -1;
        }

        if (zoom_link_id(&parts, found) == 0) {
            found->query = parts.query;
            return zoom_link_borrow(l, link, found->id, &found->id);
        }

        if (zoom_link_unwrap(l, &parts) != 0) {
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
zoom_link_trim(const zoom_link_t *l, zoom_str_t *after)
{
    size_t      n;
    zoom_str_t  s;

    s.data = l->text;
    s.len = l->len;

    while (s.len && zoom_one_of(s.data[0], " \t\r\n<(\"")) {
        zoom_link_cut(&s, 1);
    }

    for (n = 0; n < s.len; n++) {
        if (s.data[n] <= 0x20 || s.data[n] == 0x7f
            || zoom_one_of(s.data[n], "<>()\""))
        {
            break;
        }
    }

    after->data = s.data + n;
    after->len = s.len - n;

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
zoom_link_id(const zoom_link_parts_t *parts, zoom_link_found_t *found)
{
    size_t      i;
    zoom_str_t  *id;

    static const char *const  before[] = {
        "/w/", "/j/", "/s/", "/wc/join/", "/wc/", NULL
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

    id = &found->id;

    for (i = 0; before[i]; i++) {
        if (zoom_link_path_id(parts->path, before[i], id) == 0) {
            found->webinar = (i == 0);
            found->rest.data = id->data + id->len;
            found->rest.len = (size_t) (parts->query.data + parts->query.len
                                        - found->rest.data);
            return 0;
        }
    }

    if (zoom_str_eq(parts->path, join) || zoom_str_eq(parts->path, start)) {
        return (zoom_link_param(parts->query, "&", "confno", id) == 0
                && zoom_link_digits(*id) == id->len) ? 0 : -1;
    }

    return -1;
}


static int
zoom_link_path_id(zoom_str_t path, const char *before, zoom_str_t *id)
{
    size_t  len;

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

    return zoom_link_ends(path, strcmp(before, "/wc/") == 0) ? 0 : -1;
}


/* 1 if a path may go on so behind an id; "client": of the web client. */

static int
zoom_link_ends(zoom_str_t path, int client)
{
    size_t      i, len;
    zoom_str_t  part;

    static const char *const  ends[] = { "/join", "/start", NULL };

    for (i = 0; client && ends[i]; i++) {
        len = strlen(ends[i]);

        if (path.len >= len && memcmp(path.data, ends[i], len) == 0) {
            zoom_link_cut(&path, len);
            break;
        }
    }

    if (path.len && path.data[0] == '/') {
        zoom_link_cut(&path, 1);
    }

    if (path.len == 0 || path.data[0] == '&') {
        return 1;
    }

    /* a "?", "&" or "#" that was encoded along with what it begins */

    part.data = path.data;
    part.len = (path.len < 3) ? path.len : 3;

    return zoom_str_caseeq(part, zoom_str_c("%3f"))
           || zoom_str_caseeq(part, zoom_str_c("%26"))
           || zoom_str_caseeq(part, zoom_str_c("%23"));
}


/* How many digits a text begins with, 0 if they make no id. */

static size_t
zoom_link_digits(zoom_str_t s)
{
    size_t  n;

    for (n = 0; n < s.len && s.data[n] >= '0' && s.data[n] <= '9'; n++) {
        /* void */
    }

    return (n < ZOOM_ID_MIN || n > ZOOM_MEETING_ID_MAX) ? 0 : n;
}


/* -1 also if the parameter is there twice: who knows which one counts. */

static int
zoom_link_param(zoom_str_t query, const char *separators, const char *name,
    zoom_str_t *value)
{
    size_t      len, found;
    zoom_str_t  part;

    len = strlen(name);
    found = 0;

    while (query.len) {
        part = zoom_link_until(&query, separators);

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


/* Appends the values to "b", decoded.  How many parameters there were. */

static int
zoom_link_values(zoom_str_t query, const char *separators, zoom_buf_t *b,
    zoom_meeting_t *m)
{
    int         n;
    size_t      i, start;
    zoom_str_t  raw, *value;

    static const char *const  names[] = { "tk", "pwd", "password", NULL };

    n = 0;

    for (i = 0; names[i]; i++) {
        value = (i == 0) ? &m->tk : &m->passcode;

        if (zoom_link_param(query, separators, names[i], &raw) != 0) {
            continue;
        }

        n++;

        if (value->len == 0) {
            start = b->len;

            (void) zoom_uri_unescape(b, raw);
            zoom_link_take(b, start, value);
        }
    }

    return n;
}


/*
 * Calendars encode "?" and "=" along with the rest: all that follows the id is
 * decoded then, and once more as the value that it is.
 */

static void
zoom_link_encoded(zoom_str_t rest, zoom_buf_t *b, zoom_meeting_t *m)
{
    zoom_buf_t     plain;
    unsigned char  text[ZOOM_MEETING_LINK_MAX];

    zoom_buf_init(&plain, text, sizeof(text));

    if (zoom_uri_unescape(&plain, rest) == 0) {
        rest.data = plain.data;
        rest.len = plain.len;

        rest = zoom_link_until(&rest, "#");

        (void) zoom_link_values(rest, "?&", b, m);
    }

    zoom_wipe(text, plain.len);
}


/* "(Passcode: 584706)" */

static void
zoom_link_passcode(zoom_str_t words, zoom_buf_t *b, zoom_str_t *value)
{
    size_t      start;
    zoom_str_t  word;

    static const zoom_str_t  passcode = zoom_str("passcode:");

    start = b->len;

    for ( /* void */ ; words.len > passcode.len; zoom_link_cut(&words, 1)) {
        word.data = words.data;
        word.len = passcode.len;

        if (!zoom_str_caseeq(word, passcode)) {
            continue;
        }

        zoom_link_cut(&words, passcode.len);

        while (words.len && zoom_one_of(words.data[0], " \t")) {
            zoom_link_cut(&words, 1);
        }

        zoom_buf_str(b, zoom_link_until(&words, " \t\r\n<>()\","));
        zoom_link_take(b, start, value);
        return;
    }
}


/* What was appended since "start", unless a passcode can't have it in it. */

static void
zoom_link_take(zoom_buf_t *b, size_t start, zoom_str_t *value)
{
    size_t  i;

    for (i = start; i < b->len; i++) {
        if (b->data[i] <= 0x20 || b->data[i] >= 0x7f) {
            b->len = start;
            return;
        }
    }

    value->data = b->data + start;
    value->len = b->len - start;
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
            && zoom_link_param(parts->query, "&", w->param, &inner) == 0)
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

    for (n = 0; n < s->len && !zoom_one_of(s->data[n], of); n++) {
        /* void */
    }

    part.data = s->data;
    part.len = n;

    zoom_link_cut(s, n);

    return part;
}


static void
zoom_link_cut(zoom_str_t *s, size_t n)
{
    s->data += n;
    s->len -= n;
}
