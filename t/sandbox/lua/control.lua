-- The control port: tells the stand-in what to be, and what it has seen.
--
-- POST /control takes one JSON object or a list of them; every member is one
-- command of the table below, and an object with "mode" is a misbehaviour.

local cjson = require "cjson.safe"
local access = require "access"
local answer = require "answer"
local codes = require "codes"
local daily = require "daily"
local grants = require "grants"
local groups = require "groups"
local limits = require "limits"
local mcp = require "mcp"
local meetings = require "meetings"
local misbehave = require "misbehave"
local pause = require "pause"
local requests = require "requests"
local state = require "state"
local stats = require "stats"
local users = require "users"
local webhooks = require "webhooks"

local _M = {}


-- To cjson an empty table is an object; these are lists.
local LISTS = { "bots", "ended", "attempts", "scopes" }


local function encode(value)
    local text = cjson.encode(value)

    for _, name in ipairs(LISTS) do
        text = text:gsub('"' .. name .. '":{}', '"' .. name .. '":[]')
    end

    return text
end


local function say(status, value)
    ngx.status = status
    ngx.header["Content-Type"] = "application/json"
    ngx.say(type(value) == "string" and value or encode(value))
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


local function user_app(value)
    state.change(function (settings)
        state.overlay(settings.apps[2], value)
    end)
end


-- A new one, or changes to one that is there.  What has an address to come
-- back to is an app of users.
local function another_app(value)
    state.change(function (settings)
        local app = {}

        for _, old in ipairs(settings.apps) do
            if old.client_id == value.client_id then
                return state.overlay(old, value)
            end
        end

        state.overlay(app, settings.apps[value.redirect_uris and 2 or 1])
        app.webhook = nil
        state.overlay(app, value)
        table.insert(settings.apps, app)
    end)
end


local function user_of(email)
    return assert(users.by_email(email), "no such user")
end


local function turn(status)
    return function (email) users.turn(user_of(email), status) end
end


local function remove(action)
    return function (email) users.remove(user_of(email), action) end
end


-- The user takes back what was consented to; of one app, or of all.
local function deauthorize(value)
    local user = user_of(value.user)

    for _, app in ipairs(state.get().apps) do
        if app.s2s == false
            and (not value.client_id or value.client_id == app.client_id)
        then
            grants.withdraw(app, user)
        end
    end
end


-- To one app, or to all that have a webhook.
local function each_receiver(value, fn)
    for _, app in ipairs(state.get().apps) do
        if app.webhook and (type(value) ~= "table" or not value.client_id
                            or value.client_id == app.client_id)
        then
            fn(app)
        end
    end
end


local function send(value)
    each_receiver(value, function (app) webhooks.send(app, value) end)
end


local COMMANDS = {
    reset = function ()
        pause.release("drop")
        state.reset()
        grants.reset()
        meetings.reset()
        webhooks.reset()
        ngx.shared.gateway:flush_all()
        users.seed()
        limits.reset()
        stats.reset()
        access.revoke()
        access.forget()
    end,

    -- Counters only, and what was sent.
    forget = function () stats.reset(); requests.reset() end,

    -- No more misbehaviour.
    clear = scalar("rules"),

    revoke = function () access.revoke() end,

    account     = first_app,
    credentials = first_app,
    user_app    = user_app,
    app         = another_app,
    scopes      = function (value) first_app { scopes = value } end,

    oauth  = section("oauth"),
    zak    = section("zak"),
    join   = section("join"),
    absent = section("absent"),
    bearer = section("bearer"),
    clock  = section("clock"),
    device = section("device"),

    graphql  = section("graphql"),
    mcp      = section("mcp"),
    download = section("download"),

    user_oauth = section("user_oauth"),
    webhooks   = section("webhooks"),

    -- How the mints of some users fail, and creating them.
    pending      = scalar("pending"),
    inactive     = scalar("inactive"),
    exists       = scalar("exists"),
    creates_left = scalar("creates_left"),

    managed_domains = scalar("managed_domains"),

    pause       = pause.set,
    release     = pause.release,
    deauthorize = deauthorize,

    echo        = scalar("echo"),
    paths       = scalar("paths"),
    daily_limit = scalar("daily_limit"),
    daily_spent = daily.spend,

    -- Sessions of MCP end without a word, as servers that restart end them.
    end_sessions = mcp.reset,

    presence   = scalar("presence"),
    single_use = scalar("single_use"),

    enter    = meetings.enter,
    leave    = meetings.leave,
    ended    = meetings.finish,

    deactivate   = turn("inactive"),
    activate     = turn("active"),
    delete_user  = remove("delete"),
    disassociate = remove("disassociate"),
    group        = groups.set,

    send = send,
    crc  = function (value) each_receiver(value, webhooks.challenge) end,

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
    return #lines == 0 and "[]" or encode(lines)
end


local function join()
    ngx.req.read_body()

    local request = cjson.decode(ngx.req.get_body_data() or "")

    if type(request) ~= "table" or type(request.meeting) ~= "string" then
        return say(400, { error = "no meeting" })
    end

    local joined, err = meetings.join(request)

    return say(joined and 200 or 403, joined or { error = err })
end


local REPORTS = {
    stats      = stats.tree,
    requests   = function () return list(requests.list()) end,
    cookie     = function () return { cookie = answer.cookie() } end,
    recent     = function () return list(stats.recent()) end,
    arrivals   = function () return list(stats.arrivals()) end,
    issued     = function () return list(access.remembered()) end,
    codes      = function () return list(codes.remembered()) end,
    grants     = function () return list(grants.list()) end,
    deliveries = function () return list(webhooks.list()) end,
    meetings   = function () return list(meetings.list()) end,
}


function _M.run()
    local path, method = ngx.var.uri, ngx.req.get_method()
    local report = REPORTS[path:match("^/control/(%a+)$") or ""]

    if path == "/control" and method == "POST" then
        return post()
    elseif path == "/control/join" and method == "POST" then
        return join()
    elseif report then
        return say(200, report())
    end

    say(404, { error = "not found" })
end


return _M
