/* Paths of Zoom's API. */

#include "zoom_path.h"
#include "zoom_uri.h"


/* 24 bytes, but examples of Zoom's are shorter */

#define ZOOM_PATH_UUID_MIN  16
#define ZOOM_PATH_UUID_MAX  44


static const char *zoom_path_segment(zoom_path_t *path, zoom_buf_t *b,
    zoom_str_t raw);
static const char *zoom_path_twice(zoom_segment_t *s, zoom_buf_t *b);
static const char *zoom_path_check(zoom_str_t text);
static int zoom_path_escaped(zoom_str_t text);
static int zoom_path_is_uuid(zoom_str_t text);
static void zoom_path_escape(zoom_buf_t *b, const zoom_segment_t *s);


const char *
zoom_path_read(zoom_path_t *path, zoom_str_t raw)
{
    zoom_buf_t            b;
    zoom_str_t            segment;
    const char           *why;
    const unsigned char  *p, *end;

    path->n = 0;

    if (raw.len == 0 || raw.data[0] != '/') {
        return "does not begin with \"/\"";
    }

    if (raw.len > ZOOM_PATH_MAX) {
        return "is too long";
    }

    zoom_buf_init(&b, path->text, sizeof(path->text));

    p = raw.data;
    end = raw.data + raw.len;

    while (p < end) {
        segment.data = ++p;

        while (p < end && *p != '/') {
            p++;
        }

        segment.len = (size_t) (p - segment.data);

        why = zoom_path_segment(path, &b, segment);

        if (why) {
            return why;
        }
    }

    return NULL;
}


static const char *
zoom_path_segment(zoom_path_t *path, zoom_buf_t *b, zoom_str_t raw)
{
    size_t           start;
    const char      *why;
    zoom_segment_t  *s;

    if (raw.len == 0) {
        return "has an empty segment";
    }

    if (path->n == ZOOM_PATH_SEGMENTS) {
        return "has too many segments";
    }

    s = &path->segments[path->n++];
    start = b->len;

    if (zoom_uri_unescape(b, raw) != 0) {
        return "has a bad escape";
    }

    s->text.data = b->data + start;
    s->text.len = b->len - start;
    s->twice = 0;

    if (zoom_path_escaped(s->text)) {
        b->len = start;

        why = zoom_path_twice(s, b);

        if (why) {
            return why;
        }
    }

    s->slash = (memchr(s->text.data, '/', s->text.len) != NULL);

    if (s->slash && !zoom_path_is_uuid(s->text)) {
        return "has an encoded slash";
    }

    return zoom_path_check(s->text);
}


/* Decoded again, in its place, which leaves it shorter. */

static const char *
zoom_path_twice(zoom_segment_t *s, zoom_buf_t *b)
{
    zoom_buf_t     once;
    unsigned char  uuid[ZOOM_PATH_UUID_MAX];

    zoom_buf_init(&once, uuid, sizeof(uuid));

    if (zoom_uri_unescape(&once, s->text) != 0) {
        return "is encoded twice";
    }

    s->text.len = once.len;
    s->twice = 1;

    zoom_buf_add(b, uuid, once.len);

    if (!zoom_path_is_uuid(s->text)) {
        return "is encoded twice";
    }

    return NULL;
}


/*
 * What no id, address or name of Zoom's holds, and what others may take for
 * something else: the parameters of a segment, a way up, white space that is
 * cut off.
 */

static const char *
zoom_path_check(zoom_str_t text)
{
    size_t                n;
    const unsigned char  *p, *end;

    p = text.data;
    end = p + text.len;

    if (zoom_str_eq(text, zoom_str_c("."))
        || zoom_str_eq(text, zoom_str_c("..")))
    {
        return "has a dot segment";
    }

    if (*p == ' ' || end[-1] == ' ') {
        return "has a space at an end of a segment";
    }

    while (p < end) {

        if (*p < ' ' || *p == 0x7f) {
            return "has a control character";
        }

        if (*p == '\\' || *p == ';') {
            return "has a backslash or semicolon";
        }

        if (*p < 0x80) {
            p++;
            continue;
        }

        n = zoom_utf8_len(p, end);

        /* controls of Unicode are two bytes long */

        if (n == 0 || (*p == 0xc2 && p[1] < 0xa0)) {
            return "is no UTF-8";
        }

        p += n;
    }

    return NULL;
}


static int
zoom_path_escaped(zoom_str_t text)
{
    size_t  i;

    for (i = 0; i + 2 < text.len; i++) {
        if (text.data[i] == '%' && zoom_hex(text.data[i + 1]) != -1
            && zoom_hex(text.data[i + 2]) != -1)
        {
            return 1;
        }
    }

    return 0;
}


/*
 * Zoom makes them of 16 bytes in base64, whose padding no name in a path ends
 * in: what holds a slash and is decoded by somebody else is no other endpoint.
 */

static int
zoom_path_is_uuid(zoom_str_t text)
{
    size_t         i;
    unsigned char  c;

    if (text.len < ZOOM_PATH_UUID_MIN || text.len > ZOOM_PATH_UUID_MAX
        || text.data[text.len - 1] != '=')
    {
        return 0;
    }

    for (i = 0; i < text.len; i++) {
        c = zoom_lower(text.data[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
              || zoom_one_of(c, "+/=")))
        {
            return 0;
        }
    }

    return 1;
}


int
zoom_path_has_me(const zoom_path_t *path)
{
    size_t  i;

    for (i = 0; i < path->n; i++) {
        if (zoom_str_caseeq(path->segments[i].text, zoom_str_c("me"))) {
            return 1;
        }
    }

    return 0;
}


void
zoom_path_write(zoom_buf_t *b, const zoom_path_t *path)
{
    size_t  i;

    for (i = 0; i < path->n; i++) {
        zoom_buf_c(b, "/");
        zoom_path_escape(b, &path->segments[i]);
    }
}


static void
zoom_path_escape(zoom_buf_t *b, const zoom_segment_t *s)
{
    zoom_buf_t            once;
    zoom_str_t            text;
    unsigned char         escaped[ZOOM_PATH_UUID_MAX * 3];
    const unsigned char  *p;

    p = s->text.data;

    if (!s->slash || !(*p == '/' || zoom_str_casefind(s->text, "//"))) {
        zoom_uri_escape(b, s->text);
        return;
    }

    zoom_buf_init(&once, escaped, sizeof(escaped));
    zoom_uri_escape(&once, s->text);

    text.data = escaped;
    text.len = once.len;

    zoom_uri_escape(b, text);
}
