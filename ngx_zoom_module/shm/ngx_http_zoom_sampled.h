/*
 * Lines at "info" that a flood of requests would bring by the thousand: one a
 * second, of all workers, says how many more there were.
 */

#ifndef _NGX_HTTP_ZOOM_SAMPLED_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SAMPLED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"


/*
 * As ngx_log_error(NGX_LOG_INFO, log, 0, fmt, ...), for what a request may
 * cause.  A line at another level takes the place of those of its second and
 * the next one.  "zone" may be NULL.
 */

void ngx_http_zoom_sampled(ngx_http_zoom_zone_t *zone, ngx_log_t *log,
    const char *fmt, ...);

/* Such a line at another level is written now. */
void ngx_http_zoom_sampled_loud(ngx_http_zoom_zone_t *zone);


#endif /* _NGX_HTTP_ZOOM_SAMPLED_H_INCLUDED_ */
