/*
 * What is good for one time, or a few, on all hosts: the ids of webhooks, and
 * proofs that can be sent again.  What a host has reserved in its zone it
 * reserves in the store as well, for as long as its request runs, and spends or
 * releases it there.  An owner that dies lapses.
 *
 * Neither ids nor signatures are to be read in the store, but digests of them.
 * How long things last goes by the store's clock.
 */

#ifndef _NGX_HTTP_ZOOM_ONCE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ONCE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_ONCE_MARKS_MAX  18


typedef struct ngx_http_zoom_once_s  ngx_http_zoom_once_t;


/* What of it counts. */

typedef enum {
    NGX_HTTP_ZOOM_ONCE_UNTIL = 0,    /* it is spent for so many seconds, from
                                        when that is told */
    NGX_HTTP_ZOOM_ONCE_WITHIN,       /* from when it was reserved first */
    NGX_HTTP_ZOOM_ONCE_LOOK          /* it is not reserved, nor spent */
} ngx_http_zoom_once_e;


typedef struct {
    ngx_http_zoom_once_e         kind;
    time_t                       lasts;      /* seconds, once spent */
    ngx_uint_t                   count;      /* so often it is good */
    const ngx_str_t             *request;    /* parts of what is the very same
                                                request, which a sender may
                                                repeat at once; NULL: none */
    ngx_uint_t                   nrequest;
} ngx_http_zoom_once_mark_t;


/*
 * Called once for each _reserve(), from the event loop: NGX_OK, also if the
 * store is away; NGX_DECLINED, it is spent; NGX_AGAIN, another host or worker
 * has reserved it and may yet release it.
 */

typedef void (*ngx_http_zoom_once_pt)(void *data, ngx_int_t rc);


/*
 * For "n" marks of one request, of which each lapses "lasts" seconds after it
 * was reserved.  It lives in the pool, and is to be ended before that.  NULL:
 * no memory.  Only where ngx_http_zoom_claim_used().
 */

ngx_http_zoom_once_t *ngx_http_zoom_once_create(ngx_pool_t *pool,
    ngx_uint_t n, time_t lasts, ngx_log_t *log);

/* Of strings, each with its length.  NGX_OK, or NGX_ERROR: one too many. */
ngx_int_t ngx_http_zoom_once_add(ngx_http_zoom_once_t *once,
    const ngx_http_zoom_once_mark_t *mark, const ngx_str_t *parts,
    ngx_uint_t n);

/* Drops the marks; nothing must be reserved. */
void ngx_http_zoom_once_reset(ngx_http_zoom_once_t *once);

/* Whether there are marks that nobody has asked to reserve. */
ngx_uint_t ngx_http_zoom_once_due(const ngx_http_zoom_once_t *once);

/*
 * All marks, or none.  NGX_AGAIN: the handler will be called, within the
 * store's timeout; NGX_OK: the store is away, and it won't be.
 */

ngx_int_t ngx_http_zoom_once_reserve(ngx_http_zoom_once_t *once,
    ngx_http_zoom_once_pt handler, void *data);

/* Nobody waits for the answer any more: the handler is not called. */
void ngx_http_zoom_once_leave(ngx_http_zoom_once_t *once);

/*
 * Spends the marks, or gives them back, and forgets them; the handler is not
 * called any more.  In any state.
 */

void ngx_http_zoom_once_end(ngx_http_zoom_once_t *once, ngx_uint_t spent);


#endif /* _NGX_HTTP_ZOOM_ONCE_H_INCLUDED_ */
