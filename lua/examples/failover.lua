-- When an account is broken, or Zoom fails for it, another one serves.
--
--     zoom_lua_accounts backup;
--
-- The first is asked each time: while it is known to fail that costs nothing,
-- and now and then it is how the module finds out that it works again.

local users = {
    acme = "bots@example.com",
    backup = "bots@backup.example",
}

-- what another account would not mend
local final = {
    user_unknown = true,
}

return function(bot)
    local token, err = zoom.mint{
        account = "acme",
        user = users.acme,
        timeout = 4,
    }

    if token then
        return { zak_token = token }
    end

    if final[err] then
        return nil, "acme: " .. err
    end

    zoom.log("warn", "acme: ", err, ", the backup serves")

    return { account = "backup", user = users.backup }
end
