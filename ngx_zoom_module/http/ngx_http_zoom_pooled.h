/*
 * A request whose user is one of a pool: whom it has picked, and what becomes
 * of that.
 */

#ifndef _NGX_HTTP_ZOOM_POOLED_H_INCLUDED_
#define _NGX_HTTP_ZOOM_POOLED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_pool_pick.h"
#include "ngx_http_zoom_shared_lease.h"
#include "ngx_http_zoom_target.h"
#include "zoom_error.h"


typedef enum {
    NGX_HTTP_ZOOM_POOLED_PICKED = 0,
    NGX_HTTP_ZOOM_POOLED_RETRIED,
    NGX_HTTP_ZOOM_POOLED_EXHAUSTED
} ngx_http_zoom_pooled_e;


/*
 * The suspect was refused for a reason that may be its own: it is to blame if
 * Zoom gives the next one a token.
 */

struct ngx_http_zoom_ctx_s;

typedef struct ngx_http_zoom_pooled_s {
    const ngx_http_zoom_pool_conf_t  *conf;
    ngx_http_zoom_pooled_e       status;
    ngx_uint_t                   tries;
    time_t                       after;      /* if it is exhausted, seconds */
    ngx_http_zoom_picked_t       picked;
    ngx_http_zoom_picked_t       suspect;
    int                          code;       /* Zoom's, of the suspect */

    ngx_http_zoom_pick_t         pick;       /* for whom the last one was */
    ngx_http_zoom_shared_lease_t  *shared;   /* "picked" for all hosts, or
                                                NULL */
    ngx_uint_t                   yields;     /* to other hosts */
    zoom_error_e               (*plan)(ngx_http_request_t *r,
                                    struct ngx_http_zoom_ctx_s *ctx,
                                    const char **why);   /* for another one */
    unsigned                     suspects:1;
    unsigned                     moves:1;    /* the bot, whatever it has */
    unsigned                     held:1;     /* "picked" is to be settled */
} ngx_http_zoom_pooled_t;


/* As in $zoom_pool_status: "PICKED"; NULL: there is no pool. */
const ngx_str_t *ngx_http_zoom_pooled_status(
    const ngx_http_zoom_pooled_t *pooled);

/*
 * Picks the first member, and at a further call the next: sets target->user.
 * "whose" has the bot's id and its caller.  ZOOM_OK, ZOOM_E_POOL_EXHAUSTED,
 * ZOOM_E_NO_USER: there is no such pool for this account, ZOOM_E_DENIED or
 * ZOOM_E_INTERNAL; "*why" then tells the log.
 */

zoom_error_e ngx_http_zoom_pooled_next(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const ngx_http_zoom_pick_t *whose,
    const char **why);

/* Asks other hosts for what was picked; pooled->shared is not NULL. */
ngx_int_t ngx_http_zoom_pooled_take(ngx_http_zoom_pooled_t *pooled,
    ngx_http_zoom_shared_lease_pt handler, void *data);

/*
 * They have it: the pool knows now whom else they have, and another one is to
 * be picked.  With "own" the bot has a user there.
 */

void ngx_http_zoom_pooled_yield(ngx_http_zoom_pooled_t *pooled,
    ngx_uint_t own, const ngx_http_zoom_shared_taken_t *taken, ngx_uint_t n);

/* Nobody waits for their answer any more; NULL will do. */
void ngx_http_zoom_pooled_leave(ngx_http_zoom_pooled_t *pooled);

/* "picked" is no use, which the zone knows already. */
void ngx_http_zoom_pooled_drop(ngx_http_zoom_pooled_t *pooled);

/* Whether the bot has got its token.  The first call counts; NULL will do. */
void ngx_http_zoom_pooled_settle(ngx_http_zoom_pooled_t *pooled,
    ngx_uint_t good);


#endif /* _NGX_HTTP_ZOOM_POOLED_H_INCLUDED_ */
