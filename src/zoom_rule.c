/* What a caller of the gateway may do. */

#include "zoom_glob.h"
#include "zoom_rule.h"


static const char *zoom_rule_path(zoom_rule_t *rule, zoom_str_t text,
    size_t colon);
static const char *zoom_rule_template(zoom_str_t path);
static const char *zoom_rule_scope(zoom_rule_t *rule, zoom_str_t text);
static int zoom_rule_is_parameter(zoom_str_t segment);
static int zoom_rule_same(zoom_str_t path, zoom_str_t other);
static int zoom_rule_fits(zoom_str_t path, const zoom_path_t *asked);
static zoom_str_t zoom_rule_segment(zoom_str_t *path);
static int zoom_rule_has_scope(const zoom_rule_t *rule,
    const zoom_endpoint_t *endpoint, zoom_whose_e whose);


const char *
zoom_rule_read(zoom_rule_t *rule, zoom_str_t text)
{
    size_t  colon;

    memset(rule, 0, sizeof(zoom_rule_t));

    rule->text = text;

    if (text.len == 0 || text.len > ZOOM_RULE_MAX) {
        return "is empty or too long";
    }

    if (zoom_str_eq(text, zoom_str_c("*"))) {
        rule->kind = ZOOM_RULE_ALL;
        return NULL;
    }

    if (zoom_str_eq(text, zoom_str_c("read"))) {
        rule->kind = ZOOM_RULE_READ;
        return NULL;
    }

    if (zoom_str_eq(text, zoom_str_c("write"))) {
        rule->kind = ZOOM_RULE_WRITE;
        return NULL;
    }

    for (colon = 0; colon < text.len && text.data[colon] != ':'; colon++) {
        /* void */
    }

    if (colon + 1 < text.len && text.data[colon + 1] == '/') {
        return zoom_rule_path(rule, text, colon);
    }

    return zoom_rule_scope(rule, text);
}


static const char *
zoom_rule_path(zoom_rule_t *rule, zoom_str_t text, size_t colon)
{
    size_t       i;
    zoom_str_t   method;
    const char  *why;

    method.data = text.data;
    method.len = colon;

    rule->kind = ZOOM_RULE_PATH;
    rule->method = zoom_method(method);
    rule->path.data = text.data + colon + 1;
    rule->path.len = text.len - colon - 1;

    if (rule->method == ZOOM_NMETHODS) {
        return "has no method of GET, POST, PUT, PATCH, DELETE";
    }

    why = zoom_rule_template(rule->path);

    if (why) {
        return why;
    }

    for (i = 0; i < zoom_nendpoints; i++) {
        if (zoom_endpoints[i].method == rule->method
            && zoom_rule_same(rule->path, zoom_str_c(zoom_endpoints[i].path)))
        {
            rule->endpoint = &zoom_endpoints[i];
            break;
        }
    }

    return NULL;
}


static const char *
zoom_rule_template(zoom_str_t path)
{
    size_t         i;
    zoom_str_t     segment;
    unsigned char  c;

    while (path.len) {
        segment = zoom_rule_segment(&path);

        if (segment.len == 0) {
            return "has an empty segment";
        }

        if (segment.data[0] == '*' && segment.len == 1) {
            continue;
        }

        if (zoom_rule_is_parameter(segment)) {
            segment.data++;
            segment.len -= 2;
        }

        for (i = 0; i < segment.len; i++) {
            c = zoom_lower(segment.data[i]);

            if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')
                  || zoom_one_of(c, "-._")))
            {
                return "has a segment that is neither a name nor a "
                       "\"{parameter}\"";
            }
        }
    }

    return NULL;
}


/* Zoom's own have digits, and even spaces; a slash would be half a path. */

