/*
 * "create" of a pool: users who are made through Zoom's API, one after the
 * other, in the background.  Whoever is there already is not made again, and
 * nobody is ever deleted.
 */

#ifndef _NGX_HTTP_ZOOM_CREATE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CREATE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* In a new worker; NGX_ERROR: no memory. */
ngx_int_t ngx_http_zoom_create_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_create_exit_process(void);


#endif /* _NGX_HTTP_ZOOM_CREATE_H_INCLUDED_ */
