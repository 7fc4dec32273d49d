/*
 * A failure of Zoom's, or on the way there, put into words and passed on: to
 * the account's condition, which knows what is worth a line in the log, and to
 * those who wait.
 */

#ifndef _NGX_HTTP_ZOOM_COMPLAINT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_COMPLAINT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_kind.h"
#include "ngx_http_zoom_publish.h"


#define NGX_HTTP_ZOOM_TEXT_MAX  1024


/* Zeroed, it holds none; what "failure" points to is in the rest. */

typedef struct {
    ngx_http_zoom_failure_t      failure;
    zoom_verdict_t               judgement;
    u_char                       text[NGX_HTTP_ZOOM_TEXT_MAX];
} ngx_http_zoom_complaint_t;


/*
 * There is no token for "order": exchange "f" has failed, or its answer was
 * judged "j".  c->failure.last and c->failure.harmless are the caller's to set
 * before.
 */

void ngx_http_zoom_complaint(ngx_http_zoom_complaint_t *c,
    const ngx_http_zoom_mint_order_t *order, const ngx_http_zoom_exchange_t *f,
    const zoom_verdict_t *j);

/* The last one, if there is one, was to be tried again, and won't be. */
void ngx_http_zoom_complaint_last(ngx_http_zoom_complaint_t *c,
    const ngx_http_zoom_mint_order_t *order);

/* The end of a flight that brought nothing, and how long that stands. */
void ngx_http_zoom_complaint_result(ngx_http_zoom_service_e kind,
    const zoom_verdict_t   *j, ngx_http_zoom_result_t *result);


#endif /* _NGX_HTTP_ZOOM_COMPLAINT_H_INCLUDED_ */
