-- zoom.request and zoom.pages.

local ffi = require "ffi"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"
local calls = require "resty.zoom.call"

local C = zoom.C
local await, begin = calls.await, calls.begin
local account, callp, result, vm = calls.account, calls.callp, calls.result,
                                   calls.vm
local bad, digits, set = values.bad, values.digits, values.set
local text, text_of = values.text, values.text_of
local next = next
local pairs = pairs
local tonumber = tonumber
local type = type

local api_req = ffi.new("ngx_http_zoom_api_req_t")

local _M = {}


-- One segment of a path.  Zoom wants those that begin with a slash, or have two
-- in a row, encoded twice: UUIDs of meetings do.
local function segment(value)
    local twice = value:find("^/") or value:find("//", 1, true)

    value = ngx.escape_uri(value)

    return twice and ngx.escape_uri(value) or value
end


-- The path in a request, or nil and what is wrong.
local function path_of(path)
    if type(path) == "string" then
        if not path:find("^/[%w%-._~%%!$&'()*+,;=:@/]*$")
           or path:find("/%.%.?/") or path:find("/%.%.?$")
        then
            return bad("%q is no path in its encoded form", "path")
        end

        return path
    end

    local list = {}

    for i = 1, #path do
        local value = path[i]

        if type(value) == "number" then
            value = digits(value)
        end

        if type(value) ~= "string" or value == "" or value == "."
           or value == ".."
        then
            return bad("%q has a segment that is none", "path")
        end

        list[i] = "/" .. segment(value)
    end

    if #list == 0 then
        return bad("%q is empty", "path")
    end

    return table.concat(list)
end


-- Lower-case names; a header that came twice is one with a comma.
local function headers_of(head)
    local list = {}

    for name, value in head:gmatch("([^:\r\n]+):[ \t]*([^\r\n]*)\r?\n") do
        name = name:lower()
        list[name] = list[name] and list[name] .. ", " .. value or value
    end

    return list
end


local function finish_request(call)
    local answer, err, info

    if result.error.len > 0 then
        err = text(result.error)

        info = {
            http = result.http,
            reason = text_of(result.reason),
            retry_after = result.retry_after > 0
                          and tonumber(result.retry_after) or nil,
            tracking_id = text_of(result.tracking_id),
        }

    else
        answer = {
            status = result.http,
            headers = headers_of(text(result.head)),
            body = text(result.token),
        }
    end

    C.ngx_http_zoom_ffi_release(call)

    return answer, err, info
end


local REQUEST = {
    account = "string",
    method = "string",
    path = "path",
    args = "table",
    body = "body",
    label = "string",
    timeout = "number",
}

local WHERE = { "account", "path" }


-- Body and its method, or nil and what is wrong.
local function body_of(args)
    local content = args.body or ""

    if type(content) == "table" then
        local err

        content, err = require("cjson.safe").encode(content)

        if not content then
            return bad("%q can't be JSON: %s", "body", err)
        end
    end

    return content, args.method or (content == "" and "GET" or "POST")
end


local PLAIN = { string = true, number = true, boolean = true }


-- A value may be a list of several.
local function encodable(args)
    for name, value in pairs(args) do
        if type(name) ~= "string" then
            return false
        end

        for key, one in pairs(type(value) == "table" and value or { value }) do
            if type(key) ~= "number" or not PLAIN[type(one)] then
                return false
            end
        end

        if type(value) == "table" and #value == 0 then
            return false
        end
    end

    return true
end


-- Any request to the REST API: { status, headers, body }.
function _M.request(args)
    local timeout, r = begin(args, REQUEST, WHERE)

    if not timeout then
        return nil, r
    end

    local path, err = path_of(args.path)

    if not path then
        return nil, err
    end

    local content, method = body_of(args)

    if not content then
        return nil, method
    end

    if args.args and next(args.args) ~= nil then
        if not encodable(args.args) then
            return bad("%q are not names and plain values", "args")
        end

        path = path .. "?" .. ngx.encode_args(args.args)
    end

    set(account, args.account)
    set(api_req.method, method)
    set(api_req.path, path)
    set(api_req.body, content)

    if args.label then
        set(api_req.label, args.label)
    else
        api_req.label.data, api_req.label.len = nil, 0
    end

    return await(C.ngx_http_zoom_ffi_request(vm, r, account, api_req, timeout,
                                             callp, result),
                 finish_request)
end


-- no list of Zoom's is longer
local PAGES_MAX = 10000


-- Iterates over the pages of a list, decoded; false, error, info at a failure.
function _M.pages(args)
    local decode = require("cjson.safe").decode
    local token, over
    local n = 0

    local function fail(err, info)
        over = true

        return false, err, info
    end

    return function ()
        if over then
            return nil
        end

        local copy = {}

        for name, value in pairs(type(args) == "table" and args or {}) do
            copy[name] = value
        end

        if type(copy.args) == "table" or copy.args == nil then
            local list = {}

            for name, value in pairs(copy.args or {}) do
                list[name] = value
            end

            list.next_page_token = token
            copy.args = list
        end

        local answer, err, info = _M.request(type(args) == "table" and copy
                                             or args)

        if not answer then
            return fail(err, info)
        end

        if answer.status ~= 200 then
            return fail("zoom_refused", { http = answer.status,
                                          answer = answer })
        end

        local page = decode(answer.body)

        if type(page) ~= "table" then
            return fail("zoom_invalid", { http = 502, answer = answer })
        end

        local following = page.next_page_token

        n = n + 1
        over = type(following) ~= "string" or following == ""
               or following == token or n == PAGES_MAX
        token = following

        return page
    end
end


return _M