static const char *
zoom_rule_scope(zoom_rule_t *rule, zoom_str_t text)
{
    size_t  i, colons;

    colons = 0;

    for (i = 0; i < text.len; i++) {

        if (text.data[i] == ':') {
            colons++;

        } else if (text.data[i] < ' ' || zoom_one_of(text.data[i], "/,{}")) {
            return "is neither a scope nor a method and a path";
        }
    }

    if (colons == 0) {
        return "is neither \"*\", \"read\" nor \"write\", nor a scope, nor a "
               "method and a path";
    }

    rule->kind = ZOOM_RULE_SCOPE;
    rule->pattern = text;

    return NULL;
}


static int
zoom_rule_is_parameter(zoom_str_t segment)
{
    return (segment.len == 1 && segment.data[0] == '*')
           || (segment.len > 2 && segment.data[0] == '{'
               && segment.data[segment.len - 1] == '}');
}


/* whatever parameters are called */

static int
zoom_rule_same(zoom_str_t path, zoom_str_t other)
{
    zoom_str_t  a, b;

    while (path.len && other.len) {
        a = zoom_rule_segment(&path);
        b = zoom_rule_segment(&other);

        if (zoom_rule_is_parameter(a) && zoom_rule_is_parameter(b)) {
            continue;
        }

        if (!zoom_str_eq(a, b)) {
            return 0;
        }
    }

    return path.len == 0 && other.len == 0;
}


static int
zoom_rule_fits(zoom_str_t path, const zoom_path_t *asked)
{
    size_t      i;
    zoom_str_t  segment;

    for (i = 0; i < asked->n; i++) {

        if (path.len == 0) {
            return 0;
        }

        segment = zoom_rule_segment(&path);

        if (!zoom_rule_is_parameter(segment)
            && !zoom_str_eq(segment, asked->segments[i].text))
        {
            return 0;
        }
    }

    return path.len == 0;
}


/* Takes "/segment" from the beginning of a path. */

static zoom_str_t
zoom_rule_segment(zoom_str_t *path)
{
    zoom_str_t  segment;

    path->data++;
    path->len--;

    segment.data = path->data;
    segment.len = 0;

    while (path->len && *path->data != '/') {
        path->data++;
        path->len--;
        segment.len++;
    }

    return segment;
}


int
zoom_rule_matches(const zoom_rule_t *rule, zoom_whose_e whose)
{
    size_t  i;

    switch (rule->kind) {

    case ZOOM_RULE_SCOPE:
        break;

    case ZOOM_RULE_PATH:
        return rule->endpoint != NULL;

    default:
        return 1;
    }

    for (i = 0; i < zoom_nendpoints; i++) {
        if (zoom_rule_has_scope(rule, &zoom_endpoints[i], whose)) {
            return 1;
        }
    }

    return 0;
}


int
zoom_rule_permits(const zoom_rule_t *rule, const zoom_asked_t *asked)
{
    if (rule->kind == ZOOM_RULE_PATH && asked->endpoint == NULL) {
        return rule->method == asked->method
               && zoom_rule_fits(rule->path, asked->path);
    }

    if (asked->endpoint == NULL) {
        return 0;
    }

    switch (rule->kind) {

    case ZOOM_RULE_ALL:
        return 1;

    case ZOOM_RULE_READ:
        return !zoom_method_writes(asked->method);

    case ZOOM_RULE_WRITE:
        return zoom_method_writes(asked->method);

    case ZOOM_RULE_SCOPE:
        return zoom_rule_has_scope(rule, asked->endpoint, asked->whose);

    default: /* ZOOM_RULE_PATH */
        return rule->endpoint == asked->endpoint;
    }
}


static int
zoom_rule_has_scope(const zoom_rule_t *rule, const zoom_endpoint_t *endpoint,
    zoom_whose_e whose)
{
    size_t      at;
    zoom_str_t  scope;

    at = 0;

    for ( ;; ) {
        scope = zoom_endpoint_scope(endpoint, whose, &at);

        if (scope.len == 0) {
            return 0;
        }

        if (zoom_glob(rule->pattern, scope, 0)) {
            return 1;
        }
    }
}
