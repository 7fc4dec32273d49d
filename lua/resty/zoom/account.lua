-- zoom.account and zoom.purge, and accounts by their name.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"

local C = zoom.C
local ffi_str = ffi.string
local given, taken = values.given, values.taken
local bad, check, set = values.bad, values.check, values.set
local text, text_of = values.text, values.text_of
local tonumber = tonumber
local type = type

local report = ffi.new("ngx_http_zoom_ffi_report_t")

-- in the order of ngx_http_zoom_service_e and zoom_label_e
local SERVICES = {
    "access", "zak", "onbehalf", "local_recording", "live_streaming",
    "local_archiving", "api", "mcp", "download",
}

local LABELS = { "light", "medium", "heavy", "resource" }

local ACCOUNT = { "account" }

local _M = {}


-- The account, or nil and what is wrong.
function _M.of(name)
    set(given[0], name)

    local account = C.ngx_http_zoom_ffi_account(given[0])

    if account == nil then
        return bad("there is no such account")
    end

    return account
end


-- How an account fares.
function _M.account(name)
    if type(name) ~= "string" then
        return bad("the name of an account is needed, got %s", type(name))
    end

    local account, err = _M.of(name)

    if not account then
        return nil, err
    end

    C.ngx_http_zoom_ffi_report(account, report)

    local list = { name = name, ok = true, errors = {}, limits = {} }

    for i = 1, #SERVICES do
        local code = text_of(report.errors[i - 1])

        list.errors[SERVICES[i]] = code

        -- the others are not for every account
        if code and i <= 2 and list.ok then
            list.ok = false
            list.error = code
        end
    end

    for i = 1, #LABELS do
        local limit = report.limits[i - 1]
        local day = tonumber(limit.day)
        local used = tonumber(limit.used)

        list.limits[LABELS[i]] = {
            rate = tonumber(limit.rate) / 1000,
            wait = tonumber(limit.wait) / 1000,
            used = used,
            left = day > 0 and (day > used and day - used or 0) or nil,
        }
    end

    list.wait = list.limits.light.wait

    if report.expires > 0 then
        list.access_expires = tonumber(report.expires)
    end

    if report.last_time > 0 then
        local tracking_id = ffi_str(report.last_tracking_id)

        list.last = {
            time = tonumber(report.last_time),
            error = text(report.last_error),
            code = report.last_code ~= 0 and report.last_code or nil,
            message = ffi_str(report.last_message),
            tracking_id = tracking_id ~= "" and tracking_id or nil,
        }
    end

    return list
end


local PURGE = { account = "string", user = "string" }


-- How many tokens went.
function _M.purge(args)
    local ok, err = check(args, PURGE, ACCOUNT)

    if not ok then
        return nil, err
    end

    local account

    account, err = _M.of(args.account)

    if not account then
        return nil, err
    end

    local user = nil

    if args.user then
        user = given + 1
        set(given[1], args.user)
    end

    local n = C.ngx_http_zoom_ffi_purge(account, user, taken[0])

    if n >= 0 then
        return n
    end

    if n == zoom.DECLINED then
        return bad("%s", text(taken[0]))
    end

    return nil, text(taken[0])
end


-- Somebody has changed the user, or deleted it.
function _M.changed(name, user, gone)
    local account = _M.of(name)

    if account then
        set(given[1], user)
        C.ngx_http_zoom_ffi_user(account, given + 1, gone and 1 or 0)
    end
end


return _M
