/*
 * Grants in Redis.  A grant is a hash, found by a digest of app and user:
 *
 *     u, e, t      the user's id and e-mail and the refresh token, sealed
 *     s            0: active, 1: expired
 *     c, v         which consent, and which token of it
 *     cn, rf       when it was connected and refreshed last
 *     ek           the digest of app and e-mail
 *     a:DIGEST     an alias: since when, and the name, sealed
 *     x            how often it was let to be refreshed
 *     w            the turn (of "x") in which it was written last
 *     l            who may refresh it, and until when
 *
 * A name is a hash as well, by a digest of app and name: whose it is, as an
 * alias (0), an id (1) and an e-mail (2).  A sorted set has all grants in the
 * order of their digests, and a hash how many an app has in each state.
 *
 * Scripts that write begin their answer with 0, or another number if nothing
 * was written, and go on with the counts.
 */

#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_grant_scripts.h"


#define NGX_HTTP_ZOOM_GRANT_NOW                                               \
    "local t = redis.call('TIME') "                                           \
    "local now = t[1] * 1000 + math.floor(t[2] / 1000) "

/* From state "was" to state "is", either may be false. */

#define NGX_HTTP_ZOOM_GRANT_COUNT(counts, app)                                \
    "local function count(was, is) "                                          \
    "  if was == is then return end "                                         \
    "  if was then "                                                          \
    "    redis.call('HINCRBY', " counts ", " app " .. ':' .. was, -1) "       \
    "  end "                                                                  \
    "  if is then "                                                           \
    "    redis.call('HINCRBY', " counts ", " app " .. ':' .. is, 1) "         \
    "  end "                                                                  \
    "end "                                                                    \
    "local function answer(code) "                                            \
    "  local n = redis.call('HMGET', " counts ", " app " .. ':0', "           \
    "                       " app " .. ':1') "                                \
    "  return {code, tonumber(n[1] or 0), tonumber(n[2] or 0)} "              \
    "end "

/* The names under which it was known: user, e-mail, aliases; all sealed. */

#define NGX_HTTP_ZOOM_GRANT_NAMES                                             \
    "local function names(out) "                                              \
    "  local h = redis.call('HMGET', KEYS[1], 'u', 'e') "                     \
    "  out[#out + 1] = h[1] or '' "                                           \
    "  out[#out + 1] = h[2] or '' "                                           \
    "  local all = redis.call('HGETALL', KEYS[1]) "                           \
    "  for j = 1, #all, 2 do "                                                \
    "    if all[j]:sub(1, 2) == 'a:' then "                                   \
    "      out[#out + 1] = all[j + 1]:match('^%d+ (.*)$') "                   \
    "    end "                                                                \
    "  end "                                                                  \
    "  return out "                                                           \
    "end "


/*
 * KEYS: name; ARGV: how grants' keys begin.  What Zoom vouches for goes before
 * what an operator calls somebody.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_find_script = {
    "local h = redis.call('HMGET', KEYS[1], '2', '1', '0') "
    "local d = h[1] or h[2] or h[3] "
    "if not d then return {} end "
    "local u = redis.call('HGET', ARGV[1] .. d, 'u') "
    "if not u then return {} end "
    "return {d, u}", { 0 }
};


/*
 * KEYS: grant, proof; ARGV: who refreshes it or nothing, milliseconds, "1" to
 * prove that the store can be written.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_read_script = {
    "if ARGV[3] == '1' then redis.call('SET', KEYS[2], '1', 'PX', 1000) end "
    "local h = redis.call('HMGET', KEYS[1], 's', 'c', 'v', 't', 'l') "
    "if not h[4] then return {} end "
    "local turn = 0 "
    "if ARGV[1] ~= '' and h[1] == '0' then "
    NGX_HTTP_ZOOM_GRANT_NOW
    "  if h[5] then "
    "    local who, till = h[5]:match('^(%S+) (%d+)$') "
    "    if who ~= ARGV[1] and tonumber(till) > now then return {1} end "
    "  end "
    "  turn = redis.call('HINCRBY', KEYS[1], 'x', 1) "
    "  redis.call('HSET', KEYS[1], 'l', "
    "    string.format('%s %.0f', ARGV[1], now + ARGV[2])) "
    "end "
    "return {h[1], h[2], h[3], h[4], tostring(turn)}", { 0 }
};


/* KEYS: index; ARGV: how grants' keys begin, from, to, most. */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_list_script = {
    "local out = {} "
    "for _, m in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], ARGV[3], "
    "                              'LIMIT', 0, ARGV[4])) do "
    "  local d = m:match(':(.*)$') "
    "  local key = ARGV[1] .. d "
    "  local h = redis.call('HMGET', key, 'u', 'e', 's', 'cn', 'rf') "
    "  if h[1] then "
    "    local one = {d, h[1], h[2] or '', h[3], h[4], h[5]} "
    "    local all = redis.call('HGETALL', key) "
    "    for j = 1, #all, 2 do "
    "      if all[j]:sub(1, 2) == 'a:' then "
    "        one[#one + 1] = all[j + 1]:match('^%d+ (.*)$') "
    "      end "
    "    end "
    "    out[#out + 1] = one "
    "  end "
    "end "
    "return out", { 0 }
};


