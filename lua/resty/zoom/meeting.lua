-- zoom.parse_meeting and zoom.sdk_signature.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"
local accounts = require "resty.zoom.account"

local C = zoom.C
local OK = zoom.OK
local ffi_new = ffi.new
local floor = math.floor
local given, taken = values.given, values.taken
local bad, check, digits = values.bad, values.check, values.digits
local set, text, text_of = values.set, values.text, values.text_of
local tonumber = tonumber
local type = type

local meeting = ffi_new("ngx_http_zoom_ffi_meeting_t")
local expires = ffi_new("int64_t[1]")
local buf = ffi_new("unsigned char[?]", 2048)

local _M = {}


-- The meeting of a link.
function _M.parse_meeting(link)
    if type(link) ~= "string" then
        return bad("a link is needed, got %s", type(link))
    end

    if #link > 2048 then
        return nil, "no_meeting"
    end

    set(given[0], link)

    if C.ngx_http_zoom_ffi_meeting(given[0], buf, meeting) ~= OK then
        return nil, "no_meeting"
    end

    return {
        id = text(meeting.id),
        passcode = text_of(meeting.passcode),
        tk = text_of(meeting.tk),
        webinar = meeting.webinar ~= 0,
    }
end


local SIGNATURE = {
    account = "string",
    meeting_id = "digits",
    role = "string",
    ttl = "number",
}

local MEETING = { "account", "meeting_id" }
local ROLES = { participant = 0, host = 1 }


-- signature, nil, info
function _M.sdk_signature(args)
    local ok, err = check(args, SIGNATURE, MEETING)

    if not ok then
        return nil, err
    end

    local role = ROLES[args.role or "participant"]

    if not role then
        return bad("%q is neither participant nor host", "role")
    end

    local ttl = args.ttl or 1800

    if not (ttl >= 1800 and ttl <= 172800) then
        return bad("%q must be from 30 minutes to 48 hours", "ttl")
    end

    local account

    account, err = accounts.of(args.account)

    if not account then
        return nil, err
    end

    local id = digits(args.meeting_id)

    set(given[0], id)

    local rc = C.ngx_http_zoom_ffi_sdk_signature(account, given[0], role,
                                                 floor(ttl), buf, taken[0],
                                                 taken[1], expires, taken[0])

    if rc ~= OK then
        return bad("%s", text(taken[0]))
    end

    return text(taken[0]), nil, {
        sdk_key = text(taken[1]),
        expires = tonumber(expires[0]),
    }
end


return _M
