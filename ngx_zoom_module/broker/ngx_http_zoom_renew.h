/*
 * Access tokens are renewed by one worker before they die, so that no callback
 * waits for OAuth while there is traffic; and fetched once at start, so that
 * bad credentials show before the first bot.
 */

#ifndef _NGX_HTTP_ZOOM_RENEW_H_INCLUDED_
#define _NGX_HTTP_ZOOM_RENEW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_worker_account.h"


/* what a flight in the background may take, milliseconds */

#define NGX_HTTP_ZOOM_RENEW_TIME  12000


void ngx_http_zoom_renew_start(ngx_log_t *log);
void ngx_http_zoom_renew_stop(void);

/* Whether the access token of which this is the record is to be renewed. */
ngx_uint_t ngx_http_zoom_renew_due(ngx_http_zoom_worker_account_t *wa,
    const ngx_http_zoom_record_t *rec);

/* The broker's: a look at an account's access token, in the background. */
void ngx_http_zoom_broker_renew(ngx_http_zoom_account_t *account);


#endif /* _NGX_HTTP_ZOOM_RENEW_H_INCLUDED_ */
