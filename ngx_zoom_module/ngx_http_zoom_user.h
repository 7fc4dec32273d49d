/*
 * Whose token: zoom_user and zoom_allow_user.
 */

#ifndef _NGX_HTTP_ZOOM_USER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_USER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_module.h"
#include "zoom_error.h"


char *ngx_http_zoom_allow_user(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* 1 if a caller decides on the value directly: $arg_, $http_ and the like. */
ngx_uint_t ngx_http_zoom_user_foreign(ngx_http_complex_value_t *value);

/* A user who does not depend on the request is found out only once. */
void ngx_http_zoom_user_fix(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf);

/*
 * Whether a user that was named elsewhere may be used in this location: spelled
 * as it is, and within zoom_allow_user.  As below.
 */

zoom_error_e ngx_http_zoom_user_named(ngx_http_request_t *r,
    const ngx_str_t *user, const char **why);

/*
 * The user of this request, in r->pool.  ZOOM_OK, or why there is none:
 * ZOOM_E_NO_USER, ZOOM_E_DENIED, ZOOM_E_INTERNAL; "*why" then tells the log.
 * "user" is set wherever it is safe to show.
 */

zoom_error_e ngx_http_zoom_user(ngx_http_request_t *r, ngx_str_t *user,
    const char **why);


#endif /* _NGX_HTTP_ZOOM_USER_H_INCLUDED_ */
