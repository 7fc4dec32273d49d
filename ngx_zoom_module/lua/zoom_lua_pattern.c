/* Lua's patterns, with an end in sight. */

#include <string.h>

#include "zoom_lua_pattern.h"


#define ZOOM_LUA_OPEN  ((size_t) -2)     /* a capture that has not ended */
#define ZOOM_LUA_NONE  SIZE_MAX          /* no match */


enum {
    ZOOM_LUA_BYTE = 0,
    ZOOM_LUA_ANY,
    ZOOM_LUA_SET,
    ZOOM_LUA_CAPTURE,
    ZOOM_LUA_HERE,                       /* "()" */
    ZOOM_LUA_CLOSE,
    ZOOM_LUA_AGAIN,                      /* "%1" */
    ZOOM_LUA_BALANCE,                    /* "%b()" */
    ZOOM_LUA_FRONTIER,                   /* "%f[%w]" */
    ZOOM_LUA_END                         /* "$" */
};


enum {
    ZOOM_LUA_ONCE = 0,
    ZOOM_LUA_MOST,                       /* "*", and "+" after one more */
    ZOOM_LUA_LEAST,                      /* "-" */
    ZOOM_LUA_MAYBE                       /* "?" */
};


typedef struct {
    zoom_lua_pattern_t   *pattern;
    const char           *p;
    const char           *last;
    unsigned              open[ZOOM_LUA_MAX_CAPTURES];
    unsigned              nopen;
    uint32_t              closed;        /* bitmap of captures */
} zoom_lua_reader_t;


typedef struct {
    const zoom_lua_pattern_t  *pattern;
    const unsigned char  *s;
    size_t                len;
    zoom_lua_match_t     *match;
    int64_t              *steps;
} zoom_lua_matcher_t;


typedef struct {
    unsigned char         name;
    unsigned char         n;
    struct {
        unsigned char     first;
        unsigned char     last;
    } ranges[4];
} zoom_lua_class_t;


static const char *zoom_lua_read_item(zoom_lua_reader_t *r,
    zoom_lua_item_t *item);
static const char *zoom_lua_read_escape(zoom_lua_reader_t *r,
    zoom_lua_item_t *item);
static const char *zoom_lua_read_close(zoom_lua_reader_t *r,
    zoom_lua_item_t *item);
static const char *zoom_lua_set_end(const zoom_lua_reader_t *r);
static const char *zoom_lua_read_set(zoom_lua_reader_t *r,
    zoom_lua_item_t *item);
static void zoom_lua_read_repeat(zoom_lua_reader_t *r, zoom_lua_item_t *item,
    int *more);
static int zoom_lua_class(uint64_t *bits, unsigned char c);
static int zoom_lua_in_class(const zoom_lua_class_t *class, unsigned c);
static int zoom_lua_has(const zoom_lua_item_t *item, unsigned char c);
static void zoom_lua_add(uint64_t *bits, unsigned char c);
static size_t zoom_lua_walk(zoom_lua_matcher_t *m, size_t at, unsigned i);
static size_t zoom_lua_walk_capture(zoom_lua_matcher_t *m, size_t at,
    unsigned i);
static size_t zoom_lua_walk_repeat(zoom_lua_matcher_t *m, size_t at,
    unsigned i);
static size_t zoom_lua_walk_fixed(zoom_lua_matcher_t *m, size_t at,
    const zoom_lua_item_t *item);
static size_t zoom_lua_walk_balance(zoom_lua_matcher_t *m, size_t at,
    const zoom_lua_item_t *item);


/* As the C locale has them, which is the one that LuaJIT knows. */

static const zoom_lua_class_t  zoom_lua_classes[] = {
    { 'a', 2, { { 'A', 'Z' }, { 'a', 'z' } } },
    { 'c', 2, { { 0, 0x1f }, { 0x7f, 0x7f } } },
    { 'd', 1, { { '0', '9' } } },
    { 'g', 1, { { '!', '~' } } },
    { 'l', 1, { { 'a', 'z' } } },
    { 'p', 4, { { '!', '/' }, { ':', '@' }, { '[', '`' }, { '{', '~' } } },
    { 's', 2, { { '\t', '\r' }, { ' ', ' ' } } },
    { 'u', 1, { { 'A', 'Z' } } },
    { 'w', 3, { { '0', '9' }, { 'A', 'Z' }, { 'a', 'z' } } },
    { 'x', 3, { { '0', '9' }, { 'A', 'F' }, { 'a', 'f' } } },
    { 'z', 1, { { 0, 0 } } },
    { 0, 0, { { 0, 0 } } }
};


