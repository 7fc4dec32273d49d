/* Which of Zoom's endpoints a request is for, and what that takes. */

#include "zoom_endpoint.h"
#include "zoom_endpoint_table.h"


static const zoom_endpoint_node_t *zoom_endpoint_walk(
    const zoom_endpoint_node_t *node, const zoom_path_t *path, size_t i);
static const zoom_endpoint_node_t *zoom_endpoint_child(
    const zoom_endpoint_node_t *node, zoom_str_t name);
static int zoom_endpoint_takes_uuid(zoom_str_t segment);
static zoom_str_t zoom_endpoint_segment(const char **p);
static int zoom_endpoint_has(const zoom_endpoint_t *endpoint, int of_account);
static zoom_str_t zoom_endpoint_next(const char *scopes, size_t *at);
static int zoom_scope_ends(zoom_str_t name, const char *suffix);


static const char *const  zoom_methods[] = {
    "GET", "POST", "PUT", "PATCH", "DELETE"
};


zoom_method_e
zoom_method(zoom_str_t name)
{
    size_t  i;

    for (i = 0; i < ZOOM_NMETHODS; i++) {
        if (zoom_str_eq(name, zoom_str_c(zoom_methods[i]))) {
            break;
        }
    }

    return (zoom_method_e) i;
}


const char *
zoom_method_name(zoom_method_e method)
{
    return zoom_methods[method];
}


int
zoom_method_writes(zoom_method_e method)
{
    return method != ZOOM_GET;
}


const zoom_endpoint_t *
zoom_endpoint_find(zoom_method_e method, const zoom_path_t *path)
{
    const zoom_endpoint_node_t  *node;

    node = zoom_endpoint_walk(&zoom_endpoint_nodes[method], path, 0);

    return (node == NULL) ? NULL : &zoom_endpoints[node->row - 1];
}


/* As deep as a path of Zoom's, and no wider than two at each segment. */

static const zoom_endpoint_node_t *
zoom_endpoint_walk(const zoom_endpoint_node_t *node, const zoom_path_t *path,
    size_t i)
{
    const zoom_endpoint_node_t  *child, *found;

    if (i == path->n) {
        return node->row ? node : NULL;
    }

    child = zoom_endpoint_child(node, path->segments[i].text);

    if (child) {
        found = zoom_endpoint_walk(child, path, i + 1);

        if (found) {
            return found;
        }
    }

    child = &zoom_endpoint_nodes[node->first];

    if (node->nchildren == 0 || child->len) {
        return NULL;
    }

    return zoom_endpoint_walk(child, path, i + 1);
}


static const zoom_endpoint_node_t *
zoom_endpoint_child(const zoom_endpoint_node_t *node, zoom_str_t name)
{
    int                          order;
    size_t                       low, high, middle, len;
    const zoom_endpoint_node_t  *child;

    low = node->first;
    high = low + node->nchildren;

    while (low < high) {
        middle = low + (high - low) / 2;
        child = &zoom_endpoint_nodes[middle];

        len = (name.len < child->len) ? name.len : child->len;
        order = memcmp(name.data, child->name, len);

        if (order == 0) {

            if (name.len == child->len) {
                return child;
            }

            order = (name.len < child->len) ? -1 : 1;
        }

        if (order < 0) {
            high = middle;

        } else {
            low = middle + 1;
        }
    }

    return NULL;
}


int
zoom_endpoint_fits(const zoom_endpoint_t *endpoint, const zoom_path_t *path)
{
    size_t       i;
    const char  *p;
    zoom_str_t   segment;

    p = endpoint ? endpoint->path : "";

    for (i = 0; i < path->n; i++) {
        segment = zoom_endpoint_segment(&p);

        if ((path->segments[i].slash || path->segments[i].twice)
            && !zoom_endpoint_takes_uuid(segment))
        {
            return 0;
        }
    }

    return 1;
}


/* Zoom takes a UUID in place of most of its meetings' and webinars' ids. */

static int
zoom_endpoint_takes_uuid(zoom_str_t segment)
{
    size_t  i;

    static const char *const  names[] = {
        "{meetingId}", "{meetingUUID}", "{webinarId}"
    };

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (zoom_str_eq(segment, zoom_str_c(names[i]))) {
            return 1;
        }
    }

    return 0;
}


static zoom_str_t
zoom_endpoint_segment(const char **p)
{
    zoom_str_t  segment;

    if (**p == '/') {
        (*p)++;
    }

    segment.data = (const unsigned char *) *p;
    segment.len = strcspn(*p, "/");

    *p += segment.len;

    return segment;
}


zoom_str_t
zoom_endpoint_scope(const zoom_endpoint_t *endpoint, zoom_whose_e whose,
    size_t *at)
{
    int         of_account;
    zoom_str_t  name;

    of_account = (whose == ZOOM_OF_ACCOUNT);

    if (!zoom_endpoint_has(endpoint, of_account)) {
        of_account = !of_account;
    }

    do {
        name = zoom_endpoint_next(endpoint->scopes, at);
    } while (name.len && zoom_scope_is_of_account(name) != of_account);

    return name;
}


static int
zoom_endpoint_has(const zoom_endpoint_t *endpoint, int of_account)
{
    size_t      at;
    zoom_str_t  name;

    at = 0;

    for ( ;; ) {
        name = zoom_endpoint_next(endpoint->scopes, &at);

        if (name.len == 0) {
            return 0;
        }

        if (zoom_scope_is_of_account(name) == of_account) {
            return 1;
        }
    }
}


static zoom_str_t
zoom_endpoint_next(const char *scopes, size_t *at)
{
    zoom_str_t  name;

    name.data = (const unsigned char *) scopes + *at;
    name.len = strcspn(scopes + *at, ",");

    *at += name.len;

    if (scopes[*at] == ',') {
        (*at)++;
    }

    return name;
}


int
zoom_endpoint_parameter(const zoom_endpoint_t *endpoint,
    const zoom_path_t *path, size_t *i, zoom_str_t *name, zoom_str_t *value)
{
    size_t       n;
    const char  *p;
    zoom_str_t   segment;

    p = endpoint->path;

    for (n = 0; n < path->n; n++) {
        segment = zoom_endpoint_segment(&p);

        if (n < *i || segment.len < 2 || segment.data[0] != '{') {
            continue;
        }

        name->data = segment.data + 1;
        name->len = segment.len - 2;
        *value = path->segments[n].text;
        *i = n + 1;

        return 1;
    }

    return 0;
}


int
zoom_scope_is_of_account(zoom_str_t name)
{
    return zoom_scope_ends(name, ":admin") || zoom_scope_ends(name, ":master");
}


static int
zoom_scope_ends(zoom_str_t name, const char *suffix)
{
    size_t  len;

    len = strlen(suffix);

    return name.len > len
           && memcmp(name.data + name.len - len, suffix, len) == 0;
}


void
zoom_endpoint_name(zoom_buf_t *b, const zoom_endpoint_t *endpoint)
{
    zoom_buf_c(b, zoom_methods[endpoint->method]);
    zoom_buf_c(b, " ");
    zoom_buf_c(b, endpoint->path);
}
