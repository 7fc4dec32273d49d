/*
 * The tokens that bots join with, as jobs for a flight: how each is asked for,
 * and what Zoom's response brings.
 */

#ifndef _NGX_HTTP_ZOOM_TOKEN_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TOKEN_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_meeting.h"
#include "zoom_token_type.h"
#include "zoom_user.h"


typedef struct {
    ngx_http_zoom_mint_job_t     mint;
    zoom_token_type_e            type;
    time_t                       ttl;
    size_t                       user_len;
    size_t                       meeting_len;
    u_char                       user[ZOOM_USER_MAX];
    u_char                       meeting[ZOOM_MEETING_ID_MAX];
    unsigned                     webinar:1;
    unsigned                     bypass:1;   /* the waiting room */
} ngx_http_zoom_token_job_t;


/* Fills in "job" for a request whose parts have been checked. */
void ngx_http_zoom_token_job(ngx_http_zoom_token_job_t *job,
    ngx_http_zoom_worker_account_t *wa, const ngx_http_zoom_token_req_t *req);


#endif /* _NGX_HTTP_ZOOM_TOKEN_H_INCLUDED_ */
