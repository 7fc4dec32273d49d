#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_advice.h"
#include "ngx_http_zoom_redis_call.h"
#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_redis_link.h"
#include "ngx_http_zoom_redis_sentinel.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds; each worker is heard so often, and EVERY one of the host's */

#define NGX_HTTP_ZOOM_REDIS_SEEN   10000
#define NGX_HTTP_ZOOM_REDIS_EVERY  1000

/* seconds, between two lines in the log of a store that comes and goes */

#define NGX_HTTP_ZOOM_REDIS_TELL   10

/* milliseconds, of a try beside its timeouts */

#define NGX_HTTP_ZOOM_REDIS_TRY    1000

#define NGX_HTTP_ZOOM_REDIS_CALLS  16384     /* without an answer */


typedef struct {
    ngx_http_zoom_redis_link_t     link;     /* of scripts */
    ngx_http_zoom_redis_link_t     news;
    ngx_event_t                    seen;
    ngx_msec_t                     said;     /* the latest hello */
    ngx_http_zoom_fleet_t         *fleet;
    ngx_http_zoom_redis_hears_t    hears;
    ngx_log_t                     *log;
    ngx_uint_t                     links;    /* of news, that there were */
    unsigned                       listens:1;
    unsigned                       ready:1;
    unsigned                       begins:1; /* not ready yet */
    unsigned                       ends:1;
} ngx_http_zoom_redis_t;


static void ngx_http_zoom_redis_opened(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_hello(void);
static void ngx_http_zoom_redis_seen(ngx_event_t *ev);
static void ngx_http_zoom_redis_welcome(void *data, const redisReply *reply);
static void ngx_http_zoom_redis_lost(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_news_opened(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_news_lost(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_change(void);
static void ngx_http_zoom_redis_heard(redisAsyncContext *ac, void *data,
    void *privdata);
static void ngx_http_zoom_redis_listening(void);


static ngx_http_zoom_redis_t  ngx_http_zoom_redis;


ngx_int_t
ngx_http_zoom_redis_init_process(const ngx_http_zoom_redis_conf_t *conf,
    const ngx_str_t *id, ngx_http_zoom_fleet_t *fleet,
    const ngx_http_zoom_redis_hears_t *hears, ngx_log_t *log)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    ngx_memzero(redis, sizeof(ngx_http_zoom_redis_t));

    if (ngx_http_zoom_redis_hosts_init(&conf->prefix, id, fleet) != NGX_OK) {
        return NGX_ERROR;
    }

    redis->fleet = fleet;
    redis->hears = *hears;
    redis->log = log;

    redis->begins = 1;

    ngx_http_zoom_timer_init(&redis->seen, ngx_http_zoom_redis_seen, log);
    redis->seen.cancelable = 1;

    redis->link.conf = conf;
    redis->link.opened = ngx_http_zoom_redis_opened;
    redis->link.lost = ngx_http_zoom_redis_lost;
    redis->link.log = log;

    redis->news.conf = conf;
    redis->news.opened = ngx_http_zoom_redis_news_opened;
    redis->news.lost = ngx_http_zoom_redis_news_lost;
    redis->news.log = log;

    ngx_http_zoom_redis_calls_init(&redis->link, fleet);

    if (conf->sentinels) {
        ngx_http_zoom_redis_sentinel_start(conf, &redis->link, &redis->news);
    }

    ngx_http_zoom_redis_link_start(&redis->link);
    ngx_http_zoom_redis_link_start(&redis->news);

    return NGX_OK;
}


void
ngx_http_zoom_redis_exit_process(ngx_uint_t last)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    if (redis->fleet == NULL) {
        return;
    }

    if (last && redis->ready) {
        ngx_http_zoom_redis_hosts_goodbye(redis->link.ac);
    }

    redis->ready = 0;
    redis->ends = 1;

    ngx_http_zoom_redis_sentinel_stop();
    ngx_http_zoom_redis_link_stop(&redis->news);
    ngx_http_zoom_redis_link_stop(&redis->link);
    ngx_http_zoom_redis_calls_stop();
    ngx_http_zoom_timer_stop(&redis->seen);

    redis->fleet = NULL;
}


ngx_uint_t
ngx_http_zoom_redis_begins(void)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    return redis->begins && ngx_http_zoom_redis_link_begins(&redis->link);
}


ngx_uint_t
ngx_http_zoom_redis_there(void)
{
    return ngx_http_zoom_redis.ready
           && ngx_http_zoom_redis.link.state == NGX_HTTP_ZOOM_REDIS_OPEN;
}


ngx_uint_t
ngx_http_zoom_redis_ends(void)
{
    return ngx_http_zoom_redis.ends;
}


ngx_uint_t
ngx_http_zoom_redis_listens(void)
{
    return ngx_http_zoom_redis.listens ? ngx_http_zoom_redis.links : 0;
}


const ngx_str_t *
ngx_http_zoom_redis_prefix(void)
{
    return &ngx_http_zoom_redis.link.conf->prefix;
}


void
ngx_http_zoom_redis_replay(void)
{
    ngx_http_zoom_count_fleet(ngx_http_zoom_redis.fleet->replays);
}


/* It is used when it has shown that it can write. */

static void
ngx_http_zoom_redis_opened(ngx_http_zoom_redis_link_t *link)
{
    ngx_http_zoom_redis_hello();
}


/* A host is seen each second, by whichever of its workers is the first. */

static void
ngx_http_zoom_redis_seen(ngx_event_t *ev)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    if (ngx_current_msec - redis->said < NGX_HTTP_ZOOM_REDIS_SEEN
        && ngx_current_msec - redis->fleet->seen
           < NGX_HTTP_ZOOM_REDIS_EVERY * 9 / 10)
    {
        redis->hears.hosts(redis->fleet->hosts);
        ngx_add_timer(&redis->seen, NGX_HTTP_ZOOM_REDIS_EVERY);
        return;
    }

    ngx_http_zoom_redis_hello();
}


