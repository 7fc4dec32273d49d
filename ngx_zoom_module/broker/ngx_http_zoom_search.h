/*
 * Searches for the members of pools: who does them, when, and how they fare.
 * One worker does, the first of the newest configuration; what is due is in the
 * pool's zone, so that neither a reload nor a death begins it anew.
 */

#ifndef _NGX_HTTP_ZOOM_SEARCH_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SEARCH_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_zone.h"


/* milliseconds between two looks at what is due */
#define NGX_HTTP_ZOOM_SEARCH_EVERY  500


/* Whether this worker is to do it now. */
ngx_uint_t ngx_http_zoom_search_due(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source);

/* Zoom tells that there may be others now: it is due soon, if it works. */
void ngx_http_zoom_search_hurry(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source);

/* It has begun: what is told from now on it may not see. */
void ngx_http_zoom_search_started(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source);

/*
 * The number of a new round, which grows from one to the next, whoever begins
 * it.
 */

uint64_t ngx_http_zoom_search_round(ngx_http_zoom_pool_t *pool);

/*
 * What is looked for, as text: if it was something else before, the search is
 * due at once, and nothing is known of it.
 */

void ngx_http_zoom_search_begin(ngx_http_zoom_pool_t *pool, ngx_uint_t source,
    const u_char *what, size_t len);

/* It is complete: so many users; again after "refresh" seconds. */
void ngx_http_zoom_search_complete(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source, ngx_uint_t users, time_t refresh);

/*
 * It failed, and is due again after "retry_after" seconds, or after a pause
 * that grows to "refresh".  Returns how often it has, if that is to be told.
 */

uint64_t ngx_http_zoom_search_failed(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source, time_t retry_after, time_t refresh);

/* Zoom wants no more of it: not before there is another configuration. */
void ngx_http_zoom_search_stop(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source);


#endif /* _NGX_HTTP_ZOOM_SEARCH_H_INCLUDED_ */
