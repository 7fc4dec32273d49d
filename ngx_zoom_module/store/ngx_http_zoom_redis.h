/*
 * The store in Redis, as a worker has it: one connection for scripts, which are
 * pipelined, and one for news.  No answer is waited for longer than the timeout
 * of zoom_store; a store that does not answer, or answers that it can't, is
 * away, and is told of once for all workers.
 */

#ifndef _NGX_HTTP_ZOOM_REDIS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_REDIS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <hiredis/hiredis.h>

#include "ngx_http_zoom_fleet.h"
#include "ngx_http_zoom_redis_conf.h"


#define NGX_HTTP_ZOOM_REDIS_ARGS_MAX  40
#define NGX_HTTP_ZOOM_REDIS_SHA_LEN   40


/* Const but for its hash, which is set when it is used first. */

typedef struct {
    const char                  *text;
    u_char                       sha[NGX_HTTP_ZOOM_REDIS_SHA_LEN + 1];
} ngx_http_zoom_redis_script_t;


typedef struct ngx_http_zoom_redis_call_s  ngx_http_zoom_redis_call_t;

/* NULL: the store is away, or has answered an error. */

typedef void (*ngx_http_zoom_redis_pt)(void *data, const redisReply *reply);


/* What another host, or another worker, has told all. */

typedef void (*ngx_http_zoom_redis_news_pt)(const ngx_str_t *text);

/* So many hosts there are; also where the number is what it was. */

typedef void (*ngx_http_zoom_redis_hosts_pt)(ngx_uint_t n);

/* Some of them by name. */

typedef void (*ngx_http_zoom_redis_roster_pt)(
    const ngx_http_zoom_fleet_roster_t *roster);


typedef struct {
    ngx_http_zoom_redis_news_pt    news;
    ngx_http_zoom_redis_hosts_pt   hosts;
    ngx_http_zoom_redis_roster_pt  roster;
} ngx_http_zoom_redis_hears_t;


/*
 * "id" is the host, in hexadecimal digits.  The hosts are counted in "fleet";
 * "hears" is told of them, and copied.
 */

ngx_int_t ngx_http_zoom_redis_init_process(
    const ngx_http_zoom_redis_conf_t *conf,
    const ngx_str_t *id, ngx_http_zoom_fleet_t *fleet,
    const ngx_http_zoom_redis_hears_t *hears, ngx_log_t *log);

/* Whether the host ends with this worker, or at the same time. */
void ngx_http_zoom_redis_exit_process(ngx_uint_t last);

/* A worker that has just begun has not heard of the store yet. */
ngx_uint_t ngx_http_zoom_redis_begins(void);

/* It can be asked. */
ngx_uint_t ngx_http_zoom_redis_there(void);

/* A worker exits: what it asked is not answered any more. */
ngx_uint_t ngx_http_zoom_redis_ends(void);

/*
 * Of the connection by which it hears news a number, which grows with each that
 * is made; 0: it can't hear any now.
 */
ngx_uint_t ngx_http_zoom_redis_listens(void);

const ngx_str_t *ngx_http_zoom_redis_prefix(void);

/* Another host had used what was to be used once: counts it. */
void ngx_http_zoom_redis_replay(void);

/*
 * Runs a script with "n" arguments, of which the first "nkeys" are keys.  The
 * handler, unless NULL, is called once and from the event loop.  NULL: the
 * store is away, and nothing is called.
 */

ngx_http_zoom_redis_call_t *ngx_http_zoom_redis_run(
    ngx_http_zoom_redis_script_t *script, ngx_uint_t nkeys,
    const ngx_str_t *args, ngx_uint_t n, ngx_http_zoom_redis_pt handler,
    void *data);

/* Nobody waits for it any more: the handler is not called. */
void ngx_http_zoom_redis_leave(ngx_http_zoom_redis_call_t *call);


#endif /* _NGX_HTTP_ZOOM_REDIS_H_INCLUDED_ */
