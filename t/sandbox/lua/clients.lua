-- Which app is this?  Basic for those that have a secret; those that have none
-- give their id in the body.

local answer = require "answer"
local state = require "state"

local _M = {}


local function basic(header)
    local plain = ngx.decode_base64(header:match("^[Bb]asic ([^ ]+)$") or "")

    if plain then
        return plain:match("^([^:]*):(.*)$")
    end
end


local function identified(form)
    local header = ngx.var.http_authorization

    if not header then
        local app = type(form.client_id) == "string"
                    and state.app_by_client(form.client_id)

        return app and not app.client_secret and app
    end

    local client_id, secret = basic(header)
    local app = client_id and state.app_by_client(client_id)

    if not app or not app.client_secret or app.client_secret ~= secret
        or form.client_id and form.client_id ~= client_id
    then
        return nil
    end

    return app
end


-- The app, when all is right and it is switched on; else it is answered.
function _M.authenticate(form)
    local app = identified(form)

    if not app then
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


return _M