const char *
zoom_lua_pattern_read(zoom_lua_pattern_t *pattern, const char *text,
    size_t len, int anchors)
{
    int                 more;
    const char         *why;
    zoom_lua_item_t    *item;
    zoom_lua_reader_t   r;

    memset(&r, 0, sizeof(zoom_lua_reader_t));

    r.pattern = pattern;
    r.p = text;
    r.last = text + len;

    pattern->nitems = 0;
    pattern->ncaptures = 0;
    pattern->anchored = 0;

    if (anchors && r.p < r.last && *r.p == '^') {
        pattern->anchored = 1;
        r.p++;
    }

    while (r.p < r.last) {

        /* one that repeats may take two */

        if (pattern->nitems + 2 > ZOOM_LUA_MAX_ITEMS) {
            return "pattern too complex";
        }

        item = &pattern->items[pattern->nitems];
        memset(item, 0, sizeof(zoom_lua_item_t));

        why = zoom_lua_read_item(&r, item);

        if (why) {
            return why;
        }

        pattern->nitems++;
        more = 0;

        if (item->type <= ZOOM_LUA_SET) {
            zoom_lua_read_repeat(&r, item, &more);
        }

        if (more) {
            item[1] = item[0];
            item[0].repeat = ZOOM_LUA_ONCE;
            pattern->nitems++;
        }
    }

    return r.nopen ? "unfinished capture" : NULL;
}


static const char *
zoom_lua_read_item(zoom_lua_reader_t *r, zoom_lua_item_t *item)
{
    zoom_lua_pattern_t  *pattern;

    pattern = r->pattern;

    switch (*r->p++) {

    case '(':
        if (pattern->ncaptures == ZOOM_LUA_MAX_CAPTURES) {
            return "too many captures";
        }

        item->a = (uint8_t) pattern->ncaptures++;

        if (r->p < r->last && *r->p == ')') {
            r->p++;
            r->closed |= 1u << item->a;
            item->type = ZOOM_LUA_HERE;
            return NULL;
        }

        item->type = ZOOM_LUA_CAPTURE;
        r->open[r->nopen++] = item->a;
        return NULL;

    case ')':
        return zoom_lua_read_close(r, item);

    case '.':
        item->type = ZOOM_LUA_ANY;
        return NULL;

    case '[':
        item->type = ZOOM_LUA_SET;
        return zoom_lua_read_set(r, item);

    case '%':
        return zoom_lua_read_escape(r, item);

    case '$':
        if (r->p == r->last) {
            item->type = ZOOM_LUA_END;
            return NULL;
        }

        /* fall through */

    default:
        item->type = ZOOM_LUA_BYTE;
        item->a = (uint8_t) r->p[-1];
        return NULL;
    }
}


static const char *
zoom_lua_read_close(zoom_lua_reader_t *r, zoom_lua_item_t *item)
{
    if (r->nopen == 0) {
        return "invalid pattern capture";
    }

    item->type = ZOOM_LUA_CLOSE;
    item->a = (uint8_t) r->open[--r->nopen];
    r->closed |= 1u << item->a;

    return NULL;
}


static const char *
zoom_lua_read_escape(zoom_lua_reader_t *r, zoom_lua_item_t *item)
{
    unsigned char  c;

    if (r->p == r->last) {
        return "malformed pattern (ends with '%')";
    }

    c = (unsigned char) *r->p++;

    if (c == 'b') {
        if (r->last - r->p < 2) {
            return "unbalanced pattern";
        }

        item->type = ZOOM_LUA_BALANCE;
        item->a = (uint8_t) *r->p++;
        item->b = (uint8_t) *r->p++;
        return NULL;
    }

    if (c == 'f') {
        if (r->p == r->last || *r->p != '[') {
            return "missing '[' after '%f' in pattern";
        }

        r->p++;
        item->type = ZOOM_LUA_FRONTIER;
        return zoom_lua_read_set(r, item);
    }

    if (c >= '0' && c <= '9') {
        item->type = ZOOM_LUA_AGAIN;
        item->a = (uint8_t) (c - '1');

        if (c == '0' || item->a >= r->pattern->ncaptures
            || !(r->closed & (1u << item->a)))
        {
            return "invalid capture index";
        }

        return NULL;
    }

    if (zoom_lua_class(item->bits, c)) {
        item->type = ZOOM_LUA_SET;
        return NULL;
    }

    item->type = ZOOM_LUA_BYTE;
    item->a = c;

    return NULL;
}


/*
 * After the bracket.  The end is looked for before there are ranges, so that
 * "%]" at the end of one is not the end of all.
 */

