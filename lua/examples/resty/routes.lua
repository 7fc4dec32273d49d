-- Token callbacks for lua-nginx-module, whose routes stand in Redis:
--
--     HSET zoom:tenant:tenant1 user bots@t1.example accounts "acme spare"
--     SET  zoom:host:123456789 alice@example.com
--
-- The tenant comes from the proof (as=), never from what a caller says.  Its
-- bots become its user, on the first of its accounts that works; in a meeting
-- of our own they get the ZAK of its host, which skips the waiting room.  While
-- Redis is down the routes that a worker knows serve on.
--
--     lua_package_path "/etc/nginx/zoom/?.lua;;";
--
--     location = /zoom-tokens {
--         zoom_authenticate  attendee file:/etc/nginx/zoom/t1 as=tenant1;
--         zoom_authenticate  attendee file:/etc/nginx/zoom/t2 as=tenant2;
--         zoom_allow_user    *@t1.example *@t2.example *@example.com;
--
--         client_body_buffer_size  64k;
--
--         content_by_lua_block {
--             require("routes").answer{ host = "127.0.0.1", port = 6379 }
--         }
--     }

local cjson = require "cjson.safe"
local lrucache = require "resty.lrucache"
local redis = require "resty.redis"
local zoom = require "resty.zoom"

local _M = {}

-- what one account can't do now another may
local ELSEWHERE = {
    app_disabled = true,
    credentials_rejected = true,
    overloaded = true,
    rate_limited = true,
    scope_missing = true,
    timeout = true,
    zoom_invalid = true,
    zoom_unavailable = true,
}

local known = assert(lrucache.new(1000))


-- Redis says null where Lua says nil.
local function value(v)
    if v == nil or v == ngx.null or v == "" then
        return nil
    end

    return v
end


local function ask_redis(server, tenant, meeting)
    local r = redis:new()

    r:set_timeouts(200, 200, 200)

    local ok, err = r:connect(server.host, server.port)

    if not ok then
        return nil, err
    end

    local fields

    fields, err = r:hmget("zoom:tenant:" .. tenant, "user", "accounts")

    if not fields then
        return nil, err
    end

    local host

    if meeting then
        host, err = r:get("zoom:host:" .. meeting)

        if not host then
            return nil, err
        end
    end

    r:set_keepalive(10000, 16)

    return {
        user = value(host) or value(fields[1]),
        accounts = value(fields[2]),
    }
end


-- Who the bot becomes, or nil.
local function route(server, bot)
    local key = bot.caller .. " " .. (bot.meeting_id or "")
    local found, err = ask_redis(server, bot.caller, bot.meeting_id)

    if found then
        known:set(key, found)
        return found
    end

    ngx.log(ngx.WARN, "no answer from Redis: ", err)

    return known:get(key)
end


-- A token of the first account that has one.
local function mint(route)
    local token, err, info

    for account in route.accounts:gmatch("%S+") do
        token, err, info = zoom.mint{
            account = account,
            user = route.user,
            timeout = 5,
        }

        if token or not ELSEWHERE[err] then
            break
        end
    end

    return token, err, info
end


local function fail(err, info)
    local status = info and info.http or 500

    if info and info.reason then
        ngx.log(ngx.INFO, "no token: ", err, ", ", info.reason)
    elseif status == 500 then
        ngx.log(ngx.ERR, "no token: ", err)
        err = "internal"
    end

    ngx.status = status
    ngx.header["Content-Type"] = "application/json"
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["Retry-After"] = info and info.retry_after

    ngx.print(cjson.encode{ error = err })
end


function _M.answer(server)
    local ok, err, info = zoom.authenticate()

    if not ok then
        return fail(err, info)
    end

    local bot

    bot, err, info = zoom.callback()

    if not bot then
        return fail(err, info)
    end

    local found = route(server, bot)

    if not found then
        return fail("overloaded", { http = 503, retry_after = 1 })
    end

    if not found.user or not found.accounts then
        return fail("no_user", { http = 403 })
    end

    local token

    token, err, info = mint(found)

    if not token then
        return fail(err, info)
    end

    ngx.header["Cache-Control"] = "no-store"

    if ngx.req.get_method() == "GET" then
        ngx.header["Content-Type"] = "text/plain"
        ngx.print(token)
        return
    end

    ngx.header["Content-Type"] = "application/json"
    ngx.print(cjson.encode{ zak_token = token })
end


return _M
