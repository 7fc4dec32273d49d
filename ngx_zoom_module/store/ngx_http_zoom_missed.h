/*
 * News that a host must not miss: the store keeps the latest thousand of each
 * kind for an hour, for hosts that begin, and for those that could not hear.
 */

#ifndef _NGX_HTTP_ZOOM_MISSED_H_INCLUDED_
#define _NGX_HTTP_ZOOM_MISSED_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_fleet.h"


typedef enum {
    NGX_HTTP_ZOOM_MISSED_USERS = 0,
    NGX_HTTP_ZOOM_MISSED_PURGES
} ngx_http_zoom_missed_e;


#define NGX_HTTP_ZOOM_MISSED_KINDS  2
#define NGX_HTTP_ZOOM_MISSED_KEY    128

/* For scripts: milliseconds, and how many. */

#define NGX_HTTP_ZOOM_MISSED_LIFE   "3600000"
#define NGX_HTTP_ZOOM_MISSED_MOST   "1000"

/*
 * What such a script does with news, strings of Lua all three; "now" is in
 * milliseconds, with thousandths for the order of what is told in one.  What
 * is far ahead was told by a clock that was set back.
 */

#define NGX_HTTP_ZOOM_MISSED_KEEP(key, news)                                  \
    "redis.call('ZREMRANGEBYSCORE', " key ", '-inf', "                        \
    "           now - " NGX_HTTP_ZOOM_MISSED_LIFE ") "                        \
    "redis.call('ZREMRANGEBYSCORE', " key ", "                                \
    "           now + " NGX_HTTP_ZOOM_MISSED_LIFE ", '+inf') "                \
    "local same = redis.call('ZRANGEBYSCORE', " key ", now, now + 0.998, "    \
    "                        'WITHSCORES') "                                  \
    "if #same > 0 then "                                                      \
    "  now = same[#same] + 0.001 "                                            \
    "end "                                                                    \
    "redis.call('ZADD', " key ", now, " news ") "                             \
    "redis.call('ZREMRANGEBYRANK', " key ", 0, "                              \
    "           -1 - " NGX_HTTP_ZOOM_MISSED_MOST ") "                         \
    "redis.call('PEXPIRE', " key ", " NGX_HTTP_ZOOM_MISSED_LIFE ") "


/* Told "age" milliseconds ago; of one kind in the order of the store. */

typedef void (*ngx_http_zoom_missed_pt)(const ngx_str_t *text, int64_t age);


/* In a worker, where there is such a store. */
void ngx_http_zoom_missed_init(ngx_http_zoom_fleet_t *fleet,
    ngx_http_zoom_missed_pt handler);

/* Where the store keeps it; "buf" has room for NGX_HTTP_ZOOM_MISSED_KEY. */
ngx_str_t ngx_http_zoom_missed_key(ngx_http_zoom_missed_e kind, u_char *buf);

/*
 * Each second, and when news can be heard: asks for what nobody of this host
 * could hear.  Some of it may have been heard.
 */

void ngx_http_zoom_missed_look(void);

/*
 * News has come as it was told.  An answer that is on its way may be older, and
 * would undo it, so what was missed is asked for once more.
 */
void ngx_http_zoom_missed_heard(void);


#endif /* _NGX_HTTP_ZOOM_MISSED_H_INCLUDED_ */
