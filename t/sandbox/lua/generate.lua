-- Answers that are long, slow, compressed, cut short, or no HTTP at all.

local answer = require "answer"
local content = require "content"
local stats = require "stats"

local _M = {}


local function wait(ms)
    ngx.sleep((tonumber(ms) or 0) / 1000)
end


local function head(rule, kind, length)
    ngx.status = rule.status or 200
    ngx.header["Content-Type"] = rule.content_type or kind
    ngx.header["Content-Length"] = not rule.chunked and length or nil
    ngx.send_headers()
end


local function watch()
    ngx.on_abort(function ()
        stats.count("given up")
        ngx.exit(499)
    end)
end


-- "length" bytes; "sent" of them if that is said, and then the end.
function _M.big(rule)
    local length = rule.length or 1048576

    head(rule, "application/octet-stream", length)
    watch()

    local whole = content.send(0, rule.sent or length)

    return ngx.exit(whole and not rule.sent and ngx.OK or ngx.ERROR)
end


-- "length" bytes, "piece" of them each "ms".
function _M.slow(rule)
    local length, piece = rule.length or 1000, rule.piece or 10
    local at = 0

    head(rule, "application/octet-stream", length)
    watch()

    while at < length do
        if not content.send(at, math.min(piece, length - at)) then
            return ngx.exit(ngx.ERROR)
        end

        at = at + piece
        wait(rule.ms or 10)
    end

    return ngx.exit(ngx.OK)
end


-- Server-sent events, "count" of them or for ever.
function _M.sse(rule)
    local n = 0

    rule.chunked = true
    head(rule, "text/event-stream")
    watch()

    while n < (rule.count or math.huge) do
        n = n + 1

        if not ngx.print("id: " .. n .. "\ndata: {\"n\":" .. n .. "}\n\n")
            or not ngx.flush(true)
        then
            return ngx.exit(ngx.ERROR)
        end

        wait(rule.ms or 20)
    end

    return ngx.exit(ngx.OK)
end


local function little(value, bytes)
    local out = {}

    for i = 1, bytes do
        out[i] = string.char(value % 256)
        value = math.floor(value / 256)
    end

    return table.concat(out)
end


-- Stored, not deflated: gzip permits it.
function _M.gzip(rule)
    local text = rule.body or '{"zipped":true}'

    ngx.header["Content-Encoding"] = "gzip"
    ngx.header["Vary"] = "Accept-Encoding"

    return answer.text(rule.status or 200,
        rule.content_type or "application/json;charset=UTF-8",
        "\31\139\8\0\0\0\0\0\0\3\1" .. little(#text, 2)
        .. little(65535 - #text, 2) .. text
        .. little(ngx.crc32_long(text), 4) .. little(#text, 4))
end


-- Headers, "count" of them of "size" bytes.
function _M.headers(rule)
    for i = 1, rule.count or 1 do
        ngx.header["X-Long-" .. i] = ("h"):rep(rule.size or 1000)
    end

    return answer.text(200, "application/json", '{"headers":true}')
end


-- An answer while the body is still on its way; it is read and thrown away, or
-- not even that where "then" is "close".
function _M.early(rule)
    if rule["then"] == "close" then
        ngx.header["Connection"] = "close"
    else
        ngx.req.discard_body()
    end

    return answer.text(rule.status or 413, rule.content_type
                       or "application/json", rule.body or '{"early":true}')
end


-- The body is read "piece" bytes each "ms", and how many have come is counted.
-- It has to have a length.
function _M.swallow(rule)
    local sock = ngx.req.socket()
    local left = tonumber(ngx.var.http_content_length) or 0
    local hash = require("body").hasher()

    while sock and left > 0 do
        local piece = sock:receive(math.min(rule.piece or 65536, left))

        if not piece then
            stats.count("given up")
            return ngx.exit(ngx.ERROR)
        end

        hash(piece)
        left = left - #piece
        stats.add(#piece, "swallowed")
        wait(rule.ms)
    end

    return answer.json(200, { swallowed = hash() })
end


-- The very bytes, on the connection itself.  "read" waits for so many of the
-- body, "then" is what follows: the end, or "hang" for "ms".
function _M.raw(rule)
    local sock = assert(ngx.req.socket(true))

    sock:settimeout(10000)

    if rule.read then
        sock:receive(rule.read)
    end

    sock:send(rule.base64 and ngx.decode_base64(rule.base64) or rule.bytes)

    if rule["then"] == "hang" then
        wait(rule.ms or 60000)
    end

    return ngx.exit(444)
end


return _M
