-- Counts everything.  A counter's name is its path in the JSON of
-- /control/stats, joined by newlines.

local dict = ngx.shared.stats

local _M = {}

local RECENT = 200
local ARRIVALS = 5000


local function key(...)
    return table.concat({ ... }, "\n")
end


function _M.count(...)
    dict:incr(key(...), 1, 0)
end


function _M.add(n, ...)
    dict:incr(key(...), n, 0)
end


local function enter_gauge(name)
    local now = dict:incr(key("concurrency", name, "now"), 1, 0)
    local max = key("concurrency", name, "max")

    if now > (dict:get(max) or 0) then
        dict:set(max, now)
    end
end


-- When what came, to the millisecond.
local function note_arrival(endpoint)
    ngx.update_time()

    local line = ("%.3f %s %s"):format(ngx.now(), endpoint,
                                       ngx.var.request_uri)

    if dict:rpush("arrivals", line) and dict:llen("arrivals") > ARRIVALS then
        dict:lpop("arrivals")
    end
end


-- A request has come; "endpoint" is what the router calls it.
function _M.enter(endpoint)
    ngx.ctx.endpoint = endpoint

    -- Connections are told apart by nginx's own serial number.
    if dict:add("seen\n" .. ngx.var.connection, 1) then
        _M.count("connections")
    end

    _M.count("requests")
    _M.count("http", ngx.var.server_protocol)
    _M.count("hosts", ngx.var.host)
    _M.count("endpoints", endpoint, "calls")

    note_arrival(endpoint)
    enter_gauge("all")
    enter_gauge(endpoint)
    dict:incr(key("clients", endpoint, ngx.var.remote_port), 1, 0)
end


local function remember()
    local line = table.concat({
        ngx.utctime(), ngx.var.connection, ngx.var.server_protocol,
        ngx.var.host, ngx.status, ngx.req.get_method(), ngx.var.request_uri,
    }, " ")

    if dict:rpush("recent", line) and dict:llen("recent") > RECENT then
        dict:lpop("recent")
    end
end


-- How many of these are here at this moment.
function _M.now(endpoint)
    return dict:get(key("concurrency", endpoint, "now")) or 0
end


-- It has been answered, or its client has gone.
function _M.leave()
    local endpoint = ngx.ctx.endpoint

    -- What nginx refuses by itself never came to enter().
    if not endpoint then
        _M.count("refused", tostring(ngx.status))
        return
    end

    _M.count("statuses", tostring(ngx.status))
    _M.count("endpoints", endpoint, tostring(ngx.status))

    dict:incr(key("concurrency", "all", "now"), -1)
    dict:incr(key("concurrency", endpoint, "now"), -1)
    dict:delete(key("clients", endpoint, ngx.var.remote_port))
    remember()
    require("requests").leave()
end


local function lines_of(name)
    local lines = {}

    for i = 1, dict:llen(name) or 0 do
        local line = dict:lpop(name)

        lines[i] = line
        dict:rpush(name, line)
    end

    return lines
end


function _M.recent()
    return lines_of("recent")
end


function _M.arrivals()
    return lines_of("arrivals")
end


local function put(tree, path, value)
    local names = {}

    for name in path:gmatch("[^\n]+") do
        names[#names + 1] = name
    end

    for i = 1, #names - 1 do
        tree[names[i]] = tree[names[i]] or {}
        tree = tree[names[i]]
    end

    tree[names[#names]] = value
end


function _M.tree()
    local tree = {
        requests = 0, connections = 0, me = 0, http = {}, hosts = {},
        statuses = {}, endpoints = {}, users = {}, mints = {},
        concurrency = {}, misbehaved = {}, issued = {}, clients = {},
    }

    for _, path in ipairs(dict:get_keys(0)) do
        if path ~= "recent" and path ~= "arrivals"
            and path:sub(1, 5) ~= "seen\n"
        then
            put(tree, path, dict:get(path))
        end
    end

    return tree
end


-- Gauges of requests under way survive, or they would go below zero.
function _M.reset()
    for _, path in ipairs(dict:get_keys(0)) do
        if path:sub(-4) ~= "\nnow" and path:sub(1, 5) ~= "seen\n"
            and path:sub(1, 8) ~= "clients\n"
        then
            dict:delete(path)
        end
    end
end


return _M
