-- Meetings that we host: the bot joins with the host's own ZAK, which lets it
-- past the waiting room.  Other meetings: zoom_user decides.
--
-- data/hosts.json, below zoom_lua_path: { "123456789": "host@example.com" }

local hosts = zoom.json_file("data/hosts.json")

return function(bot)
    return hosts[bot.meeting_id]
end
