/*
 * Requests that change something and may be told to by a page of another's.
 */

#ifndef _NGX_HTTP_ZOOM_FOREIGN_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FOREIGN_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"


/*
 * 1 if a browser may have been made to send this: one that is already let in
 * by its address, or knows a password for us.
 */

ngx_uint_t ngx_http_zoom_foreign(ngx_http_request_t *r);

/*
 * Whom such a request is about, ?user=, decoded; empty if it does not say.
 * ZOOM_E_DENIED: that can't be, ZOOM_E_NO_USER: it is empty.
 */

zoom_error_e ngx_http_zoom_foreign_user(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_str_t *user);


#endif /* _NGX_HTTP_ZOOM_FOREIGN_H_INCLUDED_ */
