/* Of what the first module lends to others: what they wait for. */

#ifndef _NGX_HTTP_ZOOM_API_ASK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_API_ASK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"


/* As in ngx_http_zoom_api_t. */

ngx_int_t ngx_http_zoom_api_mint(ngx_http_request_t *r,
    ngx_http_zoom_token_ask_t *ask);
void ngx_http_zoom_api_cancel(ngx_http_zoom_token_ask_t *ask);

const char *ngx_http_zoom_api_send(ngx_http_request_t *r,
    ngx_http_zoom_request_t *request);
void ngx_http_zoom_api_end(ngx_http_zoom_request_t *request);

const char *ngx_http_zoom_api_grants(ngx_http_request_t *r,
    ngx_http_zoom_grants_t *grants);
const char *ngx_http_zoom_api_disconnect(ngx_http_request_t *r,
    ngx_http_zoom_grants_t *grants);


#endif /* _NGX_HTTP_ZOOM_API_ASK_H_INCLUDED_ */
