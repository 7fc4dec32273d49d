/*
 * One connection with Redis: hiredis in nginx's event loop.  It is made again
 * by itself whenever it is lost, ever more rarely.
 *
 *     AWAY -> CONNECTING -> GREETING -> OPEN -> AWAY
 *
 * Each step but OPEN has a time, and so has every reply that the owner waits
 * for: who sees it pass breaks the connection.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_LINK_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_LINK_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <hiredis/hiredis.h>
#include <hiredis/async.h>

#include "ngx_http_zoom_redis_conf.h"


#define NGX_HTTP_ZOOM_REDIS_REASON_MAX  192


typedef struct ngx_http_zoom_redis_link_s  ngx_http_zoom_redis_link_t;

typedef void (*ngx_http_zoom_redis_link_pt)(ngx_http_zoom_redis_link_t *link);

typedef enum {
    NGX_HTTP_ZOOM_REDIS_AWAY = 0,
    NGX_HTTP_ZOOM_REDIS_CONNECTING,
    NGX_HTTP_ZOOM_REDIS_GREETING,
    NGX_HTTP_ZOOM_REDIS_OPEN,
    NGX_HTTP_ZOOM_REDIS_BROKEN      /* and soon away */
} ngx_http_zoom_redis_state_e;


struct ngx_http_zoom_redis_link_s {
    /* Set by the owner before it starts. */

    const ngx_http_zoom_redis_conf_t  *conf;
    ngx_http_zoom_redis_link_pt        opened;
    ngx_http_zoom_redis_link_pt        lost;    /* link->reason tells why; it
                                                   may not call hiredis */
    ngx_log_t                         *log;

    /* Read by it. */

    redisAsyncContext                 *ac;      /* NULL: away */
    ngx_http_zoom_redis_state_e        state;
    u_char                             reason[NGX_HTTP_ZOOM_REDIS_REASON_MAX];

    /* Its own. */

    ngx_connection_t                  *connection;
    ngx_event_t                        timer;
    ngx_event_t                        breaks;
    ngx_uint_t                         next;    /* of the addresses */
    ngx_msec_t                         pause;
    unsigned                           over:1;  /* it is not made again */
};


void ngx_http_zoom_redis_link_start(ngx_http_zoom_redis_link_t *link);
void ngx_http_zoom_redis_link_stop(ngx_http_zoom_redis_link_t *link);

/* It works: after the next loss it is tried again at once. */
void ngx_http_zoom_redis_link_good(ngx_http_zoom_redis_link_t *link);

/*
 * Ends the connection from the event loop, so that it may be called from
 * within hiredis as well.  What waits for replies gets NULL.
 */

void ngx_http_zoom_redis_link_break(ngx_http_zoom_redis_link_t *link,
    const char *reason, size_t len);


#endif /* _NGX_HTTP_ZOOM_REDIS_LINK_H_INCLUDED_ */
