/*
 * A meeting's link, read for whoever writes code that routes: scripts of the
 * Lua module, and Lua of others that comes by FFI.
 */

#ifndef _NGX_HTTP_ZOOM_LINK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LINK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_api.h"


/*
 * NGX_OK, or NGX_DECLINED: no link with a meeting's id in it.  "b" has room
 * for the length of the link; that is where the strings of "link" may be.
 */

ngx_int_t ngx_http_zoom_link_read(const ngx_str_t *text, u_char *b,
    ngx_http_zoom_link_t *link);


#endif /* _NGX_HTTP_ZOOM_LINK_H_INCLUDED_ */
