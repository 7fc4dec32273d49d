/* What an event that Zoom told of means for what we keep. */

#ifndef _NGX_HTTP_ZOOM_EVENT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "zoom_event.h"


/*
 * An event of "account" whose signature holds.  A user who is gone loses all
 * tokens, under the id as well as under the e-mail, in all accounts with that
 * account_id and for all workers; one who is back is asked for anew.  What it
 * does can be done twice.
 */

void ngx_http_zoom_event_act(const ngx_http_zoom_account_t *account,
    const zoom_event_t *event, ngx_log_t *log);


#endif /* _NGX_HTTP_ZOOM_EVENT_H_INCLUDED_ */
