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


static ngx_uint_t ngx_http_zoom_user_allowed(ngx_http_request_t *r,
    const ngx_array_t *list, ngx_str_t *user, zoom_user_e type);


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

    if (!ngx_http_zoom_user_allowed(r, zlcf->allow, user, type)) {
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

    if (!ngx_http_zoom_user_allowed(r, zlcf->allow, &value, type)) {
        *why = "the user is not in \"zoom_allow_user\"";
        return ZOOM_E_DENIED;
    }

    return ZOOM_OK;
}


static ngx_uint_t
ngx_http_zoom_user_allowed(ngx_http_request_t *r, const ngx_array_t *list,
    ngx_str_t *user, zoom_user_e type)
{
    ngx_uint_t                    i;
    const ngx_http_zoom_allow_t  *allow;

    if (list == NULL) {
        return 1;
    }

    allow = list->elts;

    for (i = 0; i < list->nelts; i++) {

#if (NGX_PCRE)

        if (allow[i].regex) {
            if (ngx_regex_exec((type == ZOOM_USER_EMAIL)
                               ? allow[i].regex_nocase : allow[i].regex,
                               user, NULL, 0)
                >= 0)
            {
                return 1;
            }

            continue;
        }

#endif

        if (zoom_user_match(ngx_http_zoom_str(&allow[i].pattern),
                            ngx_http_zoom_str(user)))
        {
            return 1;
        }
    }

    return 0;
}


