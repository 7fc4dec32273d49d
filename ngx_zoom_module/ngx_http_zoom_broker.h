/*
 * The broker: the only place that knows the whole way from "token for user X"
 * to an answer.  Store, flight and fetch are below it, handlers above.
 */

#ifndef _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_flight.h"
#include "zoom_answer.h"
#include "zoom_error.h"


typedef enum {
    NGX_HTTP_ZOOM_ACCESS = 0,        /* the S2S access token */
    NGX_HTTP_ZOOM_ZAK
} ngx_http_zoom_kind_e;


typedef enum {
    NGX_HTTP_ZOOM_STATUS_NONE = 0,   /* "-" */
    NGX_HTTP_ZOOM_STATUS_HIT,
    NGX_HTTP_ZOOM_STATUS_MISS,
    NGX_HTTP_ZOOM_STATUS_SHARED,
    NGX_HTTP_ZOOM_STATUS_STALE
} ngx_http_zoom_status_e;


typedef struct ngx_http_zoom_ask_s  ngx_http_zoom_ask_t;

typedef void (*ngx_http_zoom_ask_pt)(ngx_http_zoom_ask_t *ask);


struct ngx_http_zoom_ask_s {
    /* Set by the caller; "user" must live as long as the ask. */

    ngx_http_zoom_account_t     *account;
    ngx_http_zoom_kind_e         kind;
    ngx_str_t                    user;       /* as zoom_user_check() took it */
    time_t                       ttl;        /* seconds, of a ZAK */
    time_t                       reuse;
    time_t                       min_left;
    ngx_msec_t                   deadline;   /* on ngx_current_msec's clock */
    ngx_pool_t                  *pool;       /* where the token goes */
    ngx_http_zoom_ask_pt         handler;
    void                        *data;

    /*
     * The result.  "token" is set with ZOOM_OK only and belongs to "pool":
     * the caller wipes it.  It stays empty for NGX_HTTP_ZOOM_ACCESS asked for
     * by a handler that passes no pool: the health check needs none.
     */

    zoom_error_e                 error;
    ngx_http_zoom_status_e       status;
    ngx_str_t                    token;
    time_t                       expires;
    time_t                       retry_after;        /* with a 503; seconds */
    ngx_msec_t                   mint_time;          /* of the flight */
    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX + 1];

    /* The broker's own. */

    ngx_queue_t                  queue;
    ngx_http_zoom_flight_t      *flight;
    uint64_t                     published;  /* flight of the token */
    ngx_event_t                  timer;
};


/*
 * NGX_OK: the result is there already, the handler is not called.  NGX_AGAIN:
 * the handler will be called exactly once, unless the ask is cancelled.
 * Nothing else is returned: a failure is a result.
 */

ngx_int_t ngx_http_zoom_broker_ask(ngx_http_zoom_ask_t *ask);

/*
 * The client went away.  The flight goes on for others.  Harmless on an ask
 * that is done, or that was zeroed and never asked.
 */

void ngx_http_zoom_broker_cancel(ngx_http_zoom_ask_t *ask);

ngx_int_t ngx_http_zoom_broker_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_broker_exit_process(ngx_cycle_t *cycle);


#endif /* _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_ */
