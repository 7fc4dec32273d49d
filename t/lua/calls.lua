-- Calls a function of resty.zoom as a test says: see t/lib/Zoom/Resty.pm.

local cjson = require "cjson.safe"
local semaphore = require "ngx.semaphore"
local zoom = require "resty.zoom"

local _M = {}


local function results(n, ...)
    local list = {}

    for i = 1, n do
        local value = select(i, ...)

        list[i] = value == nil and cjson.null or value
    end

    return list
end


local function pack(...)
    return results(select("#", ...), ...)
end


local function call(order)
    local args = order.args

    for i = 1, #args do
        if args[i] == cjson.null then
            args[i] = nil
        end
    end

    return pack(zoom[order.f](unpack(args, 1, order.n or #args)))
end


-- Where the call is made, beside where the request is.
local ways = {}


function ways.here(order)
    return call(order)
end


function ways.thread(order)
    local thread = ngx.thread.spawn(call, order)
    local _, list = ngx.thread.wait(thread)

    return list
end


function ways.timer(order)
    local done = semaphore.new(0)
    local list

    ngx.timer.at(0, function()
        list = call(order)
        done:post(1)
    end)

    done:wait(20)

    return list
end


function _M.answer()
    ngx.req.read_body()

    local order = cjson.decode(ngx.req.get_body_data())
    local list = ways[ngx.var.arg_way or "here"](order)

    ngx.header["Content-Type"] = "application/json"
    ngx.print(cjson.encode(list))
    ngx.exit(200)
end


return _M
