/*
 * The hosts that the store has seen: a set, in which each says so, and leaves
 * when it ends.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_HOSTS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_HOSTS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <hiredis/async.h>

#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_redis.h"


#define NGX_HTTP_ZOOM_REDIS_HELLO_KEYS  3
#define NGX_HTTP_ZOOM_REDIS_HELLO_ARGS  9


/*
 * "id" is this one, in whatever process; with its name it is in the set.  Hosts
 * are counted in "fleet".
 */
ngx_int_t ngx_http_zoom_redis_hosts_init(const ngx_str_t *prefix,
    const ngx_str_t *id, ngx_http_zoom_fleet_t *fleet);

/* Which this one is; empty before. */
const ngx_str_t *ngx_http_zoom_redis_id(void);

/* Where all news goes, with a null behind it. */
const ngx_str_t *ngx_http_zoom_redis_channel(void);

/* The key of the set, by when they were seen, in milliseconds. */
const ngx_str_t *ngx_http_zoom_redis_hosts_key(void);

/* The script by which a host is seen, and its arguments. */
ngx_http_zoom_redis_script_t *ngx_http_zoom_redis_hosts_hello(
    ngx_str_t *args);

/* What it answers. */
void ngx_http_zoom_redis_hosts_count(const redisReply *reply);
void ngx_http_zoom_redis_hosts_list(const redisReply *reply,
    ngx_http_zoom_fleet_roster_t *roster);

/* Whether that is news of a host that came, or went. */
ngx_uint_t ngx_http_zoom_redis_hosts_news(const ngx_str_t *text);

/*
 * Nobody waits for the answer, and a host that is seen again is there again.
 * What does not go out at once is lost, then the others find out by themselves.
 * "ac" may be NULL.
 */

void ngx_http_zoom_redis_hosts_goodbye(redisAsyncContext *ac);


#endif /* _NGX_HTTP_ZOOM_REDIS_HOSTS_H_INCLUDED_ */
