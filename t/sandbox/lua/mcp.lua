-- Zoom's MCP server: Model Context Protocol over Streamable HTTP, as its
-- specification of 2025-06-18 has it.  What tools Zoom has is not known here;
-- these show what a gateway has to let through.

local cjson = require "cjson.safe"
local answer = require "answer"
local body = require "body"
local caller = require "caller"
local jwt = require "jwt"
local requests = require "requests"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.gateway

local _M = {}

local VERSIONS = { ["2025-11-25"] = true, ["2025-06-18"] = true,
                   ["2025-03-26"] = true }
local LATEST = "2025-06-18"

local function object(properties, required)
    return { type = "object", properties = properties, required = required }
end


local TOOLS = {
    { name = "echo", description = "Says what it is told.",
      inputSchema = object({ text = { type = "string" } }, { "text" }) },
    { name = "count", description = "Counts, and tells how far it is.",
      inputSchema = object({ to = { type = "integer" },
                             ms = { type = "integer" } }, { "to" }) },
    { name = "create_meeting", description = "Creates a meeting.",
      inputSchema = object({ topic = { type = "string" } }, { "topic" }) },
}


-- What the protocol itself has against a request.
local function refuse(status, code, message, id)
    return answer.json(status, { jsonrpc = "2.0", id = id or cjson.null,
                                 error = { code = code, message = message } })
end


local function unauthorized()
    ngx.header["WWW-Authenticate"] = 'Bearer error="invalid_token"'

    return answer.refuse(401, 124, "Invalid access token.")
end


local function owner(app)
    return app.client_id .. " " .. (app.user and app.user.id or "")
end


-- The session of that header, or it has been answered.
local function session(app)
    local id = ngx.var.http_mcp_session_id
    local of = id and dict:get("session:" .. id)

    if not id then
        refuse(400, -32000, "Bad Request: Mcp-Session-Id is required")
        return nil
    end

    if of ~= owner(app) then
        refuse(404, -32001, "Session not found")
        return nil
    end

    local version = ngx.var.http_mcp_protocol_version

    if version and not VERSIONS[version] then
        refuse(400, -32000, "Bad Request: Unsupported protocol version")
        return nil
    end

    return id
end


local function accepts(...)
    local accept = (ngx.var.http_accept or ""):lower()

    for _, kind in ipairs { ... } do
        if not accept:find(kind, 1, true) then
            return false
        end
    end

    return true
end


local function start_stream()
    ngx.status = 200
    ngx.header["Content-Type"] = "text/event-stream"
    ngx.header["Cache-Control"] = "no-cache"
    ngx.header["X-Accel-Buffering"] = "no"
    ngx.send_headers()

    return ngx.flush(true)
end


local function event(id, message)
    return ngx.print(("event: message\nid: %s\ndata: %s\n\n")
                     :format(id, cjson.encode(message)))
           and ngx.flush(true)
end


local function text(words)
    return { content = { { type = "text", text = words } } }
end


-- Says how far it is where it was asked to, and logs each step.
local function count(args, meta, say)
    local to = math.min(tonumber(args.to) or 0, 100000)

    for i = 1, to do
        ngx.sleep((tonumber(args.ms) or 10) / 1000)

        if not say { jsonrpc = "2.0", method = "notifications/message",
                     params = { level = "info", data = i } }
            or meta.progressToken ~= nil
            and not say { jsonrpc = "2.0", method = "notifications/progress",
                          params = { progressToken = meta.progressToken,
                                     progress = i, total = to } }
        then
            stats.count("mcp", "given up")
            return nil
        end
    end

    return text("counted to " .. to)
end


local function call_tool(params, say)
    local args = type(params.arguments) == "table" and params.arguments or {}
    local meta = type(params._meta) == "table" and params._meta or {}

    stats.count("mcp", "tools", tostring(params.name))

    if params.name == "echo" then
        return text(tostring(args.text))
    elseif params.name == "create_meeting" then
        return text("created " .. tostring(args.topic))
    elseif params.name == "count" then
        return count(args, meta, say)
    end

    return { content = { { type = "text", text = "Unknown tool" } },
             isError = true }
end


