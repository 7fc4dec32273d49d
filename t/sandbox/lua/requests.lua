-- What was sent to us, header by header, for /control/requests: a gateway must
-- send what is meant to Zoom, all of it, and nothing else.

local cjson = require "cjson.safe"

local dict = ngx.shared.gateway

local _M = {}

local KEPT = 2000


-- As they stood there; HTTP/2 has no such thing.
local function headers()
    local list = {}

    if ngx.req.http_version() < 2 then
        for line in ngx.req.raw_header(true):gmatch("([^\r\n]+)\r?\n") do
            local name, value = line:match("^([^:]*):%s*(.*)$")

            list[#list + 1] = { name or line, value or "" }
        end

        return list
    end

    for name, value in pairs(ngx.req.get_headers(0)) do
        list[#list + 1] = { name, type(value) == "table"
                                  and table.concat(value, ", ") or value }
    end

    return list
end


function _M.enter(endpoint)
    ngx.ctx.request = {
        endpoint   = endpoint,
        method     = ngx.req.get_method(),
        uri        = ngx.var.request_uri,
        version    = ngx.var.server_protocol,
        host       = ngx.var.http_host,
        port       = tonumber(ngx.var.server_port),
        connection = tonumber(ngx.var.connection),
        headers    = headers(),
    }
end


-- More that is known of it by now.
function _M.note(name, value)
    if ngx.ctx.request then
        ngx.ctx.request[name] = value
    end
end


function _M.names()
    local list = {}

    for i, header in ipairs(ngx.ctx.request.headers) do
        list[i] = header[1]
    end

    return list
end


function _M.leave()
    local request = ngx.ctx.request

    if not request then
        return
    end

    request.status = ngx.status

    if request.body then
        request.body.text = (request.body.text or ""):sub(1, 2000)
    end

    if dict:rpush("requests", cjson.encode(request))
        and dict:llen("requests") > KEPT
    then
        dict:lpop("requests")
    end
end


function _M.list()
    local list = {}

    for i = 1, dict:llen("requests") or 0 do
        local text = dict:lpop("requests")

        dict:rpush("requests", text)
        list[i] = cjson.decode(text)
    end

    return list
end


function _M.reset()
    dict:delete("requests")
end


return _M
