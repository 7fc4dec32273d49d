-- Each tenant has a bot user of its own, which is made at Zoom when the first
-- bot of the tenant comes.
--
--     zoom_lua_allow users;
--
-- The domain has to be one that the account manages at Zoom.  Whoever can send
-- callbacks as many tenants could have as many users made: what may become a
-- caller is said by zoom_authenticate.

local known = {}

return function(bot)
    local user = "bots-" .. bot.caller .. "@example.com"

    if known[user] then
        return user
    end

    local there, err = zoom.users.get{ user = user }

    if not there and err == "user_unknown" then
        there, err = zoom.users.create{
            action = "autoCreate",
            email = user,
            display_name = "Notes for " .. bot.caller,
        }
    end

    -- another bot was faster
    if not there and err ~= "user_exists" then
        return nil, "no user for " .. bot.caller .. ": " .. err
    end

    known[user] = true

    return user
end
