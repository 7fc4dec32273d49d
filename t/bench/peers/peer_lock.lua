-- A lock in a shared dictionary.  lua-resty-lock where it is installed; Debian
-- has no package of it, and then the same from its description: whoever adds
-- the key has it, the others look again after 1 ms, 2 ms and so on to 500 ms.

local ok, resty_lock = pcall(require, "resty.lock")

local _M = {}


-- A function that releases it, or nil and why not.
function _M.take(name)
    if ok then
        local lock = resty_lock:new("locks")
        local waited, err = lock:lock(name)

        return waited and function() lock:unlock() end, err
    end

    local dict, step, left = ngx.shared.locks, 0.001, 5

    while not dict:add(name, true, 30) do
        if left <= 0 then
            return nil, "timeout"
        end

        ngx.sleep(step)
        left = left - step
        step = math.min(step * 2, 0.5)
    end

    return function() dict:delete(name) end
end


return _M
