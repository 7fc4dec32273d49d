/*
 * Leases: who has which member of a pool in which meeting.
 */

#ifndef _NGX_HTTP_ZOOM_POOL_LEASE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_LEASE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_zone.h"


/*
 * Ends the leases of a meeting: of one user, or of all if "user" is empty.
 * Returns how many there were.
 */

ngx_uint_t ngx_http_zoom_pool_release(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *distinct, const ngx_str_t *user);


/* Under the pool's lock: */

/* Who asks for a lease, as hashes. */

typedef struct {
    uint64_t                     meeting;    /* 0: none */
    uint64_t                     bot;        /* 0: not known */
    unsigned char                caller;
} ngx_http_zoom_lessee_t;

/* Of any text but an empty one; never 0.  Needs no lock. */
uint64_t ngx_http_zoom_pool_hash(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *text);

/* Leases are named by one more than their index; 0 is none. */

uint32_t ngx_http_zoom_lease_find(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_lessee_t *lessee) ngx_http_zoom_under_lock;

/* Whether that caller may have another. */
ngx_uint_t ngx_http_zoom_lease_room(ngx_http_zoom_pool_t *pool,
    unsigned char caller) ngx_http_zoom_under_lock;

/* There is room. */
uint32_t ngx_http_zoom_lease_add(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_lessee_t *lessee, uint32_t member)
    ngx_http_zoom_under_lock;

void ngx_http_zoom_lease_free(ngx_http_zoom_pool_t *pool, uint32_t n)
    ngx_http_zoom_under_lock;

/* It lasts as long as one in that state does, from now on. */
void ngx_http_zoom_lease_renew(ngx_http_zoom_pool_t *pool, uint32_t n,
    ngx_http_zoom_lease_state_e state) ngx_http_zoom_under_lock;

/* Whether somebody has that member in that meeting. */
ngx_uint_t ngx_http_zoom_lease_of(ngx_http_zoom_pool_t *pool,
    uint64_t meeting, uint32_t member) ngx_http_zoom_under_lock;

/* Some of those whose time is over. */
void ngx_http_zoom_leases_expire(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_under_lock;

/* No lease lasts longer than that from now on. */
void ngx_http_zoom_pool_leases_cut(ngx_http_zoom_pool_t *pool,
    ngx_msec_t lease) ngx_http_zoom_under_lock;

/* Finds queues and tables again. */
void ngx_http_zoom_pool_leases_index(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_under_lock;


#endif /* _NGX_HTTP_ZOOM_POOL_LEASE_H_INCLUDED_ */
