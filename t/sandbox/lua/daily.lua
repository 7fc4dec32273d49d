-- A user's meetings and webinars: at most so many are made and changed on a
-- day, which ends at midnight, UTC.

local answer = require "answer"
local state = require "state"
local stats = require "stats"
local users = require "users"

local dict = ngx.shared.gateway

local _M = {}

local COUNTED = {
    ["POST /users/{userId}/meetings"]        = true,
    ["POST /users/{userId}/webinars"]        = true,
    ["PATCH /meetings/{meetingId}"]          = true,
    ["PATCH /webinars/{webinarId}"]          = true,
    ["PUT /meetings/{meetingId}/status"]     = true,
    ["PUT /webinars/{webinarId}/status"]     = true,
}

local MESSAGE = "You have exceeded the daily rate limit of (%d) for Meeting "
                .. "Create/Update API requests permitted for this user. You "
                .. "may resume sending requests at GMT 00:00:00."


-- By whatever name; the same user is one.
local function id_of(name, app)
    local user

    if name:lower() == "me" then
        user = app.user
    else
        user = users.find(name)
    end

    return user and user.id or name:lower()
end


local function key(user)
    return "daily:" .. ngx.utctime():sub(1, 10) .. ":" .. user
end


-- Whose meeting it is, is known of those that were made here; the others are
-- one user's, each.
function _M.host(meeting, name, app)
    if name then
        dict:set("host:" .. meeting, id_of(name, app))
    end

    return dict:get("host:" .. meeting) or "host of " .. meeting
end


-- { ["alice@example.com"] = 99 } have been spent.
function _M.spend(spent)
    for name, n in pairs(spent) do
        dict:set(key(id_of(name, {})), n)
    end
end


-- True if it may go on; otherwise it has been answered.
function _M.take(endpoint, name, app)
    if not COUNTED[endpoint] then
        return true
    end

    local user = endpoint:find("{userId}", 1, true) and id_of(name, app)
                 or _M.host(name)
    local limit = state.get().daily_limit

    if (dict:get(key(user)) or 0) < limit then
        stats.count("daily", user)
        dict:incr(key(user), 1, 0)
        return true
    end

    stats.count("limited", "user", "Daily-limit")

    ngx.header["X-RateLimit-Category"] = "Light"
    ngx.header["X-RateLimit-Type"] = "Daily-limit"
    ngx.header["X-RateLimit-Limit"] = limit
    ngx.header["X-RateLimit-Remaining"] = 0
    ngx.header["Retry-After"] = os.date("!%Y-%m-%dT00:00:00Z",
                                        ngx.time() + 24 * 3600)

    answer.refuse(429, 429, MESSAGE:format(limit))
    return false
end


return _M
