/*
 * The grant of a user, "authorization_code" or "device_code": an access token
 * by the refresh token in the store, which Zoom exchanges for another one.
 */

#ifndef _NGX_HTTP_ZOOM_USER_GRANT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_USER_GRANT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_exchange.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_string.h"


/*
 * Who connected has this id.  The flight brings an access token, or
 * ZOOM_E_GRANT_EXPIRED, or ZOOM_E_NOT_CONNECTED.
 */

const ngx_http_zoom_job_t *ngx_http_zoom_user_grant(
    ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user);


/* "body", with room for a client's id, and the header of such an app. */

#define NGX_HTTP_ZOOM_FORM_MAX   16384
#define NGX_HTTP_ZOOM_BASIC_MAX  16384

/*
 * Proves which app asks: the Basic header of one that has a secret, in "buf",
 * of NGX_HTTP_ZOOM_BASIC_MAX bytes, else its id in the form.  NGX_ERROR: it
 * does not fit.
 */

ngx_int_t ngx_http_zoom_user_grant_client(
    const ngx_http_zoom_worker_account_t *wa, zoom_buf_t *body, u_char *buf,
    ngx_http_zoom_exchange_t *x);


#endif /* _NGX_HTTP_ZOOM_USER_GRANT_H_INCLUDED_ */
