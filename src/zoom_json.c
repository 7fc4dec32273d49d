/* A scanner for callbacks. */

#include <string.h>

#include "zoom_json.h"
#include "zoom_json_sort.h"
#include "zoom_json_text.h"


/* A byte in all eight places of a word. */

#define ZOOM_JSON_EACH(c)  (UINT64_C(0x0101010101010101) * (c))


typedef struct {
    uint16_t              node;      /* the array or object */
    uint16_t              last;      /* its last child so far */
    uint8_t               object;
    uint8_t               sorted;    /* members came in order so far */
} zoom_json_frame_t;


typedef struct {
    zoom_json_doc_t      *doc;
    const unsigned char  *p;
    const unsigned char  *end;
    const unsigned char  *run;       /* of what is canonical as it stands */
    zoom_buf_t           *b;         /* the canonical form before it, or NULL */
    unsigned              depth;
    zoom_json_frame_t     stack[ZOOM_JSON_MAX_DEPTH];
} zoom_json_scanner_t;


static void zoom_json_gap(zoom_json_scanner_t *s);
static void zoom_json_flush(zoom_json_scanner_t *s, const unsigned char *end);
static const char *zoom_json_value(zoom_json_scanner_t *s);
static const char *zoom_json_name(zoom_json_scanner_t *s,
    zoom_json_node_t *node);
static const char *zoom_json_link(zoom_json_scanner_t *s, uint16_t i);
static const char *zoom_json_open(zoom_json_scanner_t *s, uint16_t i);
static const char *zoom_json_after(zoom_json_scanner_t *s);
static const char *zoom_json_close(zoom_json_scanner_t *s);
static const char *zoom_json_string(zoom_json_scanner_t *s, zoom_str_t *raw,
    uint8_t *escaped);
static const unsigned char *zoom_json_run(const unsigned char *p,
    const unsigned char *end);
static const char *zoom_json_escape(zoom_json_scanner_t *s);
static const char *zoom_json_escaped(zoom_json_scanner_t *s);
static const char *zoom_json_word(zoom_json_scanner_t *s,
    zoom_json_node_t *node, const char *word, zoom_json_e type);
static const char *zoom_json_number(zoom_json_scanner_t *s,
    zoom_json_node_t *node);

static int zoom_json_name_is(const zoom_json_node_t *node, zoom_str_t name);


static const char  zoom_json_bad[] = "is not JSON";
static const char  zoom_json_bad_utf8[] = "is not UTF-8";
static const char  zoom_json_deep[] = "is too deep";
static const char  zoom_json_many[] = "has too many values";
static const char  zoom_json_twice[] = "has a duplicate member";
static const char  zoom_json_lone[] = "has a lone surrogate";
static const char  zoom_json_nul[] = "has U+0000 in a string";


/* What a string may hold without a closer look. */

static const uint8_t  zoom_json_plain[256] = {
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0,  0, 0, 0, 0, 0, 0, 0, 0,
    1, 1, 0, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1,     /* not " */
    1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 0, 1, 1, 1,     /* not \ */
    1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1,
    1, 1, 1, 1, 1, 1, 1, 1,  1, 1, 1, 1, 1, 1, 1, 1
    /* a byte above 0x7f needs its followers */
};


static inline void
zoom_json_skip(zoom_json_scanner_t *s)
{
    /* one comparison where there is none, as mostly */

    if (s->p < s->end && *s->p <= ' ') {
        zoom_json_gap(s);
    }
}


static inline int
zoom_json_digits(const unsigned char **p, const unsigned char *end)
{
    const unsigned char  *start;

    start = *p;

    while (*p < end && **p >= '0' && **p <= '9') {
        (*p)++;
    }

    return *p > start;
}


const char *
zoom_json_scan(zoom_json_doc_t *doc, zoom_str_t text)
{
    return zoom_json_scan_canonical(doc, text, NULL);
}