static const char *
zoom_lua_read_set(zoom_lua_reader_t *r, zoom_lua_item_t *item)
{
    int          other;
    unsigned     c, to, i;
    uint64_t    *bits;
    const char  *end;

    bits = item->bits;
    other = (r->p < r->last && *r->p == '^');
    r->p += other;

    end = zoom_lua_set_end(r);

    if (end == NULL) {
        return "malformed pattern (missing ']')";
    }

    while (r->p < end) {
        c = (unsigned char) *r->p++;

        /* of "a-%" before the bracket this is the bracket, as in Lua */

        if (c == '%') {
            c = (unsigned char) *r->p++;

            if (!zoom_lua_class(bits, (unsigned char) c)) {
                zoom_lua_add(bits, (unsigned char) c);
            }

            continue;
        }

        to = c;

        if (r->p[0] == '-' && r->p + 1 < end) {
            to = (unsigned char) r->p[1];
            r->p += 2;
        }

        for (/* void */ ; c <= to; c++) {
            zoom_lua_add(bits, (unsigned char) c);
        }
    }

    for (i = 0; other && i < 4; i++) {
        bits[i] = ~bits[i];
    }

    r->p = end + 1;

    return NULL;
}


/* The bracket that ends a set, or NULL.  One that comes first is a member. */

static const char *
zoom_lua_set_end(const zoom_lua_reader_t *r)
{
    const char  *p;

    for (p = r->p; p < r->last; /* void */) {

        if (*p++ == '%' && p < r->last) {
            p++;
        }

        if (p < r->last && *p == ']') {
            return p;
        }
    }

    return NULL;
}


static void
zoom_lua_read_repeat(zoom_lua_reader_t *r, zoom_lua_item_t *item, int *more)
{
    if (r->p == r->last) {
        return;
    }

    switch (*r->p) {

    case '+':
        *more = 1;

        /* fall through */

    case '*':
        item->repeat = ZOOM_LUA_MOST;
        break;

    case '-':
        item->repeat = ZOOM_LUA_LEAST;
        break;

    case '?':
        item->repeat = ZOOM_LUA_MAYBE;
        break;

    default:
        return;
    }

    r->p++;
}


/* Adds the class of that letter, in capitals all others; 0: there is none. */

static int
zoom_lua_class(uint64_t *bits, unsigned char c)
{
    unsigned                 i, other;
    const zoom_lua_class_t  *class;

    other = !(c & 0x20);

    for (class = zoom_lua_classes; class->name != (c | 0x20); class++) {
        if (class->name == 0) {
            return 0;
        }
    }

    for (i = 0; i < 256; i++) {
        if (zoom_lua_in_class(class, i) != (int) other) {
            zoom_lua_add(bits, (unsigned char) i);
        }
    }

    return 1;
}


static int
zoom_lua_in_class(const zoom_lua_class_t *class, unsigned c)
{
    unsigned  i;

    for (i = 0; i < class->n; i++) {
        if (c >= class->ranges[i].first && c <= class->ranges[i].last) {
            return 1;
        }
    }

    return 0;
}


static void
zoom_lua_add(uint64_t *bits, unsigned char c)
{
    bits[c >> 6] |= (uint64_t) 1 << (c & 63);
}


static int
zoom_lua_has(const zoom_lua_item_t *item, unsigned char c)
{
    switch (item->type) {

    case ZOOM_LUA_BYTE:
        return item->a == c;

    case ZOOM_LUA_ANY:
        return 1;

    default:
        return (item->bits[c >> 6] >> (c & 63)) & 1;
    }
}


int
zoom_lua_pattern_find(const zoom_lua_pattern_t *pattern, const char *subject,
    size_t len, size_t from, zoom_lua_match_t *match, int64_t *steps)
{
    size_t              at, end;
    zoom_lua_matcher_t  m;

    m.pattern = pattern;
    m.s = (const unsigned char *) subject;
    m.len = len;
    m.match = match;
    m.steps = steps;

    for (at = from; at <= len; at++) {

        end = zoom_lua_walk(&m, at, 0);

        if (*steps < 0) {
            return -1;
        }

        if (end != ZOOM_LUA_NONE) {
            match->start = at;
            match->end = end;
            return 1;
        }

        if (pattern->anchored) {
            break;
        }
    }

    return 0;
}


/*
 * Where the match of items "i" and further at "at" ends, or ZOOM_LUA_NONE.
 * Calls itself once for an item that repeats or opens or ends a capture, so
 * the depth is that of the pattern.
 */

