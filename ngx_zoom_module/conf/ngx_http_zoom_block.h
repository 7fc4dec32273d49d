/* Blocks with directives of their own, which mean nothing outside. */

#ifndef _NGX_HTTP_ZOOM_BLOCK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BLOCK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * Reads the block that begins here, with the directives of "commands" and
 * "include".  Setters get "object" for their configuration.
 */

char *ngx_http_zoom_block(ngx_conf_t *cf, ngx_command_t *commands,
    void *object);


#endif /* _NGX_HTTP_ZOOM_BLOCK_H_INCLUDED_ */
