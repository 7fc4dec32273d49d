/* What Redis runs for grants: see ngx_http_zoom_redis_grants.c. */

#ifndef _NGX_HTTP_ZOOM_GRANT_SCRIPTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_GRANT_SCRIPTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis.h"


extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_find_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_read_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_list_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_put_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_rotate_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_end_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_forget_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_give_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_count_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_page_script;
extern ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_anew_script;


#endif /* _NGX_HTTP_ZOOM_GRANT_SCRIPTS_H_INCLUDED_ */
