/* What the store's errors say. */

#ifndef _NGX_HTTP_ZOOM_REDIS_ERROR_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_ERROR_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/* Whether it concerns all that is asked, and not one key or one script. */
ngx_uint_t ngx_http_zoom_redis_error_whole(const char *text, size_t len);

/* One that does not: what an operator can do. */
const char *ngx_http_zoom_redis_error_advice(const u_char *text);

/* For the log, cut to "size" with the null behind it. */
void ngx_http_zoom_redis_error_text(u_char *buf, size_t size,
    const char *text, size_t len);


#endif /* _NGX_HTTP_ZOOM_REDIS_ERROR_H_INCLUDED_ */