const char *
zoom_json_scan_canonical(zoom_json_doc_t *doc, zoom_str_t text, zoom_buf_t *b)
{
    const char           *why;
    zoom_json_scanner_t   s;

    doc->n = 0;
    doc->escaped = 0;
    doc->canonical = zoom_str_c(NULL);

    if (text.len == 0) {
        return "is empty";
    }

    s.doc = doc;
    s.p = text.data;
    s.end = text.data + text.len;
    s.run = s.p;
    s.b = b;
    s.depth = 0;

    do {
        why = zoom_json_value(&s);

        if (why == NULL) {
            why = zoom_json_after(&s);
        }

    } while (why == NULL && s.depth);

    if (why == NULL && s.p != s.end) {
        why = zoom_json_bad;
    }

    if (why) {
        doc->n = 0;
        return why;
    }

    if (s.b == NULL) {
        return NULL;
    }

    if (s.b->len) {
        zoom_json_flush(&s, s.p);

        doc->canonical.data = s.b->data;
        doc->canonical.len = s.b->len;

    } else {
        doc->canonical.data = s.run;
        doc->canonical.len = (size_t) (s.p - s.run);
    }

    if (s.b->overflow) {
        doc->canonical = zoom_str_c(NULL);
    }

    return NULL;
}


/* White space: no canonical form has any. */

static void
zoom_json_gap(zoom_json_scanner_t *s)
{
    const unsigned char  *p;

    p = s->p;

    while (s->p < s->end
           && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t'
               || *s->p == '\r'))
    {
        s->p++;
    }

    if (s->p > p) {
        zoom_json_flush(s, p);
    }
}


/* What was canonical up to here is written, and what follows may be. */

static void
zoom_json_flush(zoom_json_scanner_t *s, const unsigned char *end)
{
    if (s->b) {
        zoom_buf_add(s->b, s->run, (size_t) (end - s->run));
        s->run = s->p;
    }
}


/* One value, with its name if it is a member; of a container its opening. */

static const char *
zoom_json_value(zoom_json_scanner_t *s)
{
    uint16_t           i;
    const char        *why;
    zoom_json_node_t  *node;

    if (s->doc->n == ZOOM_JSON_MAX_NODES) {
        return zoom_json_many;
    }

    i = (uint16_t) s->doc->n++;

    node = &s->doc->nodes[i];
    node->first = ZOOM_JSON_NONE;
    node->next = ZOOM_JSON_NONE;
    node->escaped = 0;

    zoom_json_skip(s);

    why = zoom_json_name(s, node);

    if (why == NULL) {
        why = zoom_json_link(s, i);
    }

    if (why) {
        return why;
    }

    if (s->p == s->end) {
        return zoom_json_bad;
    }

    switch (*s->p) {

    case '"':
        node->type = ZOOM_JSON_STRING;
        return zoom_json_string(s, &node->text, &node->escaped);

    case '{':
    case '[':
        return zoom_json_open(s, i);

    case 'n':
        return zoom_json_word(s, node, "null", ZOOM_JSON_NULL);

    case 'f':
        return zoom_json_word(s, node, "false", ZOOM_JSON_FALSE);

    case 't':
        return zoom_json_word(s, node, "true", ZOOM_JSON_TRUE);

    default:
        return zoom_json_number(s, node);
    }
}


static const char *
zoom_json_name(zoom_json_scanner_t *s, zoom_json_node_t *node)
{
    const char  *why;

    node->name.data = s->p;
    node->name.len = 0;
    node->name_escaped = 0;

    if (s->depth == 0 || !s->stack[s->depth - 1].object) {
        return NULL;
    }

    if (s->p == s->end || *s->p != '"') {
        return zoom_json_bad;
    }

    why = zoom_json_string(s, &node->name, &node->name_escaped);

    if (why) {
        return why;
    }

    zoom_json_skip(s);

    if (s->p == s->end || *s->p != ':') {
        return zoom_json_bad;
    }

    s->p++;

    zoom_json_skip(s);

    return NULL;
}


static const char *
zoom_json_link(zoom_json_scanner_t *s, uint16_t i)
{
    int                 rc;
    zoom_json_node_t   *nodes;
    zoom_json_frame_t  *f;

    if (s->depth == 0) {
        return NULL;
    }

    f = &s->stack[s->depth - 1];
    nodes = s->doc->nodes;

    if (f->last == ZOOM_JSON_NONE) {
        nodes[f->node].first = i;

    } else {
        nodes[f->last].next = i;

        /* most senders sort by themselves, which spares us to */

        if (f->sorted) {
            rc = zoom_json_compare(&nodes[f->last], &nodes[i]);

            if (rc == 0) {
                return zoom_json_twice;
            }

            if (rc > 0) {
                f->sorted = 0;
                s->b = NULL;
            }
        }
    }

    f->last = i;

    return NULL;
}


