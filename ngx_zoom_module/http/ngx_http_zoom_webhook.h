/* zoom_webhook: Zoom's webhooks, before another handler has them. */

#ifndef _NGX_HTTP_ZOOM_WEBHOOK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_WEBHOOK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


/*
 * At configuration time, when all locations are known: the handler, which comes
 * after all that guards a location and before its content, and what sees how
 * the content handler answers.
 */

ngx_int_t ngx_http_zoom_webhook_init(ngx_conf_t *cf);


#endif /* _NGX_HTTP_ZOOM_WEBHOOK_H_INCLUDED_ */
