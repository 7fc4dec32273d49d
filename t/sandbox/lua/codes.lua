-- Authorization codes: one use, some minutes, and bound to the app, the
-- address it gave and its challenge (RFC 7636).

local cjson = require "cjson.safe"
local jwt = require "jwt"
local state = require "state"

local dict = ngx.shared.grants

local _M = {}


function _M.is_challenge(challenge, method)
    if not challenge then
        return method == nil
    end

    return #challenge >= 43 and #challenge <= 128
           and not challenge:find("[^%w%-%._~]")
           and (method == nil or method == "plain" or method == "S256")
end


-- Of its making: app, user, scopes, redirect_uri, challenge and its method.
function _M.make(of)
    local code = jwt.base64url(jwt.random(12)) .. "_"
                 .. jwt.base64url(jwt.random(12))

    dict:set("code:" .. code, cjson.encode(of),
             state.get().user_oauth.code_life)

    if dict:rpush("codes", code) and dict:llen("codes") > 200 then
        dict:lpop("codes")
    end

    return code
end


-- For attackers to try again.
function _M.remembered()
    local list = {}

    for i = 1, dict:llen("codes") or 0 do
        list[i] = dict:lpop("codes")
        dict:rpush("codes", list[i])
    end

    return list
end


local function proves(of, verifier)
    if not of.challenge then
        return verifier == nil
    end

    if not verifier or #verifier < 43 or #verifier > 128 then
        return false
    end

    if of.method == "S256" then
        verifier = jwt.base64url(jwt.sha256(verifier))
    end

    return verifier == of.challenge
end


-- What the code was made of, or nil, error and reason.  Whatever comes of it,
-- it is spent: nobody gets to guess twice.
function _M.spend(app, form)
    local code = form.code or ""
    local of = cjson.decode(dict:get("code:" .. code) or "")

    dict:delete("code:" .. code)

    if not of or of.client_id ~= app.client_id then
        return nil, state.get().user_oauth.code_error or "invalid_grant",
               "Invalid authorization code " .. code
    end

    if form.redirect_uri ~= of.redirect_uri then
        return nil, "invalid_request", "Redirect URI mismatch."
    end

    if not proves(of, form.code_verifier) then
        return nil, "invalid_grant", "Invalid code verifier."
    end

    return of
end


return _M
