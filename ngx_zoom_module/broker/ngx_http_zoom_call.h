/*
 * The call room: the one way to Zoom.
 *
 *     gate -> access -> slot -> send -> sent -> done
 *      ^                                  |
 *      +------------- pause <-------------+
 *
 * The breaker lets it through, an access token is had, the limiter gives it a
 * slot, the transport carries it, and the response is classified: good, or the
 * access token is renewed, or it is tried again, or that was it.  What is asked
 * for, who waits and what becomes of the response is the owner's.
 */

#ifndef _NGX_HTTP_ZOOM_CALL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CALL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_fair.h"
#include "ngx_http_zoom_exchange.h"
#include "ngx_http_zoom_lane.h"
#include "ngx_http_zoom_slot.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_error.h"
#include "zoom_response.h"


typedef struct ngx_http_zoom_call_s  ngx_http_zoom_call_t;


typedef enum {
    NGX_HTTP_ZOOM_CALL_GATE = 0,     /* to be let through by the breaker */
    NGX_HTTP_ZOOM_CALL_ACCESS,       /* to get an access token */
    NGX_HTTP_ZOOM_CALL_SLOT,         /* to get a slot, or for its time */
    NGX_HTTP_ZOOM_CALL_SEND,         /* to be sent */
    NGX_HTTP_ZOOM_CALL_SENT,         /* under way, nothing else to do */
    NGX_HTTP_ZOOM_CALL_PAUSE,        /* between two tries */
    NGX_HTTP_ZOOM_CALL_DONE
} ngx_http_zoom_call_state_e;


/* The owner's part. */

typedef struct {
    /*
     * Fills in origin, path, authorization, method and body of "x" for this
     * try and passes it to ngx_http_zoom_call_send(), whose result it returns.
     * "access" is the access token, empty for a call without one.
     */

    ngx_int_t                  (*send)(ngx_http_zoom_call_t *call,
                                       const ngx_str_t *access,
                                       ngx_http_zoom_exchange_t *x);

    /* What x->response means.  With ZOOM_USE the owner has taken it. */
    void                       (*classify)(ngx_http_zoom_call_t *call,
                                           const ngx_http_zoom_exchange_t *x,
                                           zoom_verdict_t *v);

    /* For the log: what it is that did not come, and for whom. */
    u_char                    *(*print)(ngx_http_zoom_call_t *call, u_char *p,
                                        u_char *last);

    /*
     * NULL: until call->deadline.  Milliseconds that whoever waits has left;
     * 0 or less: none.
     */

    ngx_msec_int_t             (*left)(ngx_http_zoom_call_t *call);

    /* NULL: always.  Whether anybody waits. */
    ngx_uint_t                 (*wanted)(ngx_http_zoom_call_t *call);

    /* NULL, or told that the next exchange may take so long, milliseconds. */
    void                       (*busy)(ngx_http_zoom_call_t *call,
                                       ngx_msec_t time);

    /*
     * Both NULL: in call->trouble.  Stores the error after which it tries
     * again; returns that error.
     */

    void                       (*meet)(ngx_http_zoom_call_t *call,
                                       zoom_error_e trouble);
    zoom_error_e               (*trouble)(ngx_http_zoom_call_t *call);

    /*
     * NULL, or asked after a final no: 1 if the owner has changed what it asks
     * for and wants to try that; "v" may be exchanged for an earlier no.
     */

    ngx_uint_t                 (*another)(ngx_http_zoom_call_t *call,
                                          zoom_verdict_t *v);

    /* NULL, or for how many seconds what it is to replace still serves. */
    time_t                     (*serves)(ngx_http_zoom_call_t *call);

    /*
     * The end, once, unless the call is cancelled: call->error and what goes
     * with it are set.  The owner may free the call.
     */

    void                       (*done)(ngx_http_zoom_call_t *call);
} ngx_http_zoom_call_ops_t;


struct ngx_http_zoom_call_s {
    /* Set by the owner; zeroed otherwise. */

