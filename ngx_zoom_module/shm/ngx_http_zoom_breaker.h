/*
 * The breakers of an account, one per service, shared by all workers.  An
 * outage of Zoom's is probed once a second; a fault that an operator has to
 * mend is probed less and less often.  OAuth has no limiter, so its 429 opens
 * the breaker as well.  Also decides when an access token may be renewed
 * out of turn.
 */

#ifndef _NGX_HTTP_ZOOM_BREAKER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BREAKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"


typedef enum {
    NGX_HTTP_ZOOM_FINE = 0,
    NGX_HTTP_ZOOM_FOLLOW,        /* unknown, another call finds out: wait if
                                    there is time */
    NGX_HTTP_ZOOM_PROBE,         /* something is wrong: try, you alone */
    NGX_HTTP_ZOOM_PAUSE,         /* it may soon be over: wait if there is
                                    time */
    NGX_HTTP_ZOOM_STOP           /* no use in asking now */
} ngx_http_zoom_gate_e;


/* How an exchange failed. */

typedef struct {
    zoom_error_e                 error;
    ngx_msec_t                   wait;       /* what Zoom asks for, clamped */
    unsigned                     last:1;     /* it will not be tried again */
    unsigned                     final:1;    /* a no, and no outage */
    unsigned                     counted:1;  /* told before, as not last */
    unsigned                     harmless:1; /* a renewal: the old one serves */
    unsigned                     lone:1;     /* says nothing of the service */
    unsigned                     untrusted:1;    /* for its certificate */
} ngx_http_zoom_breaker_failure_t;


/* What it did to the breaker. */

typedef enum {
    NGX_HTTP_ZOOM_BREAKER_CLOSED = 0,
    NGX_HTTP_ZOOM_BREAKER_FIRST,     /* closed, and the first since all was
                                        well */
    NGX_HTTP_ZOOM_BREAKER_OPEN
} ngx_http_zoom_breaker_e;


/*
 * Whether Zoom may be asked.  Unless all is fine "*error" tells what is wrong,
 * and "*wait", in milliseconds, when to ask again.  A hasty caller will not
 * wait for a slow answer and may learn nothing, so it gets a probe only if
 * nobody else has wanted it for a while.
 */

ngx_http_zoom_gate_e ngx_http_zoom_breaker_gate(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    ngx_uint_t hasty, zoom_error_e *error, ngx_msec_t *wait);

/* The probe was not sent: somebody else may soon try. */
void ngx_http_zoom_breaker_unused(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service);

/*
 * Whether a failure is known and recent: if nobody has asked for long it may
 * be over, and a health check must let traffic find out.
 */

ngx_uint_t ngx_http_zoom_breaker_known(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service);

/* Whether something is wrong; takes no probe. */
ngx_uint_t ngx_http_zoom_breaker_bad(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service);

/* Whether all is fine with that service, or it is time for a probe. */
ngx_uint_t ngx_http_zoom_breaker_ready(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service);

/* Likewise, for the service and for OAuth, whose token it needs. */
ngx_uint_t ngx_http_zoom_breaker_due(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service);

/* Whether OAuth or any service of the API has an outage. */
ngx_uint_t ngx_http_zoom_breaker_down(const ngx_http_zoom_state_t *state);

/* After every exchange: one of these. */
void ngx_http_zoom_breaker_good(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    ngx_log_t *log);
ngx_http_zoom_breaker_e ngx_http_zoom_breaker_failed(
    ngx_http_zoom_zone_t *zone, ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure);

/*
 * Counts a line about the failure.  1: it is the first of its kind and to be
 * told; more: so many since the last line, a reminder is due; 0: keep quiet.
 */

uint64_t ngx_http_zoom_breaker_said(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e service,
    const ngx_http_zoom_breaker_failure_t *failure);

/*
 * Under lock: whether an access token that Zoom refused may be dropped now.
 * At most once in a while, and less often if it does not help, since two hosts
 * could otherwise revoke each other's tokens for ever.  With "foreign", a
 * request of a script, a vain renewal does not count: the cause may be what
 * was asked for.
 */

ngx_uint_t ngx_http_zoom_breaker_refresh(ngx_http_zoom_state_t *state,
    ngx_uint_t foreign)
    ngx_http_zoom_under_lock;


#endif /* _NGX_HTTP_ZOOM_BREAKER_H_INCLUDED_ */