static const char *
zoom_json_open(zoom_json_scanner_t *s, uint16_t i)
{
    zoom_json_node_t   *node;
    zoom_json_frame_t  *f;

    if (s->depth == ZOOM_JSON_MAX_DEPTH) {
        return zoom_json_deep;
    }

    f = &s->stack[s->depth++];
    f->node = i;
    f->last = ZOOM_JSON_NONE;
    f->object = (*s->p == '{');
    f->sorted = f->object;

    node = &s->doc->nodes[i];
    node->type = f->object ? ZOOM_JSON_OBJECT : ZOOM_JSON_ARRAY;
    node->text.data = s->p++;

    return NULL;
}


/* What stands between two values. */

static const char *
zoom_json_after(zoom_json_scanner_t *s)
{
    const char         *why;
    zoom_json_frame_t  *f;

    for ( ;; ) {
        zoom_json_skip(s);

        if (s->depth == 0) {
            return NULL;
        }

        if (s->p == s->end) {
            return zoom_json_bad;
        }

        f = &s->stack[s->depth - 1];

        if (*s->p == (f->object ? '}' : ']')) {
            why = zoom_json_close(s);

            if (why) {
                return why;
            }

            continue;
        }

        /* no comma before the first child */

        if (f->last == ZOOM_JSON_NONE) {
            return NULL;
        }

        return (*s->p++ == ',') ? NULL : zoom_json_bad;
    }
}


static const char *
zoom_json_close(zoom_json_scanner_t *s)
{
    zoom_json_node_t   *node;
    zoom_json_frame_t  *f;

    f = &s->stack[--s->depth];

    node = &s->doc->nodes[f->node];
    node->text.len = (size_t) (++s->p - node->text.data);

    if (f->object && !f->sorted
        && zoom_json_sort(s->doc->nodes, &node->first) != 0)
    {
        return zoom_json_twice;
    }

    return NULL;
}


static const char *
zoom_json_string(zoom_json_scanner_t *s, zoom_str_t *raw, uint8_t *escaped)
{
    size_t       n;
    const char  *why;

    raw->data = ++s->p;

    for ( ;; ) {
        s->p = zoom_json_run(s->p, s->end);

        if (s->p == s->end) {
            return zoom_json_bad;
        }

        if (*s->p == '"') {
            raw->len = (size_t) (s->p++ - raw->data);
            s->doc->escaped += *escaped ? raw->len : 0;
            return NULL;
        }

        if (*s->p == '\\') {
            why = zoom_json_escape(s);

            if (why) {
                return why;
            }

            *escaped = 1;
            continue;
        }

        if (*s->p < 0x20) {
            return zoom_json_bad;
        }

        n = zoom_utf8_len(s->p, s->end);

        if (n == 0) {
            return zoom_json_bad_utf8;
        }

        s->p += n;
    }
}


/*
 * Where a run of plain characters ends.  Eight at a time: a subtraction sets
 * the highest bit of a byte that is too small, or was equal and is now zero.
 * A borrow goes on to higher bytes only, so the lowest bit that is set is
 * right, and where the lowest byte comes first it tells where.
 */

static const unsigned char *
zoom_json_run(const unsigned char *p, const unsigned char *end)
{
    uint64_t  w;

    while (end - p >= 8) {
        memcpy(&w, p, 8);

        w = (w
             | (w - ZOOM_JSON_EACH(0x20))
             | ((w ^ ZOOM_JSON_EACH('"')) - ZOOM_JSON_EACH(1))
             | ((w ^ ZOOM_JSON_EACH('\\')) - ZOOM_JSON_EACH(1)))
            & ZOOM_JSON_EACH(0x80);

        if (w) {
#if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
            return p + __builtin_ctzll(w) / 8;
#else
            break;
#endif
        }

        p += 8;
    }

    while (p < end && zoom_json_plain[*p]) {
        p++;
    }

    return p;
}


static const char *
zoom_json_escape(zoom_json_scanner_t *s)
{
    const char           *why;
    const unsigned char  *p;

    p = s->p;
    why = zoom_json_escaped(s);

    if (why == NULL && s->b) {
        zoom_json_flush(s, p);
        zoom_json_put_char(s->b, zoom_json_unescape(&p));
    }

    return why;
}


