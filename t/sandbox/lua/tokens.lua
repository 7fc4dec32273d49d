-- GET /v2/users/{id}/token and /users/me/zak: ZAKs and OBF tokens.

local access = require "access"
local answer = require "answer"
local jointokens = require "jointokens"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"
local users = require "users"

local _M = {}

local KEY = "not Zoom's other key"
local YEAR = 365 * 24 * 3600


-- "uid" says for whom a test asked: the e-mail or the id of the user, as
-- registered.
local function uid_of(name, user)
    return name:find("@", 1, true) and user.email or user.id
end


local function make(app, name, user, ttl, extra)
    local zak, now = state.get().zak, state.now()

    if zak.text then
        return zak.text
    end

    local claims = {
        { "aud", "clientsm" },
        { "uid", uid_of(name, user) },
        { "zid", user.id },
        { "iss", "web" },
        { "aid", app.account_id },
        { "iat", now },
        { "exp", now + (zak.exp or ttl) },
        { "jti", jwt.base64url(jwt.random(12)) },
    }

    for _, claim in ipairs(extra or {}) do
        claims[#claims + 1] = claim
    end

    return jwt.make(KEY, access.header(), claims, zak.bytes)
end


local function give(kind, user, token)
    stats.count("mints", kind, user.email)

    return answer.json(200, { token = access.remember(kind, token) })
end


local function ttl_of(args)
    local ttl = args.ttl == nil and 7200 or tonumber(args.ttl)

    if ttl and ttl >= 1 and ttl <= YEAR and ttl % 1 == 0 then
        return ttl
    end
end


-- Its claims, if it is one of ours.
function _M.open(token)
    return jwt.open(KEY, token)
end


-- The bot comes on behalf of somebody who is there.
local function is_there(user, meeting)
    local presence = state.get().presence

    if state.get().absent[user.email] then
        return false
    end

    return not presence or not meeting
           or require("meetings").has(meeting, user)
end


local function not_there()
    local how = state.get().presence

    how = type(how) == "table" and how or {}

    return answer.refuse(how.status or 400, how.code or 3000,
                         how.message or "The user is not in the meeting.")
end


-- The ZAK of the user whose token asks; it lives five minutes.
function _M.zak(call)
    local user = call.app.user

    if not user then
        return answer.refuse(400, 1001, "User does not exist.")
    end

    return give("zak", user, make(call.app, "me", user, 300))
end


function _M.run(call)
    local args, user = call.args, users.of(call)

    if not user then
        return
    end

    stats.count("users", user.email)

    -- Retired years ago, still the default, still 200.
    if args.type ~= "zak" and args.type ~= "onbehalf" then
        return answer.json(200, { token = "Token is no longer supported. "
                                          .. "Use the ZAK instead." })
    end

    local ttl = ttl_of(args)

    if not ttl then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    if not users.can_sign_in(user, call.name) then
        return
    end

    if args.type == "zak" then
        return give("zak", user, make(call.app, call.name, user, ttl))
    end

    local meeting = args.meeting_id

    -- Zoom's document has it optional.
    if meeting ~= nil
        and (type(meeting) ~= "string" or not meeting:match("^%d+$"))
    then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    if meeting and not jointokens.exists(meeting, "meetings")
        and not jointokens.exists(meeting, "webinars")
    then
        return answer.refuse(404, 3001, "Meeting does not exist: " .. meeting
                                        .. ".")
    end

    if not is_there(user, meeting) then
        stats.count("early", user.email)
        return not_there()
    end

    return give("onbehalf", user, make(call.app, call.name, user, ttl,
                { { "obf", true }, { "mid", meeting } }))
end


return _M
