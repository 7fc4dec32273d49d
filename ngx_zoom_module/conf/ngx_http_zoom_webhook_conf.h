/*
 * zoom_webhook and what goes with it, as they are written.
 */

#ifndef _NGX_HTTP_ZOOM_WEBHOOK_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WEBHOOK_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_conf.h"


/* two, while one is replaced by the other */
#define NGX_HTTP_ZOOM_WEBHOOK_SECRETS   2

/* some events have long lists; nothing above that is ever hashed */
#define NGX_HTTP_ZOOM_WEBHOOK_BODY_MAX  (512 * 1024)


/* "webhook_secret" of zoom_account. */
char *ngx_http_zoom_set_webhook_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

char *ngx_http_zoom_set_webhook(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_webhook_events(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/*
 * When the location is known: what it inherits, and what "nginx -t" says.
 * "guarded" if zoom_authenticate stands in this very location.
 */

char *ngx_http_zoom_webhook_merge(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *prev, ngx_http_zoom_loc_conf_t *conf,
    ngx_uint_t guarded);

/* 1 if zoom_webhook_events has it, or there is none. */
ngx_uint_t ngx_http_zoom_webhook_wants(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *name);


#endif /* _NGX_HTTP_ZOOM_WEBHOOK_CONF_H_INCLUDED_ */
