/*
 * Which libcurl there is.
 */

#ifndef _NGX_HTTP_ZOOM_CURL_LIBRARY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CURL_LIBRARY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * NGX_ERROR, and the log says why: it has no TLS that takes our certificates.
 * For the configuration: a worker is of the same program.
 */

ngx_int_t ngx_http_zoom_curl_library_check(ngx_log_t *log);

/* Warns of a version that is known to do harm. */
void ngx_http_zoom_curl_library_warn(ngx_log_t *log);


#endif /* _NGX_HTTP_ZOOM_CURL_LIBRARY_H_INCLUDED_ */
