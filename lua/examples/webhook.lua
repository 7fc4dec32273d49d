-- Which of Zoom's webhooks the application behind gets.
--
--     location = /zoom-webhook {
--         zoom_webhook              acme;
--         zoom_webhook_by_lua_file  /etc/nginx/zoom/webhook.lua;
--         proxy_pass                http://app;
--     }

-- minutes
local shortest = 2

return function(event)
    if event.event == "user.deactivated" then
        zoom.log("error", "somebody has deactivated ", event.email or "a user")
    end

    if event.event ~= "recording.completed" then
        return
    end

    local recording = zoom.json_decode(event.body).payload.object
    local duration = recording.duration

    -- what returns nil and a reason is answered with 204, and goes no further
    if type(duration) == "number" and duration < shortest then
        return nil, "a recording of " .. duration .. " minutes"
    end
end
