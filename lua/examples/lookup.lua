-- A table of users that others keep: data/users.json, below zoom_lua_path,
-- read again at each reload.  What several scripts need is in a module.

local users = zoom.json_file("data/users.json")
local names = require("names")

return function(bot)
    local tenant = bot.metadata.tenant

    if not tenant then
        return nil, "the bot has no tenant"
    end

    local found = users[names.plain(tenant)]

    if not found then
        return nil, "no such tenant: " .. tenant
    end

    return { user = found.user, ttl = found.ttl }
end
