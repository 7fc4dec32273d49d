/*
 * Requests that we have refused: counted by location, caller and error, and
 * told to the log.  All three names come from the configuration, whatever
 * callers send.
 */

#ifndef _NGX_HTTP_ZOOM_REFUSALS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REFUSALS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_error.h"


#define NGX_HTTP_ZOOM_REFUSAL_NAME  64


/* The errors of 4xx are the first in their order. */

#define NGX_HTTP_ZOOM_NREFUSALS  (ZOOM_E_TOO_LARGE + 1)

#define ngx_http_zoom_refusal(error)                                          \
    ((error) != ZOOM_OK && (error) < NGX_HTTP_ZOOM_NREFUSALS)


typedef struct {
    u_char                       data[NGX_HTTP_ZOOM_REFUSAL_NAME];
    size_t                       len;
} ngx_http_zoom_refusal_name_t;


typedef enum {
    NGX_HTTP_ZOOM_REFUSAL_SERVER = 0,
    NGX_HTTP_ZOOM_REFUSAL_LOCATION,
    NGX_HTTP_ZOOM_REFUSAL_CALLER,
    NGX_HTTP_ZOOM_REFUSAL_NNAMES
} ngx_http_zoom_refusal_name_e;


typedef struct {
    ngx_atomic_t                 hash;       /* of the names, 0: free */
    uint64_t                     config;     /* the last one that had it */
    ngx_http_zoom_refusal_name_t names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];
    ngx_atomic_t                 errors[NGX_HTTP_ZOOM_NREFUSALS];
} ngx_http_zoom_refusals_t;


struct ngx_http_zoom_zone_s;

/*
 * A request with such names, cut where they are long, was refused with an error
 * of 4xx.  Where there is no room the names are empty.
 */

void ngx_http_zoom_refusals_count(struct ngx_http_zoom_zone_s *zone,
    const ngx_str_t *names, zoom_error_e error);

/*
 * Whether the log is to be told, as of ngx_http_zoom_tell(): "why" is part of
 * the reason.
 */

uint64_t ngx_http_zoom_refusals_tell(struct ngx_http_zoom_zone_s *zone,
    const ngx_str_t *names, zoom_error_e error, const char *why);


#endif /* _NGX_HTTP_ZOOM_REFUSALS_H_INCLUDED_ */
