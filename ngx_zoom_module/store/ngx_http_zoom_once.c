#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_once.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>

#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_timer.h"


/* seconds by which the clocks of hosts may differ: what is spent stays so for
 * whoever thinks it still good */

#define NGX_HTTP_ZOOM_ONCE_SPARE   60

#define NGX_HTTP_ZOOM_ONCE_BEGINS  5         /* milliseconds */

#define NGX_HTTP_ZOOM_ONCE_DIGEST  32        /* hexadecimal digits */
#define NGX_HTTP_ZOOM_ONCE_KEY     128
#define NGX_HTTP_ZOOM_ONCE_ARG     (2 * NGX_INT64_LEN + 4                     \
                                    + NGX_HTTP_ZOOM_ONCE_DIGEST)
#define NGX_HTTP_ZOOM_ONCE_OWNER   64


typedef struct {
    size_t                       key_len;
    size_t                       arg_len;
    u_char                       key[NGX_HTTP_ZOOM_ONCE_KEY];
    u_char                       arg[NGX_HTTP_ZOOM_ONCE_ARG];
} ngx_http_zoom_once_place_t;


struct ngx_http_zoom_once_s {
    ngx_http_zoom_redis_call_t  *call;
    ngx_http_zoom_once_pt        handler;
    void                        *data;
    ngx_event_t                  timer;      /* until the store is known */
    ngx_uint_t                   n;
    ngx_uint_t                   max;
    size_t                       owner_len;
    size_t                       lasts_len;
    u_char                       owner[NGX_HTTP_ZOOM_ONCE_OWNER];
    u_char                       lasts[NGX_INT64_LEN];
    unsigned                     asked:1;
    ngx_http_zoom_once_place_t   places[1];  /* max */
};


static ngx_int_t ngx_http_zoom_once_ask(ngx_http_zoom_once_t *once);
static void ngx_http_zoom_once_asked(void *data, const redisReply *reply);
static void ngx_http_zoom_once_begins(ngx_event_t *ev);
static void ngx_http_zoom_once_done(ngx_http_zoom_once_t *once, ngx_int_t rc);
static ngx_http_zoom_redis_call_t *ngx_http_zoom_once_run(
    ngx_http_zoom_once_t *once, ngx_http_zoom_redis_script_t *script,
    ngx_http_zoom_redis_pt handler);
static ngx_int_t ngx_http_zoom_once_digest(u_char *text,
    const ngx_str_t *parts, ngx_uint_t n);


/*
 * KEYS: what is good for some times; ARGV: "@" and the owner, milliseconds
 * until a reservation lapses, and for each key how often it is good,
 * milliseconds it is spent for, its kind and its request or nothing.
 *
 * A key's fields are the reservations ("@..." and when it lapses), "f" (when
 * the first was), "q" (its request), "n" (how often it was spent) and "u"
 * (until when that counts).
 */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_once_reserve_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local free = {} "
    "for i, key in ipairs(KEYS) do "
    "  local count, q = ARGV[i + 2]:match('^(%d+) %d+ %a (.*)$') "
    "  local all = redis.call('HGETALL', key) "
    "  local h, n, live = {}, 0, 0 "
    "  for j = 1, #all, 2 do "
    "    h[all[j]] = all[j + 1] "
    "    if all[j]:sub(1, 1) == '@' then "
    "      if tonumber(all[j + 1]) > now then live = live + 1 "
    "      else redis.call('HDEL', key, all[j]) end "
    "    end "
    "  end "
    "  count = tonumber(count) "
    "  if h.u and tonumber(h.u) > now then n = tonumber(h.n) end "
    "  if n + live >= count "
    "     and (q == '' or h.q ~= q or now - tonumber(h.f) > 10000) "
    "  then "
    "    return n >= count and 1 or 2 "
    "  end "
    "  free[i] = n + live == 0 "
    "end "
    "for i, key in ipairs(KEYS) do "
    "  local kind, q = ARGV[i + 2]:match('^%d+ %d+ (%a) (.*)$') "
    "  if kind ~= 'l' then "
    "    if free[i] then "
    "      redis.call('DEL', key) "
    "      redis.call('HSET', key, 'f', now, 'q', q) "
    "    end "
    "    redis.call('HSET', key, ARGV[1], now + ARGV[2]) "
    "    if redis.call('PTTL', key) < tonumber(ARGV[2]) then "
    "      redis.call('PEXPIRE', key, ARGV[2]) "
    "    end "
    "  end "
    "end "
    "return 0", { 0 }
};


