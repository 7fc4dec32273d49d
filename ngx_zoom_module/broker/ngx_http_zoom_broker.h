/*
 * The broker as a whole, in a worker: what starts and ends with it, and what
 * concerns an account rather than a token.
 */

#ifndef _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "zoom_error.h"


/*
 * Drops the tokens of an account, or with "user" those of one user of it;
 * flights in progress bring nothing any more, and those who wait for them mint
 * again.  Forgets what was known to be broken.  NGX_OK and how many tokens
 * went in "*n", NGX_BUSY: that was done less than a second ago, NGX_DECLINED:
 * that is no user, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_broker_purge(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t *n);

/*
 * Drops the tokens of one user, as often as one likes, and nothing else.
 * NGX_OK, NGX_DECLINED: that is no user, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_broker_forget(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t *n);

/* Counts a request that failed before it had an account. */
void ngx_http_zoom_broker_count(zoom_error_e error);


ngx_int_t ngx_http_zoom_broker_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_broker_exit_process(ngx_cycle_t *cycle);


#endif /* _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_ */