    const ngx_http_zoom_call_ops_t  *ops;
    void                        *data;
    ngx_http_zoom_worker_account_t  *wa;
    const ngx_http_zoom_transport_t *transport;  /* NULL: the client's */
    ngx_http_zoom_service_e      service;
    zoom_label_e                 label;      /* ZOOM_NLABELS: no limit */
    uint32_t                     who;        /* whose line it stands in */
    ngx_http_zoom_subject_t      subject;
    ngx_pool_t                  *pool;
    ngx_msec_t                   stale_after;    /* as that of an access */
    ngx_str_t                    user;       /* whose access token, of an
                                                account of users */
    ngx_msec_t                   deadline;   /* on ngx_current_msec's clock,
                                                without ops->left */
    ngx_uint_t                   tries_max;  /* 0: as many as time allows */
    unsigned                     anonymous:1;    /* without access token */
    unsigned                     humble:1;   /* its slots come after those of
                                                calls that are not */
    unsigned                     single:1;   /* never executed twice */
    unsigned                     serial:1;   /* it makes a user: Zoom takes one
                                                of these at a time */
    unsigned                     foreign:1;  /* of its failures only outages
                                                concern the service */
    unsigned                     stray:1;    /* nor do outages: it goes where
                                                its caller wants */
    unsigned                     lone:1;     /* a final refusal does not concern
                                                the service */
    unsigned                     solo:1;     /* never two exchanges at once */
    unsigned                     spent:1;    /* its body has left and is not
                                                kept: never sent again */

    /* The result. */

    zoom_error_e                 error;
    zoom_verdict_t               verdict;    /* the last one */
    ngx_msec_t                   wait;       /* before it makes sense to ask
                                                again, or 0 */
    ngx_http_zoom_exchange_t    *last;       /* the last one sent, or done */
    ngx_uint_t                   responded;  /* "last" is what ended it */
    ngx_uint_t                   dropped;    /* nobody waited any more */
    ngx_msec_t                   start;

    /* Its own. */

    ngx_http_zoom_call_state_e   state;
    ngx_http_zoom_access_t       access;
    ngx_http_zoom_exchange_t     exchanges[2];
    uint64_t                     tokens[2];  /* flights of their access
                                                tokens */
    uint64_t                     refused;    /* of the one that died */
    ngx_http_zoom_slot_t         slot;
    ngx_http_zoom_fair_t         fair;       /* before the slot */
    ngx_http_zoom_lane_t         lane;       /* if serial */
    ngx_event_t                  timer;      /* of the state */
    zoom_error_e                 trouble;    /* without ops->meet */
    ngx_uint_t                   tries;
    ngx_uint_t                   refusals;   /* 429 */
    ngx_msec_t                   until;      /* somebody waited, when it was
                                                sent */
    ngx_http_zoom_failure_t      failure;    /* the last one, tried again */

    unsigned                     probe:1;    /* and nobody else */
    unsigned                     hedge:1;    /* Zoom is down */
    unsigned                     waited:1;   /* since the gate */
    unsigned                     refreshed:1;
    unsigned                     wired:1;    /* a byte of it was sent */
    unsigned                     unscoped:1; /* a probe for a scope that
                                                was missing */
};


/*
 * Starts at once; "done" may be called from inside.  Where nobody else watches
 * the time the timer keeps a worker that is told to quit until the end.
 */

void ngx_http_zoom_call_start(ngx_http_zoom_call_t *call,
    ngx_uint_t watched);

/* Likewise, but from the event loop. */
void ngx_http_zoom_call_post(ngx_http_zoom_call_t *call, ngx_uint_t watched);

/* For ops->send: the strings of "x" are copied.  As the transport answers. */
ngx_int_t ngx_http_zoom_call_send(ngx_http_zoom_call_t *call,
    ngx_http_zoom_exchange_t *x);

/* Ends it without "done".  Harmless when done. */
void ngx_http_zoom_call_cancel(ngx_http_zoom_call_t *call);

/*
 * Why it takes so long: what it met with, or the flight of the access token
 * did; ZOOM_E_TIMEOUT if it is just slow.
 */

zoom_error_e ngx_http_zoom_call_trouble(ngx_http_zoom_call_t *call);


#endif /* _NGX_HTTP_ZOOM_CALL_H_INCLUDED_ */
