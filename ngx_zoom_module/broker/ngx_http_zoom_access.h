/*
 * The access room: a valid access token of an account's credential, or of one
 * of its users, from the zone or by a flight that all share who wait for
 * one.  How a new one is had is the business of wa->grant or wa->user_grant.
 */

#ifndef _NGX_HTTP_ZOOM_ACCESS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ACCESS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_waiter.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_error.h"
#include "zoom_user.h"


/* A token with less left is not worth a request, seconds. */

#define NGX_HTTP_ZOOM_ACCESS_LEFT  60


typedef struct ngx_http_zoom_access_s  ngx_http_zoom_access_t;

typedef void (*ngx_http_zoom_access_pt)(ngx_http_zoom_access_t *a);


struct ngx_http_zoom_access_s {
    /* Set by the caller; zeroed otherwise. */

    ngx_http_zoom_worker_account_t  *wa;
    ngx_str_t                    user;       /* a name of the one whose it is;
                                                of an account of users only */
    ngx_msec_t                   deadline;   /* on ngx_current_msec's clock */
    ngx_msec_t                   stale_after;    /* so long a wait for another
                                                    is enough while the old one
                                                    lives */
    ngx_pool_t                  *pool;       /* where the token goes; NULL: it
                                                is not wanted */
    ngx_http_zoom_access_pt      handler;
    void                        *data;

    /* The result; "token" is set with ZOOM_OK only: the caller wipes it. */

    zoom_error_e                 error;
    ngx_http_zoom_status_e       status;
    ngx_str_t                    token;
    time_t                       expires;
    unsigned                     lacks;              /* types of tokens that its
                                                        scopes don't allow, a
                                                        bit each */
    time_t                       retry_after;        /* seconds */
    int                          code;               /* Zoom's; 0: none */
    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX + 1];
    uint64_t                     published;  /* the flight that brought it */

    /* Its own. */

    ngx_http_zoom_waiter_t       waiter;
    ngx_str_t                    id;         /* whose the name is, once that is
                                                known */
    u_char                       id_text[ZOOM_USER_ID_MAX];
    unsigned                     naming:1;   /* that is looked up */
};


/*
 * NGX_OK: the result is there already, the handler is not called.  NGX_AGAIN:
 * the handler will be called exactly once, unless this is cancelled.
 */

ngx_int_t ngx_http_zoom_access_get(ngx_http_zoom_access_t *a);

/* Harmless when done, or never begun. */
void ngx_http_zoom_access_cancel(ngx_http_zoom_access_t *a);

void ngx_http_zoom_access_wipe(ngx_http_zoom_access_t *a);

/*
 * Zoom refused the token of flight "published": drops it, unless somebody else
 * has renewed it by now.  NGX_OK: another one may be asked for.  NGX_DECLINED:
 * it was renewed too recently to do it again.  NGX_ERROR: no such key.
 */

ngx_int_t ngx_http_zoom_access_refuse(const ngx_http_zoom_access_t *a,
    uint64_t published, ngx_uint_t foreign);

/*
 * With the token of "a" tokens of these types were minted, a bit each: the
 * scopes for them are not missing, whatever Zoom called them.
 */

void ngx_http_zoom_access_scoped(const ngx_http_zoom_access_t *a,
    unsigned types);

/* What is known of it; all zero where nothing is. */
void ngx_http_zoom_access_look(ngx_http_zoom_worker_account_t *wa,
    ngx_http_zoom_record_t *rec);

/*
 * Gets another one in the background, for nobody, where "rec" is still what is
 * known.
 */

void ngx_http_zoom_access_renew(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_record_t *rec);


#endif /* _NGX_HTTP_ZOOM_ACCESS_H_INCLUDED_ */
