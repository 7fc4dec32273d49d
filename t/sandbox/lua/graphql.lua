-- POST /v3/graphql: a query or a mutation, limited by its fields.
--
-- Zoom documents the endpoint and that limits count the fields of a request.
-- How it words what is wrong is unsure: it is worded here as graphql-java does.

local cjson = require "cjson.safe"
local answer = require "answer"
local body = require "body"
local caller = require "caller"
local limits = require "limits"
local requests = require "requests"
local state = require "state"
local stats = require "stats"

local _M = {}

local FIELDS = {
    query = {
        user     = { "Light", "user:read:user:admin", "user:read:admin" },
        users    = { "Medium", "user:read:list_users:admin",
                     "user:read:admin" },
        meeting  = { "Light", "meeting:read:meeting:admin",
                     "meeting:read:admin" },
        meetings = { "Medium", "meeting:read:list_meetings:admin",
                     "meeting:read:admin" },
        groups   = { "Medium", "group:read:list_groups:admin",
                     "group:read:admin" },
    },
    mutation = {
        createUser    = { "Light", "user:write:user:admin",
                          "user:write:admin" },
        deleteUser    = { "Light", "user:delete:user:admin",
                          "user:write:admin" },
        createMeeting = { "Light", "meeting:write:meeting:admin",
                          "meeting:write:admin" },
        deleteMeeting = { "Light", "meeting:delete:meeting:admin",
                          "meeting:write:admin" },
    },
}


-- Names, and the characters that mean something; strings are one "s".
local function tokens(text)
    local list, at = {}, 1

    while at <= #text do
        local from, to = text:find("^[%s,]+", at)

        if not from then
            from, to = text:find("^#[^\r\n]*", at)
        end

        if not from then
            from, to = text:find('^"""', at)

            if from then
                to = select(2, text:find('[^\\]"""', to))
                list[#list + 1] = "s"
            end
        end

        if not from and text:sub(at, at) == '"' then
            local stop = at + 1

            while stop <= #text and text:sub(stop, stop) ~= '"' do
                stop = stop + (text:sub(stop, stop) == "\\" and 2 or 1)
            end

            from, to = at, stop <= #text and stop
            list[#list + 1] = "s"
        end

        if not from then
            from, to = text:find("^[_%a][_%w]*", at)

            if not from then
                from, to = text:find("^%.%.%.", at)
            end

            from, to = from or at, to or at
            list[#list + 1] = text:sub(from, to)
        end

        if not to then
            return nil
        end

        at = to + 1
    end

    return list
end


local CLOSING = { ["{"] = "}", ["("] = ")", ["["] = "]" }


-- The place behind what is opened at "at".
local function skip(list, at)
    local open, close, depth = list[at], CLOSING[list[at]], 0

    for i = at, #list do
        depth = depth + (list[i] == open and 1 or list[i] == close and -1 or 0)

        if depth == 0 then
            return i + 1
        end
    end
end


-- Names of the fields in the braces that open at "at"; of an alias the field.
local function fields(list, at)
    local names, stop = {}, skip(list, at)

    if not stop then
        return nil
    end

    at = at + 1

    while at < stop - 1 do
        local token = list[at]

        if CLOSING[token] then
            at = skip(list, at)
        elseif token == "@" then
            at = at + 2
        elseif list[at + 1] == ":" then
            at = at + 2
        else
            names[#names + 1] = token
            at = at + 1
        end

        if not at then
            return nil
        end
    end

    return names, stop
end


-- The operations of a document, or nil.
local function operations(text)
    local list, found, at = tokens(text), {}, 1

    if not list then
        return nil
    end

    while at <= #list do
        local kind, name = "query", nil

        if list[at] ~= "{" then
            kind, at = list[at], at + 1

            if kind ~= "query" and kind ~= "mutation"
                and kind ~= "subscription" and kind ~= "fragment"
            then
                return nil
            end

            if (list[at] or ""):match("^[_%a]") then
                name, at = list[at], at + 1
            end

            while list[at] and list[at] ~= "{" do
                at = CLOSING[list[at]] and skip(list, at) or at + 1
            end
        end

        local names, stop = nil, nil

        if list[at] then
            names, stop = fields(list, at)
        end

        if not names or #names == 0 then
            return nil
        end

        found[#found + 1] = { kind = kind, name = name, fields = names }
        at = stop
    end

    return found
end

_M.operations = operations


-- The one that is to be run.
local function chosen(list, name)
    local one

    for _, operation in ipairs(list) do
        if operation.kind ~= "fragment"
            and (not name or name == operation.name)
        then
            if one then
                return nil, "Must provide operation name if query contains "
                            .. "multiple operations."
            end

            one = operation
        end
    end

    return one, "Unknown operation named '" .. tostring(name) .. "'."
end


local function problem(status, message, kind, path)
    return answer.json(status, { errors = { {
        message    = message,
        path       = path and { path },
        extensions = { classification = kind },
    } } })
end


local function undefined(field, kind)
    return problem(200, ("Validation error (FieldUndefined@[%s]) : Field '%s' "
                         .. "in type '%s' is undefined"):format(field, field,
                   kind == "query" and "Query" or "Mutation"),
                   "ValidationError")
end


local function request()
    local what = body.read()
    local kind = (ngx.var.content_type or ""):lower():match("^[^;%s]*")

    requests.note("body", what)

    if kind ~= "application/json" then
        answer.refuse(415, 300, "Unsupported Content Type")
        return nil
    end

    local value = cjson.decode(what.text or "")

    if type(value) ~= "table" or type(value.query) ~= "string" then
        answer.refuse(400, 300, "Request Body should be a valid JSON object.")
        return nil
    end

    return value
end


local function resolve(app, operation)
    local data = {}

    for _, name in ipairs(operation.fields) do
        local field = FIELDS[operation.kind][name]
        local scopes = { field[2], field[3] }

        if not caller.has_scope(app, scopes, app.user ~= nil)
            or not limits.take(app, field[1])
        then
            return
        end

        stats.count("graphql", operation.kind, name)
        data[name] = { id = "id-of-" .. name }
    end

    return answer.json(200, { data = data })
end


function _M.run()
    local app = caller.find()

    if not app then
        return
    end

    if ngx.req.get_method() ~= "POST" then
        return answer.refuse(405, 300, "Request method is not supported.")
    end

    local value = request()

    if not value then
        return
    end

    local list = operations(value.query)

    if not list then
        return problem(200, "Invalid syntax with offending token",
                       "InvalidSyntax")
    end

    local name = type(value.operationName) == "string" and value.operationName
                 or nil
    local operation, why = chosen(list, name)

    if not operation or not FIELDS[operation.kind] then
        return problem(200, why, "ValidationError")
    end

    for _, field in ipairs(operation.fields) do
        if not FIELDS[operation.kind][field] then
            return undefined(field, operation.kind)
        end
    end

    requests.note("operation", operation)

    if state.get().graphql.errors then
        return answer.json(200, state.get().graphql.errors)
    end

    return resolve(app, operation)
end


return _M
