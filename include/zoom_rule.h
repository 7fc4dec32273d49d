/*
 * What a caller of the gateway may do: rules of "zoom_allow".
 *
 *     *                         whatever Zoom has published
 *     read, write               of that what reads, what changes something
 *     meeting:read:*            what takes a granular scope that matches
 *     GET:/users/{userId}       this, whether it is published or not
 *
 * nginx wants quotes around a brace, so an asterisk may stand for a parameter.
 *
 * A scope and its ":admin" and ":master" variants are different scopes: of an
 * endpoint count those that the account's access token can have, see
 * zoom_endpoint_scope().
 */

#ifndef ZOOM_RULE_H_INCLUDED
#define ZOOM_RULE_H_INCLUDED


#include "zoom_endpoint.h"


#define ZOOM_RULE_MAX  ZOOM_ENDPOINT_MAX


typedef enum {
    ZOOM_RULE_ALL = 0,
    ZOOM_RULE_READ,
    ZOOM_RULE_WRITE,
    ZOOM_RULE_SCOPE,
    ZOOM_RULE_PATH
} zoom_rule_e;


typedef struct {
    zoom_rule_e            kind;
    zoom_str_t             text;         /* as it was written */
    zoom_str_t             pattern;      /* of a scope */
    zoom_method_e          method;
    zoom_str_t             path;         /* "/users/{userId}" */
    const zoom_endpoint_t *endpoint;     /* NULL: no published one */
} zoom_rule_t;


/*
 * What is asked for.  "endpoint" is what zoom_endpoint_find() has found for the
 * other two.
 */

typedef struct {
    zoom_method_e          method;
    const zoom_path_t     *path;
    const zoom_endpoint_t *endpoint;
    zoom_whose_e           whose;
} zoom_asked_t;


/* Reads "text", which the rule borrows.  NULL, or why it is none. */
const char *zoom_rule_read(zoom_rule_t *rule, zoom_str_t text);

/* 1 if it permits any published endpoint with such an access token. */
int zoom_rule_matches(const zoom_rule_t *rule, zoom_whose_e whose);

/* 1 if it permits this. */
int zoom_rule_permits(const zoom_rule_t *rule, const zoom_asked_t *asked);

/*
 * Appends the rule that is spelled nearly so and matches something with such an
 * access token; nothing if there is none.
 */

void zoom_rule_nearest(zoom_buf_t *b, const zoom_rule_t *rule,
    zoom_whose_e whose);


#endif /* ZOOM_RULE_H_INCLUDED */
