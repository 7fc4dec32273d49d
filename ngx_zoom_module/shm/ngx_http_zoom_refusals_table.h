/* A zone's counters of refusals. */

#ifndef _NGX_HTTP_ZOOM_REFUSALS_TABLE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REFUSALS_TABLE_H_INCLUDED_


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
    ngx_atomic_t                 last;       /* seconds */
    ngx_http_zoom_refusal_name_t names[NGX_HTTP_ZOOM_REFUSAL_NNAMES];
    ngx_atomic_t                 errors[NGX_HTTP_ZOOM_NREFUSALS];
} ngx_http_zoom_refusals_t;


#endif /* _NGX_HTTP_ZOOM_REFUSALS_TABLE_H_INCLUDED_ */
