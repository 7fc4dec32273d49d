-- Groups of the account's users, and who is in them.

local cjson = require "cjson.safe"
local answer = require "answer"
local jwt = require "jwt"
local lists = require "lists"
local users = require "users"

local dict = ngx.shared.users

local _M = {}


local function load(id)
    return cjson.decode(dict:get("group:" .. id) or "")
end


-- A name and a list of e-mails, in place of what was there.
function _M.set(value)
    local id = value.id or dict:get("group_name:" .. value.name)
               or jwt.base64url(jwt.random(16))

    dict:set("group_name:" .. value.name, id)
    dict:set("group:" .. id, cjson.encode({ id = id, name = value.name,
                                            members = value.members }))
end


local function members_of(group)
    local list = {}

    for _, email in ipairs(group.members) do
        local user = users.by_email(email)

        if user then
            list[#list + 1] = {
                id = user.id, email = user.email, type = user.type,
                first_name = user.first_name, last_name = user.last_name,
            }
        end
    end

    return list
end


function _M.list(call)
    local list = {}

    for _, key in ipairs(dict:get_keys(0)) do
        local group = key:sub(1, 6) == "group:" and cjson.decode(dict:get(key))

        if group then
            list[#list + 1] = { id = group.id, name = group.name,
                                total_members = #members_of(group) }
        end
    end

    table.sort(list, function (a, b) return a.name < b.name end)

    return lists.answer(list, call.args, "groups", 300)
end


function _M.members(call)
    local group = load(call.name)

    if not group then
        return answer.refuse(404, 4130, "A group with this " .. call.name
                                        .. " does not exist.")
    end

    return lists.answer(members_of(group), call.args, "members", 300)
end


return _M
