-- Which call is this?

local answer = require "answer"
local caller = require "caller"
local consent = require "consent"
local device = require "device"
local forms = require "forms"
local graphql = require "graphql"
local groups = require "groups"
local jointokens = require "jointokens"
local limits = require "limits"
local mcp = require "mcp"
local misbehave = require "misbehave"
local oauth = require "oauth"
local paths = require "paths"
local recordings = require "recordings"
local requests = require "requests"
local rest = require "rest"
local stats = require "stats"
local tokens = require "tokens"
local users = require "users"

local _M = {}


local READ = "user:read:admin"
local WRITE = "user:write:admin"

local API = {
    token       = { run = tokens.run, label = "Light",
                    scopes = { "user:read:token:admin", READ } },
    zak         = { run = tokens.zak, label = "Light",
                    scopes = { "user:read:zak:admin", "user_zak:read" } },
    jointoken   = { run = jointokens.run, label = "Light" },
    users_list  = { run = users.list, label = "Medium",
                    scopes = { "user:read:list_users:admin", READ } },
    user_get    = { run = users.get, label = "Light",
                    scopes = { "user:read:user:admin", READ } },
    user_create = { run = users.create, label = "Light",
                    scopes = { "user:write:user:admin", WRITE } },
    user_update = { run = users.update, label = "Light",
                    scopes = { "user:update:user:admin", WRITE } },
    user_delete = { run = users.delete, label = "Light",
                    scopes = { "user:delete:user:admin", WRITE } },
    user_status = { run = users.set_status, label = "Light",
                    scopes = { "user:update:status:admin", WRITE } },
    groups_list = { run = groups.list, label = "Medium",
                    scopes = { "group:read:list_groups:admin",
                               "group:read:admin" } },
    members     = { run = groups.members, label = "Medium",
                    scopes = { "group:read:list_members:admin",
                               "group:read:admin" } },
}


local ON_USERS = { GET = "users_list", POST = "user_create" }
local ON_USER = { GET = "user_get", PATCH = "user_update",
                  DELETE = "user_delete" }


-- The endpoint's name, the id in the path, and for join tokens the kind and
-- of what.
local function find(method, s)
    if s[1] ~= "v2" then
        return nil
    end

    if s[2] == "users" then
        if #s == 2 then
            return ON_USERS[method]
        elseif #s == 3 then
            return ON_USER[method], s[3]
        elseif #s == 4 and s[3] == "me" and s[4] == "zak"
            and method == "GET"
        then
            return "zak", s[3]
        elseif #s == 4 and s[4] == "token" and method == "GET" then
            return "token", s[3]
        elseif #s == 4 and s[4] == "status" and method == "PUT" then
            return "user_status", s[3]
        end
    end

    if s[2] == "groups" and method == "GET" then
        if #s == 2 then
            return "groups_list"
        elseif #s == 4 and s[4] == "members" then
            return "members", s[3]
        end
    end

    if (s[2] == "meetings" or s[2] == "webinars") and #s == 5
        and s[4] == "jointoken" and method == "GET"
        and jointokens.is_kind(s[5])
    then
        return "jointoken", s[3], s[5], s[2]
    end
end


local function not_recognized()
    return answer.refuse(404, 2300, "This API endpoint is not recognized.")
end


-- Whose meeting it is nobody knows here: with a user's token it is theirs.
local function is_own(call)
    return call.of ~= nil or users.is_own(call)
end


local function run_api(endpoint, name, kind, of)
    local call = { app = caller.find(), name = name, kind = kind, of = of }
    local api = API[endpoint]

    if not call.app then
        return
    end

    if not api then
        return not_recognized()
    end

    local what = of and of:sub(1, -2)
    local scopes = api.scopes or { what .. ":read:" .. kind .. "_token:admin",
                                   what .. "_token:read:admin:" .. kind }

    if not caller.has_scope(call.app, scopes, is_own(call))
        or not limits.take(call.app, api.label)
    then
        return
    end

    call.args = ngx.req.get_uri_args()
    return api.run(call)
end


local function token_endpoint()
    local form = forms.body()
    local endpoint = oauth.endpoint(form)

    stats.enter(endpoint)

    return misbehave.run(endpoint) or oauth.token(form)
end


local function other(endpoint, run)
    return function ()
        stats.enter(endpoint)

        return misbehave.run(endpoint) or run(forms.body())
    end
end


-- What zoom.us has and the API has not.
local SITE = {
    ["/oauth/token"]      = token_endpoint,
    ["/oauth/revoke"]     = other("revoke", oauth.revoke),
    ["/oauth/authorize"]  = other("authorize", consent.run),
    ["/oauth/devicecode"] = other("devicecode", device.start),
    ["/oauth/device"]     = other("device", device.page),
    ["/user/installed"]   = other("installed", consent.installed),
}


-- What its name is among the counters, and what answers it.  A name of Zoom's
-- has its own part of all this; an address has all of it.
local function resolve(host, method, s)
    local is_mcp = host:sub(1, 3) == "mcp"

    if host ~= "api.zoom.us" and host ~= "zoom.us"
        and table.concat(s, "/") == "mcp/zoom/streamable"
    then
        return "mcp", mcp.run
    end

    local recording = host ~= "api.zoom.us" and not is_mcp
                      and (method == "GET" or method == "HEAD")
                      and recordings.find(s)

    if recording then
        return "download", function () return recordings.run(recording) end
    end

    if host == "zoom.us" or is_mcp then
        return "unknown", run_api
    end

    if #s == 2 and s[1] == "v3" and s[2] == "graphql" then
        return "graphql", graphql.run
    end

    local endpoint, name, kind, of = find(method, s)

    if endpoint then
        return endpoint, function ()
            return run_api(endpoint, name, kind, of)
        end
    end

    local call = rest.find(method, s)

    if call then
        return "rest", function () return rest.run(call) end
    end

    return "unknown", run_api
end


function _M.run()
    local path = ngx.var.request_uri:match("^[^?#]*")
    local host = ngx.var.host

    -- us02web.zoom.us and the like
    if host:match("%.zoom%.us$") and host ~= "api.zoom.us"
        and host:sub(1, 3) ~= "mcp"
    then
        host = "zoom.us"
    end

    answer.track()

    if SITE[path] and host ~= "api.zoom.us" then
        return SITE[path]()
    end

    local endpoint, run = resolve(host, ngx.req.get_method(),
                                  paths.segments(path))

    stats.enter(endpoint)
    requests.enter(endpoint)

    if misbehave.run(endpoint) then
        return
    end

    return run()
end


return _M
