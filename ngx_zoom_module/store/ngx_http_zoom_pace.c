#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include "ngx_http_zoom_pace.h"

#if (NGX_HTTP_ZOOM_HIREDIS)

#include <openssl/evp.h>

#include "ngx_http_zoom_redis.h"
#include "ngx_http_zoom_redis_hosts.h"


#define NGX_HTTP_ZOOM_PACE_DIGEST  32            /* hexadecimal digits */
#define NGX_HTTP_ZOOM_PACE_NUMBER  (NGX_INT64_LEN + 1)
#define NGX_HTTP_ZOOM_PACE_DAY     86400000000   /* microseconds */


typedef struct {
    ngx_http_zoom_pace_pt        handler;
    void                        *data;
} ngx_http_zoom_pace_call_t;


static ngx_int_t ngx_http_zoom_pace_digest(u_char *digest, const u_char *key,
    size_t len);
static u_char *ngx_http_zoom_pace_fates(u_char *p,
    const ngx_http_zoom_pace_ask_t *ask);
static void ngx_http_zoom_pace_asked(void *data, const redisReply *reply);
static ngx_int_t ngx_http_zoom_pace_parse(const redisReply *reply,
    zoom_run_answer_t *run);


/*
 * KEYS: the clock, hosts, what several limits have used of a day; ARGV:
 * requests, width, requests a day or 0, slots wanted, hosts, this host, what
 * the clock may show or 0, jobs that wait, what the host has just sent of a
 * part of its own, fates, requests a day of those limits together or 0, the
 * turn that the host knows of.  Of a slot's fate: its stamp, and how long ago
 * its request had arrived, or "x".
 *
 * A clock is a record packed by cmsgpack: "w" (width), "next" (the first slot
 * that is free), "seen" (the latest time), "m" (hosts that were seen), "day"
 * and "used", "h" (hosts that want more: when they said so, and for how many
 * jobs), "t" (the turn: one more each time), "a" (when all were taken to have
 * been alone, with how many requests each, and hosts that have not said yet)
 * and "c", what was sent, by hundredths of the width.  The day's key has a day
 * and a number.
 *
 * If the store's clock jumps no time has passed for the record since it was
 * used last: back, as it shows itself, ahead, as the host knows better.  A
 * record that is gone though the host has used it lately begins when all that
 * was handed out before has been sent.  One that is behind a turn that a host
 * knows of comes from a replica without the latest writes: nobody knows what
 * was sent in the window, and it begins after that.
 *
 * Numbers are printed with all digits: "tostring" prints 14 of them.
 */

