/*
 * What is known of a request.  Kept with the pool, since an internal redirect
 * (error_page) takes r->ctx away.
 */

#ifndef _NGX_HTTP_ZOOM_CTX_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CTX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_batch.h"
#include "ngx_http_zoom_conf.h"
#include "zoom_callback.h"
#include "zoom_join.h"
#include "zoom_stdwebhooks.h"
#include "zoom_token_type.h"


typedef struct ngx_http_zoom_ctx_s  ngx_http_zoom_ctx_t;

typedef void (*ngx_http_zoom_done_pt)(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);


/* A Standard Webhook that came, for all lines that want one. */

typedef struct {
    zoom_stdwebhooks_t           sent;
    int64_t                      at;         /* its timestamp */
    ngx_str_t                    body;       /* that was signed */
    ngx_int_t                    rc;         /* of its header */
} ngx_http_zoom_webhook_t;


struct ngx_http_zoom_ctx_s {
    ngx_http_request_t          *request;
    ngx_http_zoom_done_pt        done;

    ngx_str_t                    early;      /* variable read too soon */

    const void                  *checked;    /* the configuration for which
                                                the header has been */
    const ngx_array_t           *auth;       /* its zoom_authenticate */
    ngx_int_t                    verdict;
    u_char                      *alive;      /* by line of zoom_authenticate */
    ngx_http_zoom_webhook_t     *webhook;    /* NULL: not looked at */
    const char                  *why;        /* nothing holds, if known */

    ngx_str_t                    args;       /* as sent, with its secrets */
    ngx_str_t                    masked;     /* and what nginx has now */

    ngx_str_t                    caller;
    ngx_str_t                    scheme;
    ngx_str_t                    before;     /* caller of an earlier handler,
                                                a cached map may know it */

    ngx_str_t                    body;
    void                        *reader;     /* of the body */
    zoom_callback_t             *callback;   /* never NULL when ready */
    zoom_join_t                 *join;       /* NULL: not for zoom_join */
    ngx_str_t                    bot_id;

    ngx_uint_t                   ntypes;     /* of the tokens it gets */
    zoom_token_type_e            types[ZOOM_NTOKEN_TYPES];

    ngx_http_zoom_account_t     *account;
    struct ngx_http_zoom_route_s  *route;    /* another module's, or NULL */
    zoom_error_e                 route_error;
    ngx_str_t                    user;
    zoom_error_e                 error;
    ngx_http_zoom_batch_t        batch;
    ngx_str_t                    answer;     /* holds the token */

    ngx_table_elt_t             *cache_control;
    ngx_table_elt_t             *retry_after;
    ngx_table_elt_t             *allow;

    unsigned                     ready:1;    /* authenticated and parsed */
    unsigned                     asked:1;
    unsigned                     watched:1;
    unsigned                     used_id:1;  /* of a webhook, by this request */
    unsigned                     used_body:1;
};


/* NULL if the request has none. */
ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_get(ngx_http_request_t *r);

/* Makes one where there is none; NULL: no memory. */
ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_make(ngx_http_request_t *r);

/*
 * At the start of a content handler: as above, without anything that an
 * earlier handler of the same request had found out, save the "early" mark.
 */

ngx_http_zoom_ctx_t *ngx_http_zoom_ctx_start(ngx_http_request_t *r);

/*
 * The arguments are overwritten early, and looked at again by a later handler
 * of the same request: a copy of what was sent, which is wiped in the end.
 */

ngx_int_t ngx_http_zoom_ctx_keep_args(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
ngx_str_t *ngx_http_zoom_ctx_args(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);

/*
 * The callback of a scanned body, which must live as long as the request, or
 * with NULL the one that says nothing.  ZOOM_OK, ZOOM_E_BAD_CALLBACK or
 * ZOOM_E_INTERNAL; "*why" then tells the log.
 */

zoom_error_e ngx_http_zoom_ctx_callback(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const zoom_json_doc_t *doc, const char **why);

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
