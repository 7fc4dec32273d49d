-- zoom.grants and zoom.disconnect.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"
local calls = require "resty.zoom.call"

local C = zoom.C
local OK = zoom.OK
local await, begin = calls.await, calls.begin
local account, callp, result, vm = calls.account, calls.callp, calls.result,
                                   calls.vm
local given, taken = values.given, values.taken
local set, text, text_of = values.set, values.text, values.text_of
local tonumber = tonumber
local type = type

local grant = ffi.new("ngx_http_zoom_ffi_grant_t")

local ACCOUNT = { "account" }

local _M = {}


-- nil, error, info of a call about grants; or nothing
local function refused()
    if result.error.len == 0 then
        return
    end

    return nil, text(result.error), {
        http = result.http,
        retry_after = result.retry_after > 0
                      and tonumber(result.retry_after) or nil,
    }
end


local function aliases(call, i)
    local list = {}

    while C.ngx_http_zoom_ffi_alias(call, i, #list, taken[0]) == OK do
        list[#list + 1] = text(taken[0])
    end

    return list
end


local function listed(call)
    local list = {}

    while C.ngx_http_zoom_ffi_grant(call, #list, grant) == OK do
        list[#list + 1] = {
            user = text(grant.user),
            email = text_of(grant.email),
            aliases = aliases(call, #list),
            state = text(grant.state),
            connected = tonumber(grant.connected),
            refreshed = tonumber(grant.refreshed),
        }
    end

    if C.ngx_http_zoom_ffi_grants_more(call) == 1 then
        list.next = list[#list].user
    end

    return list
end


local function finish_grants(call)
    local list, err, info = refused()

    if not err then
        list = listed(call)
    end

    C.ngx_http_zoom_ffi_release(call)

    return list, err, info
end


local function finish_disconnect(call)
    local _, err, info = refused()

    C.ngx_http_zoom_ffi_release(call)

    return not err or nil, err, info
end


-- What grants() and disconnect() have in common.
local function about_grants(args, names, required, user, ask, finish)
    local timeout, r = begin(args, names, required)

    if not timeout then
        return nil, r
    end

    set(account, args.account)
    set(given[0], user)

    return await(ask(vm, r, account, given[0], timeout, callp, result), finish)
end


local GRANTS = { account = "string", after = "string", timeout = "number" }


-- A page of those who have connected, or nil, error, info.
function _M.grants(args)
    return about_grants(args, GRANTS, ACCOUNT,
                        type(args) == "table" and args.after or "",
                        C.ngx_http_zoom_ffi_grants, finish_grants)
end


local DISCONNECT = { account = "string", user = "string", timeout = "number" }
local WHOSE = { "account", "user" }


-- true, or nil, error, info
function _M.disconnect(args)
    return about_grants(args, DISCONNECT, WHOSE,
                        type(args) == "table" and args.user or "",
                        C.ngx_http_zoom_ffi_disconnect, finish_disconnect)
end


return _M
