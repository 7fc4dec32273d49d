/* Who makes room in the store. */

#ifndef _NGX_HTTP_ZOOM_EVICT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_EVICT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_zone.h"


/* Whom the entry is for that has no room. */

typedef struct {
    uint32_t                     state;      /* the account's index */
    uint32_t                     who;        /* the caller, or 0 */
} ngx_http_zoom_evict_t;


/*
 * The entry to go for one of that account and caller: an old failure, else
 * one of an account that has more than its part.  Never "keep", a flight or
 * what is pinned and lives; NULL: there are only such.
 */

ngx_http_zoom_entry_t *ngx_http_zoom_evict_next(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, const ngx_http_zoom_evict_t *whose,
    time_t now)
    ngx_http_zoom_under_lock;

/*
 * An old failure only, rather of that caller, then of that account: who asks
 * for what is not there pushes out his own.
 */

ngx_http_zoom_entry_t *ngx_http_zoom_evict_failure(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, const ngx_http_zoom_evict_t *whose)
    ngx_http_zoom_under_lock;


#endif /* _NGX_HTTP_ZOOM_EVICT_H_INCLUDED_ */
