-- Many meetings over a few bot users, the same meeting always with the same
-- one: a ZAK that is there already serves again.

local bots = {
    "bot1@example.com",
    "bot2@example.com",
    "bot3@example.com",
}

return function(bot)
    local key = bot.meeting_id or bot.bot_id or ""

    return bots[zoom.hash(key) % #bots + 1]
end
