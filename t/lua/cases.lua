-- What both hosts of "zoom" do alike: see t/lua_table.t.  Each case returns
-- what is shown; none returns a token.

local cases = {}


-- A token's answer, without the token.
local function answer(token, err, info)
    if type(info) == "table" then
        info.tracking_id = info.tracking_id and "yes"
        info.expires = info.expires and info.expires > 1.6e9 and "yes"
        info.retry_after = info.retry_after and "yes"
    end

    return token and type(token) .. (#token > 20 and "" or "?"), err, info
end


local function mint(zoom, args)
    args.account = args.account or "acme"

    return answer(zoom.mint(args))
end


function cases.zak_miss(zoom)
    return mint(zoom, { user = "bots@t1.example", fresh = true })
end

function cases.zak_hit(zoom)
    mint(zoom, { user = "bots@t1.example" })

    return mint(zoom, { user = "bots@t1.example", type = "zak" })
end

function cases.same_token(zoom)
    local args = { account = "acme", user = "bots@t1.example" }

    return zoom.mint(args) == zoom.mint(args)
end

function cases.onbehalf(zoom)
    return mint(zoom, { user = "bots@t1.example", type = "onbehalf",
                        meeting_id = "123456789" })
end

function cases.onbehalf_number(zoom)
    return mint(zoom, { user = "bots@t1.example", type = "onbehalf",
                        meeting_id = 12345678901 })
end

function cases.local_recording(zoom)
    return mint(zoom, { type = "local_recording", meeting_id = 123456789,
                        bypass_waiting_room = true })
end

function cases.live_streaming(zoom)
    return mint(zoom, { type = "live_streaming", meeting_id = "123456789" })
end

function cases.local_archiving(zoom)
    return mint(zoom, { type = "local_archiving", meeting_id = "123456789",
                        webinar = false })
end

function cases.ttl(zoom)
    return mint(zoom, { user = "bots@t1.example", ttl = 600.9, timeout = 60 })
end

function cases.user_unknown(zoom)
    return mint(zoom, { user = "nobody@example.com" })
end

function cases.meeting_unknown(zoom)
    return mint(zoom, { type = "local_recording", meeting_id = 404999999 })
end

function cases.not_allowed(zoom)
    return mint(zoom, { user = "owner@example.com" })
end


-- while Zoom is slow
function cases.timeout(zoom)
    return mint(zoom, { user = "bots@t2.example", timeout = 0.3,
                        fresh = true })
end

function cases.stale(zoom)
    return mint(zoom, { user = "bots@t1.example", timeout = 0.3,
                        fresh = true })
end


function cases.access_token(zoom)
    return answer(zoom.access_token{ account = "acme" })
end

function cases.access_token_end(zoom)
    return (zoom.access_token{ account = "acme", timeout = 1 }):sub(-6)
end

function cases.access_token_user(zoom)
    return zoom.access_token{ account = "acme", user = "bots@t1.example" }
end

function cases.access_token_timeout(zoom)
    return zoom.access_token{ account = "acme", timeout = 0 }
end


local LINKS = {
    "https://us02web.zoom.us/j/85123456789?pwd=Zm9v.1",
    "https://zoom.us/w/85123456789?tk=abc.def",
    "85123456789",
    "https://zoom.us.evil.example/j/85123456789",
    "",
    ("x"):rep(3000),
    false,
    12345678901,
}

for i, link in ipairs(LINKS) do
    cases["link_" .. i] = function(zoom)
        return zoom.parse_meeting(link)
    end
end

function cases.link_none(zoom)
    return zoom.parse_meeting()
end


function cases.account(zoom)
    local account = zoom.account("acme")

    -- these change with time
    account.wait = type(account.wait)

    for _, limit in pairs(account.limits) do
        limit.wait = type(limit.wait)
    end

    if account.last then
        account.last.tracking_id = type(account.last.tracking_id)
    end

    account.access_expires = type(account.access_expires)

    return account
end

function cases.account_number(zoom) return zoom.account(7) end
function cases.account_boolean(zoom) return zoom.account(true) end
function cases.account_other(zoom) return zoom.account("nowhere") end
function cases.account_empty(zoom) return zoom.account("") end


function cases.purge(zoom)
    mint(zoom, { user = "bots@t1.example" })

    return zoom.purge{ account = "acme", user = "bots@t1.example" }
end

function cases.purge_me(zoom)
    return zoom.purge{ account = "acme", user = "me" }
end

function cases.purge_odd(zoom)
    return zoom.purge{ account = "acme", user = "bots@t1.example", all = true }
end

function cases.purge_number(zoom)
    return zoom.purge{ account = "acme", user = 1 }
end

function cases.purge_other(zoom)
    return zoom.purge{ account = "nowhere", user = "bots@t1.example" }
end

function cases.purge_text(zoom) return zoom.purge("acme") end


-- What is wrong with one argument of zoom.mint, beside those that are good.
cases.bad = {
    account_number = { "account", 7 },
    account_empty = { "account", "" },
    account_other = { "account", "nowhere" },
    user_empty = { "user", "" },
    user_me = { "user", "me" },
    user_path = { "user", "../x" },
    user_long = { "user", ("x"):rep(5000) },
    user_table = { "user", {} },
    user_number = { "user", 12 },
    misspelled = { "usr", "x" },
    misspelled_zero = { "user\0", "x" },
    numbered = { 1, "x" },
    type_odd = { "type", "token" },
    type_access = { "type", "access" },
    type_number = { "type", 1 },
    meeting_none = { "type", "onbehalf" },
    meeting_text = { "meeting_id", "12345678a", "onbehalf" },
    meeting_link = { "meeting_id", "https://zoom.us/j/123456789", "onbehalf" },
    meeting_short = { "meeting_id", 1.5, "onbehalf" },
    meeting_broken = { "meeting_id", 123456789.5, "onbehalf" },
    meeting_large = { "meeting_id", 1e300, "onbehalf" },
    meeting_nan = { "meeting_id", 0 / 0, "onbehalf" },
    meeting_negative = { "meeting_id", -123456789, "onbehalf" },
    meeting_boolean = { "meeting_id", true, "onbehalf" },
    ttl_low = { "ttl", 59 },
    ttl_high = { "ttl", 1e300 },
    ttl_nan = { "ttl", 0 / 0 },
    ttl_text = { "ttl", "600" },
    timeout_zero = { "timeout", 0 },
    timeout_negative = { "timeout", -1 },
    timeout_high = { "timeout", 61 },
    timeout_nan = { "timeout", 0 / 0 },
    timeout_text = { "timeout", "1" },
    fresh_number = { "fresh", 1 },
    webinar_text = { "webinar", "yes" },
    bypass_number = { "bypass_waiting_room", 0 },
}

for name, argument in pairs(cases.bad) do
    cases["bad_" .. name] = function(zoom)
        local args = { account = "acme", user = "bots@t1.example",
                       type = argument[3] }

        args[argument[1]] = argument[2]

        return answer(zoom.mint(args))
    end
end

function cases.no_table(zoom) return zoom.mint() end
function cases.text(zoom) return zoom.mint("acme") end


-- Any value, in a way that is the same everywhere.
local function show(value)
    if type(value) == "number" then
        return ("%.14g"):format(value)
    end

    if type(value) ~= "table" then
        return tostring(value)
    end

    local list = {}

    for name, member in pairs(value) do
        list[#list + 1] = tostring(name) .. "=" .. show(member)
    end

    table.sort(list)

    return "{" .. table.concat(list, ",") .. "}"
end


-- What a case returns, from the first to the last that is not nil.
function cases.run(name, zoom)
    local values = { cases[name](zoom) }
    local n = 0

    for i in pairs(values) do
        n = math.max(n, i)
    end

    local list = {}

    for i = 1, n do
        list[i] = show(values[i])
    end

    return table.concat(list, " ")
end


return cases
