-- Waits that come to nothing, by the hundred: see t/resty_leak.t.

local zoom = require "resty.zoom"

local _M = {}

local AT_ONCE = 100
local USERS = 8

-- what a Zoom that hangs comes to
local OVER = { timeout = true, rate_limited = true, zoom_unavailable = true }


local function wait(n, timeout)
    if n % 4 == 0 and n > USERS then
        return zoom.request{
            account = "acme",
            path = "/users/bots@example.com",
            timeout = timeout,
        }
    end

    return zoom.mint{
        account = "acme",
        user = "bot" .. n % USERS .. "@example.com",
        timeout = timeout,
    }
end


-- The first ones have time, so that there is something to wait for.
local function spawn(timeout)
    local threads = {}

    for i = 1, AT_ONCE do
        threads[i] = ngx.thread.spawn(wait, i, i <= USERS and 20 or timeout)
    end

    return threads
end


-- The calls of an aborted request are gone when nginx has noticed.
local function alone()
    repeat
        local _, waiting = zoom._semaphores()

        if waiting > 0 then
            ngx.sleep(0.002)
        end
    until waiting == 0
end


function _M.killed(rounds)
    for _ = 1, rounds do
        for _, thread in ipairs(spawn(20)) do
            assert(ngx.thread.kill(thread))
        end
    end

    return rounds * AT_ONCE
end


function _M.timed_out(rounds)
    local n = 0

    for _ = 1, rounds do
        for i, thread in ipairs(spawn(0.005)) do
            if i <= USERS then
                n = n + ngx.thread.kill(thread)
            else
                local ok, token, err = ngx.thread.wait(thread)

                if ok and token == nil and OVER[err] then
                    n = n + 1
                end
            end
        end
    end

    return n
end


function _M.aborted()
    alone()
    spawn(20)
    ngx.say("waiting")
    ngx.flush(true)

    -- the client hangs up now
    ngx.sleep(30)
end


-- The request ends while its threads wait.
function _M.left()
    alone()
    spawn(20)
    ngx.say(AT_ONCE)
    ngx.exit(200)
end


function _M.state()
    alone()
    collectgarbage()
    collectgarbage()

    return (zoom._semaphores())
end


return _M