static ngx_http_zoom_redis_script_t  ngx_http_zoom_pace_script = {
    "local t = redis.call('TIME') "
    "local now = t[1] * 1000000 + t[2] "
    "local n, width = tonumber(ARGV[1]), tonumber(ARGV[2]) "
    "local day, want = tonumber(ARGV[3]), tonumber(ARGV[4]) "
    "local me, most = ARGV[6], tonumber(ARGV[7]) "
    "local cell, late = math.ceil(width / 100), math.floor(width / 4) "
    "local ahead, slack = math.min(width / 8, 250000), width / 10 "

    "local s = redis.call('GET', KEYS[1]) "
    "if s then "
    "  local ok, r = pcall(cmsgpack.unpack, s) "
    "  s = ok and type(r) == 'table' and r.t and r or nil "
    "end "

    "local turn = tonumber(ARGV[12]) "
    "if not s or s.w ~= width or s.t < turn then "
    "  local hold = s and width + late or most > 0 and ahead + late or 0 "
    "  s = {w = width, next = now + hold, seen = now, m = -1, h = {}, c = {}, "
    "       day = s and s.day or 0, used = s and s.used or 0, "
    "       t = math.max(turn, now)} "
    "end "
    "s.t = s.t + 1 "

    /* a clock that jumps */

    "local moved, quiet = 0, now - s.seen "
    "if now < s.seen then "
    "  moved = now - s.seen "
    "elseif most > 0 and now > most then "
    "  moved = math.min(now - most + 20000, now - s.seen) "
    "end "
    "if moved ~= 0 then "
    "  local c, by = {}, math.ceil(moved / cell) "
    "  for k, v in pairs(s.c) do c[k + by] = v end "
    "  for k, v in pairs(s.h) do v[1] = v[1] + moved end "
    "  if s.a then s.a[1] = s.a[1] + moved end "
    "  s.c, s.next, quiet = c, s.next + moved, 0 "
    "end "
    "s.seen = now "

    /* of hosts that are away the part is theirs */

    "local ms = math.floor(now / 1000) "
    "local m = redis.call('ZCOUNT', KEYS[2], ms - 3000, '+inf') "
    "local all = redis.call('ZCARD', KEYS[2]) "
    "m, all = math.max(m, 1), math.max(all, tonumber(ARGV[5])) "
    "if m < all then n = n * m / all end "
    "local gap = width / n "
    "n = math.max(1, math.floor(n)) "

    "local function add(at, by) "
    "  local k = math.floor(at / cell) "
    "  local v = (s.c[k] or 0) + by "
    "  s.c[k] = v > 0 and v or nil "
    "end "

    /*
     * A host that is back may just have used its part; and so may all others
     * where nobody has asked meanwhile, until they say what it was.
     */

    "local alone = tonumber(ARGV[9]) "
    "if s.m < 0 and alone > 0 then s.m = 0 end "
    "if s.m >= 0 and m > s.m then "
    "  add(now, math.ceil(n * (m - s.m) / m)) "
    "elseif alone > 0 then "
    "  if quiet > 2 * ahead then "
    "    s.a = {now, math.ceil(n / m), m - 1} "
    "    add(now, s.a[2] * s.a[3]) "
    "  elseif s.a and s.a[3] > 0 then "
    "    add(s.a[1], -s.a[2]) "
    "    s.a[3] = s.a[3] - 1 "
    "  end "
    "  add(now, alone) "
    "end "
    "s.m = m "

    "local today = math.floor(now / 86400000000) "
    "if s.day ~= today and s.day ~= today + 1 then "
    "  s.day, s.used = today, 0 "
    "end "

    /* a clock that is set back across midnight starts no new day */

    "local both, date, total = tonumber(ARGV[11]), today, 0 "
    "if both > 0 then "
    "  local d, n = string.match(redis.call('GET', KEYS[3]) or '', "
    "                            '^(%d+) (%d+)$') "
    "  if d and (tonumber(d) == today or tonumber(d) == today + 1) then "
    "    date, total = tonumber(d), tonumber(n) "
    "  end "
    "end "

    "for stamp, ago in string.gmatch(ARGV[10], '(%d+) (%-?%w+)') do "
    "  add(tonumber(stamp) + late, -1) "
    "  if ago == 'x' then "
    "    s.next, s.used = s.next - gap, math.max(s.used - 1, 0) "
    "    total = math.max(total - 1, 0) "
    "  else "
    "    add(now - tonumber(ago), 1) "
    "  end "
    "end "

    /* what is counted, and the first and last part of it */

    "local held, first, last = 0, 0, -1 "
    "for k, v in pairs(s.c) do "
    "  if (k + 1) * cell + width <= now then "
    "    s.c[k] = nil "
    "  else "
    "    held = held + v "
    "    if last < 0 or k < first then first = k end "
    "    if k > last then last = k end "
    "  end "
    "end "

    /* others who want more, and how much of that comes before our last job */

    "local jobs = math.max(1, tonumber(ARGV[8]), want) "
    "local crowd, before, those = 0, 0, 0 "
    "for _ in pairs(s.h) do those = those + 1 end "
    "for k, v in pairs(s.h) do "
    "  if now - v[1] > 1000000 + 2 * gap * those then s.h[k] = nil "
    "  elseif k ~= me then "
    "    crowd, before = crowd + 1, before + math.min(v[2], jobs) "
    "  end "
    "end "

    "s.next = math.max(s.next, now - slack) "

    "local out, again = {}, 0 "
    "local some = math.ceil(math.max(1, ahead / gap) / (crowd + 1)) "

    "while #out < want do "
    "  local due = math.max(s.next, now) "
    "  while first <= last "
    "        and (held >= n or (first + 1) * cell + width <= due) do "
    "    local v = s.c[first] "
    "    if v then "
    "      held = held - v "
    "      due = math.max(due, (first + 1) * cell + width) "
    "    end "
    "    first = first + 1 "
    "  end "
    "  if (day > 0 and s.used >= day) or (both > 0 and total >= both) then "
    "    again = (today + 1) * 86400000000 - now "
    "    break "
    "  end "
    "  if due > now + ahead then "
    "    again = math.max(due - ahead - now, gap * (crowd + 1) / 4) "
    "    break "
    "  end "
    "  if #out >= some then "
    "    again = gap * (crowd + 1) / 4 "
    "    break "
    "  end "
    "  add(due + late, 1) "
    "  held = held + 1 "
    "  local k = math.floor((due + late) / cell) "
    "  if last < first then first = k end "
    "  last = math.max(last, k) "
    "  s.next = math.max(s.next, due - slack) + gap "
    "  s.used, total = s.used + 1, total + 1 "
    "  out[#out + 1] = string.format('%.0f', due) "
    "end "

    "local left = math.max(tonumber(ARGV[8]), want) - #out "
    "if want > 0 then s.h[me] = left > 0 and {now, left} or nil end "

    "if both > 0 then "
    "  redis.call('SET', KEYS[3], string.format('%d %d', date, total), 'PX', "
    "             86400000) "
    "end "

    "redis.call('SET', KEYS[1], cmsgpack.pack(s), 'PX', day > 0 and 86400000 "
    "           or string.format('%.0f', math.max(10000, width / 250))) "

    "return string.format('%.0f %.0f %d %d %.0f %s', now, again, "
    "                     math.ceil(100 * (jobs + before) / jobs), s.used, "
    "                     s.t, table.concat(out, ' '))", { 0 }
};


