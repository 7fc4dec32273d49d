/* How a connection begins: who we are, and whether it is the right one. */

#ifndef _NGX_HTTP_ZOOM_REDIS_GREET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_GREET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_link.h"


/* "opened" is called after the last reply, or the link breaks. */
void ngx_http_zoom_redis_greet(ngx_http_zoom_redis_link_t *link);


#endif /* _NGX_HTTP_ZOOM_REDIS_GREET_H_INCLUDED_ */
