-- Random arguments for every function of "zoom", the same in both hosts for
-- the same seed: see t/lua_prop.t.

local random = {}

local NAMES = {
    "account", "user", "type", "ttl", "meeting_id", "webinar", "fresh",
    "bypass_waiting_room", "timeout", "path", "method", "args", "body",
    "label", "role", "scheme", "secret", "as", "", "user\0", 1, -1, 0.5, true,
}

local TEXTS = {
    "", "acme", "nowhere", "acme\0", "bots@example.com", "me", "zak",
    "onbehalf", "local_recording", "123456789", "12345678901234567890", "\0",
    "a\0b", "\r\nX: y", "/users", "/users/../x", "/users/bots@example.com",
    "users", "GET", "PATCH", "DELETE", "light", "host", "off", "attendee",
    "arg=x", ("x"):rep(200), ("x"):rep(9000), ("\255"):rep(70), "%s%n%d",
    "https://zoom.us/j/123456789?pwd=a", "{}", "1e999", "nan",
}

local NUMBERS = {
    0, 1, -1, 0 / 0, 1 / 0, -1 / 0, 0.001, 0.5, 60, 1800, 123456789,
    123456789.5, -123456789, 2 ^ 31, 2 ^ 53, 2 ^ 63, 1e300, -1e300, 5e-324,
}

-- What each returns that is no error.
local RETURNS = {
    mint = "string", access_token = "string", sdk_signature = "string",
    account = "table", parse_meeting = "table", request = "table",
    pages = "table", purge = "number", authenticate = "string",
    callback = "table",
}

local ERRORS = {
    timeout = true, rate_limited = true, zoom_unavailable = true,
    overloaded = true, zoom_invalid = true, zoom_refused = true,
    user_unknown = true, meeting_unknown = true, no_meeting = true,
    unauthenticated = true, bad_callback = true,
}


-- An own generator: that of Lua is another one in each host.
local function generator(seed)
    return function(n)
        seed = (seed * 16807) % 2147483647

        return seed % n + 1
    end
end


local function one(draw, list)
    return list[draw(#list)]
end


-- Any value; "odd" are those of the host.
local function value(draw, odd, depth)
    local kind = draw(12)

    if kind <= 4 then
        return one(draw, TEXTS)
    elseif kind <= 6 then
        return one(draw, NUMBERS)
    elseif kind == 7 then
        return draw(2) == 1
    elseif kind == 8 then
        return one(draw, odd)
    elseif depth > 3 then
        return {}
    end

    local list = {}

    for i = 1, draw(4) - 1 do
        local member = value(draw, odd, depth + 1)

        if kind <= 10 then
            list[i] = member
        else
            list[one(draw, NAMES)] = member
        end
    end

    if kind == 12 and draw(4) == 1 then
        list.again = list
    end

    return list
end


-- What it is good for, more often than not.
local FIT = {
    account = { "acme" }, user = { "bots@example.com", "bots@t1.example" },
    type = { "zak", "onbehalf" }, ttl = { 60, 7200, 172800 },
    meeting_id = { "123456789", 123456789 }, timeout = { 1, 2.5 },
    path = { "/users", { "users", "bots@example.com" } },
    method = { "GET", "POST" }, args = { { page_size = 1 } },
    body = { { a = 1 }, "{}" }, label = { "light", "heavy" },
    role = { "host", "participant" }, fresh = { true, false },
}

local TAKES = {
    mint = { "user", "type", "ttl", "meeting_id", "fresh", "timeout" },
    access_token = { "timeout" },
    sdk_signature = { "meeting_id", "role", "ttl" },
    request = { "path", "method", "args", "body", "label", "timeout" },
    pages = { "path", "args", "label" },
    purge = { "user" },
    authenticate = { "scheme", "secret", "as" },
}


local function arguments(draw, odd, name)
    if not TAKES[name] or draw(12) == 1 then
        return value(draw, odd, 0)
    end

    local args = { account = "acme" }

    for _, key in ipairs(TAKES[name]) do
        if FIT[key] and draw(3) > 1 then
            args[key] = one(draw, FIT[key])
        end
    end

    for _ = 1, draw(3) - 1 do
        args[draw(2) == 1 and one(draw, TAKES[name]) or one(draw, NAMES)] =
            value(draw, odd, 1)
    end

    return args
end


-- How it went, in a word, and whether that may be.
local function judge(name, ok, got, err, info)
    if not ok then
        return "raised " .. tostring(got), false
    end

    if got then
        return "ok", type(got) == RETURNS[name]
    end

    if type(err) ~= "string" or (info ~= nil and type(info) ~= "table") then
        return "no error", false
    end

    -- a script has one of its location
    if err == 'bad argument: "account" is missing' then
        return "no_account", true
    end

    if err:find("^bad argument: .") then
        return "bad", true
    end

    return err, ERRORS[err] == true
end


-- Each of "names" in turn, "n" calls in all; a line for each.
function random.run(zoom, names, odd, seed, n)
    local draw = generator(seed)
    local lines = {}

    for i = 1, n do
        local name = names[(i + seed) % #names + 1]
        local args = arguments(draw, odd, name)
        local f = zoom[name]

        if name == "pages" then
            local iterate = f(args)

            f = function() return iterate() end
        end

        local word, may = judge(name, pcall(f, args))

        lines[i] = (may and "" or "FAILED ") .. name .. " " .. word
    end

    return table.concat(lines, "\n")
end


return random
