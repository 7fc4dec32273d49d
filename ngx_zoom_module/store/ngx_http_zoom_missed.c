#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_missed.h"
#include "ngx_http_zoom_redis.h"


/* milliseconds, as above */

#define NGX_HTTP_ZOOM_MISSED_ALL  3600000


typedef struct {
    const char                    *name;     /* of its key */
    ngx_msec_t                     margin;
} ngx_http_zoom_missed_kind_t;


static void ngx_http_zoom_missed_told(void *data, const redisReply *reply);


/*
 * A host may take itself to hear for longer than it does.  That the store is
 * cut off shows within a second and its timeout, of 5 s at most; that the
 * connection for news alone is, when TCP gives it up, after half a minute.
 * What is heard twice does no harm, though a user may be in use again.
 */

static const ngx_http_zoom_missed_kind_t  ngx_http_zoom_missed_kinds[] = {
    { "out", 8000 },
    { "purges", 35000 }
};


/*
 * KEYS: what was told, a key for each kind; ARGV: of so many milliseconds.
 * News and its age, in turn.
 */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_missed_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local out = {} "
    "for i, key in ipairs(KEYS) do "
    "  local all = redis.call('ZRANGEBYSCORE', key, now - ARGV[i], '+inf', "
    "                         'WITHSCORES') "
    "  for j = 1, #all, 2 do "
    "    out[#out + 1] = all[j] "
    "    out[#out + 1] = math.max(now - all[j + 1], 0) "
    "  end "
    "end "
    "return out", { 0 }
};


static ngx_http_zoom_fleet_t       *ngx_http_zoom_missed_fleet;
static ngx_http_zoom_missed_pt      ngx_http_zoom_missed_handler;
static ngx_http_zoom_redis_call_t  *ngx_http_zoom_missed_call;

/* of the worker: the connection that it has asked for, and knows all of */

static ngx_uint_t                   ngx_http_zoom_missed_asked;
static ngx_uint_t                   ngx_http_zoom_missed_link;


void
ngx_http_zoom_missed_init(ngx_http_zoom_fleet_t *fleet,
    ngx_http_zoom_missed_pt handler)
{
    ngx_http_zoom_missed_fleet = fleet;
    ngx_http_zoom_missed_handler = handler;
}


ngx_str_t
ngx_http_zoom_missed_key(ngx_http_zoom_missed_e kind, u_char *buf)
{
    ngx_str_t  key;

    key.data = buf;
    key.len = ngx_slprintf(buf, buf + NGX_HTTP_ZOOM_MISSED_KEY, "%V:%s",
                           ngx_http_zoom_redis_prefix(),
                           ngx_http_zoom_missed_kinds[kind].name)
              - buf;

    return key;
}


/* Users and tokens are the host's: what one worker has heard, all have. */

void
ngx_http_zoom_missed_look(void)
{
    ngx_msec_t  last, ms;
    ngx_uint_t  link, i;
    ngx_str_t   args[2 * NGX_HTTP_ZOOM_MISSED_KINDS];
    u_char      keys[NGX_HTTP_ZOOM_MISSED_KINDS][NGX_HTTP_ZOOM_MISSED_KEY],
                since[NGX_HTTP_ZOOM_MISSED_KINDS][NGX_INT64_LEN];

    link = ngx_http_zoom_redis_listens();

    if (link == 0 || ngx_http_zoom_missed_call) {
        return;
    }

    if (link == ngx_http_zoom_missed_link) {

        if (ngx_http_zoom_missed_fleet->away == 0) {
            ngx_http_zoom_missed_fleet->listened = ngx_current_msec;
        }

        return;
    }

    last = ngx_http_zoom_missed_fleet->listened;

    for (i = 0; i < NGX_HTTP_ZOOM_MISSED_KINDS; i++) {
        ms = NGX_HTTP_ZOOM_MISSED_ALL;

        if (last) {
            ms = ngx_min(ngx_current_msec - last
                         + ngx_http_zoom_missed_kinds[i].margin, ms);
        }

        args[i] = ngx_http_zoom_missed_key(i, keys[i]);
        args[NGX_HTTP_ZOOM_MISSED_KINDS + i].data = since[i];
        args[NGX_HTTP_ZOOM_MISSED_KINDS + i].len =
                                    ngx_sprintf(since[i], "%M", ms) - since[i];
    }

    ngx_http_zoom_missed_asked = link;

    ngx_http_zoom_missed_call =
        ngx_http_zoom_redis_run(&ngx_http_zoom_missed_script,
                                NGX_HTTP_ZOOM_MISSED_KINDS, args,
                                2 * NGX_HTTP_ZOOM_MISSED_KINDS,
                                ngx_http_zoom_missed_told, NULL);
}


static void
ngx_http_zoom_missed_told(void *data, const redisReply *reply)
{
    size_t       i;
    ngx_str_t    text;
    redisReply  *news, *age;

    ngx_http_zoom_missed_call = NULL;

    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY) {
        return;
    }

    for (i = 0; i + 1 < reply->elements; i += 2) {
        news = reply->element[i];
        age = reply->element[i + 1];

        if (news->type != REDIS_REPLY_STRING
            || age->type != REDIS_REPLY_INTEGER)
        {
            return;
        }

        text.data = (u_char *) news->str;
        text.len = news->len;

        /* 0 is of news that comes as it is told */

        ngx_http_zoom_missed_handler(&text, ngx_max(age->integer, 1));
    }

    ngx_http_zoom_missed_link = ngx_http_zoom_missed_asked;
}


/* Undone by an older answer, the news is restored by the next one. */

void
ngx_http_zoom_missed_heard(void)
{
    ngx_http_zoom_missed_asked = 0;
}

#endif
