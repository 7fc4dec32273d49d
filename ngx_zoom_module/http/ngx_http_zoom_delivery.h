/*
 * A webhook of Zoom's that came, and that it is handled once.
 *
 * Zoom sends one again when it was not answered with 2xx, with the same id and
 * perhaps a new timestamp; whoever saw one can send it again as well, but with
 * another id, which is not signed.  So both the signature and the id are known
 * for one delivery, reserved while it is being handled, and spent by a 2xx.
 */

#ifndef _NGX_HTTP_ZOOM_DELIVERY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_DELIVERY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_events_table.h"
#include "ngx_http_zoom_once.h"
#include "ngx_http_zoom_replay.h"
#include "zoom_event.h"
#include "zoom_webhook.h"


#define NGX_HTTP_ZOOM_DELIVERY_NMARKS  2


typedef struct {
    const ngx_http_zoom_account_t   *account;
    const void                      *where;      /* its location */
    zoom_webhook_t                   sent;
    ngx_str_t                        id;         /* x-zm-request-id, or empty */
    int64_t                          at;         /* its timestamp */
    const zoom_hmac_t               *key;        /* that its signature has */

    zoom_event_t                     event;      /* when "read" */
    ngx_http_zoom_event_e            result;
    ngx_http_zoom_reserved_t         marks[NGX_HTTP_ZOOM_DELIVERY_NMARKS];

    ngx_http_zoom_once_t            *once;       /* the marks for all hosts, or
                                                    NULL */

    ngx_int_t                        rc;         /* of its body, and then of
                                                    what the store says */
    unsigned                         asked:1;    /* for the body */
    unsigned                         arrived:1;  /* with "rc" */
    unsigned                         read:1;     /* the signature holds */
    unsigned                         scripted:1; /* a script has seen it */
    unsigned                         waits:1;    /* for the script or the
                                                    store */
    unsigned                         heard:1;    /* from the store */
    unsigned                         wanted:1;   /* by the next handler */
    unsigned                         passed:1;   /* to the next handler */
    unsigned                         reserved:1;
} ngx_http_zoom_delivery_t;


/* What came, by the header.  NULL, or why it is none. */
const char *ngx_http_zoom_delivery_header(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, time_t window);

/*
 * The body as it came.  NGX_OK and d->key, NGX_DECLINED: no key of the account
 * has signed it, or NGX_ERROR.
 */

ngx_int_t ngx_http_zoom_delivery_verify(ngx_http_zoom_delivery_t *d,
    const ngx_str_t *body);

/*
 * Reserves it for this request: NGX_OK; NGX_DECLINED: it has been handled;
 * NGX_AGAIN: another request is handling it; NGX_BUSY or NGX_ERROR.  With
 * d->once it is to be reserved for all hosts then.
 */

ngx_int_t ngx_http_zoom_delivery_reserve(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, time_t window);

/* Another request has it: nothing is reserved any more. */
void ngx_http_zoom_delivery_yield(ngx_http_zoom_delivery_t *d);

/*
 * How it ended: with "done" it is not to come again, else it has failed.
 * Harmless when it is over.
 */

void ngx_http_zoom_delivery_end(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, ngx_uint_t done);

/* Counts what became of it. */
void ngx_http_zoom_delivery_count(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, ngx_http_zoom_event_e result);


#endif /* _NGX_HTTP_ZOOM_DELIVERY_H_INCLUDED_ */
