/*
 * A token that an operator's code asks for, in a script of theirs: where what
 * it says is checked, and what it does not say comes from the location.
 */

#ifndef _NGX_HTTP_ZOOM_WANT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WANT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

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


#endif /* _NGX_HTTP_ZOOM_WANT_H_INCLUDED_ */
