#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_shared_lease.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "ngx_http_zoom_news.h"
#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_timer.h"
#include "zoom_seal.h"
#include "zoom_string.h"
#include "zoom_user.h"


#define NGX_HTTP_ZOOM_LET_ABOUT   "leases"
#define NGX_HTTP_ZOOM_LET_BEGINS  5          /* milliseconds */
#define NGX_HTTP_ZOOM_LET_TAKEN   64         /* others that are told of */
#define NGX_HTTP_ZOOM_LET_DIGEST  32         /* hexadecimal digits */
#define NGX_HTTP_ZOOM_LET_KEY     128
#define NGX_HTTP_ZOOM_LET_OWNER   64
#define NGX_HTTP_ZOOM_LET_NEWS    1024       /* pool, meeting and user */


struct ngx_http_zoom_shared_lease_s {
    ngx_http_zoom_redis_call_t     *call;
    ngx_http_zoom_shared_lease_pt   handler;
    void                           *data;
    ngx_event_t                     timer;   /* until the store is known */
    ngx_msec_t                      ms;
    ngx_uint_t                      move;
    ngx_str_t                       key;
    ngx_str_t                       field;
    ngx_str_t                       owner;
    ngx_str_t                       bot;
    ngx_str_t                       sealed;  /* the user's name */
    u_char                          text[NGX_HTTP_ZOOM_LET_KEY
                                         + 2 * NGX_HTTP_ZOOM_LET_DIGEST
                                         + NGX_HTTP_ZOOM_LET_OWNER
                                         + ZOOM_USER_MAX + ZOOM_SEAL_EXTRA];
};


static ngx_int_t ngx_http_zoom_let_names(ngx_http_zoom_shared_lease_t *lease,
    const ngx_http_zoom_shared_lessee_t *lessee);
static u_char *ngx_http_zoom_let_key(u_char *p, const ngx_str_t *pool,
    const ngx_str_t *meeting);
static u_char *ngx_http_zoom_let_user(u_char *p, const ngx_str_t *user);
static u_char *ngx_http_zoom_let_digest(u_char *p, const ngx_str_t *a,
    const ngx_str_t *b);
static ngx_int_t ngx_http_zoom_let_ask(ngx_http_zoom_shared_lease_t *lease);
static void ngx_http_zoom_let_begins(ngx_event_t *ev);
static void ngx_http_zoom_let_asked(void *data, const redisReply *reply);
static ngx_uint_t ngx_http_zoom_let_taken(
    const ngx_http_zoom_shared_lease_t *lease, const redisReply *reply,
    ngx_http_zoom_shared_taken_t *taken);
static uint64_t ngx_http_zoom_let_bot(const u_char *text, size_t len);
static ngx_http_zoom_redis_call_t *ngx_http_zoom_let_run(
    ngx_http_zoom_shared_lease_t *lease, ngx_http_zoom_redis_script_t *script,
    ngx_msec_t ms, ngx_http_zoom_redis_pt handler);


/*
 * A key is a meeting, and its fields are users.  The values are, with spaces
 * between: until when, owner, bot, sealed name.
 *
 * KEYS: meeting; ARGV: user, owner, bot or "-", sealed name, milliseconds,
 * "1": the bot moves, most others.
 */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_let_take_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local ends, owner = now + ARGV[5], ARGV[2] "
    "local all = redis.call('HGETALL', KEYS[1]) "
    "local others, taken, had = {1}, false, nil "
    "for j = 1, #all, 2 do "
    "  local till, who, bot, name = "
    "    all[j + 1]:match('^(%d+) (%S+) (%S+) (.*)$') "
    "  till = tonumber(till) "
    "  if till <= now then "
    "    redis.call('HDEL', KEYS[1], all[j]) "
    "  elseif bot ~= '-' and bot == ARGV[3] then "
    "    if all[j] == ARGV[1] then "
    "      owner = who "
    "      ends = math.max(ends, till) "
    "    else "
    "      had = {2, name, till - now, bot} "
    "      if ARGV[6] == '1' then redis.call('HDEL', KEYS[1], all[j]) end "
    "    end "
    "  else "
    "    if all[j] == ARGV[1] then taken = true end "
    "    if #others < 3 * ARGV[7] then "
    "      others[#others + 1] = name "
    "      others[#others + 1] = till - now "
    "      others[#others + 1] = bot "
    "    end "
    "  end "
    "end "
    "if had and ARGV[6] ~= '1' then return had end "
    "if taken then return others end "
    "redis.call('HSET', KEYS[1], ARGV[1], "
    "  string.format('%.0f %s %s ', ends, owner, ARGV[3]) .. ARGV[4]) "
    "if redis.call('PTTL', KEYS[1]) < ends - now then "
    "  redis.call('PEXPIRE', KEYS[1], ends - now) "
    "end "
    "return {0}", { 0 }
};


