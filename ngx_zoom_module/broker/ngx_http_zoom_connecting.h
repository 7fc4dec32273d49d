/*
 * A user who connects, as ngx_http_zoom_connect.c and ngx_http_zoom_device.c
 * know of it.
 */

#ifndef _NGX_HTTP_ZOOM_CONNECTING_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CONNECTING_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_consent.h"
#include "zoom_error.h"
#include "zoom_grant.h"
#include "zoom_oauth.h"
#include "zoom_user.h"


typedef enum {
    NGX_HTTP_ZOOM_CONNECT_CODE = 0,
    NGX_HTTP_ZOOM_CONNECT_DEVICE,
    NGX_HTTP_ZOOM_CONNECT_POLL,
    NGX_HTTP_ZOOM_CONNECT_PROFILE
} ngx_http_zoom_connect_e;


typedef struct {
    ngx_http_zoom_connect_t      connect;
    ngx_queue_t                  queue;

    ngx_http_zoom_connect_e      step;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_call_t         call;
    ngx_event_t                  timer;      /* to the next poll */
    ngx_msec_t                   dies;       /* the device's code */
    zoom_device_e                reason;
    unsigned                     replaced:1; /* by a code for the same name */

    u_char                       alias[ZOOM_USER_MAX + 1];
    u_char                       code[NGX_HTTP_ZOOM_CODE_MAX];
    size_t                       code_len;
    u_char                       verifier[ZOOM_CONSENT_VERIFIER_LEN];
    size_t                       verifier_len;

    zoom_profile_t               profile;
    u_char                       refresh[ZOOM_REFRESH_TOKEN_MAX];
    size_t                       refresh_len;
    u_char                       access[ZOOM_ACCESS_TOKEN_MAX];
    size_t                       access_len;
    time_t                       expires;
} ngx_http_zoom_connecting_t;


/* All there are in this worker. */
extern ngx_queue_t  ngx_http_zoom_connecting;


/* Asks Zoom; the rest follows from the event loop. */
void ngx_http_zoom_connect_step(ngx_http_zoom_connecting_t *c,
    ngx_http_zoom_connect_e step);

/* Tells whoever waits, and only once. */
void ngx_http_zoom_connect_tell(ngx_http_zoom_connecting_t *c,
    zoom_error_e error);

/* It is over: with an error that is told and logged, or without a word. */
void ngx_http_zoom_connect_fail(ngx_http_zoom_connecting_t *c,
    zoom_error_e error);
void ngx_http_zoom_connect_over(ngx_http_zoom_connecting_t *c);


#endif /* _NGX_HTTP_ZOOM_CONNECTING_H_INCLUDED_ */
