-- GET /v2/users/{id}/token: ZAKs and OBF tokens.

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


function _M.run(call)
    local args, user = call.args, users.find(call.name)

    if not user then
        return users.unknown(call.name)
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

    -- The code was reported, of its words only "pending state".
    if user.status == "pending" then
        return answer.refuse(400, 1000, "The user is in pending state.")
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

    -- The bot comes on behalf of somebody who is there.
    if state.get().absent[user.email] then
        return answer.refuse(400, 3000, "The user is not in the meeting.")
    end

    return give("onbehalf", user, make(call.app, call.name, user, ttl,
                { { "obf", true }, { "mid", meeting } }))
end


return _M
