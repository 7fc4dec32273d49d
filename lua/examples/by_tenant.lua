-- A user for each tenant.  Who it is comes from the proof that held (as= in
-- zoom_authenticate), not from what the bot says of itself.

local users = {
    tenant1 = "bots@tenant1.example",
    tenant2 = "bots@tenant2.example",
}

return function(bot)
    local user = users[bot.caller]

    if not user then
        return nil, "no user for caller " .. bot.caller
    end

    return user
end
