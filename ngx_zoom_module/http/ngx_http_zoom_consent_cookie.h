/*
 * What a browser keeps for us while its user is at Zoom: sealed, and for ten
 * minutes.  Nothing is kept here before there is a consent, so nobody can fill
 * it up, and any host with the same key takes it back.
 */

#ifndef _NGX_HTTP_ZOOM_CONSENT_COOKIE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CONSENT_COOKIE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "zoom_consent.h"


/*
 * Adds the header that sets it, or without "c" the one that drops it.
 * NGX_ERROR: no memory, or OpenSSL failed.
 */

ngx_int_t ngx_http_zoom_consent_cookie_set(ngx_http_request_t *r,
    const zoom_consent_t *c);

/*
 * What came back, in r->pool.  NGX_DECLINED: none, several, or it was not ours,
 * or not any more; NGX_ERROR: no memory.
 */

ngx_int_t ngx_http_zoom_consent_cookie_get(ngx_http_request_t *r,
    zoom_consent_t *c);

/*
 * What zoom_connect_return comes to, in r->pool; empty without it, and if that
 * is no place, which is logged.  NGX_ERROR: it could not be evaluated.
 */

ngx_int_t ngx_http_zoom_consent_place(ngx_http_request_t *r, ngx_str_t *place);


#endif /* _NGX_HTTP_ZOOM_CONSENT_COOKIE_H_INCLUDED_ */
