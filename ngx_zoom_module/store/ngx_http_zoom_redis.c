#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>

#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_conf.h"
#include "ngx_http_zoom_redis_link.h"
#include "ngx_http_zoom_timer.h"


/* milliseconds; a host that is not seen for HOSTS is none any more */

#define NGX_HTTP_ZOOM_REDIS_SEEN   10000
#define NGX_HTTP_ZOOM_REDIS_HOSTS  "30000"

/* the news that there are more hosts, or fewer */

#define NGX_HTTP_ZOOM_REDIS_CHANGE  "hosts"

/* seconds, between two lines in the log of a store that comes and goes */

#define NGX_HTTP_ZOOM_REDIS_TELL   10

/* seconds, until fewer hosts are believed in */

#define NGX_HTTP_ZOOM_REDIS_FEWER  30

#define NGX_HTTP_ZOOM_REDIS_CALLS  16384     /* without an answer */


struct ngx_http_zoom_redis_call_s {
    ngx_queue_t                    queue;    /* in the order of sending */
    ngx_msec_t                     sent;
    char                          *command;
    size_t                         len;
    ngx_http_zoom_redis_script_t  *script;
    ngx_http_zoom_redis_pt         handler;
    void                          *data;
    unsigned                       again:1;  /* sent again */
};


typedef struct {
    ngx_http_zoom_redis_link_t     link;     /* of scripts */
    ngx_http_zoom_redis_link_t     news;
    ngx_queue_t                    calls;
    ngx_uint_t                     ncalls;
    ngx_event_t                    timer;    /* of the oldest */
    ngx_event_t                    seen;
    ngx_str_t                      id;
    ngx_str_t                      channel;
    ngx_str_t                      hosts;
    ngx_http_zoom_fleet_t         *fleet;
    ngx_http_zoom_redis_news_pt    told;
    ngx_http_zoom_redis_hosts_pt   counted;
    ngx_log_t                     *log;
    unsigned                       ready:1;
    unsigned                       begins:1; /* neither ready nor lost yet */
} ngx_http_zoom_redis_t;


static ngx_int_t ngx_http_zoom_redis_names(ngx_http_zoom_redis_t *redis,
    const ngx_http_zoom_redis_conf_t *conf, const ngx_str_t *id);
