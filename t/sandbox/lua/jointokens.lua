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


-- Not a JWT: nothing promises that it is one.
function _M.run(call)
    local id = call.name

    if not id:match("^%d+$") then
        return answer.refuse(404, 300, "Invalid meeting id.")
    end

    -- Ids that begin with 404 have never been a meeting.
    if #id < 9 or #id > 11 or id:sub(1, 3) == "404" then
        return answer.refuse(404, 3001, "Meeting does not exist: " .. id
                                        .. ".")
    end

    stats.count("mints", call.kind, id)

    return answer.json(200, {
        expire_in = 120,
        token = access.remember(call.kind, state.get().canary
                                .. jwt.base64url(jwt.random(96))),
    })
end


return _M
