-- The account's users: list, get, create, update, delete, status.

local cjson = require "cjson.safe"
local answer = require "answer"
local jwt = require "jwt"
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

    for _, user in ipairs(state.get().users) do
        _M.add(user)
    end
end


-- By id or e-mail.  "me" is the app's owner, whatever the documentation says;
-- it is counted, because nobody should get it through.
function _M.find(name)
    if name:lower() == "me" then
        stats.count("me")
        name = OWNER
    end

    local id = name:find("@", 1, true) and dict:get("email:" .. name:lower())
               or name

    return cjson.decode(dict:get("user:" .. id) or "")
end


function _M.unknown(name)
    return answer.refuse(404, 1001, "User does not exist: " .. name .. ".")
end


local function all(status)
    local list = {}

    for _, key in ipairs(dict:get_keys(0)) do
        if key:sub(1, 5) == "user:" then
            local user = cjson.decode(dict:get(key))

            if user and user.status == status then
                list[#list + 1] = user
            end
        end
    end

    table.sort(list, function (a, b)
        return a.email < b.email
    end)

    return list
end


-- The page token says where to go on and when it dies.
local function page_start(token)
    if not token or token == "" then
        return 1
    end

    local at, born = (ngx.decode_base64(token) or ""):match("^(%d+):(%d+)$")
    local life = state.get().page_token_life or 900

    if not at or ngx.time() - tonumber(born) > life then
        return nil
    end

    return tonumber(at)
end


local function page_of(list, first, size)
    local page, last = {}, math.min(first + size - 1, #list)

    for i = first, last do
        page[#page + 1] = cjson.encode(list[i])
    end

    local more = last < #list
                 and ngx.encode_base64((last + 1) .. ":" .. ngx.time()) or ""

    return ('{"page_size":%d,"total_records":%d,"next_page_token":%s,'
            .. '"users":[%s]}'):format(size, #list, cjson.encode(more),
                                       table.concat(page, ","))
end


function _M.list(call)
    local args = call.args
    local size = math.min(tonumber(args.page_size) or 30, 2000)
    local first = page_start(args.next_page_token)

    if not first then
        return answer.refuse(400, 300, "The next page token is invalid or "
                                       .. "expired.")
    end

    -- An unknown status is taken for the default, without a word.
    local status = ({ inactive = "inactive", pending = "pending" })
                   [args.status] or "active"

    return answer.json(200, page_of(all(status), first, math.max(size, 1)))
end


function _M.get(call)
    local user = _M.find(call.name)

    if not user then
        return _M.unknown(call.name)
    end

    if user.status == "pending" then
        return answer.refuse(400, 1120, "Invite does not exist or has "
                                        .. "expired.")
    end

    return answer.json(200, user)
end


local function body()
    ngx.req.read_body()
    return cjson.decode(ngx.req.get_body_data() or "")
end


local ACTIONS = { create = true, autoCreate = true, custCreate = true,
                  ssoCreate = true }


local function create_problem(request)
    local info = type(request) == "table" and request.user_info

    if type(info) ~= "table" or not ACTIONS[request.action]
        or type(info.email) ~= "string" or #info.email > 128
        or not info.email:match("^[^@%s]+@[^@%s]+$")
        or (info.type ~= 1 and info.type ~= 2)
    then
        return 400, 300, "Validation Failed."
    end

    if dict:get("email:" .. info.email:lower()) then
        return 409, 1005, "User already in the account: " .. info.email .. "."
    end

    if info.type == 2 and state.get().licences_used_up then
        return 400, 3412, "You have reached the maximum number of licensed "
                          .. "users."
    end
end


function _M.create()
    local request = body()
    local status, code, message = create_problem(request)

    if status then
        return answer.refuse(status, code, message)
    end

    local info = request.user_info

    return answer.json(201, _M.add {
        email      = info.email,
        type       = info.type,
        first_name = info.first_name,
        last_name  = info.last_name,
        status     = request.action == "create" and "pending" or "active",
    })
end


function _M.update(call)
    local user, change = _M.find(call.name), body()

    if not user then
        return _M.unknown(call.name)
    end

    if type(change) ~= "table" then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    for _, member in ipairs { "first_name", "last_name", "type",
                              "display_name" }
    do
        user[member] = change[member] or user[member]
    end

    _M.save(user)
    return answer.empty(204)
end


function _M.delete(call)
    local user = _M.find(call.name)

    if not user then
        return _M.unknown(call.name)
    end

    dict:delete("user:" .. user.id)
    dict:delete("email:" .. user.email:lower())

    return answer.empty(204)
end


function _M.set_status(call)
    local user, change = _M.find(call.name), body()
    local status = type(change) == "table"
                   and ({ activate = "active", deactivate = "inactive" })
                       [change.action]

    if not user then
        return _M.unknown(call.name)
    end

    if not status then
        return answer.refuse(400, 300, "Validation Failed.")
    end

    user.status = status
    _M.save(user)

    return answer.empty(204)
end


return _M