/* No account's id is to be read in the store. */

ngx_int_t
ngx_http_zoom_pace_name(ngx_str_t *name, const u_char *key, size_t len,
    ngx_uint_t label)
{
    u_char  *last, digest[NGX_HTTP_ZOOM_PACE_DIGEST + 1];

    if (ngx_http_zoom_pace_digest(digest, key, len) != NGX_OK) {
        return NGX_ERROR;
    }

    last = name->data + NGX_HTTP_ZOOM_PACE_NAME;

    name->len = ngx_slprintf(name->data, last, "%V:slots:%s:%ui",
                             ngx_http_zoom_redis_prefix(), digest, label)
                - name->data;

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_pace_day_name(ngx_str_t *name, const u_char *key, size_t len)
{
    u_char  *last, digest[NGX_HTTP_ZOOM_PACE_DIGEST + 1];

    if (ngx_http_zoom_pace_digest(digest, key, len) != NGX_OK) {
        return NGX_ERROR;
    }

    last = name->data + NGX_HTTP_ZOOM_PACE_NAME;

    name->len = ngx_slprintf(name->data, last, "%V:day:%s",
                             ngx_http_zoom_redis_prefix(), digest)
                - name->data;

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_pace_digest(u_char *digest, const u_char *key, size_t len)
{
    unsigned int  n;
    u_char        md[EVP_MAX_MD_SIZE];

    if (ngx_http_zoom_redis_id()->len == 0
        || EVP_Digest(key, len, md, &n, EVP_sha256(), NULL) != 1)
    {
        return NGX_ERROR;
    }

    *ngx_hex_dump(digest, md, NGX_HTTP_ZOOM_PACE_DIGEST / 2) = '\0';

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_pace_ask(const ngx_http_zoom_pace_ask_t *ask,
    ngx_http_zoom_pace_pt handler, void *data)
{
    u_char                      *p, *last;
    int64_t                      numbers[8];
    ngx_str_t                    args[15];
    ngx_uint_t                   i, k;
    ngx_http_zoom_pace_call_t   *call;
    u_char                       buf[10 * NGX_HTTP_ZOOM_PACE_NUMBER
                                     + NGX_HTTP_ZOOM_PACE_FATES
                                       * (2 * NGX_HTTP_ZOOM_PACE_NUMBER)];

    call = ngx_alloc(sizeof(ngx_http_zoom_pace_call_t),
                     ngx_cycle->log);
    if (call == NULL) {
        return NGX_DECLINED;
    }

    call->handler = handler;
    call->data = data;

    numbers[0] = ask->n;
    numbers[1] = ask->width;
    numbers[2] = ask->day;
    numbers[3] = ngx_min(ask->want, ZOOM_RUN_SLOTS);
    numbers[4] = ask->hosts;
    numbers[5] = ask->most;
    numbers[6] = ask->jobs;
    numbers[7] = ask->alone;

    args[0] = ask->name;
    args[1] = *ngx_http_zoom_redis_hosts_key();
    args[2] = ask->day_name;

    p = buf;
    last = buf + sizeof(buf);

    for (i = 0, k = 3; i < 8; i++, k++) {

        if (i == 5) {
            args[k++] = *ngx_http_zoom_redis_id();
        }

        args[k].data = p;
        p = ngx_slprintf(p, last, "%L", numbers[i]);
        args[k].len = p - args[k].data;
    }

    args[k].data = p;
    p = ngx_http_zoom_pace_fates(p, ask);
    args[k].len = p - args[k].data;

    args[++k].data = p;
    p = ngx_slprintf(p, last, "%L", (int64_t) ask->days);
    args[k].len = p - args[k].data;

    args[++k].data = p;
    p = ngx_slprintf(p, last, "%L", ask->turn);
    args[k].len = p - args[k].data;

    if (ngx_http_zoom_redis_run(&ngx_http_zoom_pace_script, 3, args, 15,
                                ngx_http_zoom_pace_asked, call)
        == NULL)
    {
        ngx_free(call);
        return ngx_http_zoom_redis_begins() ? NGX_AGAIN : NGX_DECLINED;
    }

    return NGX_OK;
}


/* "p" has room */

static u_char *
ngx_http_zoom_pace_fates(u_char *p, const ngx_http_zoom_pace_ask_t *ask)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_pace_fate_t  *fate;

    for (i = 0; i < ngx_min(ask->nfates, NGX_HTTP_ZOOM_PACE_FATES); i++) {
        fate = &ask->fates[i];

        if (fate->unused) {
            p = ngx_sprintf(p, "%L x ", fate->stamp);

        } else {
            p = ngx_sprintf(p, "%L %L ", fate->stamp, ask->now - fate->at);
        }
    }

    return p;
}


static void
ngx_http_zoom_pace_asked(void *data, const redisReply *reply)
{
    ngx_http_zoom_pace_pt       handler;
    zoom_run_answer_t    run;
    ngx_http_zoom_pace_call_t  *call = data;

    handler = call->handler;
    data = call->data;

    ngx_free(call);

    if (handler == NULL || ngx_http_zoom_redis_ends()) {
        return;
    }

    if (reply == NULL || ngx_http_zoom_pace_parse(reply, &run) != NGX_OK) {
        handler(data, NULL);
        return;
    }

    handler(data, &run);
}


/* "now again crowd used turn", and the stamps */

static ngx_int_t
ngx_http_zoom_pace_parse(const redisReply *reply,
    zoom_run_answer_t *run)
{
    int64_t      numbers[5 + ZOOM_RUN_SLOTS];
    ngx_uint_t   i, n;
    const char  *p, *last;

    if (reply->type != REDIS_REPLY_STRING) {
        return NGX_ERROR;
    }

    p = reply->str;
    last = p + reply->len;

    for (n = 0; p < last && n < 5 + ZOOM_RUN_SLOTS; n++) {

        if (*p < '0' || *p > '9') {
            return NGX_ERROR;
        }

        numbers[n] = 0;

        while (p < last && *p >= '0' && *p <= '9'
               && numbers[n] < INT64_MAX / 100)
        {
            numbers[n] = numbers[n] * 10 + (*p++ - '0');
        }

        if (p < last && *p++ != ' ') {
            return NGX_ERROR;
        }
    }

    if (n < 5) {
        return NGX_ERROR;
    }

    run->now = numbers[0];
    run->again = ngx_min(numbers[1], NGX_HTTP_ZOOM_PACE_DAY);
    run->crowd = (uint32_t) ngx_min(ngx_max(numbers[2], 100), 1000000);
    run->used = (uint32_t) ngx_min(numbers[3], NGX_MAX_UINT32_VALUE);
    run->turn = numbers[4];
    run->n = n - 5;

    for (i = 0; i < run->n; i++) {
        run->stamps[i] = numbers[5 + i];
    }

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_pace_there(void)
{
    return ngx_http_zoom_redis_there();
}

#else /* "nginx -t" has refused a zoom_store in Redis */

ngx_int_t
ngx_http_zoom_pace_name(ngx_str_t *name, const u_char *key, size_t len,
    ngx_uint_t label)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_http_zoom_pace_day_name(ngx_str_t *name, const u_char *key, size_t len)
{
    return NGX_ERROR;
}


ngx_int_t
ngx_http_zoom_pace_ask(const ngx_http_zoom_pace_ask_t *ask,
    ngx_http_zoom_pace_pt handler, void *data)
{
    return NGX_DECLINED;
}


ngx_uint_t
ngx_http_zoom_pace_there(void)
{
    return 0;
}

#endif
