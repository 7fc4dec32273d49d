/*
 * What a request is answered with: which account's tokens, of which types, and
 * whose.
 */

#ifndef _NGX_HTTP_ZOOM_TARGET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TARGET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"
#include "zoom_error.h"
#include "zoom_token_type.h"


typedef struct {
    ngx_http_zoom_account_t     *account;

    struct ngx_http_zoom_route_s  *route;    /* another module's, or NULL */
    zoom_error_e                 route_error;
    const char                  *why;        /* that, for the log */

    ngx_uint_t                   ntypes;     /* of the tokens it gets */
    zoom_token_type_e            types[ZOOM_NTOKEN_TYPES];

    ngx_str_t                    user;       /* the one to ask for now */
    struct ngx_http_zoom_pooled_s  *pooled;  /* if it is of a pool, or NULL */
} ngx_http_zoom_target_t;


/*
 * Sets target->account from the argument of the location's directive.  ZOOM_OK,
 * ZOOM_E_NO_ACCOUNT or ZOOM_E_INTERNAL; "*why" then tells the log, as below.
 */

zoom_error_e ngx_http_zoom_target_account(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const char **why);

/*
 * Sets target->user to the route's user, or to that of a zoom_user that names
 * no pool.  ZOOM_OK, ZOOM_E_NO_USER: there is none, ZOOM_E_DENIED or
 * ZOOM_E_INTERNAL.
 */

zoom_error_e ngx_http_zoom_target_user(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const char **why);


#endif /* _NGX_HTTP_ZOOM_TARGET_H_INCLUDED_ */
