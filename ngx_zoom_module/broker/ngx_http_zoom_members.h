/*
 * "members" of a pool: users who are found through Zoom's API, in the
 * background.  They replace those of the time before once all of them are
 * known; a search that fails leaves everything as it was.
 */

#ifndef _NGX_HTTP_ZOOM_MEMBERS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_MEMBERS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* In a new worker; NGX_ERROR: no memory. */
ngx_int_t ngx_http_zoom_members_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_members_exit_process(void);


#endif /* _NGX_HTTP_ZOOM_MEMBERS_H_INCLUDED_ */
