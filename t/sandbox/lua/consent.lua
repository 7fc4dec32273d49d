-- GET /oauth/authorize shows a person what an app wants; POST is the answer.
--
-- Nothing is sent to an address that the app has not registered, to the letter:
-- such a request ends on a page of ours.

local cjson = require "cjson.safe"
local answer = require "answer"
local codes = require "codes"
local forms = require "forms"
local grants = require "grants"
local jwt = require "jwt"
local pages = require "pages"
local state = require "state"
local stats = require "stats"
local users = require "users"

local dict = ngx.shared.grants

local _M = {}


local function is_registered(app, uri)
    for _, registered in ipairs(app.redirect_uris or {}) do
        if registered == uri then
            return true
        end
    end
end


local function words(text)
    local list = {}

    for word in (text or ""):gmatch("%S+") do
        list[#list + 1] = word
    end

    return list
end


-- All that the app has, or those of them that it asks for; nil for one that it
-- does not have.
local function scopes_of(app, asked)
    local has = {}

    if not asked or asked == "" then
        return app.user_scopes
    end

    for _, scope in ipairs(app.user_scopes) do
        has[scope] = true
    end

    for _, scope in ipairs(words(asked)) do
        if not has[scope] then
            return nil, scope
        end
    end

    return words(asked)
end


local function app_problem(app, args)
    if not app or app.s2s ~= false then
        return "Invalid client_id: " .. (args.client_id or "") .. " (4,702)"
    elseif app.disabled then
        return "The app has been disabled (4,717)"
    elseif not is_registered(app, args.redirect_uri) then
        return "Invalid redirect: " .. (args.redirect_uri or "") .. " (4,700)"
    end
end


-- What is wrong with it, in Zoom's words where they are known.
local function problem(app, args)
    local what = app_problem(app, args)

    if what then
        return what
    elseif args.response_type ~= "code" then
        return "Invalid response_type (4,700)"
    elseif not codes.is_challenge(args.code_challenge,
                                  args.code_challenge_method)
    then
        return "Invalid code_challenge (4,700)"
    elseif not app.client_secret and not args.code_challenge then
        return "A public client has to send a code_challenge (4,700)"
    end

    local _, scope = scopes_of(app, args.scope)

    return scope and "Invalid scope: " .. scope .. " (4,711)"
end


local function ask()
    local args = ngx.req.get_uri_args()
    local single, name = forms.is_single(args)

    if not single then
        return pages.problem("Duplicate parameter: " .. name .. " (4,700)")
    end

    local app = args.client_id and state.app_by_client(args.client_id)
    local wrong = problem(app, args)

    if wrong then
        stats.count("consent", "wrong")
        return pages.problem(wrong)
    end

    -- One form, one answer: nobody else's page can send it.
    local ticket = jwt.base64url(jwt.random(18))

    dict:set("ticket:" .. ticket, cjson.encode(args), 600)
    stats.count("consent", "asked")

    return pages.consent(app, scopes_of(app, args.scope), ticket)
end


-- A user may leave some out, where the app has them as optional ones.
local function granted(scopes)
    local only = state.get().user_oauth.granted

    return only or scopes
end


local function allow(app, args, user)
    stats.count("consent", "allowed")

    return answer.redirect(forms.add_to(args.redirect_uri, {
        { "code", codes.make {
            client_id    = app.client_id,
            user         = user.id,
            scopes       = granted(scopes_of(app, args.scope)),
            redirect_uri = args.redirect_uri,
            challenge    = args.code_challenge,
            method       = args.code_challenge_method,
        } },
        { "state", args.state },
    }))
end


local function deny(args)
    stats.count("consent", "denied")

    return answer.redirect(forms.add_to(args.redirect_uri, {
        { "error", "access_denied" },
        { "state", args.state },
    }))
end


local function answered()
    local form = forms.body()
    local key = "ticket:" .. (forms.is_single(form) and form.ticket or "")
    local args = cjson.decode(dict:get(key) or "")

    dict:delete(key)

    if not args then
        return pages.problem("This page has been answered, or is too old.")
    end

    if form.decision == "deny" then
        return deny(args)
    end

    local app = state.app_by_client(args.client_id)
    local user = users.by_email(form.user or "")

    if not user or user.status ~= "active" then
        return pages.problem("This user can't sign in.")
    end

    return allow(app, args, user)
end


-- GET and POST /user/installed: what users have consented to, to be taken back.
function _M.installed()
    if ngx.req.get_method() == "POST" then
        local form = forms.body()
        local grant = forms.is_single(form) and grants.get(form.grant or "")
        local app = grant and state.app_by_client(grant.client_id)

        if not app or not grants.withdraw(app, users.by_id(grant.user)) then
            return pages.problem("There is no such app.")
        end

        return answer.redirect("/user/installed")
    end

    local list = {}

    for _, grant in ipairs(grants.list()) do
        if grant.state == "live" then
            list[#list + 1] = grant
        end
    end

    return pages.installed(list)
end


function _M.run()
    if ngx.req.get_method() == "POST" then
        return answered()
    end

    return ask()
end


return _M
