/* A request to Zoom's API, with the access token that opens it. */

#ifndef _NGX_HTTP_ZOOM_BEARER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BEARER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_call.h"


/*
 * For the "send" of a call: passes "x" on with the header that "access" makes,
 * of which nothing is left behind.
 */

ngx_int_t ngx_http_zoom_bearer_send(ngx_http_zoom_call_t *call,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *x);


#endif /* _NGX_HTTP_ZOOM_BEARER_H_INCLUDED_ */
