/*
 * Access tokens are renewed by one worker before they die, so that no callback
 * waits for OAuth while there is traffic; and fetched once at start, so that
 * bad credentials show before the first bot.
 */

#ifndef _NGX_HTTP_ZOOM_RENEW_H_INCLUDED_
#define _NGX_HTTP_ZOOM_RENEW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


void ngx_http_zoom_renew_start(ngx_log_t *log);
void ngx_http_zoom_renew_stop(void);


#endif /* _NGX_HTTP_ZOOM_RENEW_H_INCLUDED_ */
