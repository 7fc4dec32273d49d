/*
 * The grant account_credentials: Server-to-Server OAuth, where an account's
 * own credential is all that it takes.
 */

#ifndef _NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_worker_account.h"


/*
 * The job of a flight that brings an access token, in "pool", to be kept as
 * wa->grant.  NULL: no memory.
 */

const ngx_http_zoom_job_t *ngx_http_zoom_account_credentials(ngx_pool_t *pool,
    ngx_http_zoom_worker_account_t *wa);


#endif /* _NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS_H_INCLUDED_ */