/* The same five; of another owner and bot it is left alone. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_let_hold_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "
    "local is = redis.call('HGET', KEYS[1], ARGV[1]) "
    "if is then "
    "  local till, who, bot = is:match('^(%d+) (%S+) (%S+) ') "
    "  if tonumber(till) > now and who ~= ARGV[2] "
    "     and (bot == '-' or bot ~= ARGV[3]) "
    "  then "
    "    return 0 "
    "  end "
    "end "
    "redis.call('HSET', KEYS[1], ARGV[1], "
    "  string.format('%.0f %s %s ', now + ARGV[5], ARGV[2], ARGV[3]) "
    "  .. ARGV[4]) "
    "if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[5]) then "
    "  redis.call('PEXPIRE', KEYS[1], ARGV[5]) "
    "end "
    "return 1", { 0 }
};


static ngx_http_zoom_redis_script_t  ngx_http_zoom_let_drop_script = {
    "local is = redis.call('HGET', KEYS[1], ARGV[1]) "
    "if is and is:match('^%d+ (%S+) ') == ARGV[2] then "
    "  return redis.call('HDEL', KEYS[1], ARGV[1]) "
    "end "
    "return 0", { 0 }
};


/* KEYS: meeting; ARGV: user or nothing, channel, news. */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_let_end_script = {
    "local n = ARGV[1] == '' and redis.call('DEL', KEYS[1]) "
    "          or ARGV[1] ~= '' and redis.call('HDEL', KEYS[1], ARGV[1]) "
    "if n ~= 0 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end "
    "return n", { 0 }
};


static const zoom_seal_t              *ngx_http_zoom_let_seal;
static ngx_http_zoom_shared_ended_pt   ngx_http_zoom_let_ended;
static ngx_log_t                      *ngx_http_zoom_let_log;


void
ngx_http_zoom_shared_lease_init(const zoom_seal_t *seal,
    ngx_http_zoom_shared_ended_pt ended, ngx_log_t *log)
{
    ngx_http_zoom_let_seal = seal;
    ngx_http_zoom_let_ended = ended;
    ngx_http_zoom_let_log = log;
}


ngx_http_zoom_shared_lease_t *
ngx_http_zoom_shared_lease_create(ngx_pool_t *pool,
    const ngx_http_zoom_shared_lessee_t *lessee)
{
    ngx_http_zoom_shared_lease_t  *lease;

    lease = ngx_pcalloc(pool, sizeof(ngx_http_zoom_shared_lease_t));

    if (lease == NULL || ngx_http_zoom_let_names(lease, lessee) != NGX_OK) {
        return NULL;
    }

    ngx_http_zoom_timer_init(&lease->timer, ngx_http_zoom_let_begins,
                             ngx_http_zoom_let_log);

    return lease;
}


static ngx_int_t
ngx_http_zoom_let_names(ngx_http_zoom_shared_lease_t *lease,
    const ngx_http_zoom_shared_lessee_t *lessee)
{
    u_char      *p;
    zoom_buf_t   b;
    u_char       nonce[ZOOM_SEAL_NONCE_LEN];

    static ngx_uint_t  number;

    p = lease->text;

    lease->key.data = p;
    p = ngx_http_zoom_let_key(p, &lessee->pool, &lessee->meeting);
    if (p == NULL) {
        return NGX_ERROR;
    }

    lease->key.len = p - lease->key.data;

    lease->field.data = p;
    p = ngx_http_zoom_let_user(p, &lessee->user);
    if (p == NULL) {
        return NGX_ERROR;
    }

    lease->field.len = p - lease->field.data;

    lease->bot.data = p;

    if (lessee->bot.len == 0) {
        *p++ = '-';

    } else {
        p = ngx_http_zoom_let_digest(p, &lessee->caller, &lessee->bot);
        if (p == NULL) {
            return NGX_ERROR;
        }
    }

    lease->bot.len = p - lease->bot.data;

    lease->owner.data = p;
    p = ngx_slprintf(p, p + NGX_HTTP_ZOOM_LET_OWNER, "%V.%P.%xi",
                     ngx_http_zoom_redis_id(), ngx_pid, ++number);
    lease->owner.len = p - lease->owner.data;

    zoom_buf_init(&b, p, ZOOM_USER_MAX + ZOOM_SEAL_EXTRA);

    if (RAND_bytes(nonce, sizeof(nonce)) != 1
        || zoom_seal(&b, ngx_http_zoom_let_seal, nonce,
                     ngx_http_zoom_str(&lease->key),
                     ngx_http_zoom_str(&lessee->user))
           != 0)
    {
        return NGX_ERROR;
    }

    lease->sealed.data = b.data;
    lease->sealed.len = b.len;

    return NGX_OK;
}


