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

-- Of no concern to a ZAK.
function cases.zak_meeting(zoom)
    return mint(zoom, { user = "bots@t1.example", fresh = true,
                        meeting_id = ("x"):rep(9000) })
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


function cases.stale_after(zoom)
    return mint(zoom, { user = "bots@t1.example" })
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
    meeting_none = { "type", "local_recording" },
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


-- The signature itself: it is checked there, and opens nothing.
function cases.signature(zoom)
    local text, err, info = zoom.sdk_signature{
        account = "acme", meeting_id = 123456789, role = "host", ttl = 3600.7,
    }

    return text, err, info.sdk_key, info.expires
end

function cases.signature_default(zoom)
    local text, err, info = zoom.sdk_signature{ account = "acme",
                                                meeting_id = "12345678901" }

    return text, err, info.sdk_key, info.expires
end

local SIGNATURE = {
    odd = { "key", "x" },
    account_other = { "account", "nowhere" },
    account_plain = { "account", "plain" },
    account_number = { "account", 7 },
    meeting_none = { "meeting_id", nil },
    meeting_short = { "meeting_id", "1" },
    meeting_broken = { "meeting_id", 123456789.5 },
    meeting_table = { "meeting_id", {} },
    role_odd = { "role", "owner" },
    role_empty = { "role", "" },
    role_zero = { "role", "host\0" },
    role_number = { "role", 1 },
    ttl_low = { "ttl", 1799 },
    ttl_high = { "ttl", 172801 },
    ttl_nan = { "ttl", 0 / 0 },
    ttl_text = { "ttl", "1800" },
}

for name, argument in pairs(SIGNATURE) do
    cases["signature_" .. name] = function(zoom)
        local args = { account = "acme", meeting_id = "123456789" }

        args[argument[1]] = argument[2]

        return answer(zoom.sdk_signature(args))
    end
end

function cases.signature_text(zoom) return zoom.sdk_signature("acme") end


