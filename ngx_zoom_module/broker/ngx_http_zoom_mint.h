/*
 * Mint: a call whose result lands a flight.  What is minted is told by the
 * flight's job.
 */

#ifndef _NGX_HTTP_ZOOM_MINT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_MINT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_response.h"
#include "zoom_string.h"


/*
 * The head of a flight's job that is flown by ngx_http_zoom_mint_flight; the
 * rest belongs to whoever knows what is minted, with functions as those of a
 * call.
 */

typedef struct ngx_http_zoom_mint_job_s  ngx_http_zoom_mint_job_t;


/* What a response says of a token beside its text. */

typedef struct {
    time_t                       expires;    /* by our clock */
    unsigned                     lacks;      /* of an access token: the types
                                                that its scopes don't allow,
                                                a bit each */
} ngx_http_zoom_minted_t;


typedef struct {
    ngx_int_t                  (*send)(ngx_http_zoom_call_t *call,
                                       const ngx_http_zoom_mint_job_t *job,
                                       const ngx_str_t *access,
                                       ngx_http_zoom_exchange_t *x);

    /*
     * With ZOOM_USE the token is appended to "token"; "*minted" is zeroed
     * before.
     */

    void                       (*classify)(const ngx_http_zoom_mint_job_t *job,
                                           const zoom_response_t *response,
                                           zoom_buf_t *token,
                                           ngx_http_zoom_minted_t *minted,
                                           zoom_verdict_t *v);

    u_char                    *(*print)(const ngx_http_zoom_mint_job_t *job,
                                        u_char *p, u_char *last);

    /* NULL, or as that of a call; "first" is the mint's, zeroed in the start */
    ngx_uint_t                 (*another)(ngx_http_zoom_mint_job_t *job,
                                          zoom_verdict_t *first,
                                          zoom_verdict_t *v);

    /* NULL, or as that of a call. */
    time_t                     (*serves)(const ngx_http_zoom_mint_job_t *job);

    /* NULL, or with whose access token: ngx_http_zoom_access_t's "user". */
    void                       (*user)(ngx_http_zoom_mint_job_t *job,
                                       ngx_str_t *user);

    /*
     * NULL, or called before the call and after the end of one that was
     * answered, with its error.  NGX_OK: go on.  NGX_AGAIN:
     * ngx_http_zoom_mint_go() will be called.
     */

    ngx_int_t                  (*before)(ngx_http_zoom_mint_job_t *job);
    ngx_int_t                  (*after)(ngx_http_zoom_mint_job_t *job,
                                        zoom_error_e error);
} ngx_http_zoom_mint_ops_t;


struct ngx_http_zoom_mint_job_s {
    ngx_http_zoom_job_t          head;
    const ngx_http_zoom_mint_ops_t  *ops;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_service_e      service;
    zoom_label_e                 label;      /* ZOOM_NLABELS: no limit */
    uint32_t                     who;        /* as that of a call */
    ngx_http_zoom_subject_t      subject;
    ngx_msec_t                   stale_after;    /* as that of a call */
    unsigned                     anonymous:1;
    unsigned                     lone:1;     /* these are those of a call */
    unsigned                     solo:1;

    struct ngx_http_zoom_mint_s *mint;       /* set in the copy of a job that
                                                is flown: whose it is */
};


/* The "ops" of the head. */

extern const ngx_http_zoom_flight_ops_t  ngx_http_zoom_mint_flight;


/*
 * A job's "before" or "after" is done.  With an error the flight lands with it,
 * and that stands for "hold" milliseconds.
 */

void ngx_http_zoom_mint_go(ngx_http_zoom_mint_job_t *job, zoom_error_e error,
    ngx_msec_t hold);

/* Where such a job may have things of its own, until the flight lands. */
ngx_pool_t *ngx_http_zoom_mint_pool(const ngx_http_zoom_mint_job_t *job);

/* It goes on for so long, and what it met with is why; milliseconds. */
void ngx_http_zoom_mint_delayed(ngx_http_zoom_mint_job_t *job,
    zoom_error_e trouble, ngx_msec_t time);

/*
 * Why there is no token yet: the trouble of the flight itself, or of the one
 * that it waits for; ZOOM_E_TIMEOUT if it is just slow.
 */

zoom_error_e ngx_http_zoom_mint_trouble(ngx_http_zoom_flight_t *flight);


#endif /* _NGX_HTTP_ZOOM_MINT_H_INCLUDED_ */