static const char *
zoom_json_escaped(zoom_json_scanner_t *s)
{
    int32_t  cp;

    static const char  shorts[] = "\"\\/bfnrt";

    if (s->end - s->p < 2) {
        return zoom_json_bad;
    }

    if (s->p[1] != 'u') {

        if (memchr(shorts, s->p[1], sizeof(shorts) - 1) == NULL) {
            return zoom_json_bad;
        }

        s->p += 2;

        return NULL;
    }

    cp = zoom_json_hex4(s->p + 2, s->end);

    if (cp == -1) {
        return zoom_json_bad;
    }

    if (cp == 0) {
        return zoom_json_nul;
    }

    s->p += 6;

    if (cp < 0xd800 || cp > 0xdfff) {
        return NULL;
    }

    if (cp > 0xdbff || s->end - s->p < 6 || s->p[0] != '\\'
        || s->p[1] != 'u')
    {
        return zoom_json_lone;
    }

    cp = zoom_json_hex4(s->p + 2, s->end);

    if (cp < 0xdc00 || cp > 0xdfff) {
        return zoom_json_lone;
    }

    s->p += 6;

    return NULL;
}


static const char *
zoom_json_word(zoom_json_scanner_t *s, zoom_json_node_t *node,
    const char *word, zoom_json_e type)
{
    size_t  len;

    len = strlen(word);

    if ((size_t) (s->end - s->p) < len || memcmp(s->p, word, len) != 0) {
        return zoom_json_bad;
    }

    node->type = (uint8_t) type;
    node->text.data = s->p;
    node->text.len = len;

    s->p += len;

    return NULL;
}


static const char *
zoom_json_number(zoom_json_scanner_t *s, zoom_json_node_t *node)
{
    const unsigned char  *p, *end;

    p = s->p;
    end = s->end;

    if (p < end && *p == '-') {
        p++;
    }

    if (p < end && *p == '0') {
        p++;

    } else if (!zoom_json_digits(&p, end)) {
        return zoom_json_bad;
    }

    if (p < end && *p == '.') {
        p++;

        if (!zoom_json_digits(&p, end)) {
            return zoom_json_bad;
        }
    }

    if (p < end && (*p == 'e' || *p == 'E')) {
        p++;

        if (p < end && (*p == '+' || *p == '-')) {
            p++;
        }

        if (!zoom_json_digits(&p, end)) {
            return zoom_json_bad;
        }
    }

    node->type = ZOOM_JSON_NUMBER;
    node->text.data = s->p;
    node->text.len = (size_t) (p - s->p);

    s->p = p;

    return NULL;
}


const zoom_json_node_t *
zoom_json_member(const zoom_json_doc_t *doc, const zoom_json_node_t *object,
    const char *name)
{
    uint16_t                 i;
    zoom_str_t               s;
    const zoom_json_node_t  *node;

    if (object->type != ZOOM_JSON_OBJECT) {
        return NULL;
    }

    s = zoom_str_c(name);

    for (i = object->first; i != ZOOM_JSON_NONE; i = node->next) {
        node = &doc->nodes[i];

        if (zoom_json_name_is(node, s)) {
            return node;
        }
    }

    return NULL;
}


static int
zoom_json_name_is(const zoom_json_node_t *node, zoom_str_t name)
{
    size_t                n;
    unsigned char         utf8[4];
    const unsigned char  *p, *end;

    if (!node->name_escaped) {
        return zoom_str_eq(node->name, name);
    }

    p = node->name.data;
    end = p + node->name.len;

    while (p < end) {

        if (*p == '\\') {
            n = zoom_json_utf8(utf8, zoom_json_unescape(&p));

        } else {
            utf8[0] = *p++;
            n = 1;
        }

        if (name.len < n || memcmp(name.data, utf8, n) != 0) {
            return 0;
        }

        name.data += n;
        name.len -= n;
    }

    return name.len == 0;
}


void
zoom_json_decode(zoom_buf_t *b, zoom_str_t raw)
{
    unsigned char         utf8[4];
    const unsigned char  *p, *end, *run;

    if (raw.len == 0) {
        return;
    }

    p = raw.data;
    end = p + raw.len;

    while (p < end) {
        run = memchr(p, '\\', (size_t) (end - p));
        run = run ? run : end;

        zoom_buf_add(b, p, (size_t) (run - p));

        p = run;

        if (p < end) {
            zoom_buf_add(b, utf8,
                         zoom_json_utf8(utf8, zoom_json_unescape(&p)));
        }
    }
}
