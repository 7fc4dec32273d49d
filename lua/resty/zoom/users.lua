-- zoom.users, the same for code in lua-nginx-module, whose resty.zoom requires
-- this file, and for routing scripts, whose module has it compiled in (see
-- t/tools/lua_text).  docs/users.md has the reference.
--
-- Takes the libraries as they are in there ("g"), and of the host
--
--   request(args)   zoom.request
--   decode(text)    what JSON says; nil if it is none
--   members(value)  a table to iterate over, or nil if it is none
--   changed(account, user, gone)
--                   forgets the user's tokens, and tells pools

return function(g, host)

local type, pairs, tostring = g.type, g.pairs, g.tostring
local find, lower, format = g.string.find, g.string.lower, g.string.format
local request, decode, members = host.request, host.decode, host.members
local changed = host.changed

local PAGES_MAX = 10000
local RESTARTS_MAX = 3

local STATUSES = { active = true, inactive = true, pending = true }
local TYPES = { basic = 1, licensed = 2 }
local ACTIONS = { create = true, autoCreate = true, custCreate = true,
                  ssoCreate = true }
local DELETE_ACTIONS = { disassociate = true, delete = true }
local STATUS_ACTIONS = { activate = true, deactivate = true }

-- Zoom's codes that a program may want to tell apart
local ERRORS = {
    [1001] = "user_unknown",
    [1010] = "user_unknown",
    [1005] = "user_exists",
    [1009] = "user_exists",
    [1120] = "user_pending",
    [2033] = "licences_used_up",
    [2034] = "licences_used_up",
    [2038] = "licences_used_up",
    [3412] = "licences_used_up",
}

-- what Zoom does not know it takes without a word
local CHANGES = {}

for name in g.string.gmatch("cms_user_id company custom_attributes dept "
                            .. "display_name division_ids feature first_name "
                            .. "group_id host_key job_title language "
                            .. "last_name location manager phone_country "
                            .. "phone_number pmi pronouns pronouns_option "
                            .. "timezone type use_pmi vanity_name "
                            .. "zoom_one_type", "[%w_]+")
do
    CHANGES[name] = true
end


local function bad(why, ...)
    return nil, "bad argument: " .. format(why, ...)
end


-- A copy of the arguments, each of which is read once; or nil and an error.
local function read(args, names, required)
    local given, copy = members(args), {}

    if not given then
        return bad("a table is needed, got %s", type(args))
    end

    for name, value in pairs(given) do
        local expected = names[name]

        if not expected then
            return bad("there is no %q", tostring(name))
        end

        if type(value) ~= expected then
            return bad("%q is a %s, not a %s", name, type(value), expected)
        end

        copy[name] = value
    end

    for i = 1, #required do
        if copy[required[i]] == nil then
            return bad("%q is missing", required[i])
        end
    end

    return copy
end


local function is_email(text)
    return #text <= 128 and find(text, "^[!-~]+$")
           and find(text, "^[^@]+@[^@]+$") and not find(text, "[/?#%%]")
end


-- "me" would be the app's owner
local function is_user(text)
    return is_email(text) or #text <= 64 and find(text, "^[%w_-]+$")
                             and lower(text) ~= "me"
end


-- The path of a user, or nil and an error.
local function path_of(user, ...)
    if not is_user(user) then
        return bad("the user is neither a Zoom user id nor an e-mail")
    end

    return { "users", user, ... }
end


-- JSON's null as routing scripts see it: nothing, or false in a list.
local function clean(value)
    for name, member in pairs(value) do
        if type(member) == "table" then
            clean(member)

        elseif type(member) == "userdata" then
            value[name] = nil

            if type(name) == "number" then
                value[name] = false
            end
        end
    end

    return value
end


local function error_of(page)
    local code = page and page.code
    local message = page and page.message

    if type(message) == "string"
       and find(message, "does not contain scopes", 1, true)
    then
        return "scope_missing", code
    end

    if type(code) ~= "number" then
        code = nil
    end

    return code and ERRORS[code] or "zoom_refused", code
end


