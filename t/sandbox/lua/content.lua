-- Bytes of a recording that is not one: each can be told from where it stands,
-- so that nobody confuses one range with another.

local ffi = require "ffi"

local _M = {}

-- no power of two, so that a buffer's worth that is lost or comes twice shows
local PERIOD = 1000003
local PIECE = 262144

local block


local function make()
    local bytes = ffi.new("unsigned char[?]", PERIOD)

    for i = 0, PERIOD - 1 do
        bytes[i] = (i * 31 + math.floor(i / 256)) % 256
    end

    local text = ffi.string(bytes, PERIOD)

    return text .. text:sub(1, PIECE)
end


local function bytes(from, length)
    block = block or make()

    local at = from % PERIOD

    return block:sub(at + 1, at + length)
end


-- True if all of it could be sent.
function _M.send(from, length)
    local at, last = from, from + length

    while at < last do
        local n = math.min(PIECE, last - at)

        if not ngx.print(bytes(at, n)) or not ngx.flush(true) then
            return false
        end

        at = at + n
    end

    return true
end


return _M
