/* Which webhooks of Zoom's have come. */

#ifndef _NGX_HTTP_ZOOM_HTML_WEBHOOKS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HTML_WEBHOOKS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_status.h"


/* A table, if any have come to that account. */
void ngx_http_zoom_html_webhooks(ngx_http_zoom_writer_t *w,
    const ngx_str_t *account, const ngx_http_zoom_snapshot_t *snap);


#endif /* _NGX_HTTP_ZOOM_HTML_WEBHOOKS_H_INCLUDED_ */
