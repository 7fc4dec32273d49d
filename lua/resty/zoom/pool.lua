-- zoom.pool.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"

local C = zoom.C
local OK = zoom.OK
local ffi_new = ffi.new
local get_request = zoom.get_request
local given, taken = values.given, values.taken
local bad, set, text = values.bad, values.set, values.text
local select = select
local setmetatable = setmetatable
local tonumber = tonumber
local type = type

local member = ffi_new("ngx_http_zoom_ffi_member_t")
local after = ffi_new("int64_t[1]")
local buf = ffi_new("unsigned char[?]", 2048)


local Pool = {}
Pool.__index = Pool


local function texts(args, ...)
    for i = 1, select("#", ...) do
        local name = select(i, ...)
        local value = args[name]

        if value ~= nil and type(value) ~= "string" then
            return bad("\"%s\" is a %s, a string is needed", name,
                       type(value))
        end

        set(given[i - 1], value or "")
    end

    return true
end


-- A user, or nil, error, info: "pool_exhausted" and info.retry_after.
function Pool:pick(args)
    local ok, err = texts(args or {}, "key", "distinct", "bot")

    if not ok then
        return nil, err
    end

    local rc = C.ngx_http_zoom_ffi_pool_pick(self.conf, get_request(),
                                             given[0], given[1], given[2],
                                             buf, taken[0], after)

    if rc == OK then
        return text(taken[0])
    end

    return nil, rc == zoom.DECLINED and "pool_exhausted" or "internal",
           { retry_after = tonumber(after[0]) }
end


-- How many leases of that meeting ended, of one user or of all.
function Pool:release(args)
    args = args or {}

    if args.distinct == nil then
        return bad("\"distinct\" is needed")
    end

    local ok, err = texts(args, "distinct", "user")

    if not ok then
        return nil, err
    end

    return C.ngx_http_zoom_ffi_pool_release(self.conf, given[0], given[1])
end


function Pool:members()
    local list, at = {}, 0

    while true do
        at = C.ngx_http_zoom_ffi_pool_member(self.conf, at, member)

        if at < 0 then
            return list
        end

        list[#list + 1] = {
            user = text(member.user),
            up = member.up ~= 0,
            backup = member.backup ~= 0,
            weight = member.weight,
            leases = tonumber(member.leases),
            code = member.code,
            wait = tonumber(member.wait),
        }
    end
end


-- A pool of that name, or nil and an error.
return function(name)
    if type(name) ~= "string" then
        return bad("the name of a pool is needed, got %s", type(name))
    end

    set(given[0], name)

    local conf = C.ngx_http_zoom_ffi_pool(given[0])

    if conf == nil then
        return bad("there is no such pool")
    end

    return setmetatable({ conf = conf }, Pool)
end
