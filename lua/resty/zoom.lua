-- Zoom's tokens for code that runs in lua-nginx-module: the Lua half of
-- ngx_http_zoom_module.  README has the reference.

local base = require "resty.core.base"

base.allows_subsystem("http")

local ffi = require "ffi"
local semaphore = require "ngx.semaphore"

local C = ffi.C
local ffi_new = ffi.new
local ffi_str = ffi.string
local get_phase = ngx.get_phase
local get_request = base.get_request
local error = error
local floor = math.floor
local format = string.format
local pairs = pairs
local pcall = pcall
local tonumber = tonumber
local tostring = tostring
local type = type


-- of ngx_http_zoom_ffi.h, whose types and functions these are
local FFI_VERSION = 1

if not pcall(ffi.typeof, "ngx_http_zoom_ffi_want_t") then
ffi.cdef[[
    typedef struct ngx_http_zoom_ffi_vm_s    ngx_http_zoom_ffi_vm_t;
    typedef struct ngx_http_zoom_ffi_call_s  ngx_http_zoom_ffi_call_t;

    typedef struct {
        ngx_str_t  account;
        ngx_str_t  type;
        ngx_str_t  user;
        ngx_str_t  meeting;
        int64_t    ttl;
        int64_t    timeout;
        int        fresh;
        int        webinar;
        int        bypass;
    } ngx_http_zoom_ffi_want_t;

    typedef struct {
        ngx_str_t  error;
        ngx_str_t  token;
        ngx_str_t  status;
        ngx_str_t  tracking_id;
        int64_t    expires;
        int64_t    retry_after;
        int        code;
        int        http;
    } ngx_http_zoom_ffi_result_t;

    int ngx_http_zoom_ffi_version(void);

    ngx_http_zoom_ffi_vm_t *ngx_http_zoom_ffi_vm_create(
        int (*post)(ngx_http_lua_sema_t *sema, int n),
        int (*count)(ngx_http_lua_sema_t *sema));
    void ngx_http_zoom_ffi_vm_destroy(ngx_http_zoom_ffi_vm_t *vm);

    int ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_http_zoom_ffi_want_t *want,
        int access, ngx_http_zoom_ffi_call_t **call,
        ngx_http_zoom_ffi_result_t *result);
    void ngx_http_zoom_ffi_wait(ngx_http_zoom_ffi_call_t *call,
        ngx_http_lua_sema_t *sema, int slot);
    int ngx_http_zoom_ffi_result(ngx_http_zoom_ffi_call_t *call,
        ngx_http_zoom_ffi_result_t *result);
    void ngx_http_zoom_ffi_release(ngx_http_zoom_ffi_call_t *call);
    int ngx_http_zoom_ffi_waiting(ngx_http_zoom_ffi_vm_t *vm);
    int ngx_http_zoom_ffi_orphan(ngx_http_zoom_ffi_vm_t *vm);
]]
end


local function loaded_version()
    return C.ngx_http_zoom_ffi_version()
end


do
    local ok, version = pcall(loaded_version)

    if not ok then
        error("resty.zoom needs ngx_http_zoom_module of its own version: "
              .. "load_module is missing, or the module is too old", 0)
    end

    if version ~= FFI_VERSION then
        error(format("resty.zoom speaks version %d and the loaded "
                     .. "ngx_http_zoom_module version %d: install both from "
                     .. "one release, then restart nginx",
                     FFI_VERSION, version), 0)
    end
end


local OK = base.FFI_OK
local AGAIN = base.FFI_AGAIN

-- a little more than any call can take
local WAIT = 70

local PHASES = {
    server_rewrite = true,
    rewrite = true,
    access = true,
    content = true,
    timer = true,
}

local vm = C.ngx_http_zoom_ffi_vm_create(C.ngx_http_lua_ffi_sema_post,
                                         C.ngx_http_lua_ffi_sema_count)

if vm == nil then
    error("resty.zoom: no memory", 0)
end

ffi.gc(vm, C.ngx_http_zoom_ffi_vm_destroy)

-- Nothing yields between their being filled and being read.
local want = ffi_new("ngx_http_zoom_ffi_want_t")
local callp = ffi_new("ngx_http_zoom_ffi_call_t *[1]")
local result = ffi_new("ngx_http_zoom_ffi_result_t")


local _M = { _VERSION = "0.1.0" }


local function text(s)
    return ffi_str(s.data, s.len)
end


-- "" where there is none
local function text_of(s)
    return s.len == 0 and "" or ffi_str(s.data, s.len)
end


local function set(s, value)
    s.data = value
    s.len = #value
end


local function bad(why, ...)
    return nil, "bad argument: " .. format(why, ...)
end


-- Semaphores.  They are never collected: one that is would take those who
-- wait on it down, and the other module knows it by its address.  One whose
-- coroutine was killed, or whose request ended, comes back as an orphan.

local semaphores = {}
local free = {}
local nfree = 0


