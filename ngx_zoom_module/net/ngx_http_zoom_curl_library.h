/*
 * Which libcurl there is.
 */

#ifndef _NGX_HTTP_ZOOM_CURL_LIBRARY_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CURL_LIBRARY_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <curl/curl.h>


/*
 * NGX_ERROR, and the log says why: it has no TLS that takes our certificates.
 * For the configuration: a worker is of the same program.
 */

ngx_int_t ngx_http_zoom_curl_library_check(ngx_log_t *log);

/*
 * curl_global_init() with the memory of ngx_http_zoom_heap.h.  If somebody else
 * in this process was first, curl keeps to what it was told then, and wipes
 * nothing.
 */

CURLcode ngx_http_zoom_curl_library_init(void);

/* Warns of a version that is known to do harm. */
void ngx_http_zoom_curl_library_warn(ngx_log_t *log);


#endif /* _NGX_HTTP_ZOOM_CURL_LIBRARY_H_INCLUDED_ */
