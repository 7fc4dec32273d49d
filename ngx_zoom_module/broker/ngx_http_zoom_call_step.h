/*
 * What the two halves of a call know of each other: how it comes to an
 * exchange, and what becomes of that.
 */

#ifndef _NGX_HTTP_ZOOM_CALL_STEP_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CALL_STEP_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_call.h"


/* full jitter between tries, up to so many milliseconds */

#define NGX_HTTP_ZOOM_CALL_JITTER      250
#define NGX_HTTP_ZOOM_CALL_JITTER_MAX  2000

/* a try with less time than this is not worth a request, milliseconds */

#define NGX_HTTP_ZOOM_CALL_LEAST       1000


#define ngx_http_zoom_call_under_way(call)                                    \
    ((call)->exchanges[0].transfer || (call)->exchanges[1].transfer)


/*
 * A step of the state machine answers NGX_OK: call->state is the next one, to
 * go on with at once; NGX_AGAIN: something will come back to it, see
 * ngx_http_zoom_call_run(); NGX_DONE: the call is over, and may be gone.
 */

/* Goes on with the state that it is in. */
void ngx_http_zoom_call_run(ngx_http_zoom_call_t *call);

/* Ends without an exchange that says why, unless one is still under way. */
ngx_int_t ngx_http_zoom_call_give_up(ngx_http_zoom_call_t *call,
    zoom_error_e error, ngx_msec_t wait);

/* Ends, with call->error set. */
ngx_int_t ngx_http_zoom_call_end(ngx_http_zoom_call_t *call);

/* Ends with call->verdict, which goes to the breaker and the log. */
ngx_int_t ngx_http_zoom_call_fail(ngx_http_zoom_call_t *call);

/* Milliseconds that whoever waits has left; 0 or less: none. */
ngx_msec_int_t ngx_http_zoom_call_left(ngx_http_zoom_call_t *call);

/* Keeps the error after which it is tried again. */
void ngx_http_zoom_call_meet(ngx_http_zoom_call_t *call,
    zoom_error_e trouble);

/* Takes back what was done towards a try that was not sent. */
void ngx_http_zoom_call_unready(ngx_http_zoom_call_t *call);

/* The handler of every exchange. */
void ngx_http_zoom_call_answered(ngx_http_zoom_exchange_t *x);


#endif /* _NGX_HTTP_ZOOM_CALL_STEP_H_INCLUDED_ */