static u_char *
ngx_http_zoom_let_key(u_char *p, const ngx_str_t *pool,
    const ngx_str_t *meeting)
{
    p = ngx_slprintf(p, p + NGX_HTTP_ZOOM_LET_KEY - NGX_HTTP_ZOOM_LET_DIGEST,
                     "%V:lease:", ngx_http_zoom_redis_prefix());

    return ngx_http_zoom_let_digest(p, pool, meeting);
}


static u_char *
ngx_http_zoom_let_user(u_char *p, const ngx_str_t *user)
{
    ngx_str_t  what, folded;
    u_char     text[ZOOM_USER_MAX];

    ngx_str_set(&what, "user");

    folded.data = text;
    folded.len = ngx_min(user->len, sizeof(text));

    ngx_strlow(text, user->data, folded.len);

    return ngx_http_zoom_let_digest(p, &what, &folded);
}


/* NULL: OpenSSL failed. */

static u_char *
ngx_http_zoom_let_digest(u_char *p, const ngx_str_t *a, const ngx_str_t *b)
{
    int           rc;
    u_char        sum[EVP_MAX_MD_SIZE];
    uint64_t      len;
    EVP_MD_CTX   *md;

    md = EVP_MD_CTX_new();
    if (md == NULL) {
        return NULL;
    }

    len = a->len;

    rc = EVP_DigestInit_ex(md, EVP_sha256(), NULL)
         && EVP_DigestUpdate(md, &len, sizeof(len))
         && EVP_DigestUpdate(md, a->data, a->len)
         && EVP_DigestUpdate(md, b->data, b->len)
         && EVP_DigestFinal_ex(md, sum, NULL);

    EVP_MD_CTX_free(md);

    return rc ? ngx_hex_dump(p, sum, NGX_HTTP_ZOOM_LET_DIGEST / 2) : NULL;
}


ngx_int_t
ngx_http_zoom_shared_lease_take(ngx_http_zoom_shared_lease_t *lease,
    ngx_msec_t ms, ngx_uint_t move, ngx_http_zoom_shared_lease_pt handler,
    void *data)
{
    lease->ms = ms;
    lease->move = move;
    lease->handler = handler;
    lease->data = data;

    return ngx_http_zoom_let_ask(lease);
}


static ngx_int_t
ngx_http_zoom_let_ask(ngx_http_zoom_shared_lease_t *lease)
{
    if (ngx_http_zoom_redis_begins()) {
        ngx_add_timer(&lease->timer, NGX_HTTP_ZOOM_LET_BEGINS);
        return NGX_AGAIN;
    }

    lease->call = ngx_http_zoom_let_run(lease, &ngx_http_zoom_let_take_script,
                                        lease->ms, ngx_http_zoom_let_asked);

    return lease->call ? NGX_AGAIN : NGX_OK;
}


static void
ngx_http_zoom_let_begins(ngx_event_t *ev)
{
    ngx_http_zoom_shared_lease_t  *lease;

    lease = ngx_http_zoom_timer_object(ev, ngx_http_zoom_shared_lease_t,
                                       timer);

    if (ngx_http_zoom_let_ask(lease) == NGX_OK) {
        lease->handler(lease->data, NGX_OK, NULL, 0);
    }
}


static void
ngx_http_zoom_let_asked(void *data, const redisReply *reply)
{
    ngx_int_t                      rc;
    ngx_uint_t                     n;
    ngx_http_zoom_shared_lease_t  *lease;
    ngx_http_zoom_shared_taken_t   taken[NGX_HTTP_ZOOM_LET_TAKEN];

    n = 0;
    rc = NGX_OK;
    lease = data;

    lease->call = NULL;

    if (ngx_http_zoom_redis_ends()) {
        return;
    }

    if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements
        && reply->element[0]->integer)
    {
        rc = (reply->element[0]->integer == 1) ? NGX_DECLINED : NGX_BUSY;
        n = ngx_http_zoom_let_taken(lease, reply, taken);
    }

    lease->handler(lease->data, rc, taken, n);
}