static void ngx_http_zoom_redis_opened(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_hello(ngx_event_t *ev);
static void ngx_http_zoom_redis_welcome(void *data, const redisReply *reply);
static void ngx_http_zoom_redis_count(ngx_atomic_uint_t n);
static void ngx_http_zoom_redis_lost(ngx_http_zoom_redis_link_t *link);
static const char *ngx_http_zoom_redis_advice(const u_char *reason);
static ngx_http_zoom_redis_call_t *ngx_http_zoom_redis_send(
    ngx_http_zoom_redis_script_t *script, ngx_uint_t nkeys,
    const ngx_str_t *args, ngx_uint_t n, ngx_http_zoom_redis_pt handler,
    void *data);
static ngx_int_t ngx_http_zoom_redis_sha(ngx_http_zoom_redis_script_t *script);
static void ngx_http_zoom_redis_replied(redisAsyncContext *ac, void *data,
    void *privdata);
static ngx_int_t ngx_http_zoom_redis_again(ngx_http_zoom_redis_call_t *call);
static void ngx_http_zoom_redis_free(ngx_http_zoom_redis_call_t *call);
static void ngx_http_zoom_redis_arm(void);
static void ngx_http_zoom_redis_late(ngx_event_t *ev);
static void ngx_http_zoom_redis_news_opened(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_news_lost(ngx_http_zoom_redis_link_t *link);
static void ngx_http_zoom_redis_change(void);
static void ngx_http_zoom_redis_heard(redisAsyncContext *ac, void *data,
    void *privdata);


/*
 * KEYS: hosts; ARGV: this one, milliseconds, channel, news of a change.  It
 * writes, so that a store that only reads is no store.
 */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_redis_hosts = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local n = redis.call('ZADD', KEYS[1], now, ARGV[1]) "
    "n = n + redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2]) "
    "redis.call('PEXPIRE', KEYS[1], ARGV[2]) "
    "if n > 0 then redis.call('PUBLISH', ARGV[3], ARGV[4]) end "
    "return redis.call('ZCARD', KEYS[1])", { 0 }
};


/* What an operator can do, by how an answer begins. */

static const struct {
    const char                    *word;
    const char                    *advice;
} ngx_http_zoom_redis_advices[] = {
    { "NOAUTH", "give \"zoom_store\" a \"password=\"" },
    { "WRONGPASS", "check \"user=\" and \"password=\" of \"zoom_store\"" },
    { "NOPERM", "let its user run the commands of docs/fleet.md" },
    { "READONLY", "let \"zoom_store\" name the primary, not a replica" },
    { "MASTERDOWN", "let \"zoom_store\" name the primary, not a replica" },
    { "OOM", "give it more memory, and let it evict (\"maxmemory-policy\")" },
    { "MISCONF", "it can't save its data: see its own log" },
    { "BUSY", "a script of somebody's blocks it: see its own log" },
    { "LOADING", "it reads its data, and will be back by itself" },
    { "MOVED", "it is a cluster, use one Redis or Valkey that is none" },
    { "ERR invalid password", "check \"password=\" of \"zoom_store\"" },
    { NULL, NULL }
};


static ngx_http_zoom_redis_t  ngx_http_zoom_redis;


ngx_int_t
ngx_http_zoom_redis_init_process(const ngx_http_zoom_redis_conf_t *conf,
    const ngx_str_t *id, ngx_http_zoom_fleet_t *fleet,
    ngx_http_zoom_redis_news_pt news, ngx_http_zoom_redis_hosts_pt hosts,
    ngx_log_t *log)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    ngx_memzero(redis, sizeof(ngx_http_zoom_redis_t));

    if (ngx_http_zoom_redis_names(redis, conf, id) != NGX_OK) {
        return NGX_ERROR;
    }

    redis->fleet = fleet;
    redis->told = news;
    redis->counted = hosts;
    redis->log = log;

    redis->begins = 1;

    ngx_queue_init(&redis->calls);

    ngx_http_zoom_timer_init(&redis->timer, ngx_http_zoom_redis_late, log);
    ngx_http_zoom_timer_init(&redis->seen, ngx_http_zoom_redis_hello, log);
    redis->seen.cancelable = 1;

    redis->link.conf = conf;
    redis->link.opened = ngx_http_zoom_redis_opened;
    redis->link.lost = ngx_http_zoom_redis_lost;
    redis->link.log = log;

    redis->news.conf = conf;
    redis->news.opened = ngx_http_zoom_redis_news_opened;
    redis->news.lost = ngx_http_zoom_redis_news_lost;
    redis->news.log = log;

    ngx_http_zoom_redis_link_start(&redis->link);
    ngx_http_zoom_redis_link_start(&redis->news);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_redis_names(ngx_http_zoom_redis_t *redis,
    const ngx_http_zoom_redis_conf_t *conf, const ngx_str_t *id)
{
    u_char  *p;

    redis->id.len = id->len;
    redis->channel.len = conf->prefix.len + sizeof(":news") - 1;
    redis->hosts.len = conf->prefix.len + sizeof(":hosts") - 1;

    p = ngx_pnalloc(ngx_cycle->pool, redis->id.len + redis->channel.len
                                     + redis->hosts.len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    redis->id.data = p;
    redis->channel.data = p + redis->id.len;
    redis->hosts.data = redis->channel.data + redis->channel.len + 1;

    ngx_memcpy(p, id->data, id->len);
    ngx_sprintf(redis->channel.data, "%V:news%Z", &conf->prefix);
    ngx_sprintf(redis->hosts.data, "%V:hosts", &conf->prefix);

    return NGX_OK;
}


void
ngx_http_zoom_redis_exit_process(void)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    if (redis->fleet == NULL) {
        return;
    }

    redis->ready = 0;

    ngx_http_zoom_redis_link_stop(&redis->news);
    ngx_http_zoom_redis_link_stop(&redis->link);
    ngx_http_zoom_timer_stop(&redis->timer);
    ngx_http_zoom_timer_stop(&redis->seen);

    redis->fleet = NULL;
}


ngx_uint_t
ngx_http_zoom_redis_begins(void)
{
    return ngx_http_zoom_redis.begins;
}


const ngx_str_t *
ngx_http_zoom_redis_channel(void)
{
    return &ngx_http_zoom_redis.channel;
}


const ngx_str_t *
ngx_http_zoom_redis_prefix(void)
{
    return &ngx_http_zoom_redis.link.conf->prefix;
}


/* It is used when it has shown that it can write. */

static void
ngx_http_zoom_redis_opened(ngx_http_zoom_redis_link_t *link)
{
    ngx_http_zoom_redis_hello(NULL);
}


static void
ngx_http_zoom_redis_hello(ngx_event_t *ev)
{
    ngx_str_t               args[5];
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    args[0] = redis->hosts;
    args[1] = redis->id;
    ngx_str_set(&args[2], NGX_HTTP_ZOOM_REDIS_HOSTS);

    args[3] = redis->channel;
    ngx_str_set(&args[4], NGX_HTTP_ZOOM_REDIS_CHANGE);

    if (ngx_http_zoom_redis_send(&ngx_http_zoom_redis_hosts, 1, args, 5,
                                 ngx_http_zoom_redis_welcome, NULL)
        == NULL)
    {
        ngx_http_zoom_redis_link_break(&redis->link, "finds no memory",
                                       sizeof("finds no memory") - 1);
    }
}


static void
ngx_http_zoom_redis_welcome(void *data, const redisReply *reply)
{
    ngx_atomic_uint_t       away;
    ngx_http_zoom_redis_t  *redis;

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

    if (reply->type == REDIS_REPLY_INTEGER) {
        ngx_http_zoom_redis_count(reply->integer);
    }

    ngx_add_timer(&redis->seen, NGX_HTTP_ZOOM_REDIS_SEEN);

    redis->counted(redis->fleet->hosts);

    away = redis->fleet->away;

    if (away && ngx_atomic_cmp_set(&redis->fleet->away, away, 0)
        && redis->fleet->told == away)
    {
        ngx_log_error(NGX_LOG_NOTICE, redis->log, 0,
                      "zoom: the store \"%V\" is back after %T s",
                      &redis->link.conf->url, ngx_time() - (time_t) away);
    }
}


/*
 * More at once, but fewer only when it stays so: a store that has lost its data
 * knows of nobody at first, and all would take the others' part of the limits.
 */

static void
ngx_http_zoom_redis_count(ngx_atomic_uint_t n)
{
    time_t                  now;
    ngx_http_zoom_fleet_t  *fleet;

    now = ngx_time();
    fleet = ngx_http_zoom_redis.fleet;

    if (n >= fleet->hosts
        || now - (time_t) fleet->counted > NGX_HTTP_ZOOM_REDIS_FEWER)
    {
        fleet->hosts = n;
        fleet->counted = now;
    }
}


/* One worker tells of it, and the first reason is the one that counts. */

static void
ngx_http_zoom_redis_lost(ngx_http_zoom_redis_link_t *link)
{
    time_t                  now;
    const char             *advice;
    ngx_atomic_uint_t       reason;
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;
    now = ngx_time();

    redis->ready = 0;
    redis->begins = 0;

    ngx_http_zoom_timer_stop(&redis->seen);

    if (!ngx_atomic_cmp_set(&redis->fleet->away, 0, now)) {
        return;
    }

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


static const char *
ngx_http_zoom_redis_advice(const u_char *reason)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_zoom_redis_advices[i].word; i++) {
        if (ngx_strncmp(reason, ngx_http_zoom_redis_advices[i].word,
                        ngx_strlen(ngx_http_zoom_redis_advices[i].word))
            == 0)
        {
            return ngx_http_zoom_redis_advices[i].advice;
        }
    }

    return NULL;
}


