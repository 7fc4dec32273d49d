-- What the stand-in has been told to be: credentials, scopes, plan, rules.
-- One JSON text in a shared dictionary, so that every worker sees a change.

local cjson = require "cjson.safe"

local dict = ngx.shared.settings

local _M = {}

local cached, cached_text


local function server_app()
    return {
        account_id    = "sandbox_account",
        client_id     = "sandbox_client",
        client_secret = "sandbox_secret",
        disabled      = false,
        s2s           = true,
        scopes        = {
            "user:read:token:admin",
            "user:read:list_users:admin",
            "user:read:user:admin",
            "user:write:user:admin",
            "user:update:user:admin",
            "user:update:status:admin",
            "user:delete:user:admin",
            "group:read:list_groups:admin",
            "group:read:list_members:admin",
            "meeting:read:local_recording_token:admin",
            "meeting:read:live_streaming_token:admin",
            "meeting:read:local_archiving_token:admin",
            "webinar:read:local_recording_token:admin",
            "webinar:read:live_streaming_token:admin",
            "webinar:read:local_archiving_token:admin",
        },
    }
end


-- One that people of any account connect to.
local function user_app()
    return {
        name          = "Meeting bots",
        account_id    = "sandbox_account",
        client_id     = "sandbox_users",
        client_secret = "sandbox_users_secret",
        disabled      = false,
        s2s           = false,
        device        = true,
        redirect_uris = {},
        user_scopes   = {
            "user:read:user",
            "user:read:token",
            "user:read:zak",
            "meeting:read:local_recording_token",
            "meeting:read:live_streaming_token",
            "meeting:read:local_archiving_token",
        },
    }
end


local function defaults()
    return {
        apps   = { server_app(), user_app() },
        oauth  = { expires_in = 3599, api_url = "https://api.zoom.us" },

        -- Of grants of users.  Whether Zoom lets an old refresh token live on
        -- for a while, and whether a second consent ends the first, is not
        -- documented: tests try both.
        user_oauth = {
            expires_in      = 3599,
            code_life       = 300,
            refresh_life    = 90 * 24 * 3600,
            grace           = 0,
            rotate          = true,
            omit_refresh    = false,
            kill_access     = false,
            reuse_revokes   = false,
            reconsent_kills = true,
            revoke_takes    = "both",
        },

        device   = { interval = 5, expires_in = 900, slow_down = 0 },
        webhooks = { retry = { 300, 1500, 5100 }, timeout = 3,
                     restamp = false, crc_every = 0 },
        presence = false,

        -- The rest of the API, MCP, GraphQL and recordings.  "port" is the
        -- CDN's own unless said.
        echo        = true,
        paths       = "strict",
        daily_limit = 100,
        graphql     = {},
        mcp         = { answers = "sse", breath = 1 },
        download    = { host = "localhost", hops = 0, life = 60,
                        length = 1048576, status = 302 },

        managed_domains = { "example.com" },
        zak    = {},
        join   = { expire_in = 120 },
        absent = {},
        bearer = { dead_status = 401 },
        clock  = { skew = 0 },
        rules  = {},
        users  = {},
        plan   = "off",
        canary = "",
    }
end


-- Laid over the table: a JSON null takes a value away.
local function overlay(into, from)
    for k, v in pairs(from) do
        if v == cjson.null then
            into[k] = nil
        else
            into[k] = v
        end
    end
end

_M.overlay = overlay


local function save(settings)
    dict:set("settings", assert(cjson.encode(settings)))
end


function _M.get()
    local text = dict:get("settings")

    if text ~= cached_text then
        cached, cached_text = cjson.decode(text), text
    end

    return cached
end


-- fn gets the settings and changes them in place.
function _M.change(fn)
    local settings = cjson.decode(dict:get("settings"))

    fn(settings)
    save(settings)
end


function _M.reset()
    local settings = defaults()
    local initial = cjson.decode(dict:get("initial") or "{}")

    for section, value in pairs(initial) do
        if section == "credentials" or section == "account" then
            overlay(settings.apps[1], value)
        elseif section == "user_app" then
            overlay(settings.apps[2], value)
        elseif type(value) == "table" and value[1] == nil
            and type(settings[section]) == "table"
        then
            overlay(settings[section], value)
        else
            settings[section] = value
        end
    end

    save(settings)
end


-- settings.json is optional; it holds what a later reset goes back to.  A
-- reload of nginx changes nothing: true if this is the beginning.
function _M.start(path)
    if dict:get("settings") then
        return false
    end

    local file = io.open(path)

    if file then
        local text = file:read("*a")
        file:close()

        assert(cjson.decode(text), path .. " is not JSON")
        dict:set("initial", text)
    end

    _M.reset()
    return true
end


-- The stand-in's clock, which may be told to disagree with everybody's.
function _M.now()
    return ngx.time() + (_M.get().clock.skew or 0)
end


function _M.app_by_client(client_id)
    for _, app in ipairs(_M.get().apps) do
        if app.client_id == client_id then
            return app
        end
    end
end


return _M
