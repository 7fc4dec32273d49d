/*
 * What an operator's code asks for: where it is checked, and where what it does
 * not say comes from the location.
 */

#ifndef _NGX_HTTP_ZOOM_SCRIPT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SCRIPT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_ask.h"


/*
 * Fills in "ask", which is zeroed but for account, pool, handler and data; its
 * strings are those of "req".  With "fresh" nothing comes from the store
 * unless Zoom fails.  NULL, or a sentence for whoever wrote the code.
 * zoom_allow_user holds here as well.
 */

const char *ngx_http_zoom_script_ask(ngx_http_request_t *r,
    const ngx_http_zoom_token_req_t *req, ngx_uint_t fresh,
    ngx_http_zoom_ask_t *ask);

/*
 * Fills in "call", which is zeroed but for account, pool, handler and data;
 * strings are copied there.  NULL, or what is wrong.
 */

const char *ngx_http_zoom_script_request(const ngx_http_zoom_api_req_t *req,
    ngx_http_zoom_api_call_t *call);

/*
 * Signs what ZoomMtg.join() takes, for "life" seconds from now.  "buf" has room
 * for ZOOM_SDK_SIGNATURE_MAX bytes.  NULL, or what is wrong.
 */

const char *ngx_http_zoom_script_signature(
    const ngx_http_zoom_account_t *account, const ngx_str_t *meeting,
    ngx_uint_t host, time_t life, u_char *buf, ngx_str_t *signature);

/* Whose turn it takes; 0: nobody has proved to be anyone. */
uint32_t ngx_http_zoom_script_who(ngx_http_request_t *r);

/* How long what is asked for waits while an older token would do, as there. */
ngx_msec_t ngx_http_zoom_script_stale_after(ngx_http_request_t *r);

/*
 * When it is over, counted from now: a script may run for long before it asks.
 * NGX_CONF_UNSET_MSEC: the location's time.
 */

ngx_msec_t ngx_http_zoom_script_deadline(ngx_http_request_t *r,
    ngx_msec_t timeout);

/* What a caller gave, for as long as "pool" lives; an empty string is left. */
ngx_int_t ngx_http_zoom_script_copy(ngx_pool_t *pool, ngx_str_t *dst,
    const ngx_str_t *src);


#endif /* _NGX_HTTP_ZOOM_SCRIPT_H_INCLUDED_ */
