/* zoom_types and zoom_join_token, as they are written. */

#ifndef _NGX_HTTP_ZOOM_TYPES_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TYPES_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_token_type.h"


/* The zoom_types directive; the list is empty for "none". */
char *ngx_http_zoom_set_types(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* zoom_join_token; a word that is no variable is one of its three. */
char *ngx_http_zoom_set_join_token(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* The list where there is no directive: a ZAK.  NULL: no memory. */
ngx_array_t *ngx_http_zoom_types_default(ngx_conf_t *cf);

/* Whether any type in the list needs a user, or is of that kind. */
ngx_uint_t ngx_http_zoom_types_of_user(const ngx_array_t *types);
ngx_uint_t ngx_http_zoom_types_have(const ngx_array_t *types,
    zoom_token_type_e type);

/* The first that is given only where zoom_allow_meeting says so, or NULL. */
const char *ngx_http_zoom_types_guarded(const ngx_array_t *types);


#endif /* _NGX_HTTP_ZOOM_TYPES_CONF_H_INCLUDED_ */
