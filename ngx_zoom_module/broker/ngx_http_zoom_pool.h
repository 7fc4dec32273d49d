/*
 * Pools of users: whom a bot becomes, and what becomes of that.
 */

#ifndef _NGX_HTTP_ZOOM_POOL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_pool_pick.h"
#include "ngx_http_zoom_pool_zone.h"
#include "ngx_http_zoom_shared_user.h"
#include "zoom_error.h"


/* A worker's view of a pool, for the rooms in shm/. */
#define ngx_http_zoom_pool_of(conf)                                           \
    ((ngx_http_zoom_pool_t *) (conf)->zone->data)

/* In a new worker. */
void ngx_http_zoom_pools_init_process(ngx_cycle_t *cycle);

/*
 * Picks a member, as ngx_http_zoom_pool_pick(), and tells the log if there is
 * none.  NGX_DECLINED: come again in "*after" seconds.  One of the next three
 * has to follow.
 */

ngx_int_t ngx_http_zoom_pool_take(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_pick_t *pick, ngx_http_zoom_picked_t *picked,
    time_t *after);

/* The bot has got its token, and all hosts hear so of one that had failed. */
void ngx_http_zoom_pool_use(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_picked_t *picked);

/* It has not, and that is not the member's fault. */
#define ngx_http_zoom_pool_give_back(conf, picked)                            \
    ngx_http_zoom_pool_return(ngx_http_zoom_pool_of(conf), picked)

/* It is: the member is out for a while, on all hosts; the log is told. */
void ngx_http_zoom_pool_blame(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_picked_t *picked, zoom_error_e error, int code);

/*
 * Zoom says that a user is gone, or back: by id and e-mail, either may be
 * empty, in all pools of that account, on all hosts.  Returns in how many here.
 */

ngx_uint_t ngx_http_zoom_pools_user(const ngx_http_zoom_account_t *account,
    const ngx_str_t *id, const ngx_str_t *email, ngx_uint_t gone);

/* A host says that one is out, or back. */
void ngx_http_zoom_pools_told(const ngx_http_zoom_shared_user_t *user);

/*
 * Zoom says that there is such a user now, or without an e-mail that groups
 * have others: it is looked for soon.
 */

void ngx_http_zoom_pools_search(const ngx_http_zoom_account_t *account,
    const ngx_str_t *email);

/*
 * Ends leases as ngx_http_zoom_pool_release(), on all hosts.  Returns how many
 * there were on this one.
 */

ngx_uint_t ngx_http_zoom_pool_unlease(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_str_t *distinct, const ngx_str_t *user);

/* Another host has. */
void ngx_http_zoom_pools_released(const ngx_str_t *pool,
    const ngx_str_t *distinct, const ngx_str_t *user);

/* A meeting is over, and so are its leases.  Returns how many there were. */
ngx_uint_t ngx_http_zoom_pools_ended(const ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting);


#endif /* _NGX_HTTP_ZOOM_POOL_H_INCLUDED_ */
