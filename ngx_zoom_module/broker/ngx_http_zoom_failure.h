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


/* For whom a token is, as hashes, 0: for none such. */

typedef struct {
    uint64_t                     user;
    uint64_t                     meeting;
} ngx_http_zoom_subject_t;


/* Zeroed, it holds none. */

typedef struct {
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_service_e      service;
    ngx_http_zoom_subject_t      subject;
    int                          code;       /* Zoom's */
    const char                  *reason;     /* where Zoom said nothing; the
                                                exchange's, while it is told */
    ngx_http_zoom_breaker_failure_t  event;
    ngx_str_t                    text;       /* in "buf" */
    u_char                       buf[NGX_HTTP_ZOOM_TEXT_MAX];
} ngx_http_zoom_failure_t;


/* Of a user as zoom_user_fold() has it, and a meeting; either may be empty. */
void ngx_http_zoom_subject(ngx_http_zoom_subject_t *subject,
    const ngx_http_zoom_worker_account_t *wa, zoom_str_t user,
    zoom_str_t meeting);

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
 * A token came: problems of its user and its meeting are over. 1 if any had
 * been logged.
 */

ngx_uint_t ngx_http_zoom_failure_over(ngx_http_zoom_worker_account_t *wa,
    ngx_http_zoom_service_e service, const ngx_http_zoom_subject_t *subject);

/*
 * A user could not connect.  Anybody with a browser comes here, so it is told
 * as ngx_http_zoom_tell() says, whoever the user is.
 */

uint64_t ngx_http_zoom_failure_connect(ngx_http_zoom_worker_account_t *wa,
    zoom_error_e error);

/* Somebody has mended something: forgets what was told of users. */
void ngx_http_zoom_failure_forget(ngx_http_zoom_worker_account_t *wa);

/*
 * Once for a while, as no outage and no fault: the response's Date is off by so
 * many seconds that it is not believed.
 */

void ngx_http_zoom_failure_clock(ngx_http_zoom_worker_account_t *wa,
    int64_t off);

/* The failure, if there is one, was to be tried again, and won't be. */
void ngx_http_zoom_failure_was_last(ngx_http_zoom_failure_t *f);


#endif /* _NGX_HTTP_ZOOM_FAILURE_H_INCLUDED_ */
