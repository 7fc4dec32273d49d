/*
 * One connection with Redis, or with a sentinel, that is made again by itself
 * whenever it is lost, ever more rarely.
 *
 *     AWAY -> FINDING -> CONNECTING -> GREETING -> OPEN -> AWAY
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
#include "ngx_http_zoom_redis_event.h"
#include "ngx_http_zoom_redis_name.h"


#define NGX_HTTP_ZOOM_REDIS_REASON_MAX  192


typedef struct ngx_http_zoom_redis_link_s  ngx_http_zoom_redis_link_t;

typedef void (*ngx_http_zoom_redis_link_pt)(ngx_http_zoom_redis_link_t *link);

typedef enum {
    NGX_HTTP_ZOOM_REDIS_AWAY = 0,
    NGX_HTTP_ZOOM_REDIS_FINDING,
    NGX_HTTP_ZOOM_REDIS_CONNECTING,
    NGX_HTTP_ZOOM_REDIS_GREETING,
    NGX_HTTP_ZOOM_REDIS_OPEN,
    NGX_HTTP_ZOOM_REDIS_BROKEN      /* and soon away */
} ngx_http_zoom_redis_state_e;


struct ngx_http_zoom_redis_link_s {
    /* Set by the owner before it starts. */

    const ngx_http_zoom_redis_conf_t  *conf;
    ngx_http_zoom_redis_link_pt        find;    /* who asks where to connect,
                                                   and calls "found"; NULL: to
                                                   the places of "conf" */
    ngx_http_zoom_redis_link_pt        opened;
    ngx_http_zoom_redis_link_pt        lost;    /* link->reason tells why; it
                                                   may not call hiredis */
    ngx_log_t                         *log;
    unsigned                           sentinel:1;

    /* Read by it. */

    redisAsyncContext                 *ac;      /* NULL: away */
    ngx_http_zoom_redis_state_e        state;
    u_char                             reason[NGX_HTTP_ZOOM_REDIS_REASON_MAX];

    /* Its own. */

    ngx_http_zoom_redis_event_t        event;
    ngx_http_zoom_redis_name_t         name;
    in_port_t                          port;
    SSL                               *ssl;     /* hiredis' */
    u_char                             told[NGX_HTTP_ZOOM_REDIS_REASON_MAX];
                                                /* of who answered first in
                                                   this round */
    ngx_event_t                        timer;
    ngx_event_t                        breaks;
    ngx_msec_t                         pause;
    ngx_msec_t                         began;   /* the first try */
    ngx_uint_t                         place;   /* of the configuration's */
    ngx_uint_t                         tried;   /* of its addresses */
    ngx_uint_t                         round;   /* of the places */
    unsigned                           begun:1;
    unsigned                           over:1;  /* it is not made again */
    unsigned                           was:1;   /* it was open */
    unsigned                           met:1;   /* somebody answered */
    unsigned                           proved:1;    /* gave its password */
};


void ngx_http_zoom_redis_link_start(ngx_http_zoom_redis_link_t *link);
void ngx_http_zoom_redis_link_stop(ngx_http_zoom_redis_link_t *link);

/* Where to connect; means nothing to a link that is not FINDING. */
void ngx_http_zoom_redis_link_found(ngx_http_zoom_redis_link_t *link,
    const ngx_http_zoom_redis_place_t *place);

/* The timeout has not passed since the first try: another one may do. */
ngx_uint_t ngx_http_zoom_redis_link_begins(
    const ngx_http_zoom_redis_link_t *link);

/* It works: after the next loss it is tried again at once. */
void ngx_http_zoom_redis_link_good(ngx_http_zoom_redis_link_t *link);

/* Another place is the right one: leaves this one, and pauses no longer. */
void ngx_http_zoom_redis_link_moved(ngx_http_zoom_redis_link_t *link);

/*
 * Ends the connection from the event loop, so that it may be called from
 * within hiredis as well.  What waits for replies gets NULL.
 */

void ngx_http_zoom_redis_link_break(ngx_http_zoom_redis_link_t *link,
    const char *reason, size_t len);

/* Likewise, of what was not answered within the timeout. */
void ngx_http_zoom_redis_link_late(ngx_http_zoom_redis_link_t *link);

/* A reply is NULL: hiredis ends it, and nothing more may be sent. */
void ngx_http_zoom_redis_link_ends(ngx_http_zoom_redis_link_t *link);


#endif /* _NGX_HTTP_ZOOM_REDIS_LINK_H_INCLUDED_ */
