/*
 * What an operator's code asks of users' grants: who has connected, and that
 * one be disconnected.
 */

#ifndef _NGX_HTTP_ZOOM_SCRIPT_GRANTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SCRIPT_GRANTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"


/*
 * As in ngx_http_zoom_api_t.  "timeout" is all the time there is; 0: none.
 */

const char *ngx_http_zoom_script_grants(ngx_http_zoom_grants_t *grants);
const char *ngx_http_zoom_script_disconnect(ngx_http_request_t *r,
    ngx_http_zoom_grants_t *grants);
void ngx_http_zoom_script_grant(const ngx_http_zoom_grants_t *grants,
    ngx_uint_t i, ngx_http_zoom_grant_report_t *report);
void ngx_http_zoom_script_grants_end(ngx_http_zoom_grants_t *grants);


#endif /* _NGX_HTTP_ZOOM_SCRIPT_GRANTS_H_INCLUDED_ */
