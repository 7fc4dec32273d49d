/*
 * What an operator's code asks for, in a script of theirs: where what it says
 * is checked, and what it does not say comes from the location.
 */

#ifndef _NGX_HTTP_ZOOM_WANT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WANT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_broker.h"


typedef struct {
    ngx_str_t                    type;       /* as in zoom_types; empty: zak */
    ngx_str_t                    user;
    ngx_str_t                    meeting;    /* its id */
    time_t                       ttl;        /* seconds; NGX_CONF_UNSET */
    ngx_msec_t                   timeout;    /* NGX_CONF_UNSET_MSEC */
    unsigned                     fresh:1;    /* nothing from the store */
    unsigned                     webinar:1;  /* "meeting" is one */
    unsigned                     bypass:1;   /* the waiting room */
} ngx_http_zoom_want_t;


/* Any request that it sends. */

typedef struct {
    ngx_http_zoom_account_t     *account;    /* NULL: there is no such */
    ngx_str_t                    method;
    ngx_str_t                    path;       /* encoded, with arguments */
    ngx_str_t                    body;
    ngx_str_t                    label;
    ngx_msec_t                   timeout;    /* NGX_CONF_UNSET_MSEC */
} ngx_http_zoom_want_request_t;


/*
 * Fills in "ask", which is zeroed but for account, pool, handler and data; its
 * strings are those of "want".  NULL, or a sentence for whoever wrote the
 * code.  zoom_allow_user holds here as well.
 */

const char *ngx_http_zoom_want(ngx_http_request_t *r,
    const ngx_http_zoom_want_t *want, ngx_http_zoom_ask_t *ask);

/* Likewise for the account's access token, which opens all that it has. */
void ngx_http_zoom_want_access(ngx_http_request_t *r,
    const ngx_http_zoom_want_t *want, ngx_http_zoom_ask_t *ask);

/*
 * Fills in "req", which is zeroed but for pool, handler and data; strings are
 * copied there.  NULL, or what is wrong.
 */

const char *ngx_http_zoom_want_request(ngx_http_request_t *r,
    const ngx_http_zoom_want_request_t *want, ngx_http_zoom_api_call_t *req);

/*
 * Signs what ZoomMtg.join() takes, for "life" seconds from now.  "buf" has room
 * for ZOOM_SDK_SIGNATURE_MAX bytes.  NULL, or what is wrong.
 */

const char *ngx_http_zoom_want_signature(
    const ngx_http_zoom_account_t *account, const ngx_str_t *meeting,
    ngx_uint_t host, time_t life, u_char *buf, ngx_str_t *signature);

/* What a caller gave, for as long as "pool" lives; nothing stays nothing. */
ngx_int_t ngx_http_zoom_want_copy(ngx_pool_t *pool, ngx_str_t *dst,
    const ngx_str_t *src);


#endif /* _NGX_HTTP_ZOOM_WANT_H_INCLUDED_ */
