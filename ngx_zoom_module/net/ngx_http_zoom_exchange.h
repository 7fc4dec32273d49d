/*
 * One HTTP exchange with Zoom, and what carries it.  Knows nothing of tokens or
 * users.
 */

#ifndef _NGX_HTTP_ZOOM_EXCHANGE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_EXCHANGE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_url.h"
#include "zoom_response.h"


typedef struct ngx_http_zoom_exchange_s  ngx_http_zoom_exchange_t;

typedef void (*ngx_http_zoom_exchange_pt)(ngx_http_zoom_exchange_t *x);


struct ngx_http_zoom_exchange_s {
    /*
     * Set by the caller, zeroed otherwise.  Strings are copied when it is
     * sent; the caller may wipe its own at once.  "path" is appended to
     * origin->url as it is and begins with "/" or "?" unless it is empty; it
     * has no fragment.
     * With "body" the request is a POST of a form, else a GET, unless "method"
     * is something else.
     */

    const ngx_http_zoom_origin_t *origin;
    ngx_str_t                    path;
    ngx_str_t                    authorization;    /* the header's value */
    ngx_str_t                    body;
    const char                  *method;           /* NULL, or in capitals */
    size_t                       body_max;         /* of the answer; 0:
                                                      ZOOM_RESPONSE_BODY_MAX */
    unsigned                     json:1;           /* body is, no form */
    unsigned                     once:1;           /* never sent twice */
    unsigned                     traceless:1;      /* see below */
    ngx_msec_t                   patience;         /* most time to wait for a
                                                      connection */
    ngx_msec_t                   timeout;          /* 0, or of all, queue and
                                                      what comes after; on the
                                                      wire request_timeout
                                                      holds as well */
    ngx_http_zoom_exchange_pt    handler;
    ngx_http_zoom_exchange_pt    sending;          /* or NULL; see below */
    void                        *data;
    ngx_log_t                   *log;

    /*
     * Set when the handler is called.  NGX_OK: "response" is Zoom's, borrowed
     * until the handler returns.  NGX_ERROR: no usable answer came, "reason"
     * says why in words for the log ("could not connect: ...", "TLS:
     * certificate verify failed: ..."), "advice" what to do about it or NULL.
     * Both hold no secret and are borrowed likewise.
     */

    ngx_int_t                    rc;
    zoom_response_t              response;
    ngx_str_t                    head;             /* its header lines */
    const char                  *reason;
    const char                  *advice;
    unsigned                     timedout:1;
    unsigned                     too_large:1;      /* above "body_max" */
    unsigned                     queued:1;         /* never left the queue
                                                      behind "connections" */
    unsigned                     untrusted:1;      /* for a certificate */
    unsigned                     ours:1;           /* timed out, but we gave
                                                      it too little time */

    void                        *transfer;         /* the transport's own */
};


/*
 * A transport.  "send" starts an exchange.  NGX_OK: the handler will be called
 * exactly once, never from inside this call, unless the exchange is cancelled
 * or the carrier destroyed.  NGX_BUSY: too many wait for a connection.
 * NGX_ERROR: it could not start (memory, a control character in a header).  The
 * caller owns the exchange, which must stay where it is, and its log as well,
 * until the handler was called or it was cancelled; the handler may free it,
 * start others and cancel others.
 *
 * "sending" is called when there is a connection and the request goes over it,
 * a second time if that had died and the request is sent again.  It must
 * neither start nor cancel an exchange.
 *
 * Of a "traceless" one nothing is left in memory when the handler has returned:
 * libraries wipe what they free (ngx_http_zoom_heap.h), and it goes over
 * HTTP/1.1, since nghttp2 keeps frames of a connection and wipes none.
 *
 * "cancel" is harmless on an exchange that is done, or was never started.
 */

typedef struct {
    ngx_int_t                  (*send)(void *carrier,
                                       ngx_http_zoom_exchange_t *x);
    void                       (*cancel)(ngx_http_zoom_exchange_t *x);
} ngx_http_zoom_transport_t;


#endif /* _NGX_HTTP_ZOOM_EXCHANGE_H_INCLUDED_ */
