/*
 * A failure of Zoom's, or on the way there: put into words, told to the breaker
 * and to the log.
 */

#ifndef _NGX_HTTP_ZOOM_FAILURE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FAILURE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_exchange.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_response.h"


#define NGX_HTTP_ZOOM_TEXT_MAX  1024


/* Zeroed, it holds none. */

typedef struct {
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_service_e      service;
    ngx_http_zoom_breaker_failure_t  event;
    ngx_str_t                    text;       /* in "buf" */
    u_char                       buf[NGX_HTTP_ZOOM_TEXT_MAX];
} ngx_http_zoom_failure_t;


/*
 * Puts into words that "what" did not come, as exchange "x" failed or its
 * response was classified as "v".
 */

void ngx_http_zoom_failure_text(ngx_http_zoom_failure_t *f,
    const ngx_str_t *what, const ngx_http_zoom_exchange_t *x,
    const zoom_verdict_t *v);

/*
 * Tells the breaker and the log of a failure that has its words; f->event.last,
 * .harmless and .lone are the caller's to set before.
 */

void ngx_http_zoom_failure_tell(ngx_http_zoom_failure_t *f,
    const zoom_verdict_t *v);

/*
 * Once for a while, as no outage and no fault: the response's Date is off by so
 * many seconds that it is not believed.
 */

void ngx_http_zoom_failure_clock(ngx_http_zoom_worker_account_t *wa,
    int64_t off);

/* The failure, if there is one, was to be tried again, and won't be. */
void ngx_http_zoom_failure_was_last(ngx_http_zoom_failure_t *f);


#endif /* _NGX_HTTP_ZOOM_FAILURE_H_INCLUDED_ */
