-- Zoom's tokens for code that runs in lua-nginx-module: the Lua half of
-- ngx_http_zoom_module.  docs/resty.md has the reference.

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
local next = next
local pcall = pcall
local select = select
local setmetatable = setmetatable
local tonumber = tonumber
local tostring = tostring
local type = type


-- of ngx_http_zoom_ffi.h, whose types and functions these are
local FFI_VERSION = 5

if not pcall(ffi.typeof, "ngx_http_zoom_token_req_t") then
ffi.cdef[[
    typedef struct ngx_http_zoom_ffi_vm_s    ngx_http_zoom_ffi_vm_t;
    typedef struct ngx_http_zoom_ffi_call_s  ngx_http_zoom_ffi_call_t;

    typedef struct {
        intptr_t   type;
        ngx_str_t  user;
        ngx_str_t  meeting;
        long       ttl;
        int        webinar;
        int        bypass;
    } ngx_http_zoom_token_req_t;

    typedef struct {
        ngx_str_t  error;
        ngx_str_t  token;
        ngx_str_t  status;
        ngx_str_t  tracking_id;
        int64_t    expires;
        int64_t    retry_after;
        int        code;
        int        http;
        ngx_str_t  head;
        ngx_str_t  reason;
    } ngx_http_zoom_ffi_result_t;

    typedef struct {
        ngx_str_t  method;
        ngx_str_t  path;
        ngx_str_t  body;
        ngx_str_t  label;
    } ngx_http_zoom_api_req_t;

    typedef struct {
        ngx_str_t  user;
        ngx_str_t  email;
        ngx_str_t  state;
        int64_t    connected;
        int64_t    refreshed;
    } ngx_http_zoom_ffi_grant_t;

    typedef struct ngx_http_zoom_account_s  ngx_http_zoom_account_t;

    typedef struct {
        int64_t  rate;
        int64_t  day;
        int64_t  used;
        int64_t  wait;
    } ngx_http_zoom_ffi_limit_t;

    typedef struct {
        int64_t                    expires;
        ngx_str_t                  errors[7];
        ngx_http_zoom_ffi_limit_t  limits[4];
        int64_t                    last_time;
        ngx_str_t                  last_error;
        int                        last_code;
        unsigned char              last_message[201];
        unsigned char              last_tracking_id[65];
    } ngx_http_zoom_ffi_report_t;

    typedef struct {
        ngx_str_t  id;
        ngx_str_t  passcode;
        ngx_str_t  tk;
        int        webinar;
    } ngx_http_zoom_ffi_meeting_t;

    typedef struct {
        ngx_str_t  error;
        ngx_str_t  reason;
        ngx_str_t  caller;
        ngx_str_t  scheme;
        int        http;
    } ngx_http_zoom_ffi_verdict_t;

    typedef struct {
        ngx_str_t  bot_id;
        ngx_str_t  meeting_url;
        int        nmetadata;
    } ngx_http_zoom_ffi_callback_t;

    typedef struct ngx_http_zoom_pool_conf_s  ngx_http_zoom_pool_conf_t;

    typedef struct {
        ngx_str_t      user;
        int64_t        leases;
        int64_t        wait;
        int            up;
        int            backup;
        int            weight;
        int            code;
        unsigned char  text[128];
    } ngx_http_zoom_ffi_member_t;

    int ngx_http_zoom_ffi_version(void);

    ngx_http_zoom_ffi_vm_t *ngx_http_zoom_ffi_vm_create(
        int (*post)(ngx_http_lua_sema_t *sema, int n),
        int (*count)(ngx_http_lua_sema_t *sema));
    void ngx_http_zoom_ffi_vm_destroy(ngx_http_zoom_ffi_vm_t *vm);

    int ngx_http_zoom_ffi_type(const ngx_str_t *name);
    int ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_http_zoom_token_req_t *req, int64_t timeout, int fresh,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_access(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_request(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_http_zoom_api_req_t *req, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_grants(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_str_t *user, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_disconnect(ngx_http_zoom_ffi_vm_t *vm,
        ngx_http_request_t *r, const ngx_str_t *account,
        const ngx_str_t *user, int64_t timeout,
        ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
    int ngx_http_zoom_ffi_grant(ngx_http_zoom_ffi_call_t *call, int i,
        ngx_http_zoom_ffi_grant_t *grant);
    int ngx_http_zoom_ffi_alias(ngx_http_zoom_ffi_call_t *call, int i, int j,
        ngx_str_t *alias);
    int ngx_http_zoom_ffi_grants_more(ngx_http_zoom_ffi_call_t *call);
    void ngx_http_zoom_ffi_wait(ngx_http_zoom_ffi_call_t *call,
        ngx_http_lua_sema_t *sema, int slot);
    int ngx_http_zoom_ffi_result(ngx_http_zoom_ffi_call_t *call,
        ngx_http_zoom_ffi_result_t *result);
    void ngx_http_zoom_ffi_release(ngx_http_zoom_ffi_call_t *call);
    int ngx_http_zoom_ffi_waiting(ngx_http_zoom_ffi_vm_t *vm);
    int ngx_http_zoom_ffi_orphan(ngx_http_zoom_ffi_vm_t *vm);

    ngx_http_zoom_account_t *ngx_http_zoom_ffi_account(const ngx_str_t *name);
    void ngx_http_zoom_ffi_report(ngx_http_zoom_account_t *account,
        ngx_http_zoom_ffi_report_t *report);
    int ngx_http_zoom_ffi_purge(ngx_http_zoom_account_t *account,
        const ngx_str_t *user, ngx_str_t *error);
    void ngx_http_zoom_ffi_user(ngx_http_zoom_account_t *account,
        const ngx_str_t *user, int gone);
    const ngx_http_zoom_pool_conf_t *ngx_http_zoom_ffi_pool(
        const ngx_str_t *name);
    int ngx_http_zoom_ffi_pool_pick(const ngx_http_zoom_pool_conf_t *pool,
        ngx_http_request_t *r, const ngx_str_t *key,
        const ngx_str_t *distinct, const ngx_str_t *bot, unsigned char *buf,
        ngx_str_t *user, int64_t *after);
    int ngx_http_zoom_ffi_pool_release(const ngx_http_zoom_pool_conf_t *pool,
        const ngx_str_t *distinct, const ngx_str_t *user);
    int ngx_http_zoom_ffi_pool_member(const ngx_http_zoom_pool_conf_t *pool,
        int at, ngx_http_zoom_ffi_member_t *member);
    int ngx_http_zoom_ffi_meeting(const ngx_str_t *link, unsigned char *buf,
        ngx_http_zoom_ffi_meeting_t *meeting);
    int ngx_http_zoom_ffi_sdk_signature(ngx_http_zoom_account_t *account,
        const ngx_str_t *meeting, int host, int64_t life, unsigned char *buf,
        ngx_str_t *signature, ngx_str_t *sdk_key, int64_t *expires,
        ngx_str_t *error);

    int ngx_http_zoom_ffi_authenticate(ngx_http_request_t *r,
        const ngx_str_t *scheme, const ngx_str_t *secret,
        const ngx_str_t *as, const ngx_str_t *body,
        ngx_http_zoom_ffi_verdict_t *verdict);
    int ngx_http_zoom_ffi_callback(ngx_http_request_t *r,
        const ngx_str_t *body, ngx_http_zoom_ffi_callback_t *callback,
        ngx_http_zoom_ffi_verdict_t *verdict);
    void ngx_http_zoom_ffi_metadata(ngx_http_request_t *r, int n,
        ngx_str_t *name, ngx_str_t *value);
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
local account = ffi_new("ngx_str_t")
local type_name = ffi_new("ngx_str_t")
local token_req = ffi_new("ngx_http_zoom_token_req_t")
local api_req = ffi_new("ngx_http_zoom_api_req_t")
local callp = ffi_new("ngx_http_zoom_ffi_call_t *[1]")
local result = ffi_new("ngx_http_zoom_ffi_result_t")
local grant = ffi_new("ngx_http_zoom_ffi_grant_t")

local report = ffi_new("ngx_http_zoom_ffi_report_t")
local meeting = ffi_new("ngx_http_zoom_ffi_meeting_t")
local member = ffi_new("ngx_http_zoom_ffi_member_t")
local verdict = ffi_new("ngx_http_zoom_ffi_verdict_t")
local callback = ffi_new("ngx_http_zoom_ffi_callback_t")
local expires = ffi_new("int64_t[1]")
local buf = ffi_new("unsigned char[?]", 2048)

-- strings that are handed over, and that come back
local given = ffi_new("ngx_str_t[4]")
local taken = ffi_new("ngx_str_t[2]")

-- in the order of ngx_http_zoom_service_e and zoom_label_e
local SERVICES = {
    "access", "zak", "onbehalf", "local_recording", "live_streaming",
    "local_archiving", "api",
}

local LABELS = { "light", "medium", "heavy", "resource" }


local _M = { _VERSION = "0.1.0" }


local function text(s)
    return ffi_str(s.data, s.len)
end


-- nil where there is none
local function text_of(s)
    return s.len > 0 and ffi_str(s.data, s.len) or nil
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


local function request(client)
    local phase = get_phase()

    if not PHASES[phase] or (client and phase == "timer") then
        return nil, "API disabled in the context of " .. phase
    end

    local r = get_request()

    if not r then
        return nil, "no request found"
    end

    return r
end


local EITHER = {
    digitsstring = true, digitsnumber = true,
    pathstring = true, pathtable = true,
    bodystring = true, bodytable = true,
}

local NAMES = { digits = "string", path = "string", body = "string" }


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

        if type(value) ~= expected and not EITHER[expected .. type(value)] then
            return bad("%q is a %s, not a %s", name, type(value),
                       NAMES[expected] or expected)
        end
    end

    for i = 1, #required do
        if args[required[i]] == nil then
            return bad("%q is missing", required[i])
        end
    end

    return true
end


-- A meeting's id is a number to some.  One with a fraction keeps it, and is
-- refused.
local function digits(value)
    if type(value) ~= "number" then
        return value or ""
    end

    return format(value % 1 == 0 and "%.0f" or "%.14g", value)
end


-- The results of what was asked for; "call" is released.
local function finish(call)
    local token, err

    local info = {
        code = result.code ~= 0 and result.code or nil,
        tracking_id = text_of(result.tracking_id),
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


-- Waits for a call that was made; "rc" is what that returned.
local function await(rc, finish)
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

    local ok, err = sema:wait(WAIT)

    if C.ngx_http_zoom_ffi_result(call, result) == OK then
        give_back(slot)
        return finish(call)
    end

    C.ngx_http_zoom_ffi_release(call)
    give_back(slot)

    return nil, ok and "internal" or err
end


-- Of a timeout in seconds; -1 where there is none.
local function milliseconds(timeout)
    if not timeout then
        return -1
    end

    if not (timeout >= 0.001 and timeout <= 60) then
        return bad("%q must be above 0 and at most 60 seconds", "timeout")
    end

    return floor(timeout * 1000)
end


-- Seconds; -1 where there is none.
local function life(ttl)
    if not ttl then
        return -1
    end

    if not (ttl >= 60 and ttl <= 31536000) then
        return bad("%q must be from 60 seconds to 365 days", "ttl")
    end

    return floor(ttl)
end


-- How every call that waits begins: its time and the request that it is made
-- in, or nil and what is wrong.
local function begin(args, names, required)
    local ok, err = check(args, names, required)

    if not ok then
        return nil, err
    end

    local timeout, r

    timeout, err = milliseconds(args.timeout)

    if not timeout then
        return nil, err
    end

    r, err = request()

    if not r then
        return nil, err
    end

    return timeout, r
end


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


local function account_of(name)
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

    local account, err = account_of(name)

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

    account, err = account_of(args.account)

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

    if n == base.FFI_DECLINED then
        return bad("%s", text(taken[0]))
    end

    return nil, text(taken[0])
end


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
                                             buf, taken[0], expires)

    if rc == OK then
        return text(taken[0])
    end

    return nil, rc == base.FFI_DECLINED and "pool_exhausted" or "internal",
           { retry_after = tonumber(expires[0]) }
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
function _M.pool(name)
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

    account, err = account_of(args.account)

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

    local rc = C.ngx_http_zoom_ffi_authenticate(r, given, given + 1,
                                                given + 2, given + 3, verdict)

    if rc == OK then
        return text(verdict.caller)
    end

    if rc == base.FFI_ERROR then
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

    local link = list.meeting_url and _M.parse_meeting(list.meeting_url)

    if link then
        list.meeting_id = link.id
        list.passcode = link.passcode
        list.tk = link.tk
        list.webinar = link.webinar
    end

    return list
end


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


local function members(value)
    return type(value) == "table" and value or nil
end


-- list, get, create, update, delete, set_status
_M.users = require("resty.zoom.users")(_G, {
    request = function(args)
        return _M.request(args)
    end,
    decode = function(content)
        return require("cjson.safe").decode(content)
    end,
    members = members,
    changed = function(name, user, gone)
        local account = account_of(name)

        if account then
            set(given[1], user)
            C.ngx_http_zoom_ffi_user(account, given + 1, gone and 1 or 0)
        end
    end,
})


return _M
