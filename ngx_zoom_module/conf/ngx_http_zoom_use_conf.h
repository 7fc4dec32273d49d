/* What answers in a location, when it has been merged. */

#ifndef _NGX_HTTP_ZOOM_USE_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_USE_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/* Merges a location's configuration, checks it, and sets what it wants. */
char *ngx_http_zoom_use_merge(ngx_conf_t *cf, void *parent, void *child);


#endif /* _NGX_HTTP_ZOOM_USE_CONF_H_INCLUDED_ */
