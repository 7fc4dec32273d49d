-- GET /v2/{meetings,webinars}/{id}/jointoken/{what}: what lets a bot record or
-- stream.

local access = require "access"
local answer = require "answer"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"

local _M = {}

local KINDS = { local_recording = true, live_streaming = true,
                local_archiving = true }


function _M.is_kind(kind)
    return KINDS[kind]
end


-- Those of the account: meetings and webinars are told apart by the first
-- digit, and ids that begin with 404 have never been either.
function _M.exists(id, of)
    if #id < 9 or #id > 11 or id:sub(1, 3) == "404" then
        return false
    end

    return (of == "webinars") == (id:sub(1, 1) == "9")
end


-- Any other value is not one of a boolean; webinars have no waiting room.
local function is_bypass(call)
    local bypass = call.args.bypass_waiting_room

    if bypass == nil then
        return true
    end

    return call.of == "meetings" and call.kind == "local_recording"
           and (bypass == "true" or bypass == "false")
end


-- Not a JWT: nothing promises that it is one.
function _M.run(call)
    local id, join = call.name, state.get().join

    if join.oauth2_only and not call.app.user then
        return answer.refuse(400, 124,
                             "This API only supports OAuth2 authorization.")
    end

    if not id:match("^%d+$") then
        return answer.refuse(404, 300, "Invalid meeting id.")
    end

    if not _M.exists(id, call.of) then
        return answer.refuse(404, 3001, (call.of == "webinars" and "Webinar"
                                         or "Meeting") .. " does not exist: "
                                        .. id .. ".")
    end

    if not is_bypass(call) then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    stats.count("mints", call.kind, id)

    return answer.json(200, {
        expire_in = join.expire_in,
        token = access.remember(call.kind, join.text or state.get().canary
                                .. jwt.base64url(jwt.random(96))),
    })
end


return _M
