/* Picking a member of a pool, and what becomes of the pick. */

#ifndef _NGX_HTTP_ZOOM_POOL_PICK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOL_PICK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_pool_zone.h"


/* For whom: nothing of it is kept. */

typedef struct {
    ngx_str_t                    key;        /* with "balance hash" */
    ngx_str_t                    distinct;   /* empty: no lease */
    ngx_str_t                    bot;        /* its id, or empty: not known */
    ngx_str_t                    caller;     /* whose bot that is */
    uint64_t                     known;      /* what other hosts call it, or
                                                0 */
    uint32_t                     avoid;      /* one more than the index of a
                                                member, or 0 */
} ngx_http_zoom_pick_t;


/* Who it is.  Names the lease as well, if there is one. */

typedef struct {
    uint32_t                     member;
    uint32_t                     member_serial;
    uint32_t                     lease;      /* one more than the index, or 0 */
    uint32_t                     lease_serial;
    ngx_uint_t                   again;      /* the bot had it before */
    size_t                       len;
    u_char                       name[ZOOM_USER_MAX];
} ngx_http_zoom_picked_t;


typedef enum {
    NGX_HTTP_ZOOM_POOL_EMPTY = 0,    /* nobody is up */
    NGX_HTTP_ZOOM_POOL_ALL_LEASED,   /* of those who are, for this meeting */
    NGX_HTTP_ZOOM_POOL_CROWDED       /* no room for another lease of this
                                        caller's */
} ngx_http_zoom_exhausted_e;

typedef struct {
    ngx_http_zoom_exhausted_e    why;
    time_t                       after;      /* seconds: when to ask again */
    uint64_t                     told;       /* for the log, as of
                                                zoom_log_once() */
} ngx_http_zoom_exhausted_t;


/*
 * Picks a member, and reserves it for the meeting; a bot that has one there
 * gets the same again.  With a lease one of the next three has to follow, else
 * it lapses after a minute.  NGX_DECLINED: there is none.
 */

ngx_int_t ngx_http_zoom_pool_pick(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, ngx_http_zoom_picked_t *picked,
    ngx_http_zoom_exhausted_t *exhausted);

/*
 * On another host a bot, 0 or as in pick->known, has that user in the meeting
 * of "pick", for so many milliseconds more.  It is leased here, too, though for
 * a moment only: that host may end it.
 */

void ngx_http_zoom_pool_taken_elsewhere(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_pick_t *pick, const ngx_str_t *user, uint64_t bot,
    ngx_msec_t left);

/* The bot has got its token.  1 if the member had failed before. */
ngx_uint_t ngx_http_zoom_pool_used(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked);

/* Likewise, on another host: unless it is out since, it has not failed. */
void ngx_http_zoom_pool_works(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name);

/* It has not. */
void ngx_http_zoom_pool_return(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked);

/* Likewise, after all.  What the bot had before it keeps. */
void ngx_http_zoom_pool_drop(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked);

/*
 * The member's own fault: it is out for the pool's fail_timeout, twice as long
 * each time in a row, an hour at most.  "code" is Zoom's.  Returns for how long
 * in milliseconds, or 0 if it was out already, and the failures in a row.
 */

ngx_msec_t ngx_http_zoom_pool_failed(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_picked_t *picked, int code, ngx_uint_t *fails);

/*
 * A member, by the name that it has here, has failed on another host, so many
 * times in a row, and is out for so long there.  1 if that is news.
 */

ngx_uint_t ngx_http_zoom_pool_failed_elsewhere(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name, int code, ngx_uint_t fails, ngx_msec_t left);

/* The counters of a pool, for people. */

typedef struct {
    uint32_t                     total;      /* members */
    uint32_t                     up;
    uint32_t                     backup;     /* of these */
    uint32_t                     down;
    uint32_t                     leased;     /* leases */
    uint32_t                     nmembers;   /* room for */
    uint32_t                     nleases;
    uint64_t                     picked;
    uint64_t                     retried;
    uint64_t                     exhausted;
    uint64_t                     crowded;
    uint64_t                     searched;   /* when "members" and "create" were
                                                done, the one that is longest
                                                ago; seconds, 0: never */
    uint64_t                     unsearched; /* how often that failed */
} ngx_http_zoom_pool_count_t;

void ngx_http_zoom_pool_count(ngx_http_zoom_pool_t *pool,
    ngx_http_zoom_pool_count_t *count);


#endif /* _NGX_HTTP_ZOOM_POOL_PICK_H_INCLUDED_ */
