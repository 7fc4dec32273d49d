-- What lua/examples/resty/routes.lua uses of lua-resty-redis, which Debian does
-- not have: for tests where the real one is not installed.

local _M = {}
local mt = { __index = _M }


function _M.new()
    return setmetatable({ sock = ngx.socket.tcp() }, mt)
end


function _M.set_timeouts(self, ...)
    self.sock:settimeouts(...)
end


function _M.connect(self, host, port)
    return self.sock:connect(host, port)
end


function _M.set_keepalive(self, ...)
    return self.sock:setkeepalive(...)
end


local function reply(sock)
    local line, err = sock:receive("*l")

    if not line then
        return nil, err
    end

    local kind, rest = line:sub(1, 1), line:sub(2)

    if kind == "-" then
        return false, rest
    end

    if kind == ":" then
        return tonumber(rest)
    end

    if kind == "+" then
        return rest
    end

    if rest == "-1" then
        return ngx.null
    end

    if kind == "$" then
        local text

        text, err = sock:receive(tonumber(rest) + 2)

        return text and text:sub(1, -3), err
    end

    local list = {}

    for i = 1, tonumber(rest) do
        list[i] = reply(sock)
    end

    return list
end


local function command(name)
    return function (self, ...)
        local words = { name, ... }
        local parts = { "*" .. #words }

        for _, word in ipairs(words) do
            parts[#parts + 1] = "$" .. #word
            parts[#parts + 1] = word
        end

        local ok, err = self.sock:send(table.concat(parts, "\r\n") .. "\r\n")

        if not ok then
            return nil, err
        end

        return reply(self.sock)
    end
end


_M.get = command("get")
_M.hmget = command("hmget")


return _M
