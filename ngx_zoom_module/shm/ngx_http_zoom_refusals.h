/*
 * Requests that we have refused: counted by location, caller and error, and
 * told to the log.  All three names come from the configuration, whatever
 * callers send.
 */

#ifndef _NGX_HTTP_ZOOM_REFUSALS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REFUSALS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"
#include "zoom_error.h"


/*
 * A request with such names, cut where they are long, was refused with an error
 * of 4xx.  Where there is no room the names are empty.
 */

void ngx_http_zoom_refusals_count(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *names, zoom_error_e error);

/*
 * Whether the log is to be told, as of ngx_http_zoom_tell(): "why" is part of
 * the reason.
 */

uint64_t ngx_http_zoom_refusals_tell(ngx_http_zoom_zone_t *zone,
    const ngx_str_t *names, zoom_error_e error, const char *why);


#endif /* _NGX_HTTP_ZOOM_REFUSALS_H_INCLUDED_ */
