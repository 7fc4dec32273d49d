/*
 * How one worker wakes another: an eventfd for every slot, made by the master
 * and inherited by the workers of every generation.
 */

#ifndef _NGX_HTTP_ZOOM_WAKE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WAKE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_zone.h"


typedef void (*ngx_http_zoom_wake_pt)(void);


/*
 * In the master: one reference for each configuration that has the zone.  What
 * is shared grows to what the workers of the new one need, and shrinks when
 * those of old ones are gone.
 */

ngx_http_zoom_wake_t *ngx_http_zoom_wake_create(ngx_cycle_t *cycle);
ngx_http_zoom_wake_t *ngx_http_zoom_wake_share(ngx_http_zoom_wake_t *wake,
    ngx_cycle_t *cycle, const ngx_http_zoom_worker_t *workers);
void ngx_http_zoom_wake_release(ngx_http_zoom_wake_t *wake);

void ngx_http_zoom_wake_workers(ngx_http_zoom_wake_t *wake,
    const ngx_http_zoom_workers_t *slots);
void ngx_http_zoom_wake_all(ngx_http_zoom_wake_t *wake);


/* So many slots have one. */
ngx_uint_t ngx_http_zoom_wake_slots(const ngx_http_zoom_wake_t *wake);

/* In a worker: calls "handler" when somebody wakes the slot. */

ngx_int_t ngx_http_zoom_wake_listen(ngx_http_zoom_wake_t *wake,
    ngx_uint_t slot, ngx_http_zoom_wake_pt handler, ngx_log_t *log);
void ngx_http_zoom_wake_close(void);


#define ngx_http_zoom_workers_set(s, n)                                       \
    (s)->bits[(n) / 64] |= (uint64_t) 1 << ((n) % 64)

#define ngx_http_zoom_workers_has(s, n)                                       \
    ((s)->bits[(n) / 64] & ((uint64_t) 1 << ((n) % 64)))

#define ngx_http_zoom_workers_clear(s, n)                                     \
    (s)->bits[(n) / 64] &= ~((uint64_t) 1 << ((n) % 64))


#endif /* _NGX_HTTP_ZOOM_WAKE_H_INCLUDED_ */
