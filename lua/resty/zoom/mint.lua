-- zoom.mint and zoom.access_token.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"
local calls = require "resty.zoom.call"

local C = zoom.C
local await, begin, finish = calls.await, calls.begin, calls.finish
local account, callp, result, vm = calls.account, calls.callp, calls.result,
                                   calls.vm
local digits, life, set = values.digits, values.life, values.set

local token_req = ffi.new("ngx_http_zoom_token_req_t")
local type_name = ffi.new("ngx_str_t")

local _M = {}


-- Whatever was left from the last call would be taken for an argument.
local function fill(args)
    local ttl, err = life(args.ttl)

    if not ttl then
        return nil, err
    end

    set(type_name, args.type or "")
    set(token_req.user, args.user or "")

    token_req.type = C.ngx_http_zoom_ffi_type(type_name)
    token_req.ttl = ttl
    token_req.webinar = args.webinar and 1 or 0
    token_req.bypass = args.bypass_waiting_room and 1 or 0

    return true
end


local MINT = {
    account = "string",
    user = "string",
    type = "string",
    ttl = "number",
    meeting_id = "digits",
    webinar = "boolean",
    bypass_waiting_room = "boolean",
    fresh = "boolean",
    timeout = "number",
}

local ACCOUNT = { "account" }


-- token, nil, info or nil, error, info
function _M.mint(args)
    local timeout, r = begin(args, MINT, ACCOUNT)

    if not timeout then
        return nil, r
    end

    local ok, err = fill(args)

    if not ok then
        return nil, err
    end

    -- this string must not be collected before it was read
    local meeting = digits(args.meeting_id)

    set(token_req.meeting, meeting)
    set(account, args.account)

    return await(C.ngx_http_zoom_ffi_mint(vm, r, account, token_req, timeout,
                                          args.fresh and 1 or 0, callp,
                                          result),
                 finish)
end


local ACCESS = { account = "string", timeout = "number" }


-- likewise
function _M.access_token(args)
    local timeout, r = begin(args, ACCESS, ACCOUNT)

    if not timeout then
        return nil, r
    end

    set(account, args.account)

    return await(C.ngx_http_zoom_ffi_access(vm, r, account, timeout, callp,
                                            result),
                 finish)
end


return _M
