-- A path as it came over the wire, cut at its slashes and decoded once, as a
-- server that trusts nobody does it; or, if "paths" is "lenient", as the most
-- credulous of servers does it, so that whoever was talked into sending one
-- with a second meaning is found out.

local state = require "state"

local _M = {}


local function decode(text)
    return ngx.unescape_uri((text:gsub("%+", "%%2B")))
end


local function cut(path, fn)
    local list = {}

    for segment in (path .. "/"):gmatch("([^/]*)/") do
        list[#list + 1] = fn(segment)
    end

    -- The one before the leading slash is empty.
    table.remove(list, 1)
    return list
end


local function as_it_is(segment)
    return segment
end


-- Everything is decoded until nothing is left to decode, a backslash is a
-- slash, parameters of segments go, slashes merge, dots mean folders.
local function lenient(path)
    local list, before = {}, nil

    repeat
        before, path = path, decode(path)
    until path == before

    for _, segment in ipairs(cut(path:gsub("\\", "/"), as_it_is)) do
        segment = segment:gsub("[;%z].*", "")

        if segment == ".." then
            table.remove(list)
        elseif segment ~= "" and segment ~= "." then
            list[#list + 1] = segment
        end
    end

    return list
end


function _M.segments(path)
    if state.get().paths == "lenient" then
        return lenient(path)
    end

    return cut(path, decode)
end


-- Zoom decodes an UUID twice.  One that begins with a slash or holds two of
-- them, and was encoded once, has lost them on its way: nil.
function _M.uuid(text)
    if text:sub(1, 1) == "/" or text:find("//", 1, true) then
        return nil
    end

    return decode(text)
end


return _M
