/* The allowances of callers, by keys of zoom_limit, over all workers. */

#ifndef _NGX_HTTP_ZOOM_ALLOWANCE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ALLOWANCE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"


/* An allowance of one request each "gap", and of "burst" more at once. */

typedef struct {
    uint64_t                     key;        /* a hash */
    int64_t                      gap;        /* microseconds */
    ngx_uint_t                   burst;
} ngx_http_zoom_allowed_t;


/*
 * Takes one request of each of "n" allowances, if all of them have one: 0.
 * Else it takes none, and it is how long to wait before they do, microseconds.
 *
 * Where more keys are in use than the table holds, the one that is nearest to
 * having all of its allowance again is forgotten.
 */

int64_t ngx_http_zoom_allowance_take(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_allowed_t *allowed, ngx_uint_t n);


#endif /* _NGX_HTTP_ZOOM_ALLOWANCE_H_INCLUDED_ */
