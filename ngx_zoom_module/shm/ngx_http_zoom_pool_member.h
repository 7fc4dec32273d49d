/*
 * The members of a pool: who is in it, and who is out for now.  Changes count
 * for all workers at once.
 */

#ifndef _NGX_HTTP_ZOOM_POOL_MEMBER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_MEMBER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_zone.h"


/* A copy of a member, for whoever lists them. */

typedef struct {
    ngx_uint_t                   up;
    ngx_uint_t                   off;        /* "down" */
    ngx_uint_t                   backup;
    ngx_uint_t                   gone;
    ngx_uint_t                   found;      /* not of the configuration */
    ngx_uint_t                   created;    /* "create" has it */
    uint32_t                     weight;
    uint32_t                     leases;
    uint32_t                     fails;
    int                          code;
    ngx_msec_t                   wait;       /* till it is tried again */
    uint64_t                     picked;
    ngx_str_t                    name;       /* in "text" */
    ngx_str_t                    id;
    u_char                       text[ZOOM_USER_MAX + ZOOM_USER_ID_MAX];
} ngx_http_zoom_member_row_t;


#define NGX_HTTP_ZOOM_POOL_UNUSABLE  0
#define NGX_HTTP_ZOOM_POOL_USABLE    1
#define NGX_HTTP_ZOOM_POOL_UNSAID    2       /* Zoom does not say */

/*
 * A user that "source" knows of in round number "round", which grows, also
 * from one worker to the next: added, or seen again.  "name" is an e-mail or an
 * id, "id" Zoom's id or empty.  A name that can be no user's is ignored.  One
 * that is not usable (pending, inactive) is out, as by ..._gone(); one that is,
 * and was gone, is back.  NGX_DECLINED: there is no room, which the log was
 * told.
 */

ngx_int_t ngx_http_zoom_pool_found(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source, uint64_t round, const ngx_str_t *name,
    const ngx_str_t *id, ngx_uint_t usable);

/*
 * The round is complete: whom the source has not seen in it, and no other
 * source knows, leaves the pool.  Returns how many did.
 */

ngx_uint_t ngx_http_zoom_pool_found_end(ngx_http_zoom_pool_t *pool,
    ngx_uint_t source, uint64_t round);

/*
 * Zoom has said, "age" milliseconds ago, that a user, by e-mail or id, can't be
 * used any more: it is out, and tried again an hour after that, in case nobody
 * tells that it is back.  1 if the pool has it.
 */

ngx_uint_t ngx_http_zoom_pool_gone(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name, ngx_msec_t age);

/* It is back, and what was known against it is forgotten.  1 as above. */
ngx_uint_t ngx_http_zoom_pool_back(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name);

/*
 * The first member from place "*at" on, which then is behind it; NGX_DONE:
 * there is none.  Begins with 0.
 */

ngx_int_t ngx_http_zoom_pool_list(ngx_http_zoom_pool_t *pool, ngx_uint_t *at,
    ngx_http_zoom_member_row_t *row);

/*
 * Up to "n" of those who are out till a time, the next to come back first and
 * the others in no order.  Returns how many there are in "rows".
 */

ngx_uint_t ngx_http_zoom_pool_out(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_member_row_t *rows, ngx_uint_t n);


/* Under the pool's lock: */

/* Whether it may be picked. */
#define ngx_http_zoom_member_up(m)                                            \
    ((m)->where == NGX_HTTP_ZOOM_POOL_PRIMARY                                 \
     || (m)->where == NGX_HTTP_ZOOM_POOL_BACKUP)

/* Takes over the users of the configuration. */
void ngx_http_zoom_pool_members_configure(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_under_lock;

/* Finds tables, heaps and rings again. */
void ngx_http_zoom_pool_members_index(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_under_lock;

/* By the name that it has here, or by Zoom's id; an index. */
uint32_t ngx_http_zoom_pool_member_named(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name) ngx_http_zoom_under_lock;

/* Puts member "i" where it belongs at this time. */
void ngx_http_zoom_pool_member_place(ngx_http_zoom_pool_t *pool, uint32_t i)
    ngx_http_zoom_under_lock;

/* Some of those who have been out for long enough. */
void ngx_http_zoom_pool_members_wake(ngx_http_zoom_pool_t *pool)
    ngx_http_zoom_under_lock;

/* So many leases more, or less. */
void ngx_http_zoom_pool_member_leases(ngx_http_zoom_pool_t *pool, uint32_t i,
    int32_t more) ngx_http_zoom_under_lock;


#endif /* _NGX_HTTP_ZOOM_POOL_MEMBER_H_INCLUDED_ */
