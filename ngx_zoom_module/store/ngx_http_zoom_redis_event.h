/* A connection of hiredis' in nginx's event loop. */

#ifndef _NGX_HTTP_ZOOM_REDIS_EVENT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_EVENT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>


/*
 * Who answers with more is closed.  The most that is asked for are a thousand
 * purges and as many users, with names that are as long as they may be 2 MB.
 */

#define NGX_HTTP_ZOOM_REDIS_REPLY_MAX  (4 * 1024 * 1024)


typedef struct ngx_http_zoom_redis_event_s  ngx_http_zoom_redis_event_t;

/*
 * The one call that comes at each end of a connection, and once: before the
 * replies that nobody will get any more, or after them, as hiredis likes.  The
 * connection can't be used any more, but "ac" may be read.
 */

typedef void (*ngx_http_zoom_redis_event_pt)(ngx_http_zoom_redis_event_t *e);


struct ngx_http_zoom_redis_event_s {
    /* Set by the owner. */

    ngx_http_zoom_redis_event_pt   closed;
    ngx_log_t                     *log;

    /* Its own. */

    redisAsyncContext             *ac;
    ngx_connection_t              *connection;
    size_t                         size;     /* of the reply that is read */
    unsigned                       large:1;  /* it is closed for that */
};


/* NGX_ERROR: there is no free connection, and the owner frees "ac". */
ngx_int_t ngx_http_zoom_redis_event_watch(ngx_http_zoom_redis_event_t *e,
    redisAsyncContext *ac);


#endif /* _NGX_HTTP_ZOOM_REDIS_EVENT_H_INCLUDED_ */
