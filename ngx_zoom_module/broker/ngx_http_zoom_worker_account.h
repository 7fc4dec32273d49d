/* What a worker has of an account. */

#ifndef _NGX_HTTP_ZOOM_WORKER_ACCOUNT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WORKER_ACCOUNT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_exchange.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_peer.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_hash.h"


typedef struct ngx_http_zoom_worker_account_s  ngx_http_zoom_worker_account_t;
typedef struct ngx_http_zoom_runs_s  ngx_http_zoom_runs_t;

/* The job that gets an access token of that user; good until the next call. */

typedef const ngx_http_zoom_job_t *(*ngx_http_zoom_user_grant_pt)(
    ngx_http_zoom_worker_account_t *wa, const ngx_str_t *user);


struct ngx_http_zoom_worker_account_s {
    ngx_http_zoom_account_t     *account;
    ngx_http_zoom_zone_t        *zone;
    const ngx_http_zoom_transport_t *transport;
    void                        *client;     /* what it carries with */
    ngx_http_zoom_peers_t       *peers;      /* for nginx's upstream; NULL
                                                until one is used */
    const ngx_http_zoom_job_t   *grant;      /* gets an access token; NULL: */
    ngx_http_zoom_user_grant_pt  user_grant; /* each user has a grant */
    ngx_http_zoom_state_t       *state;
    ngx_http_zoom_quota_t       *quota;
    ngx_str_t                    prefix;     /* of the keys of its tokens */
    u_char                       seed[ZOOM_HASH_KEY_LEN];    /* and of their
                                                hashes */
    zoom_rate_t                  whole[ZOOM_NLABELS];    /* of all hosts */
    zoom_rate_t                  rates[ZOOM_NLABELS];    /* this one's part */
    ngx_http_zoom_runs_t        *runs;       /* NULL: not used yet */
    unsigned                     missed;     /* types of tokens, a bit each,
                                                of whose scopes it was warned */
    time_t                       dry_run_told;   /* the last time */
    ngx_log_t                   *log;
};


/* All accounts of the worker, by index.  NGX_ERROR: logged. */
ngx_int_t ngx_http_zoom_worker_accounts_create(ngx_cycle_t *cycle);
void ngx_http_zoom_worker_accounts_destroy(void);

/* Each of "n" hosts has its part of the limits. */
void ngx_http_zoom_worker_accounts_divide(ngx_uint_t n);

/* Of an account; NULL before and after. */
ngx_http_zoom_worker_account_t *ngx_http_zoom_worker_account(
    const ngx_http_zoom_account_t *account);

/* To look at each: NULL at the end. */
ngx_http_zoom_worker_account_t *ngx_http_zoom_worker_account_nth(ngx_uint_t n);


#endif /* _NGX_HTTP_ZOOM_WORKER_ACCOUNT_H_INCLUDED_ */
