-- Meetings and tenants that get no bot.  What is returned beside nil goes to
-- the log; the caller sees 403.

local meetings = {
    ["999999999"] = "the board's",
}

local callers = {
    leaver = true,
}

return function(bot)
    if meetings[bot.meeting_id] then
        return nil, "meeting " .. bot.meeting_id .. " is "
                    .. meetings[bot.meeting_id]
    end

    if callers[bot.caller] then
        return nil, "caller " .. bot.caller .. " is on the list"
    end
end
