-- The control port: tells the stand-in what to be, and what it has seen.
--
-- POST /control takes one JSON object or a list of them; every member is one
-- command of the table below, and an object with "mode" is a misbehaviour.

local cjson = require "cjson.safe"
local access = require "access"
local limits = require "limits"
local misbehave = require "misbehave"
local state = require "state"
local stats = require "stats"
local users = require "users"

local _M = {}


local function say(status, value)
    ngx.status = status
    ngx.header["Content-Type"] = "application/json"
    ngx.say(type(value) == "string" and value or cjson.encode(value))
end


-- For a section that is laid over what is there.
local function section(name)
    return function (value)
        state.change(function (settings)
            settings[name] = settings[name] or {}
            state.overlay(settings[name], value)
        end)
    end
end


local function scalar(name)
    return function (value)
        state.change(function (settings)
            state.overlay(settings, { [name] = value })
        end)
    end
end


local function first_app(value)
    state.change(function (settings)
        state.overlay(settings.apps[1], value)
    end)
end


-- A new one, or changes to one that is there.
local function another_app(value)
    state.change(function (settings)
        local app = {}

        for _, old in ipairs(settings.apps) do
            if old.client_id == value.client_id then
                return state.overlay(old, value)
            end
        end

        state.overlay(app, settings.apps[1])
        state.overlay(app, value)
        table.insert(settings.apps, app)
    end)
end


local COMMANDS = {
    reset = function ()
        state.reset()
        users.seed()
        limits.reset()
        stats.reset()
        access.revoke()
        access.forget()
    end,

    -- Counters only.
    forget = function () stats.reset() end,

    -- No more misbehaviour.
    clear = scalar("rules"),

    revoke = function () access.revoke() end,

    account     = first_app,
    credentials = first_app,
    app         = another_app,
    scopes      = function (value) first_app { scopes = value } end,

    oauth  = section("oauth"),
    zak    = section("zak"),
    join   = section("join"),
    absent = section("absent"),
    bearer = section("bearer"),
    clock  = section("clock"),

    canary           = scalar("canary"),
    page_token_life  = scalar("page_token_life"),
    licences_used_up = scalar("licences_used_up"),

    plan = function (value)
        assert(limits.is_plan(value), "unknown plan")
        limits.reset()
        scalar("plan")(value)
    end,

    users = function (value)
        for _, user in ipairs(value) do
            users.add(user)
        end
    end,

    bots = users.bots,
}


local function add_rule(rule)
    rule.mode = tostring(rule.mode)
    rule.match = rule.match or "all"

    assert(misbehave.is_mode(rule.mode), "unknown mode")
    assert(misbehave.is_match(rule.match), "unknown match")

    state.change(function (settings)
        misbehave.add(settings, rule)
    end)
end


local function obey(command)
    assert(type(command) == "table", "not an object")

    if command.mode then
        return add_rule(command)
    end

    -- A reset in the same breath comes first.
    if command.reset then
        COMMANDS.reset()
    end

    for name, value in pairs(command) do
        local run = assert(COMMANDS[name], "unknown command " .. name)

        if name == "clear" then
            run({})
        elseif name ~= "reset" then
            run(value)
        end
    end
end


local function post()
    ngx.req.read_body()

    local request = cjson.decode(ngx.req.get_body_data() or "")

    if type(request) ~= "table" then
        return say(400, { error = "not JSON" })
    end

    for _, command in ipairs(request[1] and request or { request }) do
        local ok, err = pcall(obey, command)

        if not ok then
            return say(400, { error = tostring(err) })
        end
    end

    say(200, { ok = true })
end


local function list(lines)
    return #lines == 0 and "[]" or cjson.encode(lines)
end


function _M.run()
    local path, method = ngx.var.uri, ngx.req.get_method()

    if path == "/control" and method == "POST" then
        return post()
    elseif path == "/control/stats" then
        return say(200, stats.tree())
    elseif path == "/control/recent" then
        return say(200, list(stats.recent()))
    elseif path == "/control/arrivals" then
        return say(200, list(stats.arrivals()))
    elseif path == "/control/issued" then
        return say(200, list(access.remembered()))
    end

    say(404, { error = "not found" })
end


return _M
