-- Every endpoint that Zoom has published and nobody here has written out: who
-- may call it is looked at, the body is, and what came is what is answered.

local cjson = require "cjson.safe"
local answer = require "answer"
local body = require "body"
local caller = require "caller"
local daily = require "daily"
local endpoints = require "endpoints"
local limits = require "limits"
local paths = require "paths"
local requests = require "requests"
local state = require "state"
local stats = require "stats"
local users = require "users"

local _M = {}

local UUIDS = { meetingId = true, meetingUUID = true, webinarId = true }
local HAS_BODY = { POST = true, PUT = true, PATCH = true, DELETE = true }
local SILENT = { PUT = true, PATCH = true, DELETE = true }
local CREATES = { ["POST /users/{userId}/meetings"] = true,
                  ["POST /users/{userId}/webinars"] = true }


-- The call that a path and a method are, or nil.
function _M.find(method, segments)
    local row, values = endpoints.find(method, segments)

    if not row then
        return nil
    end

    return { row = row, values = values,
             endpoint = row.method .. " " .. row.path }
end


-- Parameters by their names.  Without some it has been answered.
local function arguments(call)
    local args = {}

    for i, name in ipairs(call.row.params) do
        local value = call.values[i]

        if UUIDS[name] and not value:match("^%d+$") then
            value = paths.uuid(value)

            if not value then
                answer.refuse(404, 3001, "Meeting does not exist: "
                                         .. call.values[i] .. ".")
                return nil
            end
        end

        -- Whoever sends it means the owner of the app, or should not.
        if name == "userId" and value:lower() == "me" and not call.app.user
        then
            stats.count("me")
        end

        args[name] = value
    end

    return args
end


-- What a user's token is good for without ":admin": that user, and what
-- nobody is named for.
local function is_own(call)
    local name = call.args.userId

    if not call.app.user then
        return false
    end

    return not name or users.is_own { app = call.app, name = name }
end


local function split(scopes)
    local own, of_account = {}, {}

    for _, scope in ipairs(scopes) do
        if scope:find(":admin", 1, true) or scope:find(":master", 1, true) then
            of_account[#of_account + 1] = scope
        else
            own[#own + 1] = scope
        end
    end

    return own, of_account
end


-- An app of the account has no others than those for all of it, where there
-- are any.
local function wanted(call)
    local list = {}

    for _, scopes in ipairs { call.row.granular, call.row.classic } do
        local own, of_account = split(scopes)
        local mine = is_own(call) or #of_account == 0

        for _, scope in ipairs(mine and own or {}) do
            list[#list + 1] = scope
        end

        for _, scope in ipairs(of_account) do
            list[#list + 1] = scope
        end
    end

    return list
end


local function is_body_good(what)
    local kind = (ngx.var.content_type or ""):lower():match("^[^;%s]*")

    if what.length == 0 or kind == "multipart/form-data" then
        return true
    end

    if kind ~= "application/json" then
        answer.refuse(415, 300, "Unsupported Content Type")
        return false
    end

    if what.text and type(cjson.decode(what.text)) ~= "table" then
        answer.refuse(400, 300, "Request Body should be a valid JSON object.")
        return false
    end

    return true
end


local function made(call)
    local id = tostring(80000000000 + math.random(9999999999))

    daily.host(id, call.args.userId, call.app)
    return tonumber(id)
end


local function echo(call)
    local row, what = call.row, call.body

    return {
        method   = ngx.req.get_method(),
        uri      = ngx.var.request_uri,
        query    = ngx.var.args,
        endpoint = call.endpoint,
        product  = row.product,
        label    = row.label,
        args     = call.args,
        host     = ngx.var.http_host,
        version  = ngx.var.server_protocol,
        headers  = requests.names(),
        scopes   = call.app.all_scopes and "all" or call.app.scopes,
        user     = call.app.user and call.app.user.email,
        body     = { length = what.length, sha256 = what.sha256,
                     chunked = what.chunked,
                     content_length = what.content_length },
        id       = CREATES[call.endpoint] and made(call) or nil,
    }
end


function _M.run(call)
    call.app = caller.find()

    if not call.app then
        return
    end

    call.args = arguments(call)

    if not call.args then
        return
    end

    local scopes = wanted(call)

    if #scopes > 0 and not caller.has_scope(call.app, scopes) then
        return
    end

    if not limits.take(call.app, call.row.label)
        or not daily.take(call.endpoint, call.values[1], call.app)
    then
        return
    end

    call.body = body.read()
    requests.note("body", call.body)
    requests.note("args", call.args)

    if HAS_BODY[call.row.method] and not is_body_good(call.body) then
        return
    end

    stats.count("rest", call.endpoint)

    if not state.get().echo and SILENT[call.row.method] then
        return answer.empty(204)
    end

    return answer.json(call.row.method == "POST" and 201 or 200, echo(call))
end


return _M
