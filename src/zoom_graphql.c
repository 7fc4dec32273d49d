/*
 * What a GraphQL request asks for.
 *
 * Of the grammar (spec.graphql.org, October 2021, appendix B) this reads the
 * tokens and the brackets: enough to find each operation and the fields at its
 * root.
 */

#include <jansson.h>

#include "zoom_graphql.h"
#include "zoom_json.h"


#define ZOOM_GRAPHQL_DEPTH  64


typedef struct {
    const unsigned char  *p;
    const unsigned char  *end;
    unsigned char         last;          /* the token before: a punctuator, "a"
                                            for a name, "s" for a string */
    unsigned char         stack[ZOOM_GRAPHQL_DEPTH];
    size_t                depth;
    int                   inside;        /* an operation, or a fragment, */
    int                   counts;        /* and it is the former */
} zoom_graphql_scan_t;


static const char *zoom_graphql_document(zoom_graphql_t *g, zoom_str_t text);
static const char *zoom_graphql_token(zoom_graphql_t *g,
    zoom_graphql_scan_t *s);
static const char *zoom_graphql_string(zoom_graphql_scan_t *s);
static const char *zoom_graphql_block(zoom_graphql_scan_t *s);
static const char *zoom_graphql_name(zoom_graphql_t *g,
    zoom_graphql_scan_t *s);
static const char *zoom_graphql_define(zoom_graphql_t *g,
    zoom_graphql_scan_t *s, zoom_str_t name);
static const char *zoom_graphql_punctuator(zoom_graphql_scan_t *s);
static const char *zoom_graphql_open(zoom_graphql_scan_t *s,
    unsigned char c);
static const char *zoom_graphql_close(zoom_graphql_scan_t *s,
    unsigned char c);
static int zoom_graphql_is_name(unsigned char c);


const char *
zoom_graphql_read(zoom_graphql_t *g, zoom_str_t body)
{
    json_t      *root, *query;
    zoom_str_t   text;
    const char  *why;

    memset(g, 0, sizeof(zoom_graphql_t));

    root = zoom_json_load(body, &why);

    if (root == NULL) {
        return why;
    }

    query = json_object_get(root, "query");

    if (!json_is_string(query)) {
        json_decref(root);
        return "has no \"query\"";
    }

    text.data = (const unsigned char *) json_string_value(query);
    text.len = json_string_length(query);

    why = zoom_graphql_document(g, text);

    json_decref(root);

    return why;
}


static const char *
zoom_graphql_document(zoom_graphql_t *g, zoom_str_t text)
{
    const char           *why;
    zoom_graphql_scan_t   s;

    memset(&s, 0, sizeof(zoom_graphql_scan_t));

    s.p = text.data;
    s.end = text.data + text.len;

    while (s.p < s.end) {
        why = zoom_graphql_token(g, &s);

        if (why) {
            return why;
        }
    }

    if (s.depth || s.inside) {
        return "ends too early";
    }

    return g->fields ? NULL : "asks for nothing";
}


static const char *
zoom_graphql_token(zoom_graphql_t *g, zoom_graphql_scan_t *s)
{
    unsigned char  c;

    c = *s->p;

    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',') {
        s->p++;
        return NULL;
    }

    if (c == '#') {
        while (s->p < s->end && *s->p != '\n' && *s->p != '\r') {
            s->p++;
        }

        return NULL;
    }

    if (c == '"') {
        return zoom_graphql_string(s);
    }

    if (zoom_graphql_is_name(c)) {
        return zoom_graphql_name(g, s);
    }

    return zoom_graphql_punctuator(s);
}


static const char *
zoom_graphql_string(zoom_graphql_scan_t *s)
{
    s->last = 's';

    if (s->end - s->p >= 3 && memcmp(s->p, "\"\"\"", 3) == 0) {
        return zoom_graphql_block(s);
    }

    for (s->p++; s->p < s->end; s->p++) {

        if (*s->p == '\n' || *s->p == '\r') {
            break;
        }

        if (*s->p == '\\' && s->p + 1 < s->end) {
            s->p++;
            continue;
        }

        if (*s->p == '"') {
            s->p++;
            return NULL;
        }
    }

    return "has a string without an end";
}


