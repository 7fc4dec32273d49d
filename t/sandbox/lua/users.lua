-- The account's users: list, get, create, update, delete, status.

local cjson = require "cjson.safe"
local answer = require "answer"
local events = require "events"
local jwt = require "jwt"
local limits = require "limits"
local lists = require "lists"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.users

local _M = {}

local OWNER = "OwnerOfTheAccount00001"


function _M.save(user)
    dict:set("user:" .. user.id, cjson.encode(user))
    dict:set("email:" .. user.email:lower(), user.id)
end


function _M.add(user)
    user.id = user.id or jwt.base64url(jwt.random(16))
    user.type = user.type or 2
    user.status = user.status or "active"
    user.created_at = user.created_at
                      or os.date("!%Y-%m-%dT%H:%M:%SZ", state.now())

    if not user.email:match("^bot%d+@") and not dict:get("user:" .. user.id)
    then
        dict:rpush("people", user.id)
    end

    _M.save(user)
    return user
end


-- So that tests with many keys need not name each: bot0001@example.com.
function _M.bots(n)
    for i = 1, n do
        local name = ("bot%04d"):format(i)

        if not dict:get("email:" .. name .. "@example.com") then
            _M.add { email = name .. "@example.com", first_name = name }
        end
    end
end


function _M.seed()
    dict:flush_all()
    dict:flush_expired()

    _M.add { id = OWNER, email = "owner@example.com", first_name = "Owner" }
    _M.add { id = "KDcuGIm1QgePTO8WbOqwIQ", email = "bots@example.com",
             first_name = "Bots" }
    _M.add { id = "Tenant1BotsUserId00001", email = "bots@t1.example" }
    _M.add { id = "Tenant2BotsUserId00002", email = "bots@t2.example" }
    _M.add { id = "PendingUserId000000001", email = "pending@example.com",
             status = "pending" }

    -- Of other accounts.
    _M.add { id = "AliceOfAnotherAccount1", email = "alice@other.example",
             account_id = "other_account", first_name = "Alice" }
    _M.add { id = "BobOfAnotherAccount001", email = "bob@other.example",
             account_id = "other_account", first_name = "Bob" }
    _M.add { id = "CarolOfAThirdAccount01", email = "carol@third.example",
             account_id = "third_account", first_name = "Carol" }

    for _, user in ipairs(state.get().users) do
        _M.add(user)
    end
end


function _M.by_id(id)
    return cjson.decode(dict:get("user:" .. id) or "")
end


function _M.by_email(email)
    local id = dict:get("email:" .. email:lower())

    return id and _M.by_id(id)
end


-- By id or e-mail.
function _M.find(name)
    if name:find("@", 1, true) then
        return _M.by_email(name)
    end

    return _M.by_id(name)
end


function _M.unknown(name)
    return answer.refuse(404, 1001, "User does not exist: " .. name .. ".")
end


-- Users without an account of their own are of every app's.
local function belongs(user, app)
    return not user.account_id or user.account_id == app.account_id
end


-- "me" is whose token it is.  With a Server-to-Server app that is the app's
-- owner, whatever the documentation says; it is counted, because nobody should
-- get it through.
local function named(call)
    if call.name:lower() ~= "me" then
        return _M.find(call.name)
    end

    if call.app.user then
        return call.app.user
    end

    stats.count("me")
    return _M.by_id(OWNER)
end


function _M.is_own(call)
    local user = call.name and call.app.user and named(call)

    return user and user.id == call.app.user.id
end


-- The user in the path; without one of this account it has been answered.
function _M.of(call)
    local user = named(call)

    if not user then
        _M.unknown(call.name)
        return nil
    end

    if not belongs(user, call.app) then
        answer.refuse(404, 1010, "User does not belong to this account: "
                                 .. call.name .. ".")
        return nil
    end

    return user
end


