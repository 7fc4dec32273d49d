/*
 * What scripts of both kinds have done to a user of Zoom's.
 */

#ifndef _NGX_HTTP_ZOOM_SCRIPT_USER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_SCRIPT_USER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


/* As in the table of ngx_http_zoom_api.h. */

void ngx_http_zoom_script_user(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t gone);


#endif /* _NGX_HTTP_ZOOM_SCRIPT_USER_H_INCLUDED_ */
