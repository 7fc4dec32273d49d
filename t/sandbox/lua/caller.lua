-- Who calls the API: an app for its account, or for one user of any account.

local access = require "access"
local answer = require "answer"
local grants = require "grants"
local state = require "state"
local users = require "users"

local _M = {}


local function of_grant(id, epoch)
    local grant = grants.get(id)
    local app = grant and state.app_by_client(grant.client_id)

    if not app or app.disabled or grant.epoch ~= epoch
        or not grants.is_live(grant)
    then
        return nil
    end

    local user = users.by_id(grant.user)

    return setmetatable({
        user       = user,
        scopes     = grant.scopes,
        account_id = user.account_id or app.account_id,
    }, { __index = app })
end


-- The app of a token, with "user" where it is a user's, or nil.
function _M.by_token(token)
    local client_id, grant, epoch = access.look_up(token)
    local app

    if grant then
        app = of_grant(grant, epoch)
    elseif client_id then
        app = state.app_by_client(client_id)

        if app and state.get().oauth.bound then
            app = setmetatable({ scopes = access.scopes(token) },
                               { __index = app })
        end
    end

    if app and not app.disabled then
        return app
    end
end


local function bearer()
    local header = ngx.var.http_authorization

    return header and header:match("^[Bb]earer ([^ ]+)$")
end


-- The app whose bearer this request shows.
function _M.quietly()
    return _M.by_token(bearer())
end


-- The same; without one it has been answered.
function _M.find()
    local token = bearer()
    local app = _M.by_token(token)

    if not app then
        answer.refuse(state.get().bearer.dead_status or 401, 124,
                      token and "Access token is expired."
                            or "Invalid access token.")
        return nil
    end

    answer.identify(app)
    return app
end


-- An ":admin" scope is good for all users of the account; the same without it
-- for the user alone.
local function accepted(app, scopes, own)
    local list = {}

    for _, scope in ipairs(scopes) do
        if own and app.user and scope:find(":admin", 1, true) then
            list[#list + 1] = (scope:gsub(":admin", ""))
        end
    end

    for _, scope in ipairs(scopes) do
        list[#list + 1] = scope
    end

    return list
end


function _M.has_scope(app, scopes, own)
    local wanted = accepted(app, scopes, own)

    if app.all_scopes then
        return true
    end

    for _, want in ipairs(wanted) do
        for _, scope in ipairs(app.scopes) do
            if scope == want then
                return true
            end
        end
    end

    answer.refuse(400, 4711, "Invalid access token, does not contain scopes:["
                             .. table.concat(wanted, ", ") .. "].")
    return false
end


return _M