ngx_http_zoom_redis_call_t *
ngx_http_zoom_redis_run(ngx_http_zoom_redis_script_t *script,
    ngx_uint_t nkeys, const ngx_str_t *args, ngx_uint_t n,
    ngx_http_zoom_redis_pt handler, void *data)
{
    if (!ngx_http_zoom_redis.ready
        || ngx_http_zoom_redis.ncalls >= NGX_HTTP_ZOOM_REDIS_CALLS)
    {
        return NULL;
    }

    return ngx_http_zoom_redis_send(script, nkeys, args, n, handler, data);
}


static ngx_http_zoom_redis_call_t *
ngx_http_zoom_redis_send(ngx_http_zoom_redis_script_t *script,
    ngx_uint_t nkeys, const ngx_str_t *args, ngx_uint_t n,
    ngx_http_zoom_redis_pt handler, void *data)
{
    int                          len;
    size_t                       lens[NGX_HTTP_ZOOM_REDIS_ARGS_MAX + 3];
    ngx_uint_t                   i;
    const char                  *argv[NGX_HTTP_ZOOM_REDIS_ARGS_MAX + 3];
    u_char                       keys[2];
    ngx_http_zoom_redis_t       *redis;
    ngx_http_zoom_redis_call_t  *call;

    redis = &ngx_http_zoom_redis;

    if (redis->link.state != NGX_HTTP_ZOOM_REDIS_OPEN
        || n > NGX_HTTP_ZOOM_REDIS_ARGS_MAX || nkeys > 9
        || ngx_http_zoom_redis_sha(script) != NGX_OK)
    {
        return NULL;
    }

    call = ngx_calloc(sizeof(ngx_http_zoom_redis_call_t), redis->log);
    if (call == NULL) {
        return NULL;
    }

    keys[0] = '0' + nkeys;

    argv[0] = "EVALSHA";
    lens[0] = sizeof("EVALSHA") - 1;
    argv[1] = (char *) script->sha;
    lens[1] = NGX_HTTP_ZOOM_REDIS_SHA_LEN;
    argv[2] = (char *) keys;
    lens[2] = 1;

    for (i = 0; i < n; i++) {
        argv[i + 3] = args[i].len ? (char *) args[i].data : "";
        lens[i + 3] = args[i].len;
    }

    len = redisFormatCommandArgv(&call->command, n + 3, argv, lens);

    if (len < 0) {
        ngx_free(call);
        return NULL;
    }

    call->len = len;
    call->script = script;
    call->handler = handler;
    call->data = data;
    call->sent = ngx_current_msec;

    ngx_queue_insert_tail(&redis->calls, &call->queue);
    redis->ncalls++;

    if (redisAsyncFormattedCommand(redis->link.ac,
                                   ngx_http_zoom_redis_replied, call,
                                   call->command, call->len)
        != REDIS_OK)
    {
        ngx_http_zoom_redis_free(call);
        return NULL;
    }

    ngx_http_zoom_redis_arm();

    return call;
}


