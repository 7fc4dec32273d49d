-- What users have consented to, and the refresh tokens that stand for it.
--
-- Tokens are kept as hashes: "refresh:HASH" names its grant and when it was
-- replaced by another one.

local cjson = require "cjson.safe"
local access = require "access"
local events = require "events"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"
local users = require "users"

local dict = ngx.shared.grants

local _M = {}

local KEY = "not Zoom's third key"


local function load(key)
    return cjson.decode(dict:get(key) or "")
end


local function save(grant)
    dict:set("grant:" .. grant.id, cjson.encode(grant))
end


function _M.get(id)
    return load("grant:" .. id)
end


-- All of them, with how many refresh tokens of each are good.
function _M.list()
    local list, live = {}, {}
    local keys = dict:get_keys(0)

    for _, key in ipairs(keys) do
        local record = key:sub(1, 8) == "refresh:" and load(key)

        if record and not record.replaced then
            live[record.grant] = (live[record.grant] or 0) + 1
        end
    end

    for _, key in ipairs(keys) do
        local grant = key:sub(1, 6) == "grant:" and load(key)

        if grant then
            grant.live = live[grant.id] or 0
            list[#list + 1] = grant
        end
    end

    table.sort(list, function (a, b) return a.serial < b.serial end)
    return list
end


function _M.reset()
    dict:flush_all()
    dict:flush_expired()
end


function _M.finish(grant, why)
    grant.state = why
    save(grant)
    stats.count("grants", why)
end


local function index(client_id, user)
    return "of:" .. client_id .. " " .. user.id
end


-- Those of a user for an app that live.
function _M.of(client_id, user)
    local key, list = index(client_id, user), {}

    for _ = 1, dict:llen(key) or 0 do
        local grant = _M.get(dict:lpop(key))

        if grant and grant.state == "live" then
            list[#list + 1] = grant
            dict:rpush(key, grant.id)
        end
    end

    return list
end


function _M.create(app, user, scopes)
    if state.get().user_oauth.reconsent_kills then
        for _, old in ipairs(_M.of(app.client_id, user)) do
            _M.finish(old, "replaced")
        end
    end

    local grant = {
        id        = jwt.base64url(jwt.random(12)),
        serial    = dict:incr("serial", 1, 0),
        client_id = app.client_id,
        user      = user.id,
        email     = user.email,
        scopes    = scopes,
        refreshes = 0,
        epoch     = 0,
        state     = "live",

        account_id = user.account_id or app.account_id,
    }

    save(grant)
    dict:rpush(index(app.client_id, user), grant.id)

    return grant
end


-- The user may be gone, or shut out.
function _M.is_live(grant)
    local user = users.by_id(grant.user)

    return grant.state == "live" and user and user.status == "active"
end


local function new_refresh_token(grant)
    local now = state.now()
    local token = jwt.make(KEY, access.header(), {
        { "ver", 10 },
        { "aud", "https://oauth.zoom.us" },
        { "uid", grant.user },
        { "iat", now },
        { "exp", now + state.get().user_oauth.refresh_life },
        { "tokenType", 1 },
        { "jti", jwt.base64url(jwt.random(24)) },
    }, state.get().user_oauth.refresh_bytes)

    dict:set("refresh:" .. ngx.md5(token),
             cjson.encode({ grant = grant.id, born = ngx.now() }))

    return access.remember("refresh", token)
end


-- The answer of the token endpoint; with no refresh token, a new one.
function _M.tokens(app, grant, refresh_token)
    local oauth = state.get().user_oauth
    local scope = oauth.scope or table.concat(grant.scopes, " ")

    if scope == "missing" then
        scope = nil
    end

    return {
        access_token  = access.issue_for(app, grant),
        token_type    = "bearer",
        refresh_token = refresh_token or new_refresh_token(grant),
        expires_in    = oauth.expires_in,
        scope         = scope,
        api_url       = state.get().oauth.api_url,
    }
end


local function is_dead(record, oauth)
    ngx.update_time()

    local now = ngx.now()

    return now - record.born >= oauth.refresh_life
           or record.replaced and now - record.replaced >= oauth.grace
end


-- The grant of a refresh token that is good, and what is known of the token.
local function look_up(app, token)
    local oauth = state.get().user_oauth
    local record = load("refresh:" .. ngx.md5(token))
    local grant = record and _M.get(record.grant)

    if not grant or grant.client_id ~= app.client_id
        or not _M.is_live(grant)
    then
        return nil
    end

    if is_dead(record, oauth) then
        if record.replaced and oauth.reuse_revokes then
            _M.finish(grant, "reused")
        end

        return nil
    end

    return grant, record
end


-- New tokens for an old one; nil if that is none.
function _M.refresh(app, token)
    local oauth = state.get().user_oauth
    local grant, record = look_up(app, token)

    if not grant then
        return nil
    end

    grant.refreshes = grant.refreshes + 1
    grant.epoch = grant.epoch + (oauth.kill_access and 1 or 0)
    save(grant)

    if not oauth.rotate or oauth.omit_refresh then
        local tokens = _M.tokens(app, grant, token)

        if oauth.omit_refresh then
            tokens.refresh_token = nil
        end

        return tokens
    end

    record.replaced = record.replaced or ngx.now()
    dict:set("refresh:" .. ngx.md5(token), cjson.encode(record))

    return _M.tokens(app, grant)
end


-- The user takes back what an app had been given; true if that was something.
function _M.withdraw(app, user)
    local list = _M.of(app.client_id, user)

    for _, grant in ipairs(list) do
        _M.finish(grant, "deauthorized")
    end

    if #list > 0 then
        events.deauthorized(app, user)
    end

    return #list > 0
end


-- By an access token, a refresh token, or what revoke_takes leaves of them.
function _M.of_token(app, token)
    local takes = state.get().user_oauth.revoke_takes
    local record = takes ~= "access" and load("refresh:" .. ngx.md5(token))
    local id = record and record.grant
               or takes ~= "refresh" and access.grant_of(token)
    local grant = id and _M.get(id)

    if grant and grant.client_id == app.client_id and grant.state == "live"
    then
        return grant
    end
end


return _M
