/*
 * What is known of a request.  Kept with the pool, since an internal redirect
 * (error_page) takes r->ctx away.
 */

#ifndef _NGX_HTTP_ZOOM_CTX_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CTX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_batch.h"
#include "ngx_http_zoom_callback.h"
#include "ngx_http_zoom_delivery.h"
#include "ngx_http_zoom_target.h"


typedef struct ngx_http_zoom_ctx_s  ngx_http_zoom_ctx_t;

typedef void (*ngx_http_zoom_done_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/* Returns what a content handler does. */
typedef ngx_int_t (*ngx_http_zoom_content_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/* Checks all proofs once more.  ZOOM_OK, or an error and the reason. */
typedef zoom_error_e (*ngx_http_zoom_prove_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);

/* Whether the proofs hold on all hosts: ZOOM_OK, or likewise. */
typedef void (*ngx_http_zoom_proven_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);


/* While other hosts are asked for proofs that are good once. */

typedef struct {
    ngx_http_zoom_prove_pt       prove;
    ngx_http_zoom_proven_pt      handler;    /* NULL: they are not */
    void                        *data;
} ngx_http_zoom_proving_t;


/* What the caller gets. */

typedef struct {
    zoom_error_e                 error;
    ngx_str_t                    answer;     /* holds the token */
    ngx_str_t                    before;     /* members of an error's answer
                                                that come first, with commas */
    time_t                       after;      /* seconds to wait, beside what
                                                the batch says */

    ngx_table_elt_t             *cache_control;
    ngx_table_elt_t             *retry_after;
    ngx_table_elt_t             *allow;
} ngx_http_zoom_reply_t;


struct ngx_http_zoom_ctx_s {
    ngx_http_request_t          *request;
    ngx_http_zoom_done_pt        done;
    ngx_http_zoom_content_pt     content;    /* after proofs that need no
                                                body */
    ngx_http_zoom_proving_t      proving;

    ngx_str_t                    early;      /* variable read too soon */

    ngx_http_zoom_auth_t         auth;       /* who asks */
    ngx_http_zoom_callback_t     callback;   /* and says what */
    ngx_http_zoom_target_t       target;     /* what it is to get */
    ngx_http_zoom_batch_t        batch;      /* and Zoom is asked for */
    ngx_http_zoom_reply_t        reply;
    ngx_http_zoom_delivery_t    *delivery;   /* a webhook of Zoom's, or NULL */
    struct ngx_http_zoom_pass_s *pass;       /* the gateway's, or NULL */

    struct ngx_http_zoom_body_s *reader;     /* of callback.body */
    struct ngx_http_zoom_refusal_s *refusal; /* by a script, or NULL */

    ngx_str_t                    back;       /* where a user who connects is
                                                sent to, or nothing */

    unsigned                     ready:1;    /* authenticated and parsed */
    unsigned                     asked:1;
    unsigned                     watched:1;
};


/* NULL if the request has none. */
ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_get(ngx_http_request_t *r);

/* Makes one where there is none; NULL: no memory. */
ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_make(ngx_http_request_t *r);

/*
 * The start of a handler that has such lines of zoom_authenticate: as above,
 * without anything that an earlier handler of the same request had found out,
 * save the "early" mark; ctx->auth with what the header says.  The arguments'
 * secrets are overwritten in any case.
 */

ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_start(ngx_http_request_t *r,
    const ngx_array_t *lines);

/* The arguments as they were sent. */
#define ngx_http_zoom_ctx_args(r, ctx)                                        \
    ngx_http_zoom_callback_args(r, &(ctx)->callback)

/*
 * Asks the broker for what stands in ctx->batch, which has one ask at least.
 * "done" is called with the results there, at once or later, and finalizes the
 * request, for which r->main->count has been raised.
 */

void ngx_http_zoom_ctx_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_done_pt done);

/*
 * A client that goes away is noticed while its request waits.  NGX_ERROR: no
 * memory.
 */

ngx_int_t ngx_http_zoom_ctx_watch(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/* What is left of zoom_timeout, counted from the request's first byte. */
ngx_msec_t ngx_http_zoom_ctx_time_left(ngx_http_request_t *r);


#endif /* _NGX_HTTP_ZOOM_CTX_H_INCLUDED_ */
