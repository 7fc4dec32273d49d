/* When an older token is handed out. */

#ifndef _NGX_HTTP_ZOOM_STALE_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_STALE_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* The setter of "zoom_stale_after", milliseconds or NGX_HTTP_ZOOM_NEVER. */
char *ngx_http_zoom_set_stale_after(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);


#endif /* _NGX_HTTP_ZOOM_STALE_CONF_H_INCLUDED_ */
