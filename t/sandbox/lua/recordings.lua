-- Recordings: zoom.us sends whoever may have one to a CDN, with an address that
-- is a permission by itself.  The CDN takes no other.

local answer = require "answer"
local caller = require "caller"
local content = require "content"
local jwt = require "jwt"
local requests = require "requests"
local state = require "state"
local stats = require "stats"

local dict = ngx.shared.gateway

local _M = {}

local MODIFIED = "Sat, 28 Nov 2026 08:00:00 GMT"


-- /rec/download/NAME, and what links of webhooks have.
function _M.find(segments)
    if segments[1] == "rec" and segments[3]
        and (segments[2] == "download" or segments[2] == "webhook_download")
    then
        return { name = table.concat(segments, "/", 3) }
    end
end


-- "size-N" is so long.
local function length_of(name)
    return tonumber(name:match("size%-(%d+)"))
           or state.get().download.length
end


local function refused(status, text)
    return answer.json(status, { status = false, errorCode = status == 401
                                 and 124 or 3301, errorMessage = text })
end


-- In the query, too, as links of old were used.
local function may(call)
    local header = ngx.var.http_authorization

    call.app = caller.by_token(header and header:match("^[Bb]earer ([^ ]+)$")
                               or ngx.var.arg_access_token)
    if call.app then
        answer.identify(call.app)
    end

    return call.app
end


local function sign(name)
    local signature = jwt.base64url(jwt.random(48))

    dict:set("presigned:" .. signature, name, state.get().download.life)

    return "Policy=" .. jwt.base64url('{"Statement":[{"Resource":"*"}]}')
           .. "&Signature=" .. signature .. "&Key-Pair-Id=K1SANDBOX"
end


local function place(name)
    local how = state.get().download
    local port = how.port or _M.port

    return ("https://%s:%d/replay/2026/11/28/%s.mp4?response-content-type="
            .. "video%%2Fmp4&%s"):format(how.host, port,
                                         ngx.escape_uri(name), sign(name))
end


-- Zoom's own hosts first, if "hops" says so.
local function hop(call)
    local n = tonumber(ngx.var.arg_hop) or 0

    if n < state.get().download.hops then
        return ("%s://%s/rec/download/%s?hop=%d"):format(ngx.var.scheme,
            ngx.var.http_host, ngx.escape_uri(call.name), n + 1)
    end
end


function _M.run(call)
    local how = state.get().download

    if not may(call) then
        return refused(401, "Forbidden")
    end

    if call.name:find("gone", 1, true) then
        return refused(404, "This recording does not exist.")
    end

    stats.count("downloads", call.name)

    ngx.header["Location"] = how.location or hop(call) or place(call.name)

    return answer.text(how.status, "text/html", "")
end


-- The CDN.

local function denied(status, code, text)
    return answer.text(status, "application/xml", '<?xml version="1.0" '
        .. 'encoding="UTF-8"?>\n<Error><Code>' .. code .. "</Code><Message>"
        .. text .. "</Message></Error>")
end


-- First and last byte, or nil for all of it, or false where there are none.
local function range(length)
    local first, last = (ngx.var.http_range or "")
                        :match("^bytes=(%d*)%-(%d*)$")

    if not first or first == "" and last == "" then
        return nil
    end

    if first == "" then
        first, last = math.max(length - tonumber(last), 0), length - 1
    else
        first = tonumber(first)
        last = math.min(tonumber(last) or length - 1, length - 1)
    end

    return first <= last and first < length and first or false, last
end


local function give(name)
    local length = length_of(name)
    local etag = '"' .. ngx.md5(name) .. '"'
    local first, last = range(length)

    if ngx.var.http_if_range and ngx.var.http_if_range ~= etag then
        first = nil
    end

    ngx.header["ETag"] = etag
    ngx.header["Last-Modified"] = MODIFIED
    ngx.header["Accept-Ranges"] = "bytes"
    ngx.header["Content-Type"] = "video/mp4"

    if ngx.var.http_if_none_match == etag then
        ngx.status = 304
        ngx.send_headers()
        return ngx.exit(ngx.OK)
    end

    if first == false then
        ngx.header["Content-Range"] = "bytes */" .. length
        return denied(416, "InvalidRange", "The range is not satisfiable")
    end

    if first then
        ngx.status = 206
        ngx.header["Content-Range"] = ("bytes %d-%d/%d"):format(first, last,
                                                                length)
    end

    first, last = first or 0, last or length - 1
    ngx.header["Content-Length"] = last - first + 1
    ngx.send_headers()

    if ngx.req.get_method() ~= "HEAD" then
        ngx.on_abort(function ()
            stats.count("downloads", "given up")
            ngx.exit(499)
        end)

        content.send(first, last - first + 1)
    end

    return ngx.exit(ngx.OK)
end


function _M.cdn()
    local name = dict:get("presigned:" .. (ngx.var.arg_Signature or ""))
    local method = ngx.req.get_method()

    stats.enter("cdn")
    requests.enter("cdn")

    ngx.header["x-amz-cf-id"] = jwt.base64url(jwt.random(24))
    ngx.header["Server"] = "AmazonS3"

    if require("misbehave").run("cdn") then
        return
    end

    if ngx.var.http_authorization then
        stats.count("cdn", "with authorization")
        return denied(400, "InvalidArgument",
                      "Only one auth mechanism allowed")
    end

    if method ~= "GET" and method ~= "HEAD" then
        return denied(405, "MethodNotAllowed", "Not allowed")
    end

    if not name then
        return denied(403, "AccessDenied", "Access denied")
    end

    return give(name)
end


return _M