static const char *
zoom_graphql_block(zoom_graphql_scan_t *s)
{
    for (s->p += 3; s->end - s->p >= 3; s->p++) {

        if (s->end - s->p >= 4 && memcmp(s->p, "\\\"\"\"", 4) == 0) {
            s->p += 3;
            continue;
        }

        if (memcmp(s->p, "\"\"\"", 3) == 0) {
            s->p += 3;
            return NULL;
        }
    }

    return "has a string without an end";
}


/* A number is one as well: it stands where no field does. */

static const char *
zoom_graphql_name(zoom_graphql_t *g, zoom_graphql_scan_t *s)
{
    zoom_str_t     name;
    unsigned char  before;

    name.data = s->p;

    while (s->p < s->end && zoom_graphql_is_name(*s->p)) {
        s->p++;
    }

    name.len = (size_t) (s->p - name.data);

    before = s->last;
    s->last = 'a';

    if (s->depth == 0 && !s->inside) {
        return zoom_graphql_define(g, s, name);
    }

    /* "alias: field" is one, and "@name" none */

    if (s->counts && s->depth == 1 && s->stack[0] == '{'
        && before != ':' && before != '@')
    {
        g->fields++;
    }

    return NULL;
}


static const char *
zoom_graphql_define(zoom_graphql_t *g, zoom_graphql_scan_t *s,
    zoom_str_t name)
{
    s->inside = 1;
    s->counts = 1;

    if (zoom_str_eq(name, zoom_str_c("query"))) {
        return NULL;
    }

    if (zoom_str_eq(name, zoom_str_c("fragment"))) {
        s->counts = 0;
        return NULL;
    }

    if (zoom_str_eq(name, zoom_str_c("mutation"))
        || zoom_str_eq(name, zoom_str_c("subscription")))
    {
        g->writes = 1;
        return NULL;
    }

    return "is no query, mutation, subscription or fragment";
}


static const char *
zoom_graphql_punctuator(zoom_graphql_scan_t *s)
{
    unsigned char  c;

    c = *s->p++;
    s->last = c;

    switch (c) {

    case '{':
    case '(':
    case '[':
        return zoom_graphql_open(s, c);

    case '}':
    case ')':
    case ']':
        return zoom_graphql_close(s, c);

    case '!':
    case '$':
    case '&':
    case '.':
    case ':':
    case '=':
    case '@':
    case '|':
    case '-':
        return (s->inside || s->depth) ? NULL : "begins in the middle";

    default:
        return "has a character that GraphQL has not";
    }
}


static const char *
zoom_graphql_open(zoom_graphql_scan_t *s, unsigned char c)
{
    if (s->depth == ZOOM_GRAPHQL_DEPTH) {
        return "is too deep";
    }

    if (s->depth == 0 && !s->inside) {

        /* a query may leave its name out */

        if (c != '{') {
            return "begins in the middle";
        }

        s->inside = 1;
        s->counts = 1;
    }

    s->stack[s->depth++] = c;

    return NULL;
}


static const char *
zoom_graphql_close(zoom_graphql_scan_t *s, unsigned char c)
{
    unsigned char  open;

    open = (c == '}') ? '{' : (c == ')') ? '(' : '[';

    if (s->depth == 0 || s->stack[--s->depth] != open) {
        return "has brackets that do not match";
    }

    /* the end of its selections, and so of the definition */

    if (s->depth == 0 && open == '{') {
        s->inside = 0;
        s->counts = 0;
    }

    return NULL;
}


static int
zoom_graphql_is_name(unsigned char c)
{
    unsigned char  lower;

    lower = zoom_lower(c);

    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')
           || c == '_';
}