/*
 * KEYS: grant, index, counts, id; ARGV: app, how grants' and names' keys begin,
 * digest of the grant, member of the index, sealed id, e-mail and token,
 * consent, seconds since the epoch, digests of e-mail and alias or nothing,
 * sealed alias, most aliases.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_put_script = {
    NGX_HTTP_ZOOM_GRANT_COUNT("KEYS[3]", "ARGV[1]")
    "local me, email, alias = ARGV[4], ARGV[11], ARGV[12] "
    "local was = redis.call('HMGET', KEYS[1], 's', 'ek') "

    /* an e-mail may have changed since */

    "if was[2] and was[2] ~= '' and was[2] ~= email "
    "   and redis.call('HGET', ARGV[3] .. was[2], '2') == me "
    "then "
    "  redis.call('HDEL', ARGV[3] .. was[2], '2') "
    "end "
    "redis.call('HSET', KEYS[4], '1', me) "
    "if email ~= '' then redis.call('HSET', ARGV[3] .. email, '2', me) end "

    /* the user is called so from now on, and nobody else */

    "if alias ~= '' then "
    "  local of = redis.call('HGET', ARGV[3] .. alias, '0') "
    "  if of and of ~= me then "
    "    redis.call('HDEL', ARGV[2] .. of, 'a:' .. alias) "
    "  end "
    "  redis.call('HSET', ARGV[3] .. alias, '0', me) "
    "  redis.call('HSET', KEYS[1], 'a:' .. alias, "
    "             ARGV[10] .. ' ' .. ARGV[13]) "
    "end "

    /* the youngest aliases stay */

    "local all, known = redis.call('HGETALL', KEYS[1]), {} "
    "for j = 1, #all, 2 do "
    "  if all[j]:sub(1, 2) == 'a:' and all[j] ~= 'a:' .. alias then "
    "    known[#known + 1] = {all[j], tonumber(all[j + 1]:match('^%d+'))} "
    "  end "
    "end "
    "table.sort(known, function (a, b) "
    "  if a[2] ~= b[2] then return a[2] > b[2] end "
    "  return a[1] < b[1] "
    "end) "
    "local most = tonumber(ARGV[14]) "
    "if alias ~= '' then most = most - 1 end "
    "for k = most + 1, #known do "
    "  local name = ARGV[3] .. known[k][1]:sub(3) "
    "  redis.call('HDEL', KEYS[1], known[k][1]) "
    "  if redis.call('HGET', name, '0') == me then "
    "    redis.call('HDEL', name, '0') "
    "  end "
    "end "
    "redis.call('HSET', KEYS[1], 'u', ARGV[6], 'e', ARGV[7], 't', ARGV[8], "
    "           'c', ARGV[9], 's', '0', 'cn', ARGV[10], 'rf', ARGV[10], "
    "           'ek', email) "
    "redis.call('HINCRBY', KEYS[1], 'v', 1) "
    "redis.call('HDEL', KEYS[1], 'l') "
    "redis.call('ZADD', KEYS[2], 0, ARGV[5]) "
    "count(was[1], '0') "
    "return answer(0)", { 0 }
};


