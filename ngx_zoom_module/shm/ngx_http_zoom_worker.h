/* The slots of the zone, each of which a worker may have. */

#ifndef _NGX_HTTP_ZOOM_WORKER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WORKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_wake.h"
#include "ngx_http_zoom_zone.h"


/*
 * Takes a slot, after giving back those of dead processes, and calls "handler"
 * when somebody wakes it.  A worker that finds none free gets
 * NGX_HTTP_ZOOM_NO_WORKER and has to poll.
 */

ngx_uint_t ngx_http_zoom_worker_claim(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_wake_pt handler, ngx_log_t *log);
void ngx_http_zoom_worker_release(ngx_http_zoom_zone_t *zone);

/*
 * Whether the process that was (slot, epoch) still lives.  A slot whose
 * process is gone is given back, with its flights.  For NGX_HTTP_ZOOM_NO_WORKER
 * the epoch is the pid.
 */

ngx_uint_t ngx_http_zoom_worker_alive(ngx_http_zoom_zone_t *zone,
    ngx_uint_t slot, uint32_t epoch);

/* Where this worker counts what it holds of the store. */
ngx_atomic_t *ngx_http_zoom_worker_claims(ngx_http_zoom_zone_t *zone);


#endif /* _NGX_HTTP_ZOOM_WORKER_H_INCLUDED_ */
