/*
 * libcurl's multi_socket interface on nginx's event loop: sockets, timers and
 * the order of calls.  Knows nothing of requests and answers.
 */

#ifndef _NGX_HTTP_ZOOM_CURL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CURL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <curl/curl.h>


typedef struct ngx_http_zoom_curl_s         ngx_http_zoom_curl_t;
typedef struct ngx_http_zoom_curl_handle_s  ngx_http_zoom_curl_handle_t;

typedef void (*ngx_http_zoom_curl_done_pt)(ngx_http_zoom_curl_handle_t *h,
    CURLcode code);
typedef void (*ngx_http_zoom_curl_shutdown_pt)(void *data);


/*
 * An easy handle as it runs.  "easy" is the caller's to make and to free,
 * "trouble" is what went wrong on nginx's side of it, in words, or NULL.
 */

struct ngx_http_zoom_curl_handle_s {
    CURL                           *easy;
    ngx_http_zoom_curl_t           *curl;
    const char                     *trouble;
    ngx_queue_t                     queue;      /* of "troubled" */
    unsigned                        added:1;
    unsigned                        troubled:1;
};


/*
 * "done" is called for a handle that came to its end; the handle has been
 * removed then and may be added again.  "shutdown" is called when nginx wants
 * its connections back at once, see worker_shutdown_timeout.  Both come from
 * the event loop, with no call into curl under way.
 */

struct ngx_http_zoom_curl_s {
    CURLM                          *multi;
    ngx_http_zoom_curl_done_pt      done;
    ngx_http_zoom_curl_shutdown_pt  shutdown;
    void                           *data;
    ngx_log_t                      *log;

    ngx_uint_t                      running;
    ngx_queue_t                     opened;     /* sockets, not yet checked */
    ngx_queue_t                     troubled;
    ngx_event_t                     timer;
    ngx_event_t                     kick;
    unsigned                        refused:1;  /* by an address */
    unsigned                        expired:1;
    unsigned                        closing:1;
};


ngx_int_t ngx_http_zoom_curl_init_process(ngx_cycle_t *cycle);
void ngx_http_zoom_curl_exit_process(void);

/* "done", "shutdown", "data" and "log" are set by the caller. */
ngx_int_t ngx_http_zoom_curl_create(ngx_http_zoom_curl_t *curl);

/* All handles have been removed before. */
void ngx_http_zoom_curl_destroy(ngx_http_zoom_curl_t *curl);

ngx_int_t ngx_http_zoom_curl_add(ngx_http_zoom_curl_t *curl,
    ngx_http_zoom_curl_handle_t *h);

/* Safe for a handle that does not run.  Never from one of curl's callbacks. */
void ngx_http_zoom_curl_remove(ngx_http_zoom_curl_handle_t *h);


#endif /* _NGX_HTTP_ZOOM_CURL_H_INCLUDED_ */