/*
 * KEYS: grant, counts; ARGV: app, consent, turn, sealed token, seconds, who.
 * A turn that is older than the one which wrote last comes too late.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_rotate_script = {
    NGX_HTTP_ZOOM_GRANT_COUNT("KEYS[2]", "ARGV[1]")
    "local h = redis.call('HMGET', KEYS[1], 'c', 'w', 's', 'l') "
    "if not h[1] or h[1] ~= ARGV[2] then return answer(1) end "
    "if tonumber(ARGV[3]) < tonumber(h[2] or 0) then return answer(2) end "
    "redis.call('HSET', KEYS[1], 't', ARGV[4], 'rf', ARGV[5], 's', '0', "
    "           'w', ARGV[3]) "
    "redis.call('HINCRBY', KEYS[1], 'v', 1) "
    "if h[4] and h[4]:match('^%S+') == ARGV[6] then "
    "  redis.call('HDEL', KEYS[1], 'l') "
    "end "
    "count(h[3], '0') "
    "return answer(0)", { 0 }
};


/* KEYS: grant, counts; ARGV: app, consent, version or "0": whichever, who. */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_end_script = {
    NGX_HTTP_ZOOM_GRANT_COUNT("KEYS[2]", "ARGV[1]")
    NGX_HTTP_ZOOM_GRANT_NAMES
    "local h = redis.call('HMGET', KEYS[1], 'c', 'v', 's', 'l') "
    "if not h[1] "
    "   or ARGV[3] ~= '0' and (h[1] ~= ARGV[2] or h[2] ~= ARGV[3]) "
    "then "
    "  return answer(1) "
    "end "
    "redis.call('HSET', KEYS[1], 's', '1') "
    "if h[4] and h[4]:match('^%S+') == ARGV[4] then "
    "  redis.call('HDEL', KEYS[1], 'l') "
    "end "
    "count(h[3], '1') "
    "return names(answer(0))", { 0 }
};


/*
 * KEYS: grant, index, counts, id; ARGV: app, how names' keys begin, digest of
 * the grant, member of the index.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_forget_script = {
    NGX_HTTP_ZOOM_GRANT_COUNT("KEYS[3]", "ARGV[1]")
    NGX_HTTP_ZOOM_GRANT_NAMES
    "local function mine(name, kind) "
    "  if redis.call('HGET', name, kind) == ARGV[3] then "
    "    redis.call('HDEL', name, kind) "
    "  end "
    "end "
    "local h = redis.call('HMGET', KEYS[1], 's', 'ek') "
    "if not h[1] then return answer(1) end "
    "local all = redis.call('HGETALL', KEYS[1]) "
    "for j = 1, #all, 2 do "
    "  if all[j]:sub(1, 2) == 'a:' then "
    "    mine(ARGV[2] .. all[j]:sub(3), '0') "
    "  end "
    "end "
    "if h[2] and h[2] ~= '' then mine(ARGV[2] .. h[2], '2') end "
    "mine(KEYS[4], '1') "
    "count(h[1], nil) "
    "local out = names(answer(0)) "
    "redis.call('DEL', KEYS[1]) "
    "redis.call('ZREM', KEYS[2], ARGV[4]) "
    "return out", { 0 }
};


/* KEYS: grant; ARGV: who. */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_give_script = {
    "local l = redis.call('HGET', KEYS[1], 'l') "
    "if l and l:match('^%S+') == ARGV[1] then "
    "  return redis.call('HDEL', KEYS[1], 'l') "
    "end "
    "return 0", { 0 }
};


/* KEYS: counts; ARGV: app. */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_count_script = {
    NGX_HTTP_ZOOM_GRANT_COUNT("KEYS[1]", "ARGV[1]")
    "return answer(0)", { 0 }
};


/*
 * KEYS: index; ARGV: how grants' keys begin, from, most.  Of each grant: its
 * member of the index, and fields and values of what is sealed.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_page_script = {
    "local out = {} "
    "for _, m in ipairs(redis.call('ZRANGEBYLEX', KEYS[1], ARGV[2], '+', "
    "                              'LIMIT', 0, ARGV[3])) do "
    "  local one = {m} "
    "  local all = redis.call('HGETALL', ARGV[1] .. m:match(':(.*)$')) "
    "  for j = 1, #all, 2 do "
    "    if all[j]:match('^[uet]$') or all[j]:sub(1, 2) == 'a:' then "
    "      one[#one + 1] = all[j] "
    "      one[#one + 1] = all[j + 1] "
    "    end "
    "  end "
    "  out[#out + 1] = one "
    "end "
    "return out", { 0 }
};


/* KEYS: grant; ARGV: field, what it was and what it is to be. */

ngx_http_zoom_redis_script_t  ngx_http_zoom_grant_anew_script = {
    "if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then "
    "  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) "
    "end "
    "return 1", { 0 }
};

#endif
