/* Who asks for a token, and what they get. */

#ifndef _NGX_HTTP_ZOOM_ASK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ASK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_waiter.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_error.h"


typedef struct ngx_http_zoom_ask_s  ngx_http_zoom_ask_t;

typedef void (*ngx_http_zoom_ask_pt)(ngx_http_zoom_ask_t *ask);


struct ngx_http_zoom_ask_s {
    /* Set by the caller; strings must live as long as the ask. */

    ngx_http_zoom_account_t     *account;
    ngx_http_zoom_token_req_t    req;        /* checked */
    uint32_t                     who;        /* takes turns with others */
    time_t                       reuse;
    time_t                       min_left;
    ngx_msec_t                   stale_after;    /* with "use_stale": so long
                                                    a wait is enough */
    ngx_msec_t                   deadline;   /* on ngx_current_msec's clock */
    ngx_pool_t                  *pool;       /* where the token goes */
    size_t                       before;     /* bytes for the caller's use */
    size_t                       after;      /* around it */
    ngx_http_zoom_ask_pt         handler;
    ngx_http_zoom_ask_pt         ripened;    /* or NULL; see below */
    void                        *data;
    unsigned                     use_stale:1;
    unsigned                     vital:1;    /* of a batch */

    /*
     * The result.  "token" is set with ZOOM_OK only and belongs to "pool":
     * the caller wipes it.
     */

    zoom_error_e                 error;
    ngx_http_zoom_status_e       status;
    ngx_http_zoom_limit_e        limit;
    ngx_str_t                    token;
    time_t                       expires;
    time_t                       retry_after;        /* with a 503; seconds */
    ngx_msec_t                   mint_time;          /* of the flight */
    int                          code;               /* Zoom's; 0: none */
    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX + 1];

    /* Its own. */

    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_waiter_t       waiter;
    ngx_msec_t                   start;
    unsigned                     ripe:1;     /* has waited "stale_after" */
    unsigned                     again:1;    /* what came first would not do */
};


/*
 * NGX_OK: the result is there already, the handler is not called.  NGX_AGAIN:
 * the handler will be called exactly once, unless the ask is cancelled.
 * Nothing else is returned: a failure is a result.
 */

ngx_int_t ngx_http_zoom_ask(ngx_http_zoom_ask_t *ask);

/*
 * An ask with "ripened" does not take what is stale by itself.  It tells that
 * it could, and goes on waiting until it is told to: NGX_OK, it is done, and
 * the handler is not called.  NGX_DECLINED: there is nothing any more, it
 * waits.
 */

ngx_int_t ngx_http_zoom_ask_settle(ngx_http_zoom_ask_t *ask);

/*
 * The client went away.  The flight goes on for others.  Harmless on an ask
 * that is done, or that was zeroed and never asked.
 */

void ngx_http_zoom_ask_cancel(ngx_http_zoom_ask_t *ask);


#endif /* _NGX_HTTP_ZOOM_ASK_H_INCLUDED_ */