local function initialize(app, params)
    local id = jwt.hex(jwt.random(16))
    local wish = params.protocolVersion

    dict:set("session:" .. id, owner(app))
    ngx.header["Mcp-Session-Id"] = id
    stats.count("mcp", "sessions")

    return {
        protocolVersion = VERSIONS[wish] and wish or LATEST,
        capabilities    = { tools = { listChanged = false },
                            logging = {} },
        serverInfo      = { name = "zoom-sandbox", version = "1.0.0" },
    }
end


local METHODS = {
    ["ping"]             = function () return {} end,
    ["tools/list"]       = function () return { tools = TOOLS } end,
    ["tools/call"]       = function (_, params, say)
        return call_tool(params, say)
    end,
    ["logging/setLevel"] = function () return {} end,
    ["initialize"]       = initialize,
}


-- One answer as JSON, or as the last of the events of a stream.
local function respond(app, message)
    local run = METHODS[message.method]
    local params = type(message.params) == "table" and message.params or {}

    if not run then
        return refuse(200, -32601, "Method not found", message.id)
    end

    local n, streams = 0, state.get().mcp.answers ~= "json"
                          or message.method == "tools/call"

    local function say(what)
        if n == 0 then
            start_stream()
        end

        n = n + 1
        return event(ngx.var.connection .. "-" .. n, what)
    end

    ngx.on_abort(function ()
        stats.count("mcp", "given up")
        ngx.exit(499)
    end)

    local result = run(app, params, say)

    if not result then
        return ngx.exit(ngx.ERROR)
    end

    local whole = { jsonrpc = "2.0", id = message.id, result = result }

    if not streams then
        return answer.json(200, whole)
    end

    say(whole)
    return ngx.exit(ngx.OK)
end


local function post(app)
    local what = body.read()
    local kind = (ngx.var.content_type or ""):lower():match("^[^;%s]*")

    requests.note("body", what)

    if not accepts("application/json", "text/event-stream") then
        return refuse(406, -32000, "Not Acceptable: Client must accept both "
                                   .. "application/json and text/event-stream")
    end

    if kind ~= "application/json" then
        return refuse(415, -32000, "Unsupported Media Type: Content-Type must "
                                   .. "be application/json")
    end

    local message = cjson.decode(what.text or "")

    if type(message) ~= "table" then
        return refuse(400, -32700, "Parse error")
    end

    if message.jsonrpc ~= "2.0" then
        return refuse(400, -32600, "Invalid Request")
    end

    requests.note("rpc", message.method)

    if message.method ~= "initialize" and not session(app) then
        return
    end

    -- A notification, or an answer of the client's.
    if message.id == nil or message.method == nil then
        return answer.empty(202)
    end

    return respond(app, message)
end


-- A stream for whatever the server has to say by itself: it only breathes.
local function listen(id)
    if not accepts("text/event-stream") then
        return refuse(406, -32000, "Not Acceptable: Client must accept "
                                   .. "text/event-stream")
    end

    if state.get().mcp.listen == false then
        ngx.header["Allow"] = "POST, DELETE"
        return refuse(405, -32000, "Method not allowed.")
    end

    ngx.on_abort(function ()
        stats.count("mcp", "given up")
        ngx.exit(499)
    end)

    start_stream()

    while dict:get("session:" .. id) do
        if not ngx.print(": breath\n\n") or not ngx.flush(true) then
            return ngx.exit(ngx.ERROR)
        end

        ngx.sleep(state.get().mcp.breath)
    end

    return ngx.exit(ngx.OK)
end


function _M.run()
    local app, method = caller.quietly(), ngx.req.get_method()

    if not app then
        return unauthorized()
    end

    answer.identify(app)

    if method == "POST" then
        return post(app)
    end

    local id = session(app)

    if not id then
        return
    end

    if method == "GET" then
        return listen(id)
    elseif method == "DELETE" then
        dict:delete("session:" .. id)
        stats.count("mcp", "ended")
        return answer.empty(200)
    end

    ngx.header["Allow"] = "GET, POST, DELETE"
    return refuse(405, -32000, "Method not allowed.")
end


function _M.reset()
    for _, key in ipairs(dict:get_keys(0)) do
        if key:sub(1, 8) == "session:" then
            dict:delete(key)
        end
    end
end


return _M
