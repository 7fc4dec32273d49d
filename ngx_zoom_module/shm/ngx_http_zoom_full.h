/*
 * Tables of the zone that have no room left.  A crowd that finds no place is
 * told of once, then every five minutes with a count, by each worker.
 */

#ifndef _NGX_HTTP_ZOOM_FULL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FULL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


typedef enum {
    NGX_HTTP_ZOOM_FULL_FLIGHTS = 0,
    NGX_HTTP_ZOOM_FULL_TOKENS,
    NGX_HTTP_ZOOM_FULL_WEBHOOKS,         /* in the order of replay's kinds */
    NGX_HTTP_ZOOM_FULL_BODIES,
    NGX_HTTP_ZOOM_FULL_DELIVERIES,

    NGX_HTTP_ZOOM_NFULL
} ngx_http_zoom_full_e;


void ngx_http_zoom_full(ngx_http_zoom_full_e what, ngx_log_t *log);


#endif /* _NGX_HTTP_ZOOM_FULL_H_INCLUDED_ */
