/* The bounds of times in the configuration, for nginx's own setters. */

#ifndef _NGX_HTTP_ZOOM_BOUNDS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BOUNDS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


extern ngx_conf_post_t  ngx_http_zoom_ttl_post;      /* life of a token */
extern ngx_conf_post_t  ngx_http_zoom_age_post;
extern ngx_conf_post_t  ngx_http_zoom_time_post;     /* of an answer */
extern ngx_conf_post_t  ngx_http_zoom_window_post;   /* of webhooks */


#endif /* _NGX_HTTP_ZOOM_BOUNDS_H_INCLUDED_ */
