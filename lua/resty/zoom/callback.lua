-- zoom.authenticate and zoom.callback.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"
local calls = require "resty.zoom.call"
local meeting = require "resty.zoom.meeting"

local C = zoom.C
local OK = zoom.OK
local AGAIN = zoom.AGAIN
local given, taken = values.given, values.taken
local bad, check, set = values.bad, values.check, values.set
local text, text_of = values.text, values.text_of
local await, request = calls.await, calls.request
local callp, result, vm = calls.callp, calls.result, calls.vm
local tonumber = tonumber

local verdict = ffi.new("ngx_http_zoom_ffi_verdict_t")
local callback = ffi.new("ngx_http_zoom_ffi_callback_t")

local _M = {}


-- as bodies are bounded in zoom_tokens
local BODY_MAX = 65535

-- What is told of an error about the request.
local function refusal()
    return nil, text(verdict.error), {
        http = verdict.http,
        reason = text_of(verdict.reason),
    }
end


local function file_content(name)
    local file = io.open(name, "rb")

    if not file then
        return nil
    end

    local content = file:read(BODY_MAX + 1)

    file:close()

    return content
end


-- The body, or nil and what is wrong.  That of a GET means nothing.
local function body()
    if ngx.req.get_method() == "GET" then
        return ""
    end

    local length = tonumber(ngx.var.http_content_length)

    if length and length > BODY_MAX then
        return nil, "too_large", { http = 413 }
    end

    ngx.req.read_body()

    local content = ngx.req.get_body_data()

    if not content then
        local name = ngx.req.get_body_file()

        content = name and file_content(name) or ""
    end

    if #content > BODY_MAX then
        return nil, "too_large", { http = 413 }
    end

    return content
end


-- What other hosts know of a proof that is good once; "call" is released.
local function proven(call)
    local caller, err, info = text(result.token)

    if result.error.len > 0 then
        err = text(result.error)
        info = { http = result.http, reason = text_of(result.reason) }
    end

    C.ngx_http_zoom_ffi_release(call)

    if err then
        return nil, err, info
    end

    return caller
end


local AUTHENTICATE = { scheme = "string", secret = "string", as = "string" }
local PROOF = { "scheme", "secret" }


-- caller, or nil, error, info
function _M.authenticate(args)
    if args ~= nil then
        local ok, err = check(args, AUTHENTICATE, PROOF)

        if not ok then
            return nil, err
        end

        if args.scheme == "" then
            return bad("there is no such scheme")
        end
    end

    local r, err = request(true)

    if not r then
        return nil, err
    end

    local content, info

    content, err, info = body()

    if not content then
        return nil, err, info
    end

    set(given[0], args and args.scheme or "")
    set(given[1], args and args.secret or "")
    set(given[2], args and args.as or "")
    set(given[3], content)

    local rc = C.ngx_http_zoom_ffi_authenticate(vm, r, given, given + 1,
                                                given + 2, given + 3, verdict,
                                                callp)

    if rc == AGAIN then
        return await(rc, proven)
    end

    if rc == OK then
        return text(verdict.caller)
    end

    if rc == zoom.ERROR then
        return bad("%s", text(verdict.error))
    end

    return refusal()
end


-- The callback that the request is, or nil, error, info.
function _M.callback()
    local r, err = request(true)

    if not r then
        return nil, err
    end

    local content, info

    content, err, info = body()

    if not content then
        return nil, err, info
    end

    set(given[0], content)

    if C.ngx_http_zoom_ffi_callback(r, given, callback, verdict) ~= OK then
        return refusal()
    end

    local list = {
        bot_id = text_of(callback.bot_id),
        meeting_url = text_of(callback.meeting_url),
        caller = text_of(verdict.caller),
        scheme = text_of(verdict.scheme),
        metadata = {},
    }

    for i = 0, callback.nmetadata - 1 do
        C.ngx_http_zoom_ffi_metadata(r, i, taken, taken + 1)
        list.metadata[text(taken[0])] = text(taken[1])
    end

    local link = list.meeting_url and meeting.parse_meeting(list.meeting_url)

    if link then
        list.meeting_id = link.id
        list.passcode = link.passcode
        list.tk = link.tk
        list.webinar = link.webinar
    end

    return list
end


return _M
