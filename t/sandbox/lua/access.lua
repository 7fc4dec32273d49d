-- Access tokens: made by the token endpoint, asked for by the API.

local answer = require "answer"
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


function _M.issue(app)
    local oauth, now = state.get().oauth, state.now()
    local life = tonumber(oauth.expires_in) or 3599

    local token = jwt.make(KEY, _M.header(), {
        { "ver", 9 },
        { "aud", "https://oauth.zoom.us" },
        { "aid", app.account_id },
        { "iat", now },
        { "exp", now + life },
        { "jti", jwt.base64url(jwt.random(24)) },
    }, oauth.bytes)

    dict:set(ngx.md5(token), app.client_id, math.max(life, 1))

    return _M.remember("access", token)
end


function _M.revoke()
    stats.count("revocations")
    dict:flush_all()
end


-- The app whose bearer this request shows; without one it has been answered.
function _M.bearer()
    local header = ngx.var.http_authorization
    local token = header and header:match("^[Bb]earer ([^ ]+)$")
    local client_id = token and dict:get(ngx.md5(token))
    local app = client_id and state.app_by_client(client_id)

    if not app or app.disabled then
        answer.refuse(state.get().bearer.dead_status or 401, 124,
                      token and "Access token is expired."
                            or "Invalid access token.")
        return nil
    end

    return app
end


function _M.has_scope(app, ...)
    for _, wanted in ipairs { ... } do
        for _, scope in ipairs(app.scopes) do
            if scope == wanted then
                return true
            end
        end
    end

    answer.refuse(400, 4711, "Invalid access token, does not contain scopes:["
                             .. table.concat({ ... }, ", ") .. "].")
    return false
end


return _M
