#include <ngx_config.h>
#include <ngx_core.h>

#if (NGX_HTTP_ZOOM_HIREDIS)

#include "ngx_http_zoom_claim_scripts.h"


/* When the latest purge was, in milliseconds. */

#define NGX_HTTP_ZOOM_CLAIM_PURGED                                            \
    "local purged = 0 "                                                       \
    "for i = 4, #KEYS do "                                                    \
    "  local mark = tonumber(redis.call('GET', KEYS[i]) or 0) "               \
    "  if mark > purged then purged = mark end "                              \
    "end "


/*
 * KEYS: value, claim, waiting, marks of purges; ARGV: owner, milliseconds, age
 * in milliseconds.
 * The value's fields are "f" (fence), "m" (when it was minted) and "v".  A
 * claim is its fence and its owner, or "-", its fence, and why it is refused.
 * Numbers stay strings where they are passed on: Lua prints 14 digits of one.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_take_script = {
    NGX_HTTP_ZOOM_CLAIM_PURGED
    "local t = redis.call('TIME') "
    "local v = redis.call('HMGET', KEYS[1], 'm', 'v', 'f') "
    "if v[2] and tonumber(v[1]) > purged then "
    "  local age = t[1] * 1000 + math.floor(t[2] / 1000) - v[1] "
    "  if age < 0 then age = 0 end "
    "  if age < tonumber(ARGV[3]) then return {1, v[2], age} end "
    "end "
    "local claim = redis.call('GET', KEYS[2]) "
    "if claim then "
    "  local f, why = claim:match('^-(%d+) (.*)$') "
    "  if not f then "
    "    redis.call('SET', KEYS[3], '1', 'PX', ARGV[2]) "
    "    return {0} "
    "  end "
    "  if tonumber(f) > purged * 1000 then "
    "    return {3, why, redis.call('PTTL', KEYS[2])} "
    "  end "
    "end "
    "local fence = t[1] * 1000000 + t[2] "
    "if v[3] and fence <= tonumber(v[3]) then "
    "  fence = tonumber(v[3]) + 1 "
    "end "
    "fence = string.format('%.0f', fence) "
    "redis.call('SET', KEYS[2], fence .. ' ' .. ARGV[1], 'PX', ARGV[2]) "
    "return {2, fence}", { 0 }
};


/* KEYS: claim; ARGV: fence and owner, milliseconds. */

ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_renew_script = {
    "if redis.call('GET', KEYS[1]) == ARGV[1] then "
    "  return redis.call('PEXPIRE', KEYS[1], ARGV[2]) "
    "end "
    "return 0", { 0 }
};


/*
 * KEYS: value, claim, waiting, marks of purges; ARGV: fence and owner, fence,
 * channel, news, age and what is left of its life in milliseconds, value or
 * nothing, and why that is refused, for the same time.  A fence is a time, too:
 * that of the claim.
 */

ngx_http_zoom_redis_script_t  ngx_http_zoom_claim_land_script = {
    NGX_HTTP_ZOOM_CLAIM_PURGED
    "if ARGV[7] ~= '' and tonumber(ARGV[2]) > purged * 1000 then "
    "  local f = redis.call('HGET', KEYS[1], 'f') "
    "  if not f or tonumber(f) < tonumber(ARGV[2]) then "
    "    local t = redis.call('TIME') "
    "    local m = t[1] * 1000 + math.floor(t[2] / 1000) - ARGV[5] "
    "    m = string.format('%.0f', m) "
    "    redis.call('HSET', KEYS[1], 'f', ARGV[2], 'm', m, 'v', ARGV[7]) "
    "    redis.call('PEXPIRE', KEYS[1], ARGV[6]) "
    "  end "
    "end "
    "if redis.call('GET', KEYS[2]) == ARGV[1] then "
    "  if ARGV[8] ~= '' and tonumber(ARGV[2]) > purged * 1000 then "
    "    redis.call('SET', KEYS[2], '-' .. ARGV[2] .. ' ' .. ARGV[8], "
    "               'PX', ARGV[6]) "
    "  else "
    "    redis.call('DEL', KEYS[2]) "
    "  end "
    "end "
    "if redis.call('DEL', KEYS[3]) == 1 then "
    "  redis.call('PUBLISH', ARGV[3], ARGV[4]) "
    "end "
    "return 1", { 0 }
};

#endif