static size_t
zoom_lua_walk(zoom_lua_matcher_t *m, size_t at, unsigned i)
{
    const zoom_lua_item_t  *item;

    for (/* void */ ; i < m->pattern->nitems; i++) {

        if (--*m->steps < 0) {
            return ZOOM_LUA_NONE;
        }

        item = &m->pattern->items[i];

        switch (item->type) {

        case ZOOM_LUA_BYTE:
        case ZOOM_LUA_ANY:
        case ZOOM_LUA_SET:

            if (item->repeat != ZOOM_LUA_ONCE) {
                return zoom_lua_walk_repeat(m, at, i);
            }

            if (at == m->len || !zoom_lua_has(item, m->s[at])) {
                return ZOOM_LUA_NONE;
            }

            at++;
            break;

        case ZOOM_LUA_CAPTURE:
        case ZOOM_LUA_HERE:
        case ZOOM_LUA_CLOSE:
            return zoom_lua_walk_capture(m, at, i);

        default:
            at = zoom_lua_walk_fixed(m, at, item);

            if (at == ZOOM_LUA_NONE) {
                return ZOOM_LUA_NONE;
            }
        }
    }

    return at;
}


/* What a failed try wrote is written again by the next one. */

static size_t
zoom_lua_walk_capture(zoom_lua_matcher_t *m, size_t at, unsigned i)
{
    size_t                  end;
    zoom_lua_capture_t     *capture, old;
    const zoom_lua_item_t  *item;

    item = &m->pattern->items[i];
    capture = &m->match->captures[item->a];

    switch (item->type) {

    case ZOOM_LUA_CAPTURE:
        capture->start = at;
        capture->len = ZOOM_LUA_OPEN;
        return zoom_lua_walk(m, at, i + 1);

    case ZOOM_LUA_HERE:
        capture->start = at;
        capture->len = ZOOM_LUA_POSITION;
        return zoom_lua_walk(m, at, i + 1);

    default:
        old = *capture;
        capture->len = at - capture->start;

        end = zoom_lua_walk(m, at, i + 1);

        if (end == ZOOM_LUA_NONE) {
            *capture = old;
        }

        return end;
    }
}


static size_t
zoom_lua_walk_repeat(zoom_lua_matcher_t *m, size_t at, unsigned i)
{
    size_t                  end, most;
    const zoom_lua_item_t  *item;

    item = &m->pattern->items[i];

    if (item->repeat == ZOOM_LUA_LEAST) {

        for ( ;; ) {
            end = zoom_lua_walk(m, at, i + 1);

            if (end != ZOOM_LUA_NONE || *m->steps < 0
                || at == m->len || !zoom_lua_has(item, m->s[at]))
            {
                return end;
            }

            at++;
            --*m->steps;
        }
    }

    most = 0;

    while (at + most < m->len && zoom_lua_has(item, m->s[at + most])) {
        most++;

        if (item->repeat == ZOOM_LUA_MAYBE) {
            break;
        }
    }

    *m->steps -= (int64_t) most;

    for ( ;; ) {
        end = zoom_lua_walk(m, at + most, i + 1);

        if (end != ZOOM_LUA_NONE || *m->steps < 0 || most == 0) {
            return end;
        }

        most--;
        --*m->steps;
    }
}


static size_t
zoom_lua_walk_fixed(zoom_lua_matcher_t *m, size_t at,
    const zoom_lua_item_t *item)
{
    size_t                     len;
    unsigned char              before, after;
    const zoom_lua_capture_t  *capture;

    switch (item->type) {

    case ZOOM_LUA_AGAIN:
        capture = &m->match->captures[item->a];
        len = capture->len;

        /* a position is no text, and nothing is as long */

        if (len == ZOOM_LUA_POSITION || m->len - at < len
            || memcmp(m->s + capture->start, m->s + at, len) != 0)
        {
            return ZOOM_LUA_NONE;
        }

        *m->steps -= (int64_t) (len / 16);
        return at + len;

    case ZOOM_LUA_BALANCE:
        return zoom_lua_walk_balance(m, at, item);

    case ZOOM_LUA_FRONTIER:
        before = at ? m->s[at - 1] : 0;
        after = (at < m->len) ? m->s[at] : 0;

        return (!zoom_lua_has(item, before) && zoom_lua_has(item, after))
               ? at : ZOOM_LUA_NONE;

    default: /* ZOOM_LUA_END */
        return (at == m->len) ? at : ZOOM_LUA_NONE;
    }
}


static size_t
zoom_lua_walk_balance(zoom_lua_matcher_t *m, size_t at,
    const zoom_lua_item_t *item)
{
    size_t  depth, i;

    if (at == m->len || m->s[at] != item->a) {
        return ZOOM_LUA_NONE;
    }

    depth = 1;

    for (i = at + 1; i < m->len; i++) {

        if (m->s[i] == item->b) {

            if (--depth == 0) {
                *m->steps -= (int64_t) (i - at);
                return i + 1;
            }

        } else if (m->s[i] == item->a) {
            depth++;
        }
    }

    *m->steps -= (int64_t) (i - at);

    return ZOOM_LUA_NONE;
}
