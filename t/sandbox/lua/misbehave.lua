-- Everything that has gone wrong between us and Zoom, on command.

local answer = require "answer"
local generate = require "generate"
local limits = require "limits"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.settings

local _M = {}


local function retry_after(form)
    local at = ngx.time() + 5

    if form == "date" then
        return ngx.http_time(at)
    elseif form == "iso" then
        return os.date("!%Y-%m-%dT%H:%M:%SZ", at)
    end

    return form
end


local function wait(ms)
    ngx.sleep((tonumber(ms) or 0) / 1000)
end


-- Headers promise more than comes.
local function truncated()
    ngx.status = 200
    ngx.header["Content-Type"] = "application/json;charset=UTF-8"
    ngx.header["Content-Length"] = 600
    ngx.print('{"access_token":"eyJhbGciOiJIUzI1NiJ9.eyJ')
    ngx.flush(true)

    return ngx.exit(ngx.ERROR)
end


-- Alive, and of no use to anybody.
local function drip(rule)
    ngx.status = 200
    ngx.header["Content-Type"] = "application/json;charset=UTF-8"
    ngx.header["Content-Length"] = 100000

    while true do
        if not ngx.print(" ") or not ngx.flush(true) then
            return ngx.exit(ngx.ERROR)
        end

        wait(rule.ms or 100)
    end
end


local function server_error(rule)
    local status = tonumber(rule.mode)

    if status == 502 then
        return answer.html(502, "502 Bad Gateway")
    end

    return answer.refuse(status, status, "Internal server error, call support.")
end


local function given(rule)
    for name, value in pairs(rule.headers or {}) do
        ngx.header[name] = value
    end

    return answer.text(rule.status or 200,
                       rule.content_type or "application/json;charset=UTF-8",
                       rule.body or "")
end


local MODES = {
    -- These two let the call go on.
    delay = function (rule) wait(rule.ms or 1000); return false end,
    close = function () ngx.header["Connection"] = "close"; return false end,

    hang = function (rule)
        wait(rule.ms or 60000)
        return ngx.exit(444)
    end,

    -- Until somebody takes the rule away.
    hold = function (rule)
        repeat
            ngx.sleep(0.05)
        until not _M.holds(rule.id)

        return ngx.exit(444)
    end,

    reset     = function () return ngx.exit(444) end,
    truncated = truncated,
    drip      = drip,
    html      = function (rule)
        return answer.html(rule.status or 200, "Zoom is under maintenance")
    end,
    empty     = function (rule) return answer.text(rule.status or 200,
                                          "application/json", "") end,
    answer    = given,

    big       = generate.big,
    slow      = generate.slow,
    sse       = generate.sse,
    gzip      = generate.gzip,
    headers   = generate.headers,
    early     = generate.early,
    swallow   = generate.swallow,
    raw       = generate.raw,

    -- As if the token had died on its way, the body having come or not.
    ["401"] = function (rule)
        if not rule.early then
            ngx.req.read_body()
        end

        return answer.refuse(401, 124, "Access token is expired.")
    end,

    ["500"] = server_error,
    ["502"] = server_error,
    ["503"] = server_error,

    ["429"] = function (rule)
        return limits.refuse(rule.label or "Light", rule.type or "QPS")
    end,
}


function _M.is_mode(mode)
    return MODES[mode] ~= nil
end


function _M.holds(id)
    for _, rule in ipairs(state.get().rules) do
        if rule.id == id then
            return true
        end
    end

    return false
end


-- What the token endpoint does for users.
local GRANTS = { exchange = true, refresh = true, device_poll = true }
local PAGES = { authorize = true, device = true, devicecode = true,
                revoke = true, installed = true }

local function only(name)
    return function (endpoint) return endpoint == name end
end


local MATCHES = {
    all         = function () return true end,
    grants      = function (endpoint) return GRANTS[endpoint] end,
    api         = function (endpoint)
        return endpoint ~= "oauth" and not GRANTS[endpoint]
               and not PAGES[endpoint] and endpoint ~= "cdn"
    end,
}

for _, name in ipairs { "oauth", "exchange", "refresh", "device_poll",
                        "authorize", "devicecode", "revoke", "token", "zak",
                        "jointoken", "users_list", "user_get", "user_create",
                        "groups_list", "members", "rest", "graphql", "mcp",
                        "download", "cdn" }
do
    MATCHES[name] = only(name)
end


function _M.is_match(match)
    return MATCHES[match] ~= nil
end


local function applies(rule, endpoint)
    if not MATCHES[rule.match](endpoint) then
        return false
    end

    if rule.path and not ngx.var.request_uri:find(rule.path, 1, true)
        or rule.method and rule.method ~= ngx.req.get_method()
    then
        return false
    end

    -- Not the first request of its connection.
    if rule.kept and tonumber(ngx.var.connection_requests) < 2 then
        return false
    end

    -- "after" leaves the first ones alone, "times" ends it.
    local n = dict:incr("rule:" .. rule.id, 1, 0)
    local after = rule.after or 0

    return n > after and (not rule.times or n <= after + rule.times)
end


-- True if the call has been answered.
function _M.run(endpoint)
    for _, rule in ipairs(state.get().rules) do
        if applies(rule, endpoint) then
            stats.count("misbehaved", rule.mode)

            if rule.retry_after then
                ngx.header["Retry-After"] = retry_after(rule.retry_after)
            end

            if MODES[rule.mode](rule) ~= false then
                return true
            end
        end
    end

    return false
end


function _M.add(settings, rule)
    -- Never the same twice, or a new rule would inherit an old one's count.
    rule.id = dict:incr("rules", 1, 0)
    table.insert(settings.rules, rule)
end


return _M
