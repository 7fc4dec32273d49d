-- What zoom.users does in both hosts alike: see t/lua_users.t.

local show = require("cases").show

local cases = {}


-- What Zoom said is of no interest, but that it is there.
local function plain(value, err, info)
    if type(info) == "table" then
        info.answer = info.answer and "yes"
        info.tracking_id = info.tracking_id and "yes"
        info.reason = info.reason and "yes"
        info.retry_after = info.retry_after and "yes"
    end

    return value, err, info
end


local function call(name, args)
    return function(zoom)
        local copy = { account = "acme" }

        for key, value in pairs(args) do
            copy[key] = value
        end

        return plain(zoom.users[name](copy))
    end
end


cases.get = function(zoom)
    local user = zoom.users.get{ account = "acme", user = "bots@example.com" }

    return user.id, user.email, user.status
end

cases.get_id = function(zoom)
    return zoom.users.get{ account = "acme",
                           user = "KDcuGIm1QgePTO8WbOqwIQ" }.email
end

cases.get_unknown = call("get", { user = "nobody@example.com" })
cases.get_other = call("get", { user = "alice@other.example" })
cases.get_pending = call("get", { user = "pending@example.com" })
cases.get_timeout = call("get", { user = "bots@example.com", timeout = 0.4 })


-- All of a user's life; each host has one of its own.
local function life(host)
    return function(zoom)
        local users, list = zoom.users, {}
        local email = "life-" .. host .. "@managed.example"

        local function note(value, err)
            list[#list + 1] = tostring(value) .. ":" .. tostring(err)
        end

        local made, err = users.create{
            account = "acme", action = "autoCreate", email = email,
            type = "licensed", first_name = "A", last_name = "B",
            password = "12345678",
        }

        note(made and made.email == email and type(made.id) .. made.type, err)
        note(plain(users.create{ account = "acme", action = "autoCreate",
                                 email = email }))
        note(users.update{ account = "acme", user = made.id, changes = {
            first_name = "C", type = "basic" } })

        local got = users.get{ account = "acme", user = email }

        note(got.first_name .. got.last_name .. got.type)
        note(users.set_status{ account = "acme", user = email,
                               action = "deactivate" })
        note(users.get{ account = "acme", user = email }.status)
        note(users.set_status{ account = "acme", user = email,
                               action = "activate" })
        note(users.delete{ account = "acme", user = email,
                           action = "delete" })
        note(plain(users.delete{ account = "acme", user = email,
                                 action = "disassociate" }))

        return table.concat(list, " ")
    end
end

-- Who of the pool is up, after something was done to "user".
local function done_to(user, name, action)
    return function(zoom)
        local ok, err = plain(zoom.users[name]{ account = "acme", user = user,
                                                action = action })
        local list = zoom.pool("faces"):members()
        local up = {}

        for i = 1, #list do
            up[#up + 1] = list[i].up and list[i].user:match("^[^@]*") or nil
        end

        return ok, err, table.concat(up, ",")
    end
end

cases.deactivate = done_to("Bot0001@example.com", "set_status", "deactivate")
cases.activate = done_to("bot0001@example.com", "set_status", "activate")
cases.deactivate_nobody = done_to("nobody@example.com", "set_status",
                                  "deactivate")
cases.delete_resty = done_to("bot0003@example.com", "delete", "delete")
cases.delete_script = done_to("bot0004@example.com", "delete", "disassociate")


cases.life_resty = life("resty")
cases.life_script = life("script")


local function create(args)
    args.email = args.email or "new@managed.example"
    args.action = args.action or "create"

    return call("create", args)
end

cases.create_used_up = create{ type = "licensed" }
cases.create_unmanaged = create{ action = "autoCreate",
                                 email = "new@elsewhere.example" }
cases.create_again = create{ email = "bots@example.com" }


for i = 1, 12 do
    cases["create_" .. i] = function(zoom)
        local user, err = zoom.users.create{
            account = "acme", action = "autoCreate", timeout = 20,
            email = "new-" .. i .. "@managed.example",
        }

        return user and true or err
    end
end


local CREATE = {
    action = { action = "remove" },
    email = { email = "nobody" },
    email_path = { email = "a/b@managed.example" },
    email_long = { email = ("x"):rep(120) .. "@managed.example" },
    type = { type = "pro" },
    type_number = { type = 1 },
    password = { password = "12345678" },
    password_short = { action = "autoCreate", password = "1234567" },
    first_name = { first_name = ("x"):rep(65) },
    display_name = { display_name = ("x"):rep(129) },
    odd = { mail = "x" },
}

for name, args in pairs(CREATE) do
    cases["create_bad_" .. name] = create(args)
end

cases.create_bad_none = call("create", { action = "create" })
cases.create_bad_text = function(zoom) return zoom.users.create("acme") end


local BAD = {
    get_me = { "get", { user = "Me" } },
    get_path = { "get", { user = "../x" } },
    get_percent = { "get", { user = "%6de" } },
    get_number = { "get", { user = 7 } },
    get_none = { "get", {} },
    get_long = { "get", { user = ("x"):rep(65) } },
    update_none = { "update", { user = "bots@example.com" } },
    update_empty = { "update", { user = "bots@example.com", changes = {} } },
    update_odd = { "update", { user = "bots@example.com",
                               changes = { firstname = "x" } } },
    update_type = { "update", { user = "bots@example.com",
                                changes = { type = "pro" } } },
    update_long = { "update", { user = "bots@example.com",
                                changes = { last_name = ("x"):rep(65) } } },
    update_me = { "update", { user = "me", changes = { type = "basic" } } },
    delete_none = { "delete", { user = "bots@example.com" } },
    delete_action = { "delete", { user = "bots@example.com",
                                  action = "purge" } },
    delete_me = { "delete", { user = "ME", action = "delete" } },
    status_action = { "set_status", { user = "bots@example.com",
                                      action = "inactive" } },
    status_me = { "set_status", { user = "mE", action = "deactivate" } },
}

for name, argument in pairs(BAD) do
    cases["bad_" .. name] = call(argument[1], argument[2])
end

function cases.bad_account(zoom)
    return zoom.users.get{ account = "nowhere", user = "bots@example.com" }
end


-- How many there are, whether each is there once, and the first failure.
local function list(args)
    return function(zoom)
        local seen, n, twice, copy = {}, 0, 0, { account = "acme" }

        for key, value in pairs(args) do
            copy[key] = value
        end

        for user, err, info in zoom.users.list(copy) do
            if not user then
                return n, plain(twice, err, info)
            end

            n = n + 1
            twice = twice + (seen[user.email] and 1 or 0)
            seen[user.email] = true
        end

        return n, twice
    end
end

cases.list = list{ page_size = 20 }
cases.list_one = list{}
cases.list_pending = list{ status = "pending" }
cases.list_status = list{ status = "gone" }
cases.list_size = list{ page_size = 2001 }
cases.list_size_zero = list{ page_size = 0 }
cases.list_size_nan = list{ page_size = 0 / 0 }
cases.list_odd = list{ page = 1 }
cases.list_account = list{ account = 7 }

function cases.list_text(zoom)
    for user, err in zoom.users.list("acme") do
        return user, err
    end
end

-- Nobody has to read all of it.
function cases.list_some(zoom)
    local n = 0

    for _ in zoom.users.list{ account = "acme", page_size = 1 } do
        n = n + 1

        if n == 3 then
            return n
        end
    end
end


function cases.run(name, zoom)
    local values = { cases[name](zoom) }
    local n, texts = 0, {}

    for i in pairs(values) do
        n = i > n and i or n
    end

    for i = 1, n do
        texts[i] = show(values[i])
    end

    return table.concat(texts, " ")
end


return cases