-- Any request: what came back, but for the order of an object's members.
local function send(zoom, args)
    args.account = args.account or "acme"

    local got, err, info = zoom.request(args)

    if type(info) == "table" then
        info.tracking_id = info.tracking_id and "yes"
        info.reason = info.reason and "yes"
        info.retry_after = info.retry_after and "yes"
    end

    if not got then
        return nil, err, info
    end

    local list = {}

    for member in got.body:gmatch("[^,{}%[%]]+") do
        list[#list + 1] = member
    end

    table.sort(list)

    return got.status, got.headers["content-type"], got.body,
           table.concat(list, ",")
end


-- Without what it was made of.
local function sorted(status, kind, text, list)
    if not status then
        return nil, kind, text
    end

    return status, kind, list
end


function cases.request(zoom)
    return sorted(send(zoom, { path = "/users/bots@t1.example" }))
end

function cases.request_segments(zoom)
    return sorted(send(zoom, { path = { "users", "bots@t1.example" },
                               label = "light" }))
end

function cases.request_headers(zoom)
    local got = zoom.request{ account = "acme", path = "/users" }
    local names = {}

    for name in pairs(got.headers) do
        names[#names + 1] = name
    end

    table.sort(names)

    return table.concat(names, " ")
end

function cases.request_refused(zoom)
    return sorted(send(zoom, { path = "/users/nobody@example.com",
                               args = {} }))
end

function cases.request_list(zoom)
    local status, _, list = sorted(send(zoom, { path = "/users",
        args = { page_size = 1, status = "active" } }))

    return status, (list:gsub('"next_page_token":"[^"]*"', ""))
end

function cases.request_patch(zoom)
    local status = send(zoom, {
        method = "PATCH", path = "/users/bots@t2.example",
        body = { first_name = 'q"\\/\n\t\1\127 é', last_name = "", n = 1.5,
                 list = { 1, "2", { true, false } }, deep = { a = { b = 3 } },
                 id = 12345678901 },
    })
    local _, _, text = send(zoom, { path = "/users/bots@t2.example" })

    text = text:match('"first_name":(".-[^\\]")[,}]')

    return status, (text:gsub("\\/", "/"))
end

function cases.request_patch_text(zoom)
    local status = send(zoom, {
        method = "PATCH", path = "/users/bots@t2.example",
        body = '{"first_name":"Plain"}',
    })
    local _, _, text = send(zoom, { path = "/users/bots@t2.example" })

    return status, text:match('"first_name":"%w*"')
end

-- The stand-in tells whether it understood.
function cases.request_post(zoom)
    local status, _, text = send(zoom, { path = "/users", body = {
        action = "create",
        user_info = { email = "new@example.com", type = 1 },
    } })

    local id = text:match('"id":"([^"]*)"')
    local gone = send(zoom, { method = "DELETE", path = { "users", id },
                              args = { action = "delete" } })

    return status, gone, (send(zoom, { path = { "users", id } }))
end

function cases.request_post_bad(zoom)
    return (send(zoom, { path = "/users", body = "{}" }))
end

-- What was sent is looked at in the stand-in's log.
local SEGMENTS = { "/abc==", "a//b", "a/b+c", 123456789, "ü ~" }

for i, value in ipairs(SEGMENTS) do
    cases["request_sent_" .. i] = function(zoom)
        return (send(zoom, { path = { "past_meetings", value, "x" },
                             args = { q = "a b&", n = 7 } }))
    end
end

function cases.request_args(zoom)
    return (send(zoom, { path = "/past_meetings/several/x",
                         args = { q = { "1", 2, true, "a/b" } } }))
end

-- while Zoom is slow
function cases.request_timeout(zoom)
    return send(zoom, { path = "/users", timeout = 0.4 })
end


local REQUESTS = {
    path_none = {},
    path_relative = { path = "users" },
    path_query = { path = "/users?x=1" },
    path_space = { path = "/a b" },
    path_dots = { path = "/users/../oauth" },
    path_dots_end = { path = "/users/.." },
    path_lines = { path = "/users\r\nX: y" },
    path_zero = { path = "/users\0" },
    path_empty = { path = {} },
    path_up = { path = { "users", ".." } },
    path_nothing = { path = { "users", "" } },
    path_boolean = { path = { "users", true } },
    path_table = { path = { "users", {} } },
    path_long = { path = "/" .. ("x"):rep(9000) },
    path_number = { path = 7 },
    method_head = { path = "/users", method = "HEAD" },
    method_case = { path = "/users", method = "get" },
    method_empty = { path = "/users", method = "" },
    label_odd = { path = "/users", label = "fast" },
    label_empty = { path = "/users", label = "" },
    label_zero = { path = "/users", label = "light\0" },
    timeout_zero = { path = "/users", timeout = 0 },
    timeout_high = { path = "/users", timeout = 61 },
    timeout_nan = { path = "/users", timeout = 0 / 0 },
    args_text = { path = "/users", args = "a=b" },
    args_deep = { path = "/users", args = { a = { b = { 1 } } } },
    args_list = { path = "/users", args = { "a" } },
    args_empty = { path = "/users", args = { a = {} } },
    args_names = { path = "/users", args = { a = { 1, b = 2 } } },
    body_number = { path = "/users", body = 7 },
    body_nan = { path = "/users", body = { 0 / 0 } },
    body_function = { path = "/users", body = { function() end } },
    query = { path = "/users", query = {} },
}

for name, args in pairs(REQUESTS) do
    cases["request_" .. name] = function(zoom)
        local copy = {}

        for key, value in pairs(args) do
            copy[key] = value
        end

        return send(zoom, copy)
    end
end

function cases.request_text(zoom) return zoom.request("/users") end

function cases.request_other(zoom)
    return send(zoom, { account = "nowhere", path = "/users" })
end

function cases.request_body_long(zoom)
    return send(zoom, { path = "/users", body = ("x"):rep(1024):rep(1025) })
end


-- How many there are on each page.
local function pages(zoom, args)
    local list = {}

    for page, err, info in zoom.pages(args) do
        if not page then
            list[#list + 1] = err
            list[#list + 1] = info and info.http
            list[#list + 1] = info and info.answer and info.answer.status
        else
            list[#list + 1] = #page.users
        end
    end

    return table.concat(list, " ")
end

function cases.pages(zoom)
    local args = { page_size = 20 }

    return pages(zoom, { account = "acme", path = "/users", args = args }),
           args.next_page_token
end

function cases.pages_refused(zoom)
    return pages(zoom, { account = "acme", path = "/users/x/y/z" })
end

function cases.pages_bad(zoom) return pages(zoom, { account = "acme" }) end
function cases.pages_none(zoom) return pages(zoom) end
function cases.pages_text(zoom) return pages(zoom, "users") end

function cases.pages_args(zoom)
    return pages(zoom, { account = "acme", path = "/users", args = 7 })
end


-- Users who have connected: see t/lua_grants.t.

local function grants(zoom, args)
    local list, err, info = zoom.grants(args)

    for i = 1, list and #list or 0 do
        local grant = list[i]

        grant.connected = grant.connected > 1.6e9 and "yes"
        grant.refreshed = grant.refreshed > 1.6e9 and "yes"
        table.sort(grant.aliases)
    end

    return list, err, info
end

function cases.grants(zoom)
    return grants(zoom, { account = "users" })
end

function cases.grants_after(zoom)
    local list = zoom.grants{ account = "users" }

    return grants(zoom, { account = "users", after = list[1].user,
                          timeout = 5 })
end

function cases.grants_all(zoom)
    local n, pages, after = 0, 0

    repeat
        local list = assert(zoom.grants{ account = "users", after = after })

        n, pages, after = n + #list, pages + 1, list.next
    until not after

    return n, pages
end

function cases.grants_zak(zoom)
    return mint(zoom, { account = "users", user = "owner", fresh = true })
end

function cases.grants_zak_nobody(zoom)
    return mint(zoom, { account = "users", user = "nobody" })
end

function cases.grants_acme(zoom)
    return zoom.grants{ account = "acme" }
end

function cases.grants_odd(zoom)
    return zoom.grants{ account = "users", after = "a@b.example" }
end

function cases.grants_text(zoom) return zoom.grants("users") end

function cases.grants_timeout(zoom)
    return zoom.grants{ account = "users", timeout = 0 }
end

function cases.disconnect_nobody(zoom)
    return zoom.disconnect{ account = "users", user = "nobody" }
end

function cases.disconnect_whom(zoom)
    return zoom.disconnect{ account = "users" }
end

function cases.disconnect_me(zoom)
    return zoom.disconnect{ account = "users", user = "me" }
end

function cases.disconnect_acme(zoom)
    return zoom.disconnect{ account = "acme", user = "owner" }
end

function cases.disconnect_boss(zoom)
    return zoom.disconnect{ account = "users", user = "boss" }
end

function cases.disconnect_late(zoom)
    return zoom.disconnect{ account = "users", user = "owner",
                            timeout = 0.05 }
end

function cases.disconnect(zoom)
    return zoom.disconnect{ account = "users", user = "owner" }
end


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

cases.show = show


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
