-- One request of ours, as a sender of webhooks makes it: no redirect, no
-- second try.

local _M = {}


local function parts(url)
    local scheme, host, port, path
        = url:match("^(https?)://([^/:]+):?(%d*)(.*)$")

    assert(scheme, "no URL: " .. tostring(url))

    return scheme, host, tonumber(port) or (scheme == "https" and 443 or 80),
           path == "" and "/" or path
end


local function head(host, port, path, headers, body)
    local out = {
        "POST " .. path .. " HTTP/1.1",
        "Host: " .. host .. ":" .. port,
        "Connection: close",
        "Content-Length: " .. #body,
    }

    for _, header in ipairs(headers) do
        out[#out + 1] = header[1] .. ": " .. header[2]
    end

    return table.concat(out, "\r\n") .. "\r\n\r\n"
end


local function unchunked(body)
    local out, at = {}, 1

    while true do
        local size, from = body:match("^(%x+)[^\n]*\n()", at)
        local n = tonumber(size or "0", 16)

        if n == 0 then
            return table.concat(out)
        end

        out[#out + 1] = body:sub(from, from + n - 1)
        at = from + n + 2
    end
end


local function answer_of(sock)
    local text, err, partial = sock:receive("*a")

    text = text or partial or ""

    local status = tonumber(text:match("^HTTP/1%.[01] (%d%d%d)"))

    if not status then
        return nil, err or "no answer"
    end

    local header, body = text:match("^(.-\r\n)\r\n(.*)$")

    if (header or ""):lower():find("transfer%-encoding: *chunked") then
        body = unchunked(body)
    end

    return status, body or ""
end


-- Status and body, or nil and why there is none.
function _M.post(url, headers, body, seconds)
    local scheme, host, port, path = parts(url)
    local sock = ngx.socket.tcp()

    sock:settimeout(seconds * 1000)

    local ok, err = sock:connect(host, port)

    if ok and scheme == "https" then
        ok, err = sock:sslhandshake(nil, host, false)
    end

    if ok then
        ok, err = sock:send(head(host, port, path, headers, body) .. body)
    end

    if not ok then
        return nil, err
    end

    local status, text = answer_of(sock)

    sock:close()
    return status, text
end


return _M