/* The same; whoever has spent it, spends it, however late. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_once_commit_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "for i, key in ipairs(KEYS) do "
    "  local lasts, kind = ARGV[i + 2]:match('^%d+ (%d+) (%a)') "
    "  if kind ~= 'l' then "
    "    redis.call('HDEL', key, ARGV[1]) "
    "    local h = redis.call('HMGET', key, 'f', 'u', 'n') "
    "    local f, u, n = h[1] or now, tonumber(h[2] or 0), 0 "
    "    if u > now then n = tonumber(h[3]) end "
    "    if kind == 'w' then u = f + lasts "
    "    else u = math.max(u, now + lasts) end "
    "    redis.call('HSET', key, 'f', f, 'n', n + 1, 'u', u) "
    "    local left = math.max(u - now, 1) "
    "    if redis.call('PTTL', key) < left then "
    "      redis.call('PEXPIRE', key, left) "
    "    end "
    "  end "
    "end "
    "return 1", { 0 }
};


/* The same: what this owner has reserved, and "f" and "q" with the last. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_once_release_script = {
    "for _, key in ipairs(KEYS) do "
    "  if redis.call('HDEL', key, ARGV[1]) == 1 "
    "     and redis.call('HLEN', key) <= 2 "
    "  then "
    "    redis.call('DEL', key) "
    "  end "
    "end "
    "return 1", { 0 }
};


ngx_http_zoom_once_t *
ngx_http_zoom_once_create(ngx_pool_t *pool, ngx_uint_t n, time_t lasts,
    ngx_log_t *log)
{
    u_char                *p, *last;
    ngx_http_zoom_once_t  *once;

    static ngx_uint_t  number;

    once = ngx_palloc(pool, sizeof(ngx_http_zoom_once_t)
                            + n * sizeof(ngx_http_zoom_once_place_t));
    if (once == NULL) {
        return NULL;
    }

    ngx_memzero(once, sizeof(ngx_http_zoom_once_t));

    once->max = n;

    ngx_http_zoom_timer_init(&once->timer, ngx_http_zoom_once_begins, log);

    p = once->owner;
    last = p + NGX_HTTP_ZOOM_ONCE_OWNER;

    once->owner_len = ngx_slprintf(p, last, "@%V.%P.%xi",
                                   ngx_http_zoom_redis_id(), ngx_pid,
                                   ++number)
                      - p;

    once->lasts_len = ngx_sprintf(once->lasts, "%L", (int64_t) lasts * 1000)
                      - once->lasts;

    return once;
}


ngx_int_t
ngx_http_zoom_once_add(ngx_http_zoom_once_t *once,
    const ngx_http_zoom_once_mark_t *mark, const ngx_str_t *parts,
    ngx_uint_t n)
{
    u_char                      *p, *last;
    int64_t                      lasts;
    ngx_http_zoom_once_place_t  *place;

    static const u_char  kinds[] = "uwl";

    if (once->n == once->max) {
        return NGX_ERROR;
    }

    place = &once->places[once->n];

    p = place->key;
    last = p + NGX_HTTP_ZOOM_ONCE_KEY - NGX_HTTP_ZOOM_ONCE_DIGEST;

    p = ngx_slprintf(p, last, "%V:once:", ngx_http_zoom_redis_prefix());

    if (ngx_http_zoom_once_digest(p, parts, n) != NGX_OK) {
        return NGX_ERROR;
    }

    place->key_len = p + NGX_HTTP_ZOOM_ONCE_DIGEST - place->key;

    lasts = mark->lasts;

    if (mark->kind == NGX_HTTP_ZOOM_ONCE_UNTIL) {
        lasts = ngx_max(lasts, 0) + NGX_HTTP_ZOOM_ONCE_SPARE;
    }

    p = ngx_sprintf(place->arg, "%ui %L %c ", mark->count, lasts * 1000,
                    kinds[mark->kind]);

    if (mark->nrequest) {
        if (ngx_http_zoom_once_digest(p, mark->request, mark->nrequest)
            != NGX_OK)
        {
            return NGX_ERROR;
        }

        p += NGX_HTTP_ZOOM_ONCE_DIGEST;
    }

    place->arg_len = p - place->arg;

    once->n++;

    return NGX_OK;
}


void
ngx_http_zoom_once_reset(ngx_http_zoom_once_t *once)
{
    once->n = 0;
}


ngx_uint_t
ngx_http_zoom_once_due(const ngx_http_zoom_once_t *once)
{
    return once->n && !once->asked;
}


ngx_int_t
ngx_http_zoom_once_reserve(ngx_http_zoom_once_t *once,
    ngx_http_zoom_once_pt handler, void *data)
{
    once->handler = handler;
    once->data = data;
    once->asked = 1;

    return ngx_http_zoom_once_ask(once);
}


/* A worker that has just begun knows in a moment whether the store is there. */

static ngx_int_t
ngx_http_zoom_once_ask(ngx_http_zoom_once_t *once)
{
    if (ngx_http_zoom_redis_begins()) {
        ngx_add_timer(&once->timer, NGX_HTTP_ZOOM_ONCE_BEGINS);
        return NGX_AGAIN;
    }

    once->call = ngx_http_zoom_once_run(once,
                                        &ngx_http_zoom_once_reserve_script,
                                        ngx_http_zoom_once_asked);

    return once->call ? NGX_AGAIN : NGX_OK;
}


