/* Who makes room in the store. */

#ifndef _NGX_HTTP_ZOOM_EVICT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_EVICT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_zone.h"


/*
 * The entry to go for one of the account with that index: an old failure, else
 * one of an account that has more than its part.  Never "keep", a flight or
 * what is pinned and lives; NULL: there are only such.
 */

ngx_http_zoom_entry_t *ngx_http_zoom_evict_next(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state, time_t now)
    ngx_http_zoom_under_lock;

/* An old failure only, rather of that account. */

ngx_http_zoom_entry_t *ngx_http_zoom_evict_failure(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state)
    ngx_http_zoom_under_lock;


#endif /* _NGX_HTTP_ZOOM_EVICT_H_INCLUDED_ */
