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


static void zoom_nearest_path(zoom_nearest_t *n, zoom_method_e method,
    const zoom_endpoint_t *endpoint);
static void zoom_nearest_scopes(zoom_nearest_t *n,
    const zoom_endpoint_t *endpoint, zoom_whose_e whose);
static zoom_str_t zoom_nearest_cut(zoom_str_t scope, zoom_str_t pattern);
static void zoom_nearest_try(zoom_nearest_t *n, zoom_buf_t *candidate);


void
zoom_rule_nearest(zoom_buf_t *b, const zoom_rule_t *rule)
{
    size_t          i;
    zoom_nearest_t  n;

    n.text = (rule->kind == ZOOM_RULE_PATH) ? rule->path : rule->pattern;
    n.least = n.text.len / ZOOM_RULE_WRONG + 1;
    n.b = b;
    n.start = b->len;

    for (i = 0; i < zoom_nendpoints; i++) {

        if (rule->kind == ZOOM_RULE_PATH) {
            zoom_nearest_path(&n, rule->method, &zoom_endpoints[i]);
            continue;
        }

        zoom_nearest_scopes(&n, &zoom_endpoints[i], ZOOM_OF_ACCOUNT);
        zoom_nearest_scopes(&n, &zoom_endpoints[i], ZOOM_OF_USER);
    }
}


/* of two that are spelled alike the one with the nearer method */

static void
zoom_nearest_path(zoom_nearest_t *n, zoom_method_e method,
    const zoom_endpoint_t *endpoint)
{
    size_t      distance;
    zoom_str_t  path;

    path = zoom_str_c(endpoint->path);
    distance = zoom_spelling_distance(n->text, path)
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
