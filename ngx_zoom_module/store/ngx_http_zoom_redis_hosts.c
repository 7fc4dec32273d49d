#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis_hosts.h"


/*
 * milliseconds: a host that is not seen for so long is none any more if another
 * one has begun since, or else after so long
 */

#define NGX_HTTP_ZOOM_REDIS_HOSTS   "30000"
#define NGX_HTTP_ZOOM_REDIS_GONE    "600000"

/* the news that there are more hosts, or fewer; no other news is that short */

#define NGX_HTTP_ZOOM_REDIS_CHANGE  "hosts"

/* seconds, until a store that was emptied is believed that there are fewer */

#define NGX_HTTP_ZOOM_REDIS_FEWER   30

/* milliseconds, after which something is wrong with a host that is not seen */

#define NGX_HTTP_ZOOM_REDIS_MISSING "10000"

/* more than that are no fleet, but a Redis that is not ours */

#define NGX_HTTP_ZOOM_REDIS_HOSTS_MAX  65535


/* what is before the hosts by name in the answer to a hello */

#define NGX_HTTP_ZOOM_REDIS_HOSTS_HEAD  3


/*
 * KEYS: hosts, since when, those that have begun; ARGV: this one, milliseconds
 * until a host is gone if another one is in its place, and until it is in any
 * case, channel, news of a change.  It writes, so that a store that only reads
 * is no store.  Those who were seen in the future were so by a clock that was
 * set back.  Answers how many there are, since when they are counted, how many
 * of them are missing, and some by name, with how long they were not seen.
 *
 * A host that is not seen may have lost the store alone, and use its part of
 * the limits all the same.  Mostly it was killed, and one that begins is the
 * same anew.
 */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_redis_hosts_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local n = redis.call('ZADD', KEYS[1], now, ARGV[1]) "
    "if n > 0 then redis.call('ZADD', KEYS[3], now, ARGV[1]) end "

    "local gone = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', "
    "                        now - ARGV[2], 'WITHSCORES') "
    "for i = 1, #gone, 2 do "
    "  local new = redis.call('ZRANGEBYSCORE', KEYS[3], '(' .. gone[i + 1], "
    "                         '+inf', 'LIMIT', 0, 1)[1] "
    "  if new then "
    "    redis.call('ZREM', KEYS[3], new) "
    "    n = n + redis.call('ZREM', KEYS[1], gone[i]) "
    "  end "
    "end "

    "local function prune(key) "
    "  redis.call('PEXPIRE', key, ARGV[3]) "
    "  return redis.call('ZREMRANGEBYSCORE', key, '-inf', now - ARGV[3]) "
    "         + redis.call('ZREMRANGEBYSCORE', key, now + ARGV[2], '+inf') "
    "end "
    "prune(KEYS[3]) "
    "n = n + prune(KEYS[1]) "

    "local since = redis.call('GET', KEYS[2]) "
    "or string.format('%.0f', now) "
    "redis.call('SET', KEYS[2], since, 'PX', ARGV[3]) "
    "if n > 0 then redis.call('PUBLISH', ARGV[4], ARGV[5]) end "

    "local out = {redis.call('ZCARD', KEYS[1]), tonumber(since), "
    "             redis.call('ZCOUNT', KEYS[1], '-inf', "
    "                        now - " NGX_HTTP_ZOOM_REDIS_MISSING ")} "
    "local all = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '+inf', "
    "                       'WITHSCORES', 'LIMIT', 0, ARGV[6]) "
    "for i = 1, #all, 2 do "
    "  out[#out + 1] = string.match(all[i], ' (.*)') or all[i] "
    "  out[#out + 1] = math.max(now - all[i + 1], 0) "
    "end "
    "return out", { 0 }
};


static ngx_str_t               ngx_http_zoom_redis_hosts_id;
static ngx_str_t               ngx_http_zoom_redis_hosts_self;
static ngx_str_t               ngx_http_zoom_redis_hosts_set;
static ngx_str_t               ngx_http_zoom_redis_hosts_since;
static ngx_str_t               ngx_http_zoom_redis_hosts_begun;
static ngx_str_t               ngx_http_zoom_redis_hosts_channel;
static ngx_http_zoom_fleet_t  *ngx_http_zoom_redis_hosts_fleet;


ngx_int_t
ngx_http_zoom_redis_hosts_init(const ngx_str_t *prefix, const ngx_str_t *id,
    ngx_http_zoom_fleet_t *fleet)
{
    u_char     *p;
    ngx_str_t   name;

    name = ngx_cycle->hostname;
    name.len = ngx_min(name.len, NGX_HTTP_ZOOM_FLEET_NAME);

    p = ngx_pnalloc(ngx_cycle->pool, 2 * id->len + 1 + name.len
                                     + 4 * prefix->len
                                     + sizeof(":hosts:since:begun:news"));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_redis_hosts_fleet = fleet;

    ngx_http_zoom_redis_hosts_id.data = p;
    ngx_http_zoom_redis_hosts_id.len = id->len;
    p = ngx_cpymem(p, id->data, id->len);

    ngx_http_zoom_redis_hosts_self.data = p;
    p = ngx_sprintf(p, "%V %V", id, &name);
    ngx_http_zoom_redis_hosts_self.len =
                                       p - ngx_http_zoom_redis_hosts_self.data;

    ngx_http_zoom_redis_hosts_set.data = p;
    p = ngx_sprintf(p, "%V:hosts", prefix);
    ngx_http_zoom_redis_hosts_set.len = p - ngx_http_zoom_redis_hosts_set.data;

    ngx_http_zoom_redis_hosts_since.data = p;
    p = ngx_sprintf(p, "%V:since", prefix);
    ngx_http_zoom_redis_hosts_since.len =
                                      p - ngx_http_zoom_redis_hosts_since.data;

    ngx_http_zoom_redis_hosts_begun.data = p;
    p = ngx_sprintf(p, "%V:begun", prefix);
    ngx_http_zoom_redis_hosts_begun.len =
                                      p - ngx_http_zoom_redis_hosts_begun.data;

    ngx_http_zoom_redis_hosts_channel.data = p;
    p = ngx_sprintf(p, "%V:news", prefix);
    ngx_http_zoom_redis_hosts_channel.len =
                                    p - ngx_http_zoom_redis_hosts_channel.data;
    *p = '\0';

    return NGX_OK;
}


