/*
 * Whose a name is: the operator's alias, Zoom's user id or an e-mail, of
 * somebody who has connected an account.  A job for a flight: the store is
 * asked once for all who want to know.
 */

#ifndef _NGX_HTTP_ZOOM_NAME_H_INCLUDED_
#define _NGX_HTTP_ZOOM_NAME_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_user.h"


typedef struct {
    ngx_http_zoom_job_t          head;
    ngx_http_zoom_worker_account_t  *wa;
    u_char                       name[ZOOM_USER_MAX + 1];    /* folded */
} ngx_http_zoom_name_job_t;


/* The flight brings the user's id, or ZOOM_E_NOT_CONNECTED. */
void ngx_http_zoom_name_job(ngx_http_zoom_name_job_t *job,
    ngx_http_zoom_worker_account_t *wa, const ngx_str_t *name);


#endif /* _NGX_HTTP_ZOOM_NAME_H_INCLUDED_ */
