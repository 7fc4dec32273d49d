-- Calls that wait, and how: the same for all that Zoom is asked for.

local ffi = require "ffi"
local semaphore = require "ngx.semaphore"
local zoom = require "resty.zoom.ffi"
local values = require "resty.zoom.args"

local C = zoom.C
local OK = zoom.OK
local AGAIN = zoom.AGAIN
local get_phase = ngx.get_phase
local get_request = zoom.get_request
local error = error
local bad, check, milliseconds = values.bad, values.check, values.milliseconds
local text, text_of = values.text, values.text_of
local ffi_new = ffi.new
local tonumber = tonumber


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

-- nothing yields between their being filled and being read
local callp = ffi_new("ngx_http_zoom_ffi_call_t *[1]")
local result = ffi_new("ngx_http_zoom_ffi_result_t")

local _M = {
    vm = vm,
    callp = callp,
    result = result,
    account = ffi_new("ngx_str_t"),
}


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
function _M.semaphores()
    return #semaphores, C.ngx_http_zoom_ffi_waiting(vm)
end


-- The request that Lua runs in, or nil and what is wrong.
function _M.request(client)
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


-- The results of what was asked for; "call" is released.
function _M.finish(call)
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
function _M.await(rc, finish)
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


-- How every call that waits begins: its time and the request that it is made
-- in, or nil and what is wrong.
function _M.begin(args, names, required)
    local ok, err = check(args, names, required)

    if not ok then
        return nil, err
    end

    local timeout, r

    timeout, err = milliseconds(args.timeout)

    if not timeout then
        return nil, err
    end

    r, err = _M.request()

    if not r then
        return nil, err
    end

    return timeout, r
end


return _M
