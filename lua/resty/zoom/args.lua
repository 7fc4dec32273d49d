-- Arguments: what Lua knows of them, and strings on their way to the module and
-- back.

local ffi = require "ffi"

local ffi_new = ffi.new
local ffi_str = ffi.string
local floor = math.floor
local format = string.format
local pairs = pairs
local tostring = tostring
local type = type


-- strings that are handed over, and that come back; nothing yields between
-- their being filled and being read
local _M = {
    given = ffi_new("ngx_str_t[4]"),
    taken = ffi_new("ngx_str_t[2]"),
}


function _M.text(s)
    return ffi_str(s.data, s.len)
end


-- nil where there is none
function _M.text_of(s)
    return s.len > 0 and ffi_str(s.data, s.len) or nil
end


function _M.set(s, value)
    s.data = value
    s.len = #value
end


function _M.bad(why, ...)
    return nil, "bad argument: " .. format(why, ...)
end

local bad = _M.bad


local EITHER = {
    digitsstring = true, digitsnumber = true,
    pathstring = true, pathtable = true,
    bodystring = true, bodytable = true,
}

local NAMES = { digits = "string", path = "string", body = "string" }


-- What Lua knows of each argument; the rest is for the other module to judge.
function _M.check(args, names, required)
    if type(args) ~= "table" then
        return bad("a table is needed, got %s", type(args))
    end

    for name, value in pairs(args) do
        local expected = names[name]

        if not expected then
            return bad("there is no %q", tostring(name))
        end

        if type(value) ~= expected and not EITHER[expected .. type(value)] then
            return bad("%q is a %s, not a %s", name, type(value),
                       NAMES[expected] or expected)
        end
    end

    for i = 1, #required do
        if args[required[i]] == nil then
            return bad("%q is missing", required[i])
        end
    end

    return true
end


-- A meeting's id is a number to some.  One with a fraction keeps it, and is
-- refused.
function _M.digits(value)
    if type(value) ~= "number" then
        return value or ""
    end

    return format(value % 1 == 0 and "%.0f" or "%.14g", value)
end


-- Of a timeout in seconds; -1 where there is none.
function _M.milliseconds(timeout)
    if not timeout then
        return -1
    end

    if not (timeout >= 0.001 and timeout <= 60) then
        return bad("%q must be above 0 and at most 60 seconds", "timeout")
    end

    return floor(timeout * 1000)
end


-- Seconds; -1 where there is none.
function _M.life(ttl)
    if not ttl then
        return -1
    end

    if not (ttl >= 60 and ttl <= 31536000) then
        return bad("%q must be from 60 seconds to 365 days", "ttl")
    end

    return floor(ttl)
end


return _M
