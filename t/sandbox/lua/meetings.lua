-- Who is in which meeting.
--
-- People come and go by a command; bots join with what they were given, and
-- Zoom ends the earlier of two that show the same user in one meeting.

local cjson = require "cjson.safe"
local events = require "events"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"
local tokens = require "tokens"
local users = require "users"

local dict = ngx.shared.meetings

local _M = {}


function _M.reset()
    dict:flush_all()
    dict:flush_expired()
end


local function load(id)
    return cjson.decode(dict:get(id) or "")
           or { id = id, uuid = ngx.encode_base64(jwt.random(16)),
                last = 0, people = {}, bots = {}, thrown_out = 0 }
end


local function save(meeting)
    dict:set(meeting.id, cjson.encode(meeting))
end


function _M.list()
    local list = {}

    for _, id in ipairs(dict:get_keys(0)) do
        if id:sub(1, 6) ~= "spent:" then
            list[#list + 1] = load(id)
        end
    end

    return list
end


local function named(value)
    return assert(users.find(value.user), "no such user"),
           load(tostring(value.meeting))
end


function _M.enter(value)
    local user, meeting = named(value)

    meeting.people[user.id] = user.email
    save(meeting)
end


-- Whoever is there on behalf of somebody goes along.
function _M.leave(value)
    local user, meeting = named(value)
    local stay = {}

    for _, bot in ipairs(meeting.bots) do
        if not bot.obf or bot.user ~= user.id then
            stay[#stay + 1] = bot
        end
    end

    meeting.people[user.id] = nil
    meeting.bots = stay
    save(meeting)
end


function _M.has(id, user)
    return load(id).people[user.id] ~= nil
end


function _M.finish(id)
    local meeting = load(tostring(id))

    dict:delete(meeting.id)
    events.of_meeting("meeting.ended", meeting)
end


-- What Zoom looks at when somebody joins.
local function claims_of(request)
    local obf = request.obf ~= nil
    local claims = tokens.open(request.obf or request.zak or "")

    if not claims or claims.exp <= state.now()
        or (claims.obf or false) ~= obf
    then
        return nil, "the token is none, or too old"
    end

    local user = users.by_id(claims.zid)

    if not user or user.status ~= "active" then
        return nil, "the user can't sign in"
    end

    if claims.mid and claims.mid ~= request.meeting then
        return nil, "the token is for another meeting"
    end

    return claims
end


-- One of Zoom's pages says that an OBF token is good once.
local function is_spent(claims)
    return claims.obf and state.get().single_use
           and not dict:add("spent:" .. claims.jti, 1)
end


-- The number of the participant, and those whom that one has thrown out.
function _M.join(request)
    local claims, err = claims_of(request)

    if not claims then
        return nil, err
    end

    local meeting = load(request.meeting)
    local stay, ended = {}, {}

    if request.obf and not meeting.people[claims.zid] then
        return nil, "the user is not in the meeting"
    end

    if is_spent(claims) then
        return nil, "the token has been used"
    end

    for _, bot in ipairs(meeting.bots) do
        local same = bot.user == claims.zid and not request.obf
                     and not bot.obf

        table.insert(same and ended or stay, same and bot.number or bot)
    end

    meeting.last = meeting.last + 1
    meeting.thrown_out = meeting.thrown_out + #ended
    stay[#stay + 1] = { number = meeting.last, user = claims.zid,
                        obf = request.obf ~= nil }
    meeting.bots = stay
    save(meeting)

    stats.count("joins")

    for _ = 1, #ended do
        stats.count("thrown_out")
    end

    return { participant = meeting.last, ended = ended }
end


return _M