static ngx_int_t
ngx_http_zoom_redis_sha(ngx_http_zoom_redis_script_t *script)
{
    unsigned int  len;
    u_char        md[EVP_MAX_MD_SIZE];

    if (script->sha[0]) {
        return NGX_OK;
    }

    if (EVP_Digest(script->text, ngx_strlen(script->text), md, &len,
                   EVP_sha1(), NULL)
        != 1)
    {
        return NGX_ERROR;
    }

    ngx_hex_dump(script->sha, md, NGX_HTTP_ZOOM_REDIS_SHA_LEN / 2);

    return NGX_OK;
}


static void
ngx_http_zoom_redis_replied(redisAsyncContext *ac, void *data, void *privdata)
{
    redisReply                  *reply;
    ngx_http_zoom_redis_pt       handler;
    ngx_http_zoom_redis_t       *redis;
    ngx_http_zoom_redis_call_t  *call;

    reply = data;
    call = privdata;
    redis = &ngx_http_zoom_redis;

    if (reply && reply->type == REDIS_REPLY_ERROR) {

        if (ngx_strncmp(reply->str, "NOSCRIPT", 8) == 0
            && ngx_http_zoom_redis_again(call) == NGX_OK)
        {
            return;
        }

        /* whatever it is, others fare no better */

        ngx_http_zoom_redis_link_break(&redis->link, reply->str, reply->len);
        redis->ready = 0;
        reply = NULL;
    }

    if (reply == NULL) {
        redis->ready = 0;
    }

    if (redis->fleet) {
        ngx_http_zoom_count_fleet(*(reply ? &redis->fleet->trips
                                          : &redis->fleet->failures));
    }

    handler = call->handler;
    data = call->data;

    ngx_http_zoom_redis_free(call);

    if (handler) {
        handler(data, reply);
    }
}


