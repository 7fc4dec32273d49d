/*
 * The sockets of curl's transfers, as nginx's event loop knows them.
 */

#ifndef _NGX_HTTP_ZOOM_CURL_SOCKET_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CURL_SOCKET_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <curl/curl.h>

#include "ngx_http_zoom_curl.h"


/*
 * A socket as nginx sees it.  curl forgets what it was told about one each
 * time it asks to remove it, so they are kept by number, for all clients of the
 * process.  The inode tells a socket from a later one that happened to
 * get its number.
 */

typedef struct {
    ngx_connection_t               *connection;
    ngx_http_zoom_curl_t           *curl;
    ngx_queue_t                     queue;      /* of curl->opened */
    ngx_uint_t                      wants;      /* CURL_POLL_IN, _OUT */
    dev_t                           dev;
    ino_t                           ino;
    unsigned                        own:1;      /* opened by us */
    unsigned                        connected:1;
    unsigned                        fresh:1;    /* in curl->opened */
} ngx_http_zoom_curl_socket_t;


/* NULL: it is not here. */
ngx_http_zoom_curl_socket_t *ngx_http_zoom_curl_socket_find(
    curl_socket_t fd);

/* Takes a connection of nginx's for it; NULL: there is none, or no memory. */
ngx_http_zoom_curl_socket_t *ngx_http_zoom_curl_socket_add(
    ngx_http_zoom_curl_t *curl, curl_socket_t fd,
    ngx_event_handler_pt handler);

/* Adds and deletes events, as "wants" says now. */
ngx_int_t ngx_http_zoom_curl_socket_watch(ngx_http_zoom_curl_socket_t *s);

/* Whether the file descriptor is another socket's by now, or nobody's. */
ngx_uint_t ngx_http_zoom_curl_socket_gone(ngx_http_zoom_curl_socket_t *s);

/* Gives back all but the file descriptor; flags as for ngx_del_event(). */
void ngx_http_zoom_curl_socket_forget(ngx_http_zoom_curl_socket_t *s,
    ngx_uint_t flags);

/* All that are left of a client; closes those that were opened by us. */
void ngx_http_zoom_curl_socket_forget_all(ngx_http_zoom_curl_t *curl);

/* When the process exits. */
void ngx_http_zoom_curl_socket_done(void);


#endif /* _NGX_HTTP_ZOOM_CURL_SOCKET_H_INCLUDED_ */
