/*
 * A location's configuration: what it begins with, and what it inherits.
 */

#ifndef _NGX_HTTP_ZOOM_LOC_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LOC_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


void *ngx_http_zoom_loc_conf_create(ngx_conf_t *cf);

/* Values of directives, and defaults. */
char *ngx_http_zoom_loc_conf_merge(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *prev, ngx_http_zoom_loc_conf_t *conf);


#endif /* _NGX_HTTP_ZOOM_LOC_CONF_H_INCLUDED_ */