-- Sends it: the decoded answer, {} for none; or nil, an error and info.
local function send(args, method, path, label, query, body)
    local answer, err, info = request{
        account = args.account, method = method, path = path, label = label,
        args = query, body = body, timeout = args.timeout,
    }

    if not answer then
        return nil, err, info
    end

    local page = decode(answer.body)

    page = type(page) == "table" and clean(page) or nil

    local code

    info = {
        http = answer.status,
        answer = answer,
        tracking_id = answer.headers["x-zm-trackingid"],
    }

    -- a validation error has been seen with 200
    if answer.status >= 300 or page and page.code ~= nil then
        err, code = error_of(page)
        info.code = code

        return nil, err, info
    end

    if not page and answer.body ~= "" then
        return nil, "zoom_invalid", info
    end

    return page or {}, nil, info
end


-- As above, for an answer that is a user.
local function send_for_user(...)
    local user, err, info = send(...)

    if user and type(user.email) ~= "string" and type(user.id) ~= "string" then
        return nil, "zoom_invalid", info
    end

    return user, err, not user and info or nil
end


-- As above, for an answer that says nothing.
local function send_change(...)
    local page, err, info = send(...)

    if not page then
        return nil, err, info
    end

    return true
end


-- As above, for one after which the user is gone, or back.
local function send_status(gone, args, ...)
    local ok, err, info = send_change(args, ...)

    if ok then
        changed(args.account, args.user, gone)
    end

    return ok, err, info
end


local users = {}


local LIST = { account = "string", status = "string", role_id = "string",
               page_size = "number", timeout = "number" }


local function list_query(args)
    local size = args.page_size or 300

    if args.status and not STATUSES[args.status] then
        return bad("%q is not active, inactive or pending", "status")
    end

    if not (size >= 1 and size <= 2000 and size % 1 == 0) then
        return bad("%q must be from 1 to 2000", "page_size")
    end

    return { status = args.status, role_id = args.role_id, page_size = size }
end


-- Whether a page has to be asked for again, from the first one on: the token
-- lives for 15 minutes, and is refused with the code of any bad argument.
local function is_expired(list, info)
    return list.token and info and info.http == 400 and info.code == 300
           and list.restarts < RESTARTS_MAX
end


-- The next page into "list"; or nil, an error and info.
local function turn(list)
    list.query.next_page_token = list.token

    local page, err, info = send(list.args, "GET", { "users" }, "medium",
                                 list.query)

    if not page and is_expired(list, info) then
        list.restarts = list.restarts + 1
        list.token, list.tokens = nil, {}

        return turn(list)
    end

    if not page then
        return nil, err, info
    end

    if type(page.users) ~= "table" then
        return nil, "zoom_invalid", info
    end

    local token = page.next_page_token

    list.n = list.n + 1
    list.token = nil
    list.page, list.at = page.users, 0

    if type(token) == "string" and token ~= "" then
        if list.tokens[token] or list.n >= PAGES_MAX then
            return nil, "zoom_invalid", info
        end

        list.tokens[token] = true
        list.token = token
    end

    list.last = not list.token

    return true
end


-- One that has not been there before, or nil at the end of the page.
local function next_of(list)
    for at = list.at + 1, #list.page do
        local user = list.page[at]
        local name = type(user) == "table"
                     and (type(user.id) == "string" and user.id
                          or type(user.email) == "string" and user.email)

        list.at = at

        if name and not list.seen[name] then
            list.seen[name] = true

            return user
        end
    end

    list.at = #list.page
end


-- Iterates over users; false, error, info at a failure, which is the end.
function users.list(args)
    local list = { n = 0, restarts = 0, page = {}, at = 0, tokens = {},
                   seen = {} }

    local function fail(err, info)
        list.page, list.at, list.last = {}, 0, true

        return false, err, info
    end

    local function start()
        local err

        list.args, err = read(args, LIST, {})

        if list.args then
            list.query, err = list_query(list.args)
        end

        return list.query, err
    end

    return function()
        if not list.query and not list.last then
            local ok, err = start()

            if not ok then
                return fail(err)
            end
        end

        while true do
            local user = next_of(list)

            if user or list.last then
                return user
            end

            local ok, err, info = turn(list)

            if not ok then
                return fail(err, info)
            end
        end
    end
end


local GET = { account = "string", user = "string", timeout = "number" }


