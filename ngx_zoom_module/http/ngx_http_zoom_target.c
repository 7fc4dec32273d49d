/*
 * What a request is answered with: which account's tokens, of which types, and
 * whose.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_target.h"
#include "ngx_http_zoom_user.h"


zoom_error_e
ngx_http_zoom_target_account(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const char **why)
{
    ngx_str_t                         name;
    const ngx_http_zoom_loc_conf_t   *zlcf;
    const ngx_http_zoom_main_conf_t  *zmcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    target->account = zlcf->account;

    if (target->account) {
        return ZOOM_OK;
    }

    if (ngx_http_complex_value(r, zlcf->variable, &name) != NGX_OK) {
        *why = "the account could not be evaluated";
        return ZOOM_E_INTERNAL;
    }

    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    target->account = ngx_http_zoom_account_find(zmcf, &name);

    if (target->account == NULL) {
        *why = name.len ? "there is no such account"
                        : "the account came out empty";
        return ZOOM_E_NO_ACCOUNT;
    }

    return ZOOM_OK;
}


zoom_error_e
ngx_http_zoom_target_user(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const char **why)
{
    zoom_error_e                     error;
    ngx_http_zoom_route_t           *route;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    route = target->route;

    if (route && route->has_user) {
        error = ngx_http_zoom_user_named(r, &route->user, why);

        if (error == ZOOM_OK) {
            target->user = route->user;
        }

        return error;
    }

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->user == NULL) {
        *why = "the route has no user, and there is no \"zoom_user\"";
        return ZOOM_E_NO_USER;
    }

    return ngx_http_zoom_user(r, &target->user, why);
}
