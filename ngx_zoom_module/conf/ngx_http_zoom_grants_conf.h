/* Directives of a location that has to do with users' grants. */

#ifndef _NGX_HTTP_ZOOM_GRANTS_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_GRANTS_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


#define NGX_HTTP_ZOOM_ONBEHALF_MAX  8


/* zoom_onbehalf: in whose name OBF tokens are minted, in their order. */

struct ngx_http_zoom_onbehalf_s {
    ngx_str_t                    name;       /* of the account */
    ngx_http_zoom_account_t     *account;    /* set when all are known */
    ngx_http_complex_value_t     values[NGX_HTTP_ZOOM_ONBEHALF_MAX];
    ngx_uint_t                   n;
    ngx_http_zoom_place_t        place;
};

typedef struct ngx_http_zoom_onbehalf_s  ngx_http_zoom_onbehalf_t;


/* zoom_connect_as, zoom_connect_return, zoom_onbehalf */
char *ngx_http_zoom_set_connect_as(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_connect_return(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_onbehalf(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* When the location is merged: what its handler wants of its account. */
char *ngx_http_zoom_grants_check(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);


#endif /* _NGX_HTTP_ZOOM_GRANTS_CONF_H_INCLUDED_ */
