/* What a zoom_account says of users' grants, once its block has been read. */

#ifndef _NGX_HTTP_ZOOM_CONSENT_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CONSENT_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


/* The parameters redirect_uri and scopes. */
char *ngx_http_zoom_set_redirect(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_scopes(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* What its "grant" must have and may not have; defaults. */
char *ngx_http_zoom_consent_conf(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);


#endif /* _NGX_HTTP_ZOOM_CONSENT_CONF_H_INCLUDED_ */
