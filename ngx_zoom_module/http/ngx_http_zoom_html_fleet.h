/* How this host fares among those that share its store. */

#ifndef _NGX_HTTP_ZOOM_HTML_FLEET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HTML_FLEET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html_fare.h"
#include "ngx_http_zoom_status.h"


/* Green, too, where nothing is shared. */

ngx_http_zoom_light_e ngx_http_zoom_html_fleet_light(
    const ngx_http_zoom_snapshot_t *snap);

/* An item of a list, if this is the light. */
void ngx_http_zoom_html_fleet(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, ngx_http_zoom_light_e light);

/* Rows of a table: hosts, and when they were seen. */
void ngx_http_zoom_html_roster(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_roster_t *roster);


#endif /* _NGX_HTTP_ZOOM_HTML_FLEET_H_INCLUDED_ */
