/* Whom we have refused, where and why. */

#ifndef _NGX_HTTP_ZOOM_HTML_REFUSED_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HTML_REFUSED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_status.h"


/* Items of a list, the latest first. */
void ngx_http_zoom_html_refused(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);


#endif /* _NGX_HTTP_ZOOM_HTML_REFUSED_H_INCLUDED_ */