static void
ngx_http_zoom_redis_hello(void)
{
    ngx_str_t                      args[NGX_HTTP_ZOOM_REDIS_HELLO_ARGS];
    ngx_http_zoom_redis_t         *redis;
    ngx_http_zoom_redis_call_t    *call;
    ngx_http_zoom_redis_script_t  *script;

    redis = &ngx_http_zoom_redis;

    redis->said = ngx_current_msec;
    redis->fleet->seen = ngx_current_msec;

    script = ngx_http_zoom_redis_hosts_hello(args);

    call = ngx_http_zoom_redis_send(script, NGX_HTTP_ZOOM_REDIS_HELLO_KEYS,
                                    args, NGX_HTTP_ZOOM_REDIS_HELLO_ARGS,
                                    ngx_http_zoom_redis_welcome, NULL);

    if (call == NULL) {
        ngx_http_zoom_redis_link_break(&redis->link, "finds no memory",
                                       sizeof("finds no memory") - 1);
        return;
    }

    ngx_http_zoom_redis_vital(call);
}


static void
ngx_http_zoom_redis_welcome(void *data, const redisReply *reply)
{
    ngx_atomic_uint_t             away;
    ngx_http_zoom_redis_t        *redis;
    ngx_http_zoom_fleet_roster_t  roster;

    redis = &ngx_http_zoom_redis;

    if (reply == NULL) {
        return;
    }

    /* one that is lost again and again is tried ever more rarely */

    if (redis->ready) {
        ngx_http_zoom_redis_link_good(&redis->link);
    }

    redis->ready = 1;
    redis->begins = 0;

    ngx_http_zoom_redis_hosts_count(reply);
    ngx_http_zoom_redis_hosts_list(reply, &roster);
    redis->hears.roster(&roster);

    ngx_add_timer(&redis->seen, NGX_HTTP_ZOOM_REDIS_EVERY);

    redis->hears.hosts(redis->fleet->hosts);

    away = redis->fleet->away;

    if (away == 0 || !ngx_atomic_cmp_set(&redis->fleet->away, away, 0)) {
        return;
    }

    redis->fleet->back = ngx_current_msec;

    if (redis->fleet->told == away) {
        ngx_log_error(NGX_LOG_NOTICE, redis->log, 0,
                      "zoom: the store \"%V\" is back after %T s",
                      &redis->link.conf->url, ngx_time() - (time_t) away);
    }
}


/*
 * One worker tells of it, and the first reason is the one that counts.  News
 * may have ended as well, and nothing would show it for long.
 */

