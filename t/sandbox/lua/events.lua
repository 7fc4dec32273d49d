-- What Zoom tells of, and to whom: the apps of an account, or the one app that
-- lost a user.

local jwt = require "jwt"
local state = require "state"
local webhooks = require "webhooks"

local _M = {}

local OWNER = "OwnerOfTheAccount00001"


-- To all Server-to-Server apps that have a webhook, those of one account or of
-- every.
local function tell(event, account_id, payload)
    for _, app in ipairs(state.get().apps) do
        if app.webhook and app.s2s ~= false
            and (not account_id or account_id == app.account_id)
        then
            payload.account_id = app.account_id
            webhooks.send(app, { event = event, payload = payload })
        end
    end
end


function _M.of_user(event, user, more)
    local payload = more or {}

    payload.operator = "owner@example.com"
    payload.operator_id = OWNER
    payload.object = {
        id = user.id, email = user.email, type = user.type,
        first_name = user.first_name or "", last_name = user.last_name or "",
        display_name = user.display_name,
    }

    tell(event, event ~= "user.disassociated" and user.account_id or nil,
         payload)
end


function _M.of_meeting(event, meeting)
    local now = os.date("!%Y-%m-%dT%H:%M:%SZ", state.now())

    tell(event, nil, {
        object = {
            id = meeting.id, uuid = meeting.uuid, host_id = OWNER,
            topic = "A meeting", type = 2, timezone = "UTC", duration = 60,
            start_time = now,
            end_time = event == "meeting.ended" and now or nil,
        },
    })
end


function _M.deauthorized(app, user)
    if not app.webhook then
        return
    end

    webhooks.send(app, {
        event = "app_deauthorized",
        payload = {
            account_id = user.account_id or app.account_id,
            user_id = user.id,
            client_id = app.client_id,
            signature = jwt.hex(jwt.random(32)),
            deauthorization_time = os.date("!%Y-%m-%dT%H:%M:%S.000Z",
                                           state.now()),
        },
    })
end


return _M
