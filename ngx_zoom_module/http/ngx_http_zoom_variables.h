/* The variables: docs/variables.md. */

#ifndef _NGX_HTTP_ZOOM_VARIABLES_H_INCLUDED_
#define _NGX_HTTP_ZOOM_VARIABLES_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


ngx_int_t ngx_http_zoom_variables_add(ngx_conf_t *cf);

/* All of a table, which ends with an empty name. */
ngx_int_t ngx_http_zoom_variables_of(ngx_conf_t *cf, ngx_http_variable_t *v);

/* "data" lives as long as the request. */
void ngx_http_zoom_variable_set(ngx_http_variable_value_t *v, const void *data,
    size_t len);


#endif /* _NGX_HTTP_ZOOM_VARIABLES_H_INCLUDED_ */
