/*
 * The address of a host: one that it has already, one of those that were found
 * when nginx started, or one that nginx's resolver finds now.  Of several each
 * in turn.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_NAME_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_NAME_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_redis_conf.h"


#define NGX_HTTP_ZOOM_REDIS_NAME_ERROR  128


typedef struct ngx_http_zoom_redis_name_s  ngx_http_zoom_redis_name_t;

typedef void (*ngx_http_zoom_redis_name_pt)(ngx_http_zoom_redis_name_t *name);


struct ngx_http_zoom_redis_name_s {
    /* Set by the owner. */

    const ngx_http_zoom_redis_conf_t  *conf;
    ngx_http_zoom_redis_name_pt        handler;

    /* The result: an address, as text, and of how many; or an error. */

    u_char                             addr[NGX_SOCKADDR_STRLEN + 1];
    ngx_uint_t                         n;
    u_char                             error[NGX_HTTP_ZOOM_REDIS_NAME_ERROR];

    /* Its own. */

    ngx_resolver_ctx_t                *ctx;
    ngx_str_t                          host;
    u_char                             least[NGX_SOCKADDR_STRLEN + 1];
    u_char                             next[NGX_SOCKADDR_STRLEN + 1];
    unsigned                           inside:1;
};


/*
 * NGX_OK: "addr" is set.  NGX_ERROR: "error" is.  NGX_AGAIN: the handler is
 * called when one of both is, unless "stop" comes first; "place" stays where it
 * is until then.
 */

ngx_int_t ngx_http_zoom_redis_name_find(ngx_http_zoom_redis_name_t *name,
    const ngx_http_zoom_redis_place_t *place);

void ngx_http_zoom_redis_name_stop(ngx_http_zoom_redis_name_t *name);


#endif /* _NGX_HTTP_ZOOM_REDIS_NAME_H_INCLUDED_ */
