/* Proofs that are good for one request only. */

#ifndef _NGX_HTTP_ZOOM_AUTH_ONCE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_AUTH_ONCE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth.h"


/*
 * A line holds: what of it is good for one time only is reserved.  NGX_OK,
 * NGX_DECLINED: another request has used it, NGX_AGAIN: or does right now,
 * NGX_BUSY: it can't be remembered, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_auth_once(ngx_http_request_t *r,
    ngx_http_zoom_auth_t *auth, const ngx_http_zoom_auth_line_t *line,
    const ngx_str_t *signature);

/*
 * What became of the request: with a token handed out the proofs that it has
 * reserved are spent, else they are as good as before.  Harmless when done.
 */

void ngx_http_zoom_auth_settle(ngx_http_zoom_auth_t *auth, ngx_uint_t spent);


#endif /* _NGX_HTTP_ZOOM_AUTH_ONCE_H_INCLUDED_ */
