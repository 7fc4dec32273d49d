/* Checks of a location together with what it inherits. */

#ifndef _NGX_HTTP_ZOOM_CHECK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CHECK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


/*
 * Of a location with one of our content handlers, when it has been merged:
 * finds its account.  NGX_CONF_ERROR where something is missing or would let
 * in whom it must not, which has been logged with the directive's own place.
 */

char *ngx_http_zoom_check(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *conf);

/*
 * After all locations: accounts named only by variables get the types of the
 * locations that do so.
 */
void ngx_http_zoom_check_accounts(ngx_http_zoom_main_conf_t *zmcf);


#endif /* _NGX_HTTP_ZOOM_CHECK_H_INCLUDED_ */