-- Who may consent, those of other accounts first; not the many bots.
function _M.people()
    local list = {}

    for _ = 1, dict:llen("people") or 0 do
        local id = dict:lpop("people")
        local user = _M.by_id(id)

        if user then
            dict:rpush("people", id)
        end

        if user and user.status == "active" then
            list[#list + 1] = user
        end
    end

    table.sort(list, function (a, b)
        if not a.account_id ~= not b.account_id then
            return a.account_id ~= nil
        end

        return a.email < b.email
    end)

    return list
end


local function all(status, app)
    local list = {}

    for _, key in ipairs(dict:get_keys(0)) do
        if key:sub(1, 5) == "user:" then
            local user = cjson.decode(dict:get(key))

            if user and user.status == status and belongs(user, app) then
                -- One who has not accepted yet is listed without it.
                user.id = status ~= "pending" and user.id or nil
                list[#list + 1] = user
            end
        end
    end

    table.sort(list, function (a, b)
        return a.email < b.email
    end)

    return list
end


function _M.list(call)
    -- An unknown status is taken for the default, without a word.
    local status = ({ inactive = "inactive", pending = "pending" })
                   [call.args.status] or "active"

    return lists.answer(all(status, call.app), call.args, "users", 2000)
end


function _M.get(call)
    local user = _M.of(call)

    if not user then
        return
    end

    if user.status == "pending" then
        return answer.refuse(400, 1120, "Invite does not exist or has "
                                        .. "expired.")
    end

    user.account_id = user.account_id or call.app.account_id
    user.display_name = user.display_name
        or (user.first_name or "") .. " " .. (user.last_name or "")

    return answer.json(200, user)
end


-- A token is for somebody who can sign in.  The code for the pending was
-- reported, of its words only "pending state"; for the others nothing is
-- known, so that tests may want another.
function _M.can_sign_in(user, name)
    local how

    if user.status == "pending" then
        how = state.get().pending
              or { code = 1000, message = "The user is in pending state." }
    elseif user.status ~= "active" then
        how = state.get().inactive
              or { status = 404, code = 1001,
                   message = "User does not exist: " .. name .. "." }
    else
        return true
    end

    answer.refuse(how.status or 400, how.code, how.message)
    return false
end


local function body()
    ngx.req.read_body()
    return cjson.decode(ngx.req.get_body_data() or "")
end


local ACTIONS = { create = true, autoCreate = true, custCreate = true,
                  ssoCreate = true }


local function is_text(value, max)
    return value == nil or type(value) == "string" and #value <= max
end


local function is_info(info, action)
    local password = info.password

    return type(info.email) == "string" and #info.email <= 128
           and info.email:match("^[^@%s]+@[^@%s]+$")
           and (info.type == 1 or info.type == 2)
           and is_text(info.first_name, 64) and is_text(info.last_name, 64)
           and is_text(info.display_name, 128)
           and (password == nil or action == "autoCreate"
                and type(password) == "string"
                and #password >= 8 and #password <= 32)
end


local function is_managed(email)
    for _, domain in ipairs(state.get().managed_domains) do
        if email:lower():sub(-#domain - 1) == "@" .. domain then
            return true
        end
    end
end


-- Licences, by the code that tells of them: true is 3412.
local function is_used_up(info)
    local code = state.get().licences_used_up
    local words = {
        [2033] = "The number of users has reached the limit of the plan.",
        [2034] = "The number of paid users has reached the limit.",
        [2038] = "The number of basic users has reached the limit.",
        [3412] = "You have reached the maximum number of licensed users.",
    }

    code = code == true and 3412 or code

    if code and (info.type == 2 or code == 2033 or code == 2038) then
        return 400, code, words[code] or "No more users."
    end
end


local function create_problem(request)
    local info = type(request) == "table" and request.user_info

    if type(info) ~= "table" or not ACTIONS[request.action]
        or not is_info(info, request.action)
    then
        return 400, 300, "Validation Failed."
    end

    local old = _M.by_email(info.email)

    if old and (old.account_id or state.get().exists == 1009) then
        return 400, 1009, "Email has already been used: " .. info.email .. "."
    elseif old then
        return 409, 1005, "User already in the account: " .. info.email .. "."
    end

    -- With which code Zoom says it is not documented.
    if request.action == "autoCreate" and not is_managed(info.email) then
        return 400, 300, "The domain of the e-mail is not managed by the "
                         .. "account."
    end

    return is_used_up(info)
end


-- How many of a day are left, where a test says so.
local function is_over_daily(action)
    local left = action == "create" and state.get().creates_left

    if left and left > 0 then
        state.change(function (s) s.creates_left = left - 1 end)
    end

    return left == 0
end


-- Zoom takes one of these at a time; with which words it says so is not known.
local function is_crowded()
    return stats.now("user_create") > 1
end


function _M.create()
    if is_crowded() then
        return answer.refuse(429, 429, "Too many concurrent requests. A "
                                       .. "request to create a user is under "
                                       .. "way.")
    end

    local request = body()
    local status, code, message = create_problem(request)

    if status then
        return answer.refuse(status, code, message)
    end

    if is_over_daily(request.action) then
        return limits.refuse("Light", "Daily-limit")
    end

    local info = request.user_info
    local user = _M.add {
        email        = info.email,
        type         = info.type,
        first_name   = info.first_name,
        last_name    = info.last_name,
        display_name = info.display_name,
        status       = request.action == "create" and "pending" or "active",
    }

    stats.count("created", request.action)
    events.of_user("user.created", user,
                   { creation_type = request.action })

    return answer.json(201, { id = user.id, email = user.email,
                              type = user.type, first_name = user.first_name,
                              last_name = user.last_name })
end


-- Members that it does not know Zoom takes without a word.
local function is_change(change)
    local kind = change.type

    return (kind == nil or kind == 1 or kind == 2)
           and is_text(change.first_name, 64)
           and is_text(change.last_name, 64)
           and is_text(change.display_name, 128)
end


function _M.update(call)
    local user, change = _M.of(call), body()

    if not user then
        return
    end

    if type(change) ~= "table" or not is_change(change) then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    for _, member in ipairs { "first_name", "last_name", "type",
                              "display_name" }
    do
        user[member] = change[member] or user[member]
    end

    _M.save(user)
    events.of_user("user.updated", user)

    return answer.empty(204)
end


-- Gone, or no longer of this account but of one of its own.
function _M.remove(user, action)
    if action == "delete" then
        dict:delete("user:" .. user.id)
        dict:delete("email:" .. user.email:lower())
    else
        user.account_id = "personal_" .. user.id
        _M.save(user)
    end

    events.of_user(action == "delete" and "user.deleted"
                   or "user.disassociated", user)
end


function _M.delete(call)
    local user, action = _M.of(call), call.args.action or "disassociate"

    if not user then
        return
    end

    if action ~= "delete" and action ~= "disassociate" then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    _M.remove(user, action)
    return answer.empty(204)
end


function _M.turn(user, status)
    if user.status == status then
        return
    end

    user.status = status
    _M.save(user)
    events.of_user(status == "active" and "user.activated"
                   or "user.deactivated", user)
end


function _M.set_status(call)
    local user, change = _M.of(call), body()
    local status = type(change) == "table"
                   and ({ activate = "active", deactivate = "inactive" })
                       [change.action]

    if not user then
        return
    end

    if not status then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    _M.turn(user, status)
    return answer.empty(204)
end


return _M
