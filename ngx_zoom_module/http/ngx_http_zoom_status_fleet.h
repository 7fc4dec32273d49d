/* What the status page knows of the store that hosts share. */

#ifndef _NGX_HTTP_ZOOM_STATUS_FLEET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STATUS_FLEET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_fleet.h"


typedef struct {
    const char                  *name;
    const char                  *metric;
    const char                  *type;       /* gauge or counter */
    const char                  *help;
    size_t                       offset;     /* in ngx_http_zoom_fleet_t */
} ngx_http_zoom_fleet_row_t;


/* Ends with a NULL name. */

extern const ngx_http_zoom_fleet_row_t  ngx_http_zoom_fleet_rows[];

ngx_atomic_uint_t ngx_http_zoom_fleet_get(
    const ngx_http_zoom_fleet_row_t *row, const ngx_http_zoom_fleet_t *fleet);

/* Seconds since then. */
time_t ngx_http_zoom_fleet_seen(const ngx_http_zoom_fleet_host_t *host);


#endif /* _NGX_HTTP_ZOOM_STATUS_FLEET_H_INCLUDED_ */
