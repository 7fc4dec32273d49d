/* Entries in flight, listed by their owners' slots. */

#ifndef _NGX_HTTP_ZOOM_FLYING_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FLYING_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_zone.h"


/*
 * A flight of the worker with that slot, or with NGX_HTTP_ZOOM_NO_WORKER of
 * this process, takes off for the entry, instead of another that was lost.
 * Who waits for it is left as it is.
 */

void ngx_http_zoom_flying_begin(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, ngx_uint_t slot) ngx_http_zoom_under_lock;

/* Harmless where none is in progress. */
void ngx_http_zoom_flying_end(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;

/* Ends those of a slot, and adds to "waiters" who waited for them. */

void ngx_http_zoom_flying_drop(ngx_http_zoom_zone_t *zone, ngx_uint_t slot,
    ngx_http_zoom_workers_t *waiters) ngx_http_zoom_under_lock;


/*
 * Whether that flight is in progress, for the block with that index.  Needs no
 * lock.  Blocks that are not carved hold what was there before a reset.
 */

#define ngx_http_zoom_flying(zone, n, number)                                 \
    ((n) < (zone)->sh->carved && (zone)->entries[n].flight == (number))

/* Whether a flight is in progress that may still land: none long overdue. */

#define ngx_http_zoom_entry_flies(e)                                          \
    ((e)->flight                                                              \
     && (ngx_msec_int_t) (ngx_current_msec - (e)->deadline - (e)->grace)      \
        <= NGX_HTTP_ZOOM_GRACE)


#endif /* _NGX_HTTP_ZOOM_FLYING_H_INCLUDED_ */
