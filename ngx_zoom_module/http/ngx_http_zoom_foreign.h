/*
 * Requests that change something, and might be forged by another site's page.
 */

#ifndef _NGX_HTTP_ZOOM_FOREIGN_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FOREIGN_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * 1 if another site may have made a browser send this: a browser that is let
 * in by its address, or has a password for us.
 */

ngx_uint_t ngx_http_zoom_foreign(ngx_http_request_t *r);

/*
 * The user that such a request concerns, from ?user=, decoded; empty if it is
 * not given.  ZOOM_E_DENIED: not a valid user; ZOOM_E_NO_USER: it is empty.
 */

zoom_error_e ngx_http_zoom_foreign_user(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *user);


#endif /* _NGX_HTTP_ZOOM_FOREIGN_H_INCLUDED_ */
