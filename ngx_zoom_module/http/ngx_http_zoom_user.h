/*
 * Whose token: zoom_user and zoom_allow_user.
 */

#ifndef _NGX_HTTP_ZOOM_USER_H_INCLUDED_
#define _NGX_HTTP_ZOOM_USER_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "zoom_error.h"


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