local function give_back(slot)
    local sema = semaphores[slot]

    while sema:count() > 0 do
        sema:wait(0)
    end

    nfree = nfree + 1
    free[nfree] = slot
end


local function take()
    if nfree == 0 then
        local slot = C.ngx_http_zoom_ffi_orphan(vm)

        if slot ~= 0 then
            give_back(slot)
        end
    end

    if nfree > 0 then
        local slot = free[nfree]

        free[nfree] = nil
        nfree = nfree - 1

        return slot, semaphores[slot]
    end

    local sema = semaphore.new(0)

    if not sema then
        return nil
    end

    local slot = #semaphores + 1

    semaphores[slot] = sema

    return slot, sema
end


-- For tests: how many there are, which is how many ever waited at once, and
-- how many calls wait now.
function _M._semaphores()
    return #semaphores, C.ngx_http_zoom_ffi_waiting(vm)
end


local function request()
    local phase = get_phase()

    if not PHASES[phase] then
        return nil, "API disabled in the context of " .. phase
    end

    local r = get_request()

    if not r then
        return nil, "no request found"
    end

    return r
end


-- What Lua knows of each argument; the rest is for the other module to judge.
local function check(args, names, required)
    if type(args) ~= "table" then
        return bad("a table is needed, got %s", type(args))
    end

    for name, value in pairs(args) do
        local expected = names[name]

        if not expected then
            return bad("there is no %q", tostring(name))
        end

        if type(value) ~= expected
           and not (expected == "digits"
                    and (type(value) == "string" or type(value) == "number"))
        then
            return bad("%q is a %s, not a %s", name, type(value),
                       expected == "digits" and "string" or expected)
        end
    end

    for i = 1, #required do
        if args[required[i]] == nil then
            return bad("%q is missing", required[i])
        end
    end

    return true
end


-- A meeting's id is a number to some.
local function digits(value)
    if type(value) ~= "number" then
        return value or ""
    end

    return format("%.0f", value)
end


-- The results of what was asked for; "call" is released.
local function finish(call)
    local token, err

    local info = {
        code = result.code ~= 0 and result.code or nil,
        tracking_id = result.tracking_id.len > 0
                      and text(result.tracking_id) or nil,
    }

    if result.error.len > 0 then
        err = text(result.error)

        info.http = result.http
        info.retry_after = result.retry_after > 0
                           and tonumber(result.retry_after) or nil

    else
        token = text(result.token)

        info.status = text_of(result.status)
        info.expires = tonumber(result.expires)
    end

    C.ngx_http_zoom_ffi_release(call)

    return token, err, info
end


-- Asks for what stands in "want", and waits.
local function ask(access)
    local r, err = request()

    if not r then
        return nil, err
    end

    local rc = C.ngx_http_zoom_ffi_mint(vm, r, want, access, callp, result)
    local call = callp[0]

    if rc == OK then
        return finish(call)
    end

    if rc ~= AGAIN then
        return bad("%s", text(result.error))
    end

    local slot, sema = take()

    if not slot then
        C.ngx_http_zoom_ffi_release(call)
        return nil, "internal"
    end

    C.ngx_http_zoom_ffi_wait(call, sema.sem, slot)

    local ok

    ok, err = sema:wait(WAIT)

    if C.ngx_http_zoom_ffi_result(call, result) == OK then
        give_back(slot)
        return finish(call)
    end

    C.ngx_http_zoom_ffi_release(call)
    give_back(slot)

    return nil, ok and "internal" or err
end


-- Whatever was left from the last call would be taken for an argument.
local function order(args)
    set(want.account, args.account)
    set(want.type, args.type or "")
    set(want.user, args.user or "")
    set(want.meeting, "")

    want.ttl = -1
    want.timeout = -1
    want.fresh = args.fresh and 1 or 0
    want.webinar = args.webinar and 1 or 0
    want.bypass = args.bypass_waiting_room and 1 or 0

    local ttl = args.ttl

    if ttl then
        if not (ttl >= 60 and ttl <= 31536000) then
            return bad("%q must be from 60 seconds to 365 days", "ttl")
        end

        want.ttl = floor(ttl)
    end

    local timeout = args.timeout

    if timeout then
        if not (timeout >= 0.001 and timeout <= 60) then
            return bad("%q must be above 0 and at most 60 seconds", "timeout")
        end

        want.timeout = floor(timeout * 1000)
    end

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
    local ok, err = check(args, MINT, ACCOUNT)

    if not ok then
        return nil, err
    end

    ok, err = order(args)

    if not ok then
        return nil, err
    end

    -- this string must not be collected before it was read
    local meeting = digits(args.meeting_id)

    set(want.meeting, meeting)

    return ask(0)
end


local ACCESS = { account = "string", timeout = "number" }


-- likewise
function _M.access_token(args)
    local ok, err = check(args, ACCESS, ACCOUNT)

    if not ok then
        return nil, err
    end

    ok, err = order(args)

    if not ok then
        return nil, err
    end

    return ask(1)
end


return _M
