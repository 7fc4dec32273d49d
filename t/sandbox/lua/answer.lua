-- How Zoom words its answers.

local cjson = require "cjson.safe"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"

local _M = {}


local function hex(s)
    return (s:gsub(".", function (c)
        return ("%02X"):format(c:byte())
    end))
end


-- On every answer, the first thing Zoom's support asks for.
function _M.track()
    ngx.header["x-zm-trackingid"] = "v=2.0;clid=us02;rid=WEB_"
                                    .. hex(jwt.random(16)):lower()

    if (state.get().clock.skew or 0) ~= 0 then
        ngx.header["Date"] = ngx.http_time(state.now())
    end
end


function _M.text(status, kind, body)
    ngx.status = status
    ngx.header["Content-Type"] = kind
    ngx.header["Content-Length"] = #body

    if ngx.req.get_method() ~= "HEAD" then
        ngx.print(body)
    end

    return ngx.exit(ngx.OK)
end


function _M.json(status, value)
    local body = type(value) == "string" and value or cjson.encode(value)

    return _M.text(status, "application/json;charset=UTF-8", body)
end


function _M.empty(status)
    ngx.status = status
    ngx.header["Content-Length"] = 0
    ngx.send_headers()

    return ngx.exit(ngx.OK)
end


-- The API's way of saying no.
function _M.refuse(status, code, message)
    return _M.json(status, { code = code, message = message })
end


-- The token endpoint's way; always 400.
function _M.oauth_refuse(err, reason)
    return _M.json(400, { reason = reason, error = err })
end


function _M.html(status, title)
    return _M.text(status, "text/html", "<html>\r\n<head><title>" .. title
        .. "</title></head>\r\n<body>\r\n<center><h1>" .. title
        .. "</h1></center>\r\n<hr><center>zoom</center>\r\n"
        .. "</body>\r\n</html>\r\n")
end


-- A name that is none of Zoom's never gets past the edge.
function _M.edge()
    stats.enter("edge")
    _M.track()

    return _M.html(403, "403 Forbidden")
end


return _M
