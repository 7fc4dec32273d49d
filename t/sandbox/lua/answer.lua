-- How Zoom words its answers.

local cjson = require "cjson.safe"
local jwt = require "jwt"
local state = require "state"
local stats = require "stats"

local _M = {}


-- On every answer, the first thing Zoom's support asks for.
function _M.track()
    ngx.header["x-zm-trackingid"] = "v=2.0;clid=us02;rid=WEB_"
                                    .. jwt.hex(jwt.random(16))

    if (state.get().clock.skew or 0) ~= 0 then
        ngx.header["Date"] = ngx.http_time(state.now())
    end
end


-- In all cookies, so that a test can look for it where it must not be.
function _M.cookie()
    local dict = ngx.shared.settings

    dict:add("cookie", "CANARYcookie" .. jwt.hex(jwt.random(12)))
    return dict:get("cookie")
end


-- What tells whoever sees an answer whose it was.  That "x-zm-clientid" is sent
-- is known of webhooks only; the cookies were seen.
function _M.identify(app)
    ngx.header["x-zm-clientid"] = app.client_id
    ngx.header["x-zm-zoneid"] = "VA2"
    ngx.header["Set-Cookie"] = {
        "zm_aid=" .. app.account_id .. "; Domain=.zoom.us; Path=/; Secure; "
        .. "HttpOnly",
        "_zm_ssid=us02_c_" .. _M.cookie() .. "; Domain=zoom.us; Path=/; "
        .. "Secure; HttpOnly",
        "cred=" .. _M.cookie() .. "; Path=/; Secure; HttpOnly",
    }
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


-- Half of it, and the rest if go_on() says so.
function _M.halves(status, value, go_on)
    local body = cjson.encode(value)
    local half = math.floor(#body / 2)

    ngx.status = status
    ngx.header["Content-Type"] = "application/json;charset=UTF-8"
    ngx.header["Content-Length"] = #body
    ngx.print(body:sub(1, half))
    ngx.flush(true)

    if not go_on() then
        return ngx.exit(ngx.ERROR)
    end

    ngx.print(body:sub(half + 1))
    return ngx.exit(ngx.OK)
end


function _M.page(status, body)
    ngx.header["Cache-Control"] = "no-store"
    ngx.header["X-Frame-Options"] = "DENY"
    ngx.header["Referrer-Policy"] = "no-referrer"

    return _M.text(status, "text/html; charset=utf-8", body)
end


function _M.redirect(location)
    ngx.header["Location"] = location

    return _M.text(302, "text/html", "")
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
