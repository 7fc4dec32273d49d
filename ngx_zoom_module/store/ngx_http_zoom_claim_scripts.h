/* How a token is claimed, and brought, in the words of the store. */

#ifndef _NGX_HTTP_ZOOM_CLAIM_SCRIPTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CLAIM_SCRIPTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis.h"


extern ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_take_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_renew_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_land_script;


#endif /* _NGX_HTTP_ZOOM_CLAIM_SCRIPTS_H_INCLUDED_ */
