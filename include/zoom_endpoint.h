/*
 * The endpoints of Zoom's REST API, as its OpenAPI documents publish them
 * (docs/protocol.md, "Endpoints").
 */

#ifndef ZOOM_ENDPOINT_H_INCLUDED
#define ZOOM_ENDPOINT_H_INCLUDED


#include <stdint.h>

#include "zoom_limit.h"
#include "zoom_path.h"
#include "zoom_string.h"


/* What "GET /meetings/{meetingId}" takes at most, without a zero. */
#define ZOOM_ENDPOINT_MAX  256

#define ZOOM_SCOPE_MAX     128


typedef enum {
    ZOOM_GET = 0,
    ZOOM_POST,
    ZOOM_PUT,
    ZOOM_PATCH,
    ZOOM_DELETE,
    ZOOM_NMETHODS
} zoom_method_e;


/*
 * Whose access token it is: scopes of an app of the account end in ":admin" or
 * ":master", those of a user's grant do not.
 */

typedef enum {
    ZOOM_OF_ACCOUNT = 0,
    ZOOM_OF_USER
} zoom_whose_e;


typedef struct {
    zoom_method_e          method;
    zoom_label_e           label;        /* heavy, if Zoom does not say */
    unsigned               daily;        /* counts as a write of a meeting or
                                            webinar of a user and day */
    const char            *path;         /* "/meetings/{meetingId}" */
    const char            *scopes;       /* granular ones, any one suffices,
                                            divided by commas; "" if none is
                                            stated */
    const char            *classic;      /* likewise */
} zoom_endpoint_t;


/* ZOOM_NMETHODS: none that Zoom has. */
zoom_method_e zoom_method(zoom_str_t name);

const char *zoom_method_name(zoom_method_e method);

/* 1 unless it only reads.  Zoom has no GET that changes anything. */
int zoom_method_writes(zoom_method_e method);

/*
 * The endpoint of a request, or NULL if Zoom has published none.  Where several
 * fit it is the one that has a name where the others have a parameter, the
 * segments taken from left to right.
 */

const zoom_endpoint_t *zoom_endpoint_find(zoom_method_e method,
    const zoom_path_t *path);

/*
 * 1 if only segments that are UUIDs of meetings hold a "/", or were encoded
 * twice.  "endpoint" may be NULL.
 */

int zoom_endpoint_fits(const zoom_endpoint_t *endpoint,
    const zoom_path_t *path);

/*
 * Of the endpoint's granular scopes the next one that counts for "whose", which
 * are those of the other kind only where there are none of its own.  "*at" is 0
 * for the first; empty after the last.
 */

zoom_str_t zoom_endpoint_scope(const zoom_endpoint_t *endpoint,
    zoom_whose_e whose, size_t *at);

/*
 * The next parameter of a path that is this endpoint's, its value decoded: 1,
 * or 0 after the last.  "*i" is 0 for the first.
 */

int zoom_endpoint_parameter(const zoom_endpoint_t *endpoint,
    const zoom_path_t *path, size_t *i, zoom_str_t *name, zoom_str_t *value);

/* 1 if "name" is that of a scope of Zoom's account or its masters. */
int zoom_scope_is_of_account(zoom_str_t name);

/* Appends "GET /meetings/{meetingId}". */
void zoom_endpoint_name(zoom_buf_t *b, const zoom_endpoint_t *endpoint);


/* Sorted by path.  Made by t/tools/endpoints. */

extern const zoom_endpoint_t  zoom_endpoints[];
extern const size_t  zoom_nendpoints;


#endif /* ZOOM_ENDPOINT_H_INCLUDED */
