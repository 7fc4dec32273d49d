/* The rule that was meant. */

#include "zoom_rule.h"
#include "zoom_spelling.h"


/* so much of a rule may be wrong: a third */
#define ZOOM_RULE_WRONG  3


typedef struct {
    zoom_str_t             text;         /* as it was written */
    size_t                 least;
    zoom_buf_t            *b;            /* where the nearest goes */
    size_t                 start;
} zoom_nearest_t;


static int zoom_nearest_suffix(zoom_nearest_t *n, zoom_whose_e whose);
static int zoom_nearest_classic(zoom_nearest_t *n);
static zoom_str_t zoom_nearest_bare(zoom_buf_t *b, zoom_str_t path);
static void zoom_nearest_path(zoom_nearest_t *n, zoom_method_e method,
    const zoom_endpoint_t *endpoint);
static void zoom_nearest_scopes(zoom_nearest_t *n,
    const zoom_endpoint_t *endpoint, zoom_whose_e whose);
static zoom_str_t zoom_nearest_cut(zoom_str_t scope, zoom_str_t pattern);
static void zoom_nearest_try(zoom_nearest_t *n, zoom_buf_t *candidate);


void
zoom_rule_nearest(zoom_buf_t *b, const zoom_rule_t *rule, zoom_whose_e whose)
{
    size_t          i;
    zoom_buf_t      path;
    zoom_nearest_t  n;
    unsigned char   text[ZOOM_RULE_MAX];

    n.text = rule->pattern;

    if (rule->kind == ZOOM_RULE_PATH) {
        zoom_buf_init(&path, text, sizeof(text));
        n.text = zoom_nearest_bare(&path, rule->path);
    }

    n.least = n.text.len / ZOOM_RULE_WRONG + 1;
    n.b = b;
    n.start = b->len;

    if (rule->kind != ZOOM_RULE_PATH
        && (zoom_nearest_suffix(&n, whose) || zoom_nearest_classic(&n)))
    {
        return;
    }

    for (i = 0; i < zoom_nendpoints; i++) {

        if (rule->kind == ZOOM_RULE_PATH) {
            zoom_nearest_path(&n, rule->method, &zoom_endpoints[i]);
            continue;
        }

        zoom_nearest_scopes(&n, &zoom_endpoints[i], whose);
    }
}


/* A scope of users where it must be one of the account. */

static int
zoom_nearest_suffix(zoom_nearest_t *n, zoom_whose_e whose)
{
    zoom_buf_t     b;
    zoom_str_t     text;
    zoom_rule_t    rule;
    unsigned char  buf[ZOOM_RULE_MAX];

    zoom_buf_init(&b, buf, sizeof(buf));
    zoom_buf_str(&b, n->text);
    zoom_buf_c(&b, ":admin");

    text.data = b.data;
    text.len = b.len;

    if (b.overflow || zoom_rule_read(&rule, text) != NULL
        || !zoom_rule_matches(&rule, whose))
    {
        return 0;
    }

    zoom_buf_str(n->b, text);

    return 1;
}


/* Of a classic scope, "user:read:admin", what is granular begins alike. */

static int
zoom_nearest_classic(zoom_nearest_t *n)
{
    size_t       i, colons;
    zoom_str_t   begin;
    const char  *p;

    for (i = 0; i < zoom_nendpoints; i++) {
        p = zoom_endpoints[i].classic;

        while (*p) {
            begin.data = (const unsigned char *) p;
            begin.len = strcspn(p, ",");

            if (zoom_str_eq(begin, n->text)) {
                goto found;
            }

            p += begin.len + (p[begin.len] == ',');
        }
    }

    return 0;

found:

    colons = 0;

    for (i = 0; i < n->text.len; i++) {
        colons += (n->text.data[i] == ':');

        if (colons == 2) {
            break;
        }
    }

    begin.data = n->text.data;
    begin.len = i;

    zoom_buf_str(n->b, begin);
    zoom_buf_c(n->b, ":*");

    return 1;
}


/* Whatever parameters are called, as "*". */

static zoom_str_t
zoom_nearest_bare(zoom_buf_t *b, zoom_str_t path)
{
    size_t      i;
    int         inside;
    zoom_str_t  bare;

    inside = 0;

    for (i = 0; i < path.len; i++) {

        if (path.data[i] == '{') {
            zoom_buf_c(b, "*");
            inside = 1;

        } else if (path.data[i] == '}') {
            inside = 0;

        } else if (!inside) {
            zoom_buf_add(b, &path.data[i], 1);
        }
    }

    bare.data = b->data;
    bare.len = b->len;

    return bare;
}


/* of two that are spelled alike the one with the nearer method */

static void
zoom_nearest_path(zoom_nearest_t *n, zoom_method_e method,
    const zoom_endpoint_t *endpoint)
{
    size_t         distance;
    zoom_buf_t     b;
    zoom_str_t     path;
    unsigned char  text[ZOOM_ENDPOINT_MAX];

    path = zoom_str_c(endpoint->path);

    zoom_buf_init(&b, text, sizeof(text));

    distance = zoom_spelling_distance(n->text, zoom_nearest_bare(&b, path))
               + zoom_spelling_distance(
                     zoom_str_c(zoom_method_name(method)),
                     zoom_str_c(zoom_method_name(endpoint->method)));

    if (distance < n->least) {
        n->least = distance;
        n->b->len = n->start;

        zoom_buf_c(n->b, zoom_method_name(endpoint->method));
        zoom_buf_c(n->b, ":");
        zoom_buf_str(n->b, path);
    }
}


static void
zoom_nearest_scopes(zoom_nearest_t *n, const zoom_endpoint_t *endpoint,
    zoom_whose_e whose)
{
    size_t         at;
    zoom_str_t     scope;
    zoom_buf_t     candidate;
    unsigned char  text[ZOOM_SCOPE_MAX];

    at = 0;

    for ( ;; ) {
        scope = zoom_endpoint_scope(endpoint, whose, &at);

        if (scope.len == 0) {
            return;
        }

        zoom_buf_init(&candidate, text, sizeof(text));
        zoom_buf_str(&candidate, zoom_nearest_cut(scope, n->text));

        if (candidate.len < scope.len) {
            zoom_buf_c(&candidate, "*");
        }

        zoom_nearest_try(n, &candidate);
    }
}


/* For "meeting:raed:*" what could stand before the star. */

static zoom_str_t
zoom_nearest_cut(zoom_str_t scope, zoom_str_t pattern)
{
    size_t  i, colons;

    if (pattern.data[pattern.len - 1] != '*') {
        return scope;
    }

    colons = 0;

    for (i = 0; i < pattern.len; i++) {
        colons += (pattern.data[i] == ':');
    }

    for (i = 0; i < scope.len && colons; i++) {
        colons -= (scope.data[i] == ':');
    }

    scope.len = i;

    return scope;
}


static void
zoom_nearest_try(zoom_nearest_t *n, zoom_buf_t *candidate)
{
    size_t      distance;
    zoom_str_t  text;

    text.data = candidate->data;
    text.len = candidate->len;

    distance = zoom_spelling_distance(n->text, text);

    if (!candidate->overflow && distance < n->least) {
        n->least = distance;
        n->b->len = n->start;

        zoom_buf_str(n->b, text);
    }
}