function users.get(args)
    local path, err

    args, err = read(args, GET, { "user" })

    if not args then
        return nil, err
    end

    path, err = path_of(args.user)

    if not path then
        return nil, err
    end

    return send_for_user(args, "GET", path, "light")
end


local CREATE = {
    account = "string", action = "string", email = "string", type = "string",
    first_name = "string", last_name = "string", display_name = "string",
    password = "string", timeout = "number",
}


local function too_long(args, most)
    for name, n in pairs(most) do
        if type(args[name]) == "string" and #args[name] > n then
            return bad("%q is longer than %d bytes", name, n)
        end
    end

    return false
end


local NAMES_MAX = { first_name = 64, last_name = 64, display_name = 128 }


-- What is wrong with it, as nil and an error; else true.
local function check_create(args)
    if not ACTIONS[args.action] then
        return bad("%q is not create, autoCreate, custCreate or ssoCreate",
                   "action")
    end

    if not is_email(args.email) then
        return bad("%q is no e-mail", "email")
    end

    if not TYPES[args.type or "basic"] then
        return bad("%q is neither basic nor licensed", "type")
    end

    if args.password and args.action ~= "autoCreate" then
        return bad("%q is for autoCreate only", "password")
    end

    if args.password and (#args.password < 8 or #args.password > 32) then
        return bad("%q must have 8 to 32 characters", "password")
    end

    local long, err = too_long(args, NAMES_MAX)

    if long == nil then
        return nil, err
    end

    return true
end


function users.create(args)
    local ok, err

    args, err = read(args, CREATE, { "action", "email" })

    if not args then
        return nil, err
    end

    ok, err = check_create(args)

    if not ok then
        return nil, err
    end

    return send_for_user(args, "POST", { "users" }, "light", nil, {
        action = args.action,
        user_info = {
            email = args.email,
            type = TYPES[args.type or "basic"],
            first_name = args.first_name,
            last_name = args.last_name,
            display_name = args.display_name,
            password = args.password,
        },
    })
end


local UPDATE = { account = "string", user = "string", changes = "table",
                 timeout = "number" }


-- A copy of the changes, or nil and an error.
local function changes_of(given)
    local changes, n = {}, 0

    for name, value in pairs(members(given) or {}) do
        if not CHANGES[name] then
            return bad("there is no %q in a user", tostring(name))
        end

        changes[name] = value
        n = n + 1
    end

    if n == 0 then
        return bad("%q are none", "changes")
    end

    if type(changes.type) == "string" then
        changes.type = TYPES[changes.type]

        if not changes.type then
            return bad("%q is neither basic nor licensed", "type")
        end
    end

    local long, err = too_long(changes, NAMES_MAX)

    if long == nil then
        return nil, err
    end

    return changes
end


function users.update(args)
    local path, changes, err

    args, err = read(args, UPDATE, { "user", "changes" })

    if not args then
        return nil, err
    end

    path, err = path_of(args.user)

    if not path then
        return nil, err
    end

    changes, err = changes_of(args.changes)

    if not changes then
        return nil, err
    end

    return send_change(args, "PATCH", path, "light", nil, changes)
end


local DELETE = { account = "string", user = "string", action = "string",
                 timeout = "number" }


function users.delete(args)
    local path, err

    args, err = read(args, DELETE, { "user", "action" })

    if not args then
        return nil, err
    end

    path, err = path_of(args.user)

    if not path then
        return nil, err
    end

    if not DELETE_ACTIONS[args.action] then
        return bad("%q is neither disassociate nor delete", "action")
    end

    return send_status(true, args, "DELETE", path, "light",
                       { action = args.action })
end


local SET_STATUS = { account = "string", user = "string", action = "string",
                     timeout = "number" }


function users.set_status(args)
    local path, err

    args, err = read(args, SET_STATUS, { "user", "action" })

    if not args then
        return nil, err
    end

    path, err = path_of(args.user, "status")

    if not path then
        return nil, err
    end

    if not STATUS_ACTIONS[args.action] then
        return bad("%q is neither activate nor deactivate", "action")
    end

    return send_status(args.action == "deactivate", args, "PUT", path,
                       "light", nil, { action = args.action })
end


return users

end