static void
ngx_http_zoom_once_asked(void *data, const redisReply *reply)
{
    ngx_int_t              rc;
    ngx_http_zoom_once_t  *once;

    once = data;
    rc = NGX_OK;

    once->call = NULL;

    if (ngx_http_zoom_redis_ends()) {
        return;
    }

    if (reply && reply->type == REDIS_REPLY_INTEGER && reply->integer) {
        rc = (reply->integer == 1) ? NGX_DECLINED : NGX_AGAIN;
    }

    ngx_http_zoom_once_done(once, rc);
}


static void
ngx_http_zoom_once_begins(ngx_event_t *ev)
{
    ngx_http_zoom_once_t  *once;

    once = ngx_http_zoom_timer_object(ev, ngx_http_zoom_once_t, timer);

    if (ngx_http_zoom_once_ask(once) == NGX_OK) {
        ngx_http_zoom_once_done(once, NGX_OK);
    }
}


static void
ngx_http_zoom_once_done(ngx_http_zoom_once_t *once, ngx_int_t rc)
{
    if (rc != NGX_OK) {
        ngx_http_zoom_redis_replay();
    }

    once->handler(once->data, rc);
}


void
ngx_http_zoom_once_leave(ngx_http_zoom_once_t *once)
{
    if (once->call) {
        ngx_http_zoom_redis_leave(once->call);
        once->call = NULL;
    }

    ngx_http_zoom_timer_stop(&once->timer);
}


/*
 * Whatever the store was heard to say, it may have reserved them: questions are
 * answered in their order.
 */

void
ngx_http_zoom_once_end(ngx_http_zoom_once_t *once, ngx_uint_t spent)
{
    ngx_http_zoom_once_leave(once);

    if (once->n && once->asked) {
        (void) ngx_http_zoom_once_run(once,
                                      spent
                                      ? &ngx_http_zoom_once_commit_script
                                      : &ngx_http_zoom_once_release_script,
                                      NULL);
    }

    once->n = 0;
    once->asked = 0;
}


static ngx_http_zoom_redis_call_t *
ngx_http_zoom_once_run(ngx_http_zoom_once_t *once,
    ngx_http_zoom_redis_script_t *script, ngx_http_zoom_redis_pt handler)
{
    ngx_str_t                    args[2 * NGX_HTTP_ZOOM_ONCE_MARKS_MAX + 2];
    ngx_uint_t                   i, n;
    ngx_http_zoom_once_place_t  *place;

    n = ngx_min(once->n, NGX_HTTP_ZOOM_ONCE_MARKS_MAX);

    for (i = 0; i < n; i++) {
        place = &once->places[i];

        args[i].data = place->key;
        args[i].len = place->key_len;
        args[n + 2 + i].data = place->arg;
        args[n + 2 + i].len = place->arg_len;
    }

    args[n].data = once->owner;
    args[n].len = once->owner_len;
    args[n + 1].data = once->lasts;
    args[n + 1].len = once->lasts_len;

    return ngx_http_zoom_redis_run(script, n, args, 2 * n + 2, handler, once);
}


static ngx_int_t
ngx_http_zoom_once_digest(u_char *text, const ngx_str_t *parts, ngx_uint_t n)
{
    int           rc;
    u_char        sum[EVP_MAX_MD_SIZE];
    uint64_t      len;
    ngx_uint_t    i;
    EVP_MD_CTX   *md;

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NGX_ERROR;
    }

    rc = EVP_DigestInit_ex(md, EVP_sha256(), NULL);

    for (i = 0; rc && i < n; i++) {
        len = parts[i].len;

        rc = EVP_DigestUpdate(md, &len, sizeof(len))
             && EVP_DigestUpdate(md, parts[i].data, parts[i].len);
    }

    rc = rc && EVP_DigestFinal_ex(md, sum, NULL);

    EVP_MD_CTX_free(md);

    if (!rc) {
        return NGX_ERROR;
    }

    ngx_hex_dump(text, sum, NGX_HTTP_ZOOM_ONCE_DIGEST / 2);

    return NGX_OK;
}

#else /* ngx_http_zoom_claim_used() is never true */

ngx_http_zoom_once_t *
ngx_http_zoom_once_create(ngx_pool_t *pool, ngx_uint_t n, time_t lasts,
    ngx_log_t *log)
{
    return NULL;
}


ngx_int_t
ngx_http_zoom_once_add(ngx_http_zoom_once_t *once,
    const ngx_http_zoom_once_mark_t *mark, const ngx_str_t *parts,
    ngx_uint_t n)
{
    return NGX_ERROR;
}


void
ngx_http_zoom_once_reset(ngx_http_zoom_once_t *once)
{
}


ngx_uint_t
ngx_http_zoom_once_due(const ngx_http_zoom_once_t *once)
{
    return 0;
}


ngx_int_t
ngx_http_zoom_once_reserve(ngx_http_zoom_once_t *once,
    ngx_http_zoom_once_pt handler, void *data)
{
    return NGX_OK;
}


void
ngx_http_zoom_once_leave(ngx_http_zoom_once_t *once)
{
}


void
ngx_http_zoom_once_end(ngx_http_zoom_once_t *once, ngx_uint_t spent)
{
}

#endif
