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
#include "ngx_http_zoom_state.h"
#include "zoom_error.h"
#include "zoom_token_type.h"
#include "zoom_response.h"


typedef struct ngx_http_zoom_ask_s  ngx_http_zoom_ask_t;

typedef void (*ngx_http_zoom_ask_pt)(ngx_http_zoom_ask_t *ask);


struct ngx_http_zoom_ask_s {
    /* Set by the caller; strings must live as long as the ask. */

    ngx_http_zoom_account_t     *account;
    ngx_http_zoom_service_e      kind;
    zoom_token_type_e            type;
    ngx_str_t                    user;       /* as zoom_user_check() took it */
    ngx_str_t                    meeting;    /* its id, as digits */
    time_t                       ttl;        /* seconds, of a ZAK */
    time_t                       reuse;
    time_t                       min_left;
    ngx_msec_t                   deadline;   /* on ngx_current_msec's clock */
    ngx_pool_t                  *pool;       /* where the token goes */
    ngx_http_zoom_ask_pt         handler;
    void                        *data;
    unsigned                     use_stale:1;
    unsigned                     webinar:1;  /* what "meeting" is */
    unsigned                     bypass:1;   /* the waiting room */
    unsigned                     vital:1;    /* of a batch */
    unsigned                     health:1;   /* of an access token: fail also
                                                if minting is known to */

    /*
     * The result.  "token" is set with ZOOM_OK only and belongs to "pool":
     * the caller wipes it.  It stays empty for NGX_HTTP_ZOOM_OAUTH asked for
     * by a handler that passes no pool: the health check needs none.
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

    /* The broker's own. */

    ngx_queue_t                  queue;
    ngx_http_zoom_flight_t      *flight;
    ngx_msec_t                   start;
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

/*
 * Drops the tokens of an account, or with "user" those of one user of it;
 * flights in progress bring nothing any more, and those who wait for them mint
 * again.  Forgets what was known to be broken.  NGX_OK and how many tokens
 * went in "*n", NGX_BUSY: that was done less than a second ago, NGX_DECLINED:
 * that is no user, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_broker_purge(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t *n);

/* Counts a request that failed before it had an account. */
void ngx_http_zoom_broker_count(zoom_error_e error);


/* What there is to tell of an account. */

typedef struct {
    zoom_rate_t                  rate;       /* ours, with plan and share */
    uint32_t                     used;       /* today, where there is a day */
    ngx_msec_t                   wait;       /* a request made now would */
} ngx_http_zoom_label_report_t;


typedef struct {
    const ngx_http_zoom_state_t *state;      /* in shared memory: changes */
    time_t                       minted;     /* of the access token, 0: none */
    time_t                       expires;
    ngx_http_zoom_label_report_t labels[ZOOM_NLABELS];
} ngx_http_zoom_report_t;


/* And of the zone. */

typedef struct {
    size_t                       size;
    ngx_uint_t                   entries;
    ngx_uint_t                   used;
    ngx_uint_t                   negative;   /* of these, failures only */
    ngx_uint_t                   flights;    /* in progress */
    ngx_uint_t                   blocks;
    ngx_uint_t                   free_blocks;
    ngx_uint_t                   workers;
    const ngx_atomic_t          *errors;     /* of no account, ZOOM_E_LAST */
} ngx_http_zoom_zone_report_t;


void ngx_http_zoom_broker_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_report_t *report);
void ngx_http_zoom_broker_zone_report(ngx_http_zoom_zone_report_t *report);


ngx_int_t ngx_http_zoom_broker_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_broker_exit_process(ngx_cycle_t *cycle);


#endif /* _NGX_HTTP_ZOOM_BROKER_H_INCLUDED_ */
