-- POST /oauth/token, for Server-to-Server apps: the body form and Basic, and
-- nothing else that others may have been lenient about.

local access = require "access"
local answer = require "answer"
local state = require "state"

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


local function basic()
    local header = ngx.var.http_authorization or ""
    local plain = ngx.decode_base64(header:match("^[Bb]asic ([^ ]+)$") or "")

    if plain then
        return plain:match("^([^:]*):(.*)$")
    end
end


-- The app, when client and secret are right and it is switched on.
local function authenticated()
    local client_id, secret = basic()
    local app = client_id and state.app_by_client(client_id)

    if not app or app.client_secret ~= secret then
        answer.oauth_refuse("invalid_client",
                            "Invalid client_id or client_secret")
        return nil
    end

    if app.disabled then
        answer.oauth_refuse("invalid_client",
                            "The app has been disabled by the developer")
        return nil
    end

    return app
end


local function is_form()
    local kind = (ngx.var.content_type or ""):lower()

    return kind:match("^application/x%-www%-form%-urlencoded%s*$")
           or kind:match("^application/x%-www%-form%-urlencoded%s*;")
end


local function grant(app)
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


function _M.run()
    if ngx.req.get_method() ~= "POST" then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    ngx.req.read_body()

    local form = ngx.req.get_post_args() or {}
    local app = authenticated()

    if not app then
        return
    end

    if ngx.var.args and ngx.var.args ~= "" then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    if not is_form() or form.grant_type ~= "account_credentials"
        or app.s2s == false
    then
        return answer.oauth_refuse("unsupported_grant_type",
                                   "unsupported grant type")
    end

    if form.account_id ~= app.account_id then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    return grant(app)
end


return _M
