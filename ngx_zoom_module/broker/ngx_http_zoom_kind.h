/*
 * What there is to ask of Zoom: how each kind of token is asked for, and how
 * the answer is judged.  The only place that differs from kind to kind.
 */

#ifndef _NGX_HTTP_ZOOM_KIND_H_INCLUDED_
#define _NGX_HTTP_ZOOM_KIND_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_meeting.h"
#include "zoom_response.h"
#include "zoom_user.h"


/* What is to be minted, flat: a flight keeps a copy. */

typedef struct {
    ngx_http_zoom_order_t           head;
    ngx_http_zoom_worker_account_t *wa;
    ngx_http_zoom_service_e            kind;
    time_t                          ttl;
    size_t                          user_len;
    size_t                          meeting_len;
    u_char                          user[ZOOM_USER_MAX];
    u_char                          meeting[ZOOM_MEETING_ID_MAX];
    unsigned                        webinar:1;
    unsigned                        bypass:1; /* the waiting room */
} ngx_http_zoom_mint_order_t;


/*
 * Starts the exchange for "order": sets origin, path, authorization and body
 * of "f", of which the caller has set the rest.  "access" is the access token;
 * that itself needs none.  What ngx_http_zoom_http_client_send() returns.
 */

ngx_int_t ngx_http_zoom_kind_fetch(const ngx_http_zoom_mint_order_t *order,
    const ngx_str_t *access, ngx_http_zoom_exchange_t *f);

/*
 * Judges the answer.  With ZOOM_USE the token is appended to "token", and
 * "*expires" is when it dies by our clock.
 */

void ngx_http_zoom_kind_judge(const ngx_http_zoom_mint_order_t *order,
    const zoom_response_t *answer, zoom_buf_t *token, time_t *expires,
    zoom_verdict_t *j);

/* For the log: what it is that did not come, and for whom. */
u_char *ngx_http_zoom_kind_print(u_char *p, u_char *last,
    const ngx_http_zoom_mint_order_t *order);

/* The limit it counts against.  OAuth has none. */
zoom_label_e ngx_http_zoom_kind_label(ngx_http_zoom_service_e kind);

/* Whether a user is needed to ask for it, and whether a meeting is. */
ngx_uint_t ngx_http_zoom_kind_of_user(ngx_http_zoom_service_e kind);
ngx_uint_t ngx_http_zoom_kind_of_meeting(ngx_http_zoom_service_e kind);

/*
 * Whether a token of it is good for one bot only: never kept, and never given
 * to two that wait at the same moment.
 */

ngx_uint_t ngx_http_zoom_kind_once(ngx_http_zoom_service_e kind);


#endif /* _NGX_HTTP_ZOOM_KIND_H_INCLUDED_ */
