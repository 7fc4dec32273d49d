/*
 * What the zone knows of a user who connects or is disconnected: whose names
 * these are, and the tokens that were had under them.
 */

#ifndef _NGX_HTTP_ZOOM_FORGET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FORGET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_sqlite.h"
#include "ngx_http_zoom_worker_account.h"


/* Folded; empty ones are ignored. */
void ngx_http_zoom_forget_names(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *names, ngx_uint_t n);

/* All names of a grant that is over, as the store had them. */
void ngx_http_zoom_forget_row(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_grant_row_t *row);

/* The access token of that id; there is another one where "token" is set. */
void ngx_http_zoom_forget_access(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *id, const ngx_str_t *token, time_t expires);

/*
 * Whether nobody of this host has seen to that purge of another's, which is so
 * no longer.
 */

ngx_uint_t ngx_http_zoom_forget_heard(ngx_http_zoom_zone_t *zone,
    ngx_uint_t number);


#endif /* _NGX_HTTP_ZOOM_FORGET_H_INCLUDED_ */