/* It was started anew, or another one took over: it gets the script. */

static ngx_int_t
ngx_http_zoom_redis_again(ngx_http_zoom_redis_call_t *call)
{
    redisAsyncContext  *ac;

    ac = ngx_http_zoom_redis.link.ac;

    if (call->again || ac == NULL
        || ngx_http_zoom_redis.link.state != NGX_HTTP_ZOOM_REDIS_OPEN)
    {
        return NGX_ERROR;
    }

    call->again = 1;

    if (redisAsyncCommand(ac, NULL, NULL, "SCRIPT LOAD %s", call->script->text)
        != REDIS_OK
        || redisAsyncFormattedCommand(ac, ngx_http_zoom_redis_replied, call,
                                      call->command, call->len)
           != REDIS_OK)
    {
        return NGX_ERROR;
    }

    /* the last in line now, with what it had of its time */

    ngx_queue_remove(&call->queue);
    ngx_queue_insert_tail(&ngx_http_zoom_redis.calls, &call->queue);

    return NGX_OK;
}


void
ngx_http_zoom_redis_leave(ngx_http_zoom_redis_call_t *call)
{
    call->handler = NULL;
}


static void
ngx_http_zoom_redis_free(ngx_http_zoom_redis_call_t *call)
{
    ngx_queue_remove(&call->queue);
    ngx_http_zoom_redis.ncalls--;

    redisFreeCommand(call->command);
    ngx_free(call);
}


static void
ngx_http_zoom_redis_arm(void)
{
    ngx_http_zoom_redis_t  *redis;

    redis = &ngx_http_zoom_redis;

    if (!redis->timer.timer_set) {
        ngx_add_timer(&redis->timer, redis->link.conf->timeout);
    }
}


/* Replies come in order: the oldest tells of all. */

static void
ngx_http_zoom_redis_late(ngx_event_t *ev)
{
    u_char                      *p, buf[64];
    ngx_msec_t                   timeout;
    ngx_msec_int_t               left;
    ngx_http_zoom_redis_t       *redis;
    ngx_http_zoom_redis_call_t  *call;

    redis = &ngx_http_zoom_redis;

    if (ngx_queue_empty(&redis->calls)) {
        return;
    }

    timeout = redis->link.conf->timeout;
    call = ngx_queue_data(ngx_queue_head(&redis->calls),
                          ngx_http_zoom_redis_call_t, queue);

    left = call->sent + timeout - ngx_current_msec;

    if (left > 0) {
        ngx_add_timer(&redis->timer, left);
        return;
    }

    redis->ready = 0;

    p = ngx_slprintf(buf, buf + sizeof(buf), "no answer within %M ms",
                     timeout);

    ngx_http_zoom_redis_link_break(&redis->link, (char *) buf, p - buf);
}


static void
ngx_http_zoom_redis_news_opened(ngx_http_zoom_redis_link_t *link)
{
    if (redisAsyncCommand(link->ac, ngx_http_zoom_redis_heard, NULL,
                          "SUBSCRIBE %s", ngx_http_zoom_redis.channel.data)
        != REDIS_OK)
    {
        ngx_http_zoom_redis_link_break(link, "finds no memory",
                                       sizeof("finds no memory") - 1);
    }
}


/* Whoever waits looks by himself, only later. */

static void
ngx_http_zoom_redis_news_lost(ngx_http_zoom_redis_link_t *link)
{
    if (!ngx_http_zoom_redis.ready) {
        return;
    }

    ngx_log_error(NGX_LOG_INFO, link->log, 0,
                  "zoom: no news from the store \"%V\": %s", &link->conf->url,
                  link->reason);
}


/* No other news is that short. */

static void
ngx_http_zoom_redis_change(void)
{
    if (ngx_http_zoom_redis.ready) {
        ngx_http_zoom_redis_hello(NULL);
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

        if (text.len == sizeof(NGX_HTTP_ZOOM_REDIS_CHANGE) - 1) {
            ngx_http_zoom_redis_change();
            return;
        }

        ngx_http_zoom_redis.told(&text);
    }
}

#endif
