/* nginx's resolver of the http block, for clients of our own. */

#ifndef _NGX_HTTP_ZOOM_RESOLVER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_RESOLVER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * NULL: there is none.  Good when the http block has been read; its timeout is
 * set as well.
 */

ngx_resolver_t *ngx_http_zoom_resolver(ngx_conf_t *cf, ngx_msec_t *timeout);


#endif /* _NGX_HTTP_ZOOM_RESOLVER_H_INCLUDED_ */
