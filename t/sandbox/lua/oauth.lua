-- POST /oauth/token and /oauth/revoke: the body form, Basic or a public
-- client's id, and nothing else that others may have been lenient about.

local access = require "access"
local answer = require "answer"
local clients = require "clients"
local codes = require "codes"
local device = require "device"
local forms = require "forms"
local grants = require "grants"
local pause = require "pause"
local state = require "state"
local stats = require "stats"
local users = require "users"

local _M = {}


-- What an administrator who ticked every box gets: some 20 KB.
local function long_scope(app)
    local out = { table.concat(app.scopes, " ") }

    for i = 1, 500 do
        out[#out + 1] = ("extra:read:scope_number_%03d:of_many:admin")
                        :format(i)
    end

    return table.concat(out, " ")
end


local function scope_of(app)
    local scope = state.get().oauth.scope

    if scope == "missing" then
        return nil
    end

    return scope == "long" and long_scope(app)
           or scope or table.concat(app.scopes, " ")
end


local function account_credentials(app, form)
    if form.account_id ~= app.account_id then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    local oauth = state.get().oauth
    local token = access.issue(app)

    -- A header injection that would come in through a trusted door.
    if oauth.crlf then
        token = token:sub(1, 40) .. "\r\nX-Injected: yes" .. token:sub(41)
    end

    return answer.json(200, {
        access_token = token,
        token_type   = "bearer",
        expires_in   = oauth.expires_in,
        scope        = scope_of(app),
        api_url      = oauth.api_url,
    })
end


local function authorization_code(app, form)
    local of, err, reason = codes.spend(app, form)

    if not of then
        stats.count("grants", "refused")
        return answer.oauth_refuse(err, reason)
    end

    stats.count("grants", "exchanged")
    return answer.json(200, grants.tokens(app, grants.create(app,
                            users.by_id(of.user), of.scopes)))
end


local function refused(how)
    stats.count("grants", "refused")

    return answer.json(how.status or 400, { error = how.error,
                                            reason = how.reason })
end


local function refresh_token(app, form)
    if pause.at("arrived") == "drop" then
        return ngx.exit(444)
    end

    local how = state.get().user_oauth.refused

    if how then
        return refused(how)
    end

    local tokens = grants.refresh(app, form.refresh_token or "")

    if not tokens then
        return refused { error = "invalid_grant", reason = "Invalid Token!" }
    end

    stats.count("grants", "refreshed")

    if pause.at("rotated") == "drop" then
        return ngx.exit(444)
    end

    if not pause.is_at("half") then
        return answer.json(200, tokens)
    end

    return answer.halves(200, tokens, function ()
        return pause.at("half") == "go"
    end)
end


local function device_code(app, form)
    local user, err, reason = device.poll(app, form)

    if not user then
        return answer.oauth_refuse(err, reason)
    end

    stats.count("grants", "device")
    return answer.json(200, grants.tokens(app, grants.create(app, user,
                                                        app.user_scopes)))
end


local DEVICE = "urn:ietf:params:oauth:grant-type:device_code"

local GRANTS = {
    account_credentials = { run = account_credentials, s2s = true,
                            called = "oauth" },
    authorization_code  = { run = authorization_code, called = "exchange" },
    refresh_token       = { run = refresh_token, called = "refresh" },
    [DEVICE]            = { run = device_code, called = "device_poll" },
}


-- What the counters and the rules of misbehaviour call it.
function _M.endpoint(form)
    local grant = GRANTS[form.grant_type]

    return grant and grant.called or "oauth"
end


function _M.token(form)
    if ngx.req.get_method() ~= "POST" then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    local app = clients.authenticate(form)

    if not app then
        return
    end

    local is_form = forms.is_form()

    if ngx.var.args and ngx.var.args ~= ""
        or is_form and not forms.is_single(form)
    then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    local grant = is_form and GRANTS[form.grant_type]

    if not grant or (app.s2s ~= false) ~= (grant.s2s or false) then
        return answer.oauth_refuse("unsupported_grant_type",
                                   "unsupported grant type")
    end

    return grant.run(app, form)
end


-- Documented for access tokens; what else it takes is told by a switch.
function _M.revoke(form)
    if ngx.req.get_method() ~= "POST" or not forms.is_form()
        or not forms.is_single(form)
    then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    local app = clients.authenticate(form)

    if not app then
        return
    end

    local grant = grants.of_token(app, form.token or "")

    if not grant then
        return answer.oauth_refuse("invalid_token", "Invalid Token!")
    end

    grants.finish(grant, "revoked")
    return answer.json(200, { status = "success" })
end


return _M