const ngx_str_t *
ngx_http_zoom_redis_id(void)
{
    return &ngx_http_zoom_redis_hosts_id;
}


const ngx_str_t *
ngx_http_zoom_redis_channel(void)
{
    return &ngx_http_zoom_redis_hosts_channel;
}


const ngx_str_t *
ngx_http_zoom_redis_hosts_key(void)
{
    return &ngx_http_zoom_redis_hosts_set;
}


ngx_http_zoom_redis_script_t *
ngx_http_zoom_redis_hosts_hello(ngx_str_t *args)
{
    args[0] = ngx_http_zoom_redis_hosts_set;
    args[1] = ngx_http_zoom_redis_hosts_since;
    args[2] = ngx_http_zoom_redis_hosts_begun;

    args[3] = ngx_http_zoom_redis_hosts_self;
    ngx_str_set(&args[4], NGX_HTTP_ZOOM_REDIS_HOSTS);
    ngx_str_set(&args[5], NGX_HTTP_ZOOM_REDIS_GONE);

    args[6] = ngx_http_zoom_redis_hosts_channel;
    ngx_str_set(&args[7], NGX_HTTP_ZOOM_REDIS_CHANGE);
    ngx_str_set(&args[8], ngx_value(NGX_HTTP_ZOOM_FLEET_SHOWN));

    return &ngx_http_zoom_redis_hosts_script;
}


/*
 * Of a set that goes on the number is the truth.  A store that has lost its
 * data knows of nobody at first, and all would take the others' part of the
 * limits: fewer are believed in only when it stays so.
 */

void
ngx_http_zoom_redis_hosts_count(const redisReply *reply)
{
    time_t                  now;
    ngx_atomic_uint_t       n, since;
    ngx_http_zoom_fleet_t  *fleet;

    if (reply->type != REDIS_REPLY_ARRAY
        || reply->elements < NGX_HTTP_ZOOM_REDIS_HOSTS_HEAD
        || reply->element[0]->type != REDIS_REPLY_INTEGER
        || reply->element[1]->type != REDIS_REPLY_INTEGER
        || reply->element[2]->type != REDIS_REPLY_INTEGER
        || reply->element[0]->integer < 1
        || reply->element[0]->integer > NGX_HTTP_ZOOM_REDIS_HOSTS_MAX)
    {
        return;
    }

    n = reply->element[0]->integer;
    since = reply->element[1]->integer;

    now = ngx_time();
    fleet = ngx_http_zoom_redis_hosts_fleet;

    fleet->missing = ngx_max(reply->element[2]->integer, 0);

    if (since == fleet->since || n >= fleet->hosts
        || now - (time_t) fleet->counted > NGX_HTTP_ZOOM_REDIS_FEWER)
    {
        fleet->hosts = n;
        fleet->since = since;
        fleet->counted = now;
    }
}


/* A name that is none may be anybody's: what is odd in it is not shown. */

void
ngx_http_zoom_redis_hosts_list(const redisReply *reply,
    ngx_http_zoom_fleet_roster_t *roster)
{
    size_t                       i, k;
    redisReply                  *name, *age;
    ngx_http_zoom_fleet_host_t  *host;

    ngx_memzero(roster, sizeof(ngx_http_zoom_fleet_roster_t));

    if (reply->type != REDIS_REPLY_ARRAY) {
        return;
    }

    for (i = NGX_HTTP_ZOOM_REDIS_HOSTS_HEAD;
         i + 1 < reply->elements && roster->n < NGX_HTTP_ZOOM_FLEET_SHOWN;
         i += 2)
    {
        name = reply->element[i];
        age = reply->element[i + 1];

        if (name->type != REDIS_REPLY_STRING
            || age->type != REDIS_REPLY_INTEGER)
        {
            return;
        }

        host = &roster->hosts[roster->n++];

        host->seen = ngx_current_msec - (ngx_msec_t) age->integer;
        host->len = ngx_min(name->len, NGX_HTTP_ZOOM_FLEET_NAME);

        for (k = 0; k < host->len; k++) {
            host->name[k] = (name->str[k] > ' ' && name->str[k] < 0x7f)
                            ? name->str[k] : '?';
        }
    }
}


ngx_uint_t
ngx_http_zoom_redis_hosts_news(const ngx_str_t *text)
{
    return text->len == sizeof(NGX_HTTP_ZOOM_REDIS_CHANGE) - 1;
}


void
ngx_http_zoom_redis_hosts_goodbye(redisAsyncContext *ac)
{
    if (ac == NULL) {
        return;
    }

    (void) redisAsyncCommand(ac, NULL, NULL, "ZREM %b %b",
                             ngx_http_zoom_redis_hosts_set.data,
                             ngx_http_zoom_redis_hosts_set.len,
                             ngx_http_zoom_redis_hosts_self.data,
                             ngx_http_zoom_redis_hosts_self.len);
    (void) redisAsyncCommand(ac, NULL, NULL, "PUBLISH %s %s",
                             ngx_http_zoom_redis_hosts_channel.data,
                             NGX_HTTP_ZOOM_REDIS_CHANGE);

    redisAsyncHandleWrite(ac);
}

#endif
