-- A pool of users for each tenant, and no user twice in one meeting: see
-- zoom_pool.  Pools have the names of the callers, as in zoom_authenticate.

return function(bot)
    local pool, err = zoom.pool(bot.caller)

    if not pool then
        return nil, "no pool for " .. bot.caller .. ": " .. err
    end

    local user

    user, err = pool:pick{ distinct = bot.meeting_id }

    if not user then
        return nil, "pool " .. bot.caller .. ": " .. err
    end

    return user
end
