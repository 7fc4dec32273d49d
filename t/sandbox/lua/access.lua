-- Access tokens: made by the token endpoint, asked for by the API.

local jwt = require "jwt"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.access
local issued = ngx.shared.issued

local _M = {}

local KEY = "not Zoom's key"
local ISSUED = 5000


-- Every token is remembered, so that tests can look for it where it must not
-- be.
function _M.remember(kind, token)
    stats.count("issued", kind)

    if issued:rpush("tokens", token) and issued:llen("tokens") > ISSUED then
        issued:lpop("tokens")
    end

    return token
end


function _M.remembered()
    local list = {}

    for i = 1, issued:llen("tokens") or 0 do
        list[i] = issued:lpop("tokens")
        issued:rpush("tokens", list[i])
    end

    return list
end


function _M.forget()
    issued:flush_all()
    issued:flush_expired()
end


-- The canary comes first: all tokens then begin with the same characters.
function _M.header()
    local canary = state.get().canary
    local header = { { "alg", "HS256" }, { "typ", "JWT" } }

    if canary ~= "" then
        table.insert(header, 1, { "canary", canary })
    end

    return header
end


local function make(account_id, life, size, more)
    local now = state.now()
    local claims = {
        { "ver", 9 },
        { "aud", "https://oauth.zoom.us" },
        { "aid", account_id },
        { "iat", now },
        { "exp", now + life },
        { "jti", jwt.base64url(jwt.random(24)) },
    }

    if more then
        claims[#claims + 1] = more
    end

    return _M.remember("access", jwt.make(KEY, _M.header(), claims, size))
end


function _M.issue(app)
    local oauth = state.get().oauth
    local life = tonumber(oauth.expires_in) or 3599
    local token = make(app.account_id, life, oauth.bytes)

    dict:set(ngx.md5(token), app.client_id, math.max(life, 1))
    dict:set("scopes:" .. ngx.md5(token), table.concat(app.scopes, " "),
             math.max(life, 1))

    return token
end


-- Those that the app had when it was made, which is all that the token has if
-- oauth.bound is set.
function _M.scopes(token)
    local scopes = {}

    for scope in (dict:get("scopes:" .. ngx.md5(token)) or ""):gmatch("%S+") do
        scopes[#scopes + 1] = scope
    end

    return scopes
end


-- On behalf of the user whose grant it is.
function _M.issue_for(app, grant)
    local oauth = state.get().user_oauth
    local life = tonumber(oauth.expires_in) or 3599
    local token = make(grant.account_id, life, oauth.bytes,
                       { "uid", grant.user })

    dict:set(ngx.md5(token), app.client_id .. " " .. grant.id .. " "
                             .. grant.epoch, math.max(life, 1))

    return token
end


-- The client id, and for a user's the grant and its epoch.
function _M.look_up(token)
    local value = token and dict:get(ngx.md5(token))

    if value then
        local client_id, grant, epoch = value:match("^(%S+) ?(%S*) ?(%d*)$")

        return client_id, grant ~= "" and grant or nil, tonumber(epoch)
    end
end


function _M.grant_of(token)
    local _, grant = _M.look_up(token)

    return grant
end


function _M.revoke()
    stats.count("revocations")
    dict:flush_all()
end


return _M
