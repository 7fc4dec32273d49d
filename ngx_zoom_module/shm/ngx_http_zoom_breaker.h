/*
 * The condition of an account, shared by all workers: an outage of Zoom's, or
 * something broken that an operator has to mend; what is told of it in the
 * log; and when an access token may be renewed out of turn.
 */

#ifndef _NGX_HTTP_ZOOM_BREAKER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BREAKER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"


typedef enum {
    NGX_HTTP_ZOOM_FINE = 0,
    NGX_HTTP_ZOOM_PROBE,         /* something is wrong: try, you alone */
    NGX_HTTP_ZOOM_PAUSE,         /* an outage that has just begun: wait */
    NGX_HTTP_ZOOM_STOP           /* no use in asking now */
} ngx_http_zoom_gate_e;


/* How an exchange failed. */

typedef struct {
    zoom_error_e                 error;
    int                          code;       /* Zoom's */
    const u_char                *message;    /* for people */
    const u_char                *tracking_id;
    ngx_str_t                    text;       /* the log line, without account */
    ngx_msec_t                   wait;       /* what Zoom asks for, clamped */
    ngx_uint_t                   last;       /* it will not be tried again */
    ngx_uint_t                   final;      /* of one token, no outage */
    ngx_uint_t                   counted;    /* told of before, as not last */
    ngx_uint_t                   harmless;   /* a renewal: the old one serves */
    ngx_uint_t                   lone;       /* tells nothing of the others
                                                of its kind */
} ngx_http_zoom_failure_t;


/*
 * May we ask Zoom?  Unless all is fine "*error" tells what is wrong, and
 * "*wait", in milliseconds, when it makes sense to ask again.
 */

ngx_http_zoom_gate_e ngx_http_zoom_breaker_gate(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    zoom_error_e *error, ngx_msec_t *wait);

/* The probe was not sent: soon somebody else may. */
void ngx_http_zoom_breaker_unused(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind);

/*
 * Whether something is wrong as far as anybody knows: where nobody has asked
 * for long it may be mended, and a health check must let traffic find out.
 */

ngx_uint_t ngx_http_zoom_breaker_known(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind);

/* Whether something is wrong; takes no probe. */
ngx_uint_t ngx_http_zoom_breaker_bad(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind);

/* Whether all is fine with that kind, or it is time for a probe. */
ngx_uint_t ngx_http_zoom_breaker_ready(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind);

/* The same, and of the access token that it needs. */
ngx_uint_t ngx_http_zoom_breaker_due(const ngx_http_zoom_state_t *state,
    ngx_http_zoom_service_e kind);

/* Whether it is an outage of Zoom's that is wrong, of any kind. */
ngx_uint_t ngx_http_zoom_breaker_down(const ngx_http_zoom_state_t *state);

/* After every exchange: one of these. */
void ngx_http_zoom_breaker_good(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind, ngx_log_t *log);
void ngx_http_zoom_breaker_failed(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, ngx_http_zoom_service_e kind,
    const ngx_http_zoom_failure_t *failure, ngx_log_t *log);

/*
 * Under lock: may an access token that Zoom refused be dropped now?  At most
 * once in a while, and more rarely if it does not help: two hosts could
 * otherwise revoke each other's for ever.
 */

ngx_uint_t ngx_http_zoom_breaker_refresh(ngx_http_zoom_state_t *state);

/* Under lock: forget it all, somebody has mended something. */
void ngx_http_zoom_breaker_reset(ngx_http_zoom_state_t *state);


#endif /* _NGX_HTTP_ZOOM_BREAKER_H_INCLUDED_ */
