-- The device grant of RFC 8628: codes, polls, and the page where a person
-- types one in.

local cjson = require "cjson.safe"
local access = require "access"
local answer = require "answer"
local clients = require "clients"
local forms = require "forms"
local jwt = require "jwt"
local pages = require "pages"
local state = require "state"
local users = require "users"

local dict = ngx.shared.grants

local _M = {}

local LETTERS = "BCDFGHJKLMNPQRSTVWXZ"


local function user_code()
    local letters = jwt.random(8):gsub(".", function (c)
        local at = c:byte() % #LETTERS + 1

        return LETTERS:sub(at, at)
    end)

    return letters:sub(1, 4) .. "-" .. letters:sub(5)
end


local function load(key)
    return cjson.decode(dict:get(key) or "")
end


-- One that is over is remembered for as long again, to be told so.
local function save(device)
    dict:set("device:" .. device.hash, cjson.encode(device),
             2 * device.expires_in)
end


local function is_over(device)
    return ngx.now() - device.born >= device.expires_in
end


-- POST /oauth/devicecode
function _M.start()
    local form = forms.body()
    local args = ngx.req.get_uri_args()

    if ngx.req.get_method() ~= "POST" or not forms.is_single(form)
        or not forms.is_single(args)
    then
        return answer.oauth_refuse("invalid_request", "Bad Request")
    end

    form.client_id = form.client_id or args.client_id

    local app = clients.authenticate(form)

    if not app then
        return
    end

    if not app.device or form.client_id ~= app.client_id then
        return answer.oauth_refuse("unauthorized_client",
                                   "The app can't be used on a device.")
    end

    local settings = state.get().device
    local code = access.remember("device", jwt.base64url(jwt.random(36)))
    local device = {
        hash = ngx.md5(code), client_id = app.client_id, born = ngx.now(),
        expires_in = tonumber(settings.expires_in),
        interval = tonumber(settings.interval),
        user_code = user_code(), state = "pending",
    }

    save(device)
    dict:set("user_code:" .. device.user_code, device.hash,
             device.expires_in)

    local uri = ngx.var.scheme .. "://" .. ngx.var.http_host
                .. "/oauth/device"

    return answer.json(200, {
        device_code               = code,
        user_code                 = device.user_code,
        verification_uri          = uri,
        verification_uri_complete = uri .. "?user_code=" .. device.user_code,
        expires_in                = settings.expires_in,
        interval                  = settings.interval,
    })
end


-- Told once for each that is too early, and for as many as a test wants.
local function too_early(device)
    ngx.update_time()

    local now, last = ngx.now(), device.polled
    local slow = state.get().device.slow_down

    device.polled = now

    if slow > 0 then
        state.change(function (s) s.device.slow_down = slow - 1 end)
    elseif not last or now - last >= device.interval - 0.05 then
        return false
    end

    device.interval = device.interval + 5
    return true
end


-- The user who said yes, once; or nil, error and reason.
function _M.poll(app, form)
    local device = load("device:" .. ngx.md5(form.device_code or ""))

    if not device or device.client_id ~= app.client_id then
        return nil, "invalid_grant", "Invalid device code."
    end

    if device.state == "spent" or device.state == "pending"
        and is_over(device)
    then
        return nil, "expired_token", "The device code has expired."
    end

    local early = too_early(device)
    local verdict = device.state

    if verdict == "allowed" and not early then
        device.state = "spent"
    end

    save(device)

    if verdict == "denied" then
        return nil, "access_denied", "The user denied the request."
    elseif early then
        return nil, "slow_down", "Polling too fast."
    elseif verdict == "pending" then
        return nil, "authorization_pending", "Authorization is pending."
    end

    return users.by_id(device.user)
end


local function find(code)
    code = code:upper():gsub("[^A-Z]", "")

    local hash = dict:get("user_code:" .. code:sub(1, 4) .. "-"
                          .. code:sub(5))
    local device = hash and load("device:" .. hash)

    if device and device.state == "pending" and not is_over(device) then
        return device
    end
end


local function decide(form)
    local device = find(form.user_code or "")
    local user = users.by_email(form.user or "")

    if not device then
        return pages.problem("This code is not known, or no longer.")
    end

    if form.decision ~= "deny" and not user then
        return pages.problem("There is no such user.")
    end

    device.state = form.decision == "deny" and "denied" or "allowed"
    device.user = user and user.id
    save(device)

    return pages.device_done(device.state)
end


-- GET and POST /oauth/device
function _M.page()
    if ngx.req.get_method() == "POST" then
        local form = forms.body()

        return forms.is_single(form) and decide(form)
               or pages.problem("That is no form of ours.")
    end

    local code = ngx.req.get_uri_args().user_code
    local device = type(code) == "string" and find(code)

    return pages.device(type(code) == "string" and code or "",
                        device and state.app_by_client(device.client_id))
end


return _M
