/*
 * Pools of users: whom a bot becomes, and what becomes of that.
 */

#ifndef _NGX_HTTP_ZOOM_POOL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_pool_zone.h"


/* A worker's view of a pool, for the rooms in shm/. */
#define ngx_http_zoom_pool_of(conf)                                           \
    ((ngx_http_zoom_pool_t *) (conf)->zone->data)

/* In a new worker. */
void ngx_http_zoom_pools_init_process(ngx_cycle_t *cycle);

/*
 * Zoom says that a user is gone, or back: by id and e-mail, either may be
 * empty, in all pools of that account, for all workers.  Returns in how many.
 */

ngx_uint_t ngx_http_zoom_pools_user(const ngx_http_zoom_account_t *account,
    const ngx_str_t *id, const ngx_str_t *email, ngx_uint_t gone);

/* A meeting is over, and so are its leases.  Returns how many there were. */
ngx_uint_t ngx_http_zoom_pools_ended(const ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting);


#endif /* _NGX_HTTP_ZOOM_POOL_H_INCLUDED_ */
