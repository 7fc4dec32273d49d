/*
 * Any request to Zoom's REST API: a call whose response is the caller's, head
 * and body.  With the access token and within the limits that tokens are minted
 * with, behind those who wait for a token; shared with nobody, kept nowhere.
 */

#ifndef _NGX_HTTP_ZOOM_API_CALL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_API_CALL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_writes.h"
#include "zoom_error.h"
#include "zoom_limit.h"


#define NGX_HTTP_ZOOM_API_CALL_BODY_MAX      (1024 * 1024)
#define NGX_HTTP_ZOOM_API_CALL_RESPONSE_MAX  (4 * 1024 * 1024)
#define NGX_HTTP_ZOOM_API_CALL_PATH_MAX      8192


typedef struct ngx_http_zoom_api_call_s  ngx_http_zoom_api_call_t;

typedef void (*ngx_http_zoom_api_call_pt)(ngx_http_zoom_api_call_t *req);


struct ngx_http_zoom_api_call_s {
    /* Set by the caller, zeroed otherwise; strings live as long as this. */

    ngx_http_zoom_account_t     *account;
    const char                  *who;        /* for the log, "pool"; NULL: a
                                                script */
    const char                  *method;     /* GET, POST, PUT, PATCH, DELETE */
    ngx_str_t                    path;       /* after the REST base, encoded,
                                                with its arguments */
    ngx_str_t                    body;       /* JSON, or nothing */
    zoom_label_e                 label;
    uint32_t                     caller;     /* takes turns with others; 0:
                                                all that are of none */
    ngx_http_zoom_writes_t       writes;     /* if it writes a meeting */
    size_t                       response_max;   /* of its body; 0: as above,
                                                which is the most */
    ngx_msec_t                   deadline;   /* on ngx_current_msec's clock */
    ngx_msec_t                   stale_after;    /* as that of a call */
    ngx_pool_t                  *pool;       /* where the response goes */
    ngx_http_zoom_api_call_pt    handler;
    void                        *data;

    /* The result: a response of Zoom's, whatever it is, or an error. */

    zoom_error_e                 error;
    const char                  *reason;     /* for the log, or NULL */
    int                          status;
    ngx_str_t                    head;       /* header lines as they came */
    ngx_str_t                    response;   /* the caller wipes it */
    time_t                       retry_after;
    u_char                       tracking_id[ZOOM_TRACKING_ID_MAX + 1];

    /* Its own. */

    ngx_http_zoom_call_t         call;
    time_t                       spent;      /* the user has to wait so long */
    u_char                       why[256];
};


/* The handler is called once, from the event loop, unless it is cancelled. */
void ngx_http_zoom_api_call(ngx_http_zoom_api_call_t *req);

/*
 * What a response of the API means for a call whose response is the caller's:
 * ZOOM_USE, unless it means "try later" or "renew the access token".
 */

void ngx_http_zoom_api_call_classify(ngx_http_zoom_call_t *call,
    const ngx_http_zoom_exchange_t *x, zoom_verdict_t *v);

/* 1 if Zoom has not done it: it never went, or was refused at the door. */
ngx_uint_t ngx_http_zoom_api_call_unseen(const ngx_http_zoom_call_t *call);

/* Harmless when done. */
void ngx_http_zoom_api_call_cancel(ngx_http_zoom_api_call_t *req);


#endif /* _NGX_HTTP_ZOOM_API_CALL_H_INCLUDED_ */
