/*
 * Leases of pools that all hosts respect: who has which user in which meeting.
 * The zone picks, and the store says whether another host has let somebody else
 * have that user, or the bot another user.
 *
 * A lease is reserved while its bot waits for a token, and held when it has got
 * one.  Meetings and bots are digests there, and names are sealed.
 */

#ifndef _NGX_HTTP_ZOOM_SHARED_LEASE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SHARED_LEASE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_seal.h"


typedef struct ngx_http_zoom_shared_lease_s  ngx_http_zoom_shared_lease_t;


/* Whose it is to be; nothing of it is kept. */

typedef struct {
    ngx_str_t                    pool;
    ngx_str_t                    meeting;
    ngx_str_t                    user;
    ngx_str_t                    bot;        /* its id, or empty: not known */
    ngx_str_t                    caller;     /* whose bot that is */
} ngx_http_zoom_shared_lessee_t;


/* What another one has. */

typedef struct {
    ngx_str_t                    user;
    uint64_t                     bot;        /* who has it, 0: not known */
    ngx_msec_t                   left;       /* of its time */
} ngx_http_zoom_shared_taken_t;


/*
 * Called once for each _take(), from the event loop: NGX_OK, also if the store
 * is away; NGX_DECLINED, somebody else has that user, and these are all that
 * others have in that meeting; NGX_BUSY, the bot has another user, the only one
 * of "taken".
 */

typedef void (*ngx_http_zoom_shared_lease_pt)(void *data, ngx_int_t rc,
    const ngx_http_zoom_shared_taken_t *taken, ngx_uint_t n);

/* Leases have ended, on whichever host: of a user, or, if empty, of all. */

typedef void (*ngx_http_zoom_shared_ended_pt)(const ngx_str_t *pool,
    const ngx_str_t *meeting, const ngx_str_t *user);


/* In a worker, where there is such a store. */
void ngx_http_zoom_shared_lease_init(const zoom_seal_t *seal,
    ngx_http_zoom_shared_ended_pt ended, ngx_log_t *log);

/* In the pool, which it has to leave before that is destroyed. */
ngx_http_zoom_shared_lease_t *ngx_http_zoom_shared_lease_create(
    ngx_pool_t *pool, const ngx_http_zoom_shared_lessee_t *lessee);

/*
 * Reserves it for so many milliseconds.  With "move" the bot gives up what it
 * has.  NGX_AGAIN: the handler will be called, within the store's timeout;
 * NGX_OK: the store is away, and it won't be.
 */

ngx_int_t ngx_http_zoom_shared_lease_take(ngx_http_zoom_shared_lease_t *lease,
    ngx_msec_t ms, ngx_uint_t move, ngx_http_zoom_shared_lease_pt handler,
    void *data);

/* How "taken" calls that bot; never 0.  0: OpenSSL failed, or it has no id. */
uint64_t ngx_http_zoom_shared_lease_bot(const ngx_str_t *caller,
    const ngx_str_t *bot);

/* Nobody waits for the answer any more. */
void ngx_http_zoom_shared_lease_leave(ngx_http_zoom_shared_lease_t *lease);

/* The bot has its token: it lasts so long from now on, taken before or not. */
void ngx_http_zoom_shared_lease_hold(ngx_http_zoom_shared_lease_t *lease,
    ngx_msec_t ms);

/* It does not: what was reserved by this lease, and no other, ends. */
void ngx_http_zoom_shared_lease_drop(ngx_http_zoom_shared_lease_t *lease);

/* Ends those of a user in a meeting, or of all if that is empty. */
void ngx_http_zoom_shared_lease_end(const ngx_str_t *pool,
    const ngx_str_t *meeting, const ngx_str_t *user);

/* Whether that was news of it. */
ngx_uint_t ngx_http_zoom_shared_lease_news(const ngx_str_t *text);


#endif /* _NGX_HTTP_ZOOM_SHARED_LEASE_H_INCLUDED_ */