/* Names that no key opens are left out. */

static ngx_uint_t
ngx_http_zoom_let_taken(const ngx_http_zoom_shared_lease_t *lease,
    const redisReply *reply, ngx_http_zoom_shared_taken_t *taken)
{
    ngx_uint_t   i, n;
    zoom_buf_t   b;
    zoom_str_t   sealed;

    static u_char  names[NGX_HTTP_ZOOM_LET_TAKEN][ZOOM_USER_MAX];

    n = 0;

    for (i = 1;
         i + 2 < reply->elements && n < NGX_HTTP_ZOOM_LET_TAKEN;
         i += 3)
    {
        if (reply->element[i]->type != REDIS_REPLY_STRING
            || reply->element[i + 2]->type != REDIS_REPLY_STRING)
        {
            continue;
        }

        sealed.data = (u_char *) reply->element[i]->str;
        sealed.len = reply->element[i]->len;

        zoom_buf_init(&b, names[n], ZOOM_USER_MAX);

        if (zoom_open(&b, ngx_http_zoom_let_seal,
                      ngx_http_zoom_str(&lease->key), sealed)
            < 0)
        {
            continue;
        }

        taken[n].user.data = b.data;
        taken[n].user.len = b.len;
        taken[n].left = (ngx_msec_t) reply->element[i + 1]->integer;
        taken[n].bot = ngx_http_zoom_let_bot(
                                     (u_char *) reply->element[i + 2]->str,
                                     reply->element[i + 2]->len);
        n++;
    }

    return n;
}


uint64_t
ngx_http_zoom_shared_lease_bot(const ngx_str_t *caller, const ngx_str_t *bot)
{
    u_char  text[NGX_HTTP_ZOOM_LET_DIGEST];

    if (bot->len == 0
        || ngx_http_zoom_let_digest(text, caller, bot) == NULL)
    {
        return 0;
    }

    return ngx_http_zoom_let_bot(text, sizeof(text));
}


/* Half of the digest will do. */

static uint64_t
ngx_http_zoom_let_bot(const u_char *text, size_t len)
{
    ngx_int_t   c;
    uint64_t    bot;
    ngx_uint_t  i;

    if (len != NGX_HTTP_ZOOM_LET_DIGEST) {
        return 0;
    }

    bot = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_LET_DIGEST / 2; i += 2) {
        c = ngx_hextoi((u_char *) text + i, 2);

        if (c == NGX_ERROR) {
            return 0;
        }

        bot = bot << 8 | (uint64_t) c;
    }

    return bot ? bot : 1;
}


void
ngx_http_zoom_shared_lease_leave(ngx_http_zoom_shared_lease_t *lease)
{
    if (lease->call) {
        ngx_http_zoom_redis_leave(lease->call);
        lease->call = NULL;
    }

    ngx_http_zoom_timer_stop(&lease->timer);
}


void
ngx_http_zoom_shared_lease_hold(ngx_http_zoom_shared_lease_t *lease,
    ngx_msec_t ms)
{
    (void) ngx_http_zoom_let_run(lease, &ngx_http_zoom_let_hold_script, ms,
                                 NULL);
}


void
ngx_http_zoom_shared_lease_drop(ngx_http_zoom_shared_lease_t *lease)
{
    ngx_http_zoom_shared_lease_leave(lease);

    (void) ngx_http_zoom_let_run(lease, &ngx_http_zoom_let_drop_script, 0,
                                 NULL);
}


static ngx_http_zoom_redis_call_t *
ngx_http_zoom_let_run(ngx_http_zoom_shared_lease_t *lease,
    ngx_http_zoom_redis_script_t *script, ngx_msec_t ms,
    ngx_http_zoom_redis_pt handler)
{
    ngx_str_t  args[8];
    u_char     time[NGX_INT64_LEN], most[NGX_INT_T_LEN];

    args[0] = lease->key;
    args[1] = lease->field;
    args[2] = lease->owner;
    args[3] = lease->bot;
    args[4] = lease->sealed;
    args[5].data = time;
    args[5].len = ngx_sprintf(time, "%M", ms) - time;
    ngx_str_set(&args[6], "1");
    args[6].len = lease->move ? 1 : 0;
    args[7].data = most;
    args[7].len = ngx_sprintf(most, "%d", NGX_HTTP_ZOOM_LET_TAKEN) - most;

    return ngx_http_zoom_redis_run(script, 1, args, 8, handler, lease);
}


