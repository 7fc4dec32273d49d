-- Rate limits per label and account, as a plan has them: a sliding window of
-- one second (a minute for the resource-intensive), and the day's own.

local answer = require "answer"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.limits

local _M = {}

local PLANS = {
    free = {
        Light  = { rate = 4, day = 6000 },
        Medium = { rate = 2, day = 2000 },
        Heavy  = { rate = 1, day = 1000 },
        ["Resource-intensive"] = { rate = 10, window = 60 },
    },
    pro = {
        Light  = { rate = 30 },
        Medium = { rate = 20 },
        Heavy  = { rate = 10, day = 30000 },
        ["Resource-intensive"] = { rate = 10, window = 60, day = 30000 },
    },
    business = {
        Light  = { rate = 80 },
        Medium = { rate = 60 },
        Heavy  = { rate = 40, day = 60000 },
        ["Resource-intensive"] = { rate = 20, window = 60, day = 60000 },
    },
    off = {},
}


function _M.is_plan(name)
    return PLANS[name] ~= nil
end


function _M.reset()
    dict:flush_all()
    dict:flush_expired()
end


-- The moments of the last window are a list; what is older falls off.
local function window_is_full(key, limit, now)
    local length = limit.window or 1

    while true do
        local oldest = dict:lpop(key)

        if not oldest then
            break
        end

        if oldest > now - length then
            dict:lpush(key, oldest)
            break
        end
    end

    return (dict:llen(key) or 0) >= limit.rate
end


-- Heavy and resource-intensive calls share one day.
local function day_key(app, label)
    local kind = label == "Resource-intensive" and "Heavy" or label

    return app.account_id .. ":" .. kind .. ":" .. ngx.utctime():sub(1, 10)
end


local MESSAGES = {
    QPS = "You have reached the maximum per-second rate limit for this API. "
          .. "Try again later.",
    ["Daily-limit"] = "You have reached the maximum daily rate limit for this "
                      .. "API. Refer to the response header for details on "
                      .. "when you can make another request.",
}


function _M.refuse(label, kind)
    ngx.header["X-RateLimit-Category"] = label
    ngx.header["X-RateLimit-Type"] = kind
    ngx.header["X-RateLimit-Remaining"] = 0

    return answer.refuse(429, 429, MESSAGES[kind] or MESSAGES.QPS)
end


-- True if the call may go on; otherwise it has been answered.
function _M.take(app, label)
    local limit = PLANS[state.get().plan or "off"][label]

    if not limit then
        return true
    end

    ngx.update_time()

    local now = ngx.now()
    local key, day = app.account_id .. ":" .. label, day_key(app, label)

    ngx.header["X-RateLimit-Limit"] = limit.rate

    if limit.day and (dict:get(day) or 0) >= limit.day then
        stats.count("limited", label, "Daily-limit")
        ngx.header["Retry-After"] = ngx.utctime():sub(1, 10) .. "T23:59:59Z"
        _M.refuse(label, "Daily-limit")
        return false
    end

    if window_is_full(key, limit, now) then
        stats.count("limited", label, "QPS")
        _M.refuse(label, "QPS")
        return false
    end

    dict:rpush(key, now)
    dict:incr(day, 1, 0)

    ngx.header["X-RateLimit-Category"] = label
    ngx.header["X-RateLimit-Type"] = "QPS"
    ngx.header["X-RateLimit-Remaining"] = limit.rate - dict:llen(key)

    return true
end


return _M
