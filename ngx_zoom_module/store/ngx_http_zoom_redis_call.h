/*
 * Scripts that were sent to the store and are not answered yet: they are
 * pipelined on one link, which breaks when the oldest has waited too long.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_CALL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_CALL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_link.h"


/* Answers, and what got none, are counted in "fleet". */
void ngx_http_zoom_redis_calls_init(ngx_http_zoom_redis_link_t *link,
    ngx_http_zoom_fleet_t *fleet);

/* When the link has stopped, so that none is left. */
void ngx_http_zoom_redis_calls_stop(void);

/* How many wait for an answer. */
ngx_uint_t ngx_http_zoom_redis_calls(void);

/* As ngx_http_zoom_redis_run(), of a link that nobody may use yet as well. */
ngx_http_zoom_redis_call_t *ngx_http_zoom_redis_send(
    ngx_http_zoom_redis_script_t *script, ngx_uint_t nkeys,
    const ngx_str_t *args, ngx_uint_t n, ngx_http_zoom_redis_pt handler,
    void *data);

/* Whatever error it answers, the store is of no use: the link breaks. */
void ngx_http_zoom_redis_vital(ngx_http_zoom_redis_call_t *call);


#endif /* _NGX_HTTP_ZOOM_REDIS_CALL_H_INCLUDED_ */
