-- Holds requests at a point that a test has named, until it lets them go.

local stats = require "stats"

local dict = ngx.shared.settings

local _M = {}

local POINTS = { arrived = true, rotated = true, half = true }


-- A point, or { point, times }.
function _M.set(value)
    local point, times = value, math.huge

    if type(value) == "table" then
        point, times = value[1], value[2] or times
    end

    assert(POINTS[point], "unknown point")

    dict:set("pause", point)
    dict:set("pause:left", times)
end


-- "go" or "drop" is what becomes of those that wait.
function _M.release(how)
    assert(how == "go" or how == "drop", "go or drop")

    dict:delete("pause")
    dict:set("pause:how", how)
    dict:incr("pause:turn", 1, 0)
end


function _M.is_at(point)
    return dict:get("pause") == point and dict:get("pause:left") > 0
end


-- Zoom does not know whether somebody still listens: what has come goes on
-- when its client has gone.
function _M.at(point)
    if not _M.is_at(point) then
        return "go"
    end

    dict:incr("pause:left", -1)

    local turn = dict:get("pause:turn")

    ngx.on_abort(function () end)
    stats.count("paused", point)

    repeat
        ngx.sleep(0.02)
    until dict:get("pause:turn") ~= turn

    return dict:get("pause:how")
end


return _M
