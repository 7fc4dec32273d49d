/*
 * Whose token: zoom_user and zoom_allow_user.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_user.h"
#include "ngx_http_zoom_user_conf.h"
#include "zoom_user.h"


zoom_error_e
ngx_http_zoom_user(ngx_http_request_t *r, ngx_str_t *user, const char **why)
{
    ngx_str_t                        value;
    zoom_user_e                      type;
    zoom_error_e                     error;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->fixed_user.len) {
        *user = zlcf->fixed_user;
        return ZOOM_OK;
    }

    if (ngx_http_complex_value(r, zlcf->user, &value) != NGX_OK) {
        *why = "\"zoom_user\" could not be evaluated";
        return ZOOM_E_INTERNAL;
    }

    error = ngx_http_zoom_user_check(r->pool, &value, &type, why);

    if (error != ZOOM_OK) {
        return error;
    }

    *user = value;

    if (!ngx_http_zoom_user_allowed(zlcf->allow, user, type)) {
        *why = "the user is not in \"zoom_allow_user\"";
        return ZOOM_E_DENIED;
    }

    return ZOOM_OK;
}


zoom_error_e
ngx_http_zoom_user_named(ngx_http_request_t *r, const ngx_str_t *user,
    const char **why)
{
    ngx_str_t                        value;
    zoom_user_e                      type;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    value = *user;
    type = zoom_user_check(ngx_http_zoom_str(&value));

    if (type == ZOOM_USER_EMPTY) {
        *why = "the user is empty";
        return ZOOM_E_NO_USER;
    }

    if (type == ZOOM_USER_INVALID) {
        *why = "the user is neither a Zoom user id nor an e-mail";
        return ZOOM_E_DENIED;
    }

    if (!ngx_http_zoom_user_allowed(zlcf->allow, &value, type)) {
        *why = "the user is not in \"zoom_allow_user\"";
        return ZOOM_E_DENIED;
    }

    return ZOOM_OK;
}
