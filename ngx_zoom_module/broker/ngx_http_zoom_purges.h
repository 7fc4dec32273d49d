/* Purges of other hosts that this one hears of late. */

#ifndef _NGX_HTTP_ZOOM_PURGES_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PURGES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"


/* Once per worker process. */
void ngx_http_zoom_purges_init_process(ngx_http_zoom_zone_t *zone,
    ngx_log_t *log);

/*
 * What begins so was purged "age" milliseconds ago: soon what is older is
 * dropped, of all that are added meanwhile at once.
 */

void ngx_http_zoom_purges_add(const ngx_str_t *prefix, int64_t age);


#endif /* _NGX_HTTP_ZOOM_PURGES_H_INCLUDED_ */
