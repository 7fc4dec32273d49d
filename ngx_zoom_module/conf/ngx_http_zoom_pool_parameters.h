/* The lines of a zoom_pool that say who is in it. */

#ifndef _NGX_HTTP_ZOOM_POOL_PARAMETERS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_PARAMETERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


char *ngx_http_zoom_set_pool_user(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_pool_members(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_pool_create(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_ZOOM_POOL_PARAMETERS_H_INCLUDED_ */