/* No pool's name has a zero in it, and no user's. */

void
ngx_http_zoom_shared_lease_end(const ngx_str_t *pool,
    const ngx_str_t *meeting, const ngx_str_t *user)
{
    u_char      *p;
    size_t       len;
    ngx_str_t    args[4];
    zoom_buf_t   b;
    zoom_str_t   plain;
    u_char       key[NGX_HTTP_ZOOM_LET_KEY];
    u_char       field[NGX_HTTP_ZOOM_LET_DIGEST];
    u_char       text[NGX_HTTP_ZOOM_LET_NEWS];
    u_char       news[NGX_HTTP_ZOOM_NEWS_EXTRA + NGX_HTTP_ZOOM_LET_NEWS];

    len = pool->len + 1 + user->len + 1 + meeting->len;

    p = ngx_http_zoom_let_key(key, pool, meeting);

    if (p == NULL || len > sizeof(text)) {
        return;
    }

    args[0].data = key;
    args[0].len = p - key;

    args[1].data = field;
    args[1].len = 0;

    if (user->len) {
        p = ngx_http_zoom_let_user(field, user);
        if (p == NULL) {
            return;
        }

        args[1].len = p - field;
    }

    plain.data = text;
    plain.len = ngx_sprintf(text, "%V%Z%V%Z%V", pool, user, meeting) - text;

    zoom_buf_init(&b, news, sizeof(news));

    if (ngx_http_zoom_news_seal(&b, ngx_http_zoom_let_seal,
                                NGX_HTTP_ZOOM_LET_ABOUT, plain, NULL)
        != NGX_OK)
    {
        return;
    }

    args[2] = *ngx_http_zoom_redis_channel();
    args[3].data = b.data;
    args[3].len = b.len;

    (void) ngx_http_zoom_redis_run(&ngx_http_zoom_let_end_script, 1, args, 4,
                                   NULL, NULL);
}


ngx_uint_t
ngx_http_zoom_shared_lease_news(const ngx_str_t *text)
{
    u_char      *p, *last;
    ngx_int_t    rc;
    ngx_str_t    pool, meeting, user;
    zoom_buf_t   b;
    u_char       buf[NGX_HTTP_ZOOM_LET_NEWS];

    zoom_buf_init(&b, buf, sizeof(buf));

    rc = ngx_http_zoom_news_open(&b, ngx_http_zoom_let_seal,
                                 NGX_HTTP_ZOOM_LET_ABOUT, text, NULL);

    if (rc != NGX_OK) {
        return rc != NGX_DECLINED;
    }

    last = b.data + b.len;

    pool.data = b.data;
    p = ngx_strlchr(b.data, last, '\0');

    if (p == NULL) {
        return 1;
    }

    pool.len = p - pool.data;
    user.data = p + 1;

    p = ngx_strlchr(user.data, last, '\0');

    if (p == NULL) {
        return 1;
    }

    user.len = p - user.data;
    meeting.data = p + 1;
    meeting.len = last - meeting.data;

    ngx_http_zoom_let_ended(&pool, &meeting, &user);

    return 1;
}

#else /* ngx_http_zoom_claim_used() is never true */

void
ngx_http_zoom_shared_lease_init(const zoom_seal_t *seal,
    ngx_http_zoom_shared_ended_pt ended, ngx_log_t *log)
{
}


ngx_http_zoom_shared_lease_t *
ngx_http_zoom_shared_lease_create(ngx_pool_t *pool,
    const ngx_http_zoom_shared_lessee_t *lessee)
{
    return NULL;
}


ngx_int_t
ngx_http_zoom_shared_lease_take(ngx_http_zoom_shared_lease_t *lease,
    ngx_msec_t ms, ngx_uint_t move, ngx_http_zoom_shared_lease_pt handler,
    void *data)
{
    return NGX_OK;
}


uint64_t
ngx_http_zoom_shared_lease_bot(const ngx_str_t *caller, const ngx_str_t *bot)
{
    return 0;
}


void
ngx_http_zoom_shared_lease_leave(ngx_http_zoom_shared_lease_t *lease)
{
}


void
ngx_http_zoom_shared_lease_hold(ngx_http_zoom_shared_lease_t *lease,
    ngx_msec_t ms)
{
}


void
ngx_http_zoom_shared_lease_drop(ngx_http_zoom_shared_lease_t *lease)
{
}


void
ngx_http_zoom_shared_lease_end(const ngx_str_t *pool,
    const ngx_str_t *meeting, const ngx_str_t *user)
{
}

#endif