static void
ngx_http_zoom_redis_lost(ngx_http_zoom_redis_link_t *link)
{
    time_t                  now;
    ngx_uint_t              ready;
    const char             *advice;
    ngx_atomic_uint_t       reason;
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;
    now = ngx_time();
    ready = redis->ready;

    if (ready && redis->listens) {
        ngx_http_zoom_redis_link_break(&redis->news, "the store is away",
                                       sizeof("the store is away") - 1);
    }

    redis->ready = 0;

    ngx_http_zoom_timer_stop(&redis->seen);

    /* a try that began before another worker found it there again */

    if (!ready && redis->fleet->back
        && ngx_current_msec - redis->fleet->back
           < NGX_HTTP_ZOOM_REDIS_TRY + 2 * link->conf->timeout)
    {
        return;
    }

    if (!ngx_atomic_cmp_set(&redis->fleet->away, 0, now)) {
        return;
    }

    redis->fleet->lost = ngx_current_msec;
    redis->fleet->seen = 0;
    redis->fleet->missing = 0;

    ngx_http_zoom_count_fleet(redis->fleet->incidents);

    reason = ngx_crc32_short(link->reason, ngx_strlen(link->reason));

    if (now - (time_t) redis->fleet->told < NGX_HTTP_ZOOM_REDIS_TELL
        && redis->fleet->reason == reason)
    {
        return;
    }

    redis->fleet->told = now;
    redis->fleet->reason = reason;

    advice = ngx_http_zoom_redis_advice(link->reason);

    ngx_log_error(NGX_LOG_ERR, redis->log, 0,
                  "zoom: the store \"%V\" is away: %s%s%s; this host goes on "
                  "by itself until it is back", &link->conf->url,
                  link->reason, advice ? ": " : "", advice ? advice : "");
}


ngx_http_zoom_redis_call_t *
ngx_http_zoom_redis_run(ngx_http_zoom_redis_script_t *script,
    ngx_uint_t nkeys, const ngx_str_t *args, ngx_uint_t n,
    ngx_http_zoom_redis_pt handler, void *data)
{
    if (!ngx_http_zoom_redis.ready
        || ngx_http_zoom_redis_calls() >= NGX_HTTP_ZOOM_REDIS_CALLS)
    {
        return NULL;
    }

    return ngx_http_zoom_redis_send(script, nkeys, args, n, handler, data);
}


static void
ngx_http_zoom_redis_news_opened(ngx_http_zoom_redis_link_t *link)
{
    if (redisAsyncCommand(link->ac, ngx_http_zoom_redis_heard, NULL,
                          "SUBSCRIBE %s", ngx_http_zoom_redis_channel()->data)
        != REDIS_OK)
    {
        ngx_http_zoom_redis_link_break(link, "finds no memory",
                                       sizeof("finds no memory") - 1);
    }
}


/*
 * Whoever waits looks by himself, only later.  That its user may not listen is
 * told once: nothing else shows it.
 */

static void
ngx_http_zoom_redis_news_lost(ngx_http_zoom_redis_link_t *link)
{
    const char  *advice;
    ngx_uint_t   level;

    ngx_http_zoom_redis.listens = 0;

    if (!ngx_http_zoom_redis.ready) {
        return;
    }

    level = NGX_LOG_INFO;
    advice = ngx_http_zoom_redis_advice(link->reason);

    if (ngx_strncmp(link->reason, "NOPERM", sizeof("NOPERM") - 1) == 0
        && ngx_atomic_cmp_set(&ngx_http_zoom_redis.fleet->deaf, 0, ngx_time()))
    {
        level = NGX_LOG_ERR;
    }

    ngx_log_error(level, link->log, 0,
                  "zoom: no news from the store \"%V\": %s%s%s",
                  &link->conf->url, link->reason, advice ? ": " : "",
                  advice ? advice : "");
}


static void
ngx_http_zoom_redis_change(void)
{
    if (ngx_http_zoom_redis.ready) {
        ngx_http_zoom_redis_hello();
    }
}


/* "subscribe", channel, number; or "message", channel, text */

static void
ngx_http_zoom_redis_heard(redisAsyncContext *ac, void *data, void *privdata)
{
    ngx_str_t    text;
    redisReply  *reply;

    reply = data;

    if (reply == NULL) {
        return;
    }

    if (reply->type == REDIS_REPLY_ERROR) {
        ngx_http_zoom_redis_link_break(&ngx_http_zoom_redis.news, reply->str,
                                       reply->len);
        return;
    }

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 3) {
        return;
    }

    ngx_http_zoom_redis_link_good(&ngx_http_zoom_redis.news);

    if (reply->element[2]->type == REDIS_REPLY_STRING) {
        text.data = (u_char *) reply->element[2]->str;
        text.len = reply->element[2]->len;

        if (ngx_http_zoom_redis_hosts_news(&text)) {
            ngx_http_zoom_redis_change();
            return;
        }

        ngx_http_zoom_redis.hears.news(&text);
        return;
    }

    ngx_http_zoom_redis_listening();
}


static void
ngx_http_zoom_redis_listening(void)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    redis->listens = 1;
    redis->links++;
    redis->fleet->deaf = 0;

    if (redis->ready) {
        redis->hears.hosts(redis->fleet->hosts);
    }
}

#endif
