-- All endpoints that Zoom has published, by method and path.

local _M = {}

local LABELS = { light = "Light", medium = "Medium", heavy = "Heavy",
                 resource = "Resource-intensive", ["-"] = "Heavy" }

-- by method; of each node the names that follow, the parameter that follows,
-- and the endpoint that ends there
local roots = {}
local rows = 0


local function words(list)
    local out = {}

    for word in (list == "-" and "" or list):gmatch("[^,]+") do
        out[#out + 1] = word
    end

    return out
end


local function add(product, method, path, label, granular, classic)
    local node = roots[method] or { names = {} }
    local params = {}

    roots[method] = node

    local whole = path:match("^/v%d+/") and path or "/v2" .. path

    for segment in whole:gmatch("[^/]+") do
        local param = segment:match("^{(.*)}$")

        if param then
            params[#params + 1] = param
            node.param = node.param or { names = {} }
            node = node.param
        else
            node.names[segment] = node.names[segment] or { names = {} }
            node = node.names[segment]
        end
    end

    node.row = { product = product, method = method, path = path,
                 label = LABELS[label], granular = words(granular),
                 classic = words(classic), params = params }
    rows = rows + 1
end


function _M.load(path)
    for line in io.lines(path) do
        if line:sub(1, 1) ~= "#" then
            add(line:match("^([^\t]+)\t([^\t]+)\t([^\t]+)\t([^\t]+)\t"
                           .. "([^\t]+)\t([^\t]+)$"))
        end
    end

    assert(rows > 1000, path .. " is not whole")
end


-- A name comes before a parameter, unless there is nothing below it.
local function walk(node, segments, i, values)
    if i > #segments then
        return node.row
    end

    local segment = segments[i]
    local named = node.names[segment]
    local row = named and walk(named, segments, i + 1, values)

    if row or not node.param or segment == "" then
        return row
    end

    values[#values + 1] = segment
    row = walk(node.param, segments, i + 1, values)

    if not row then
        values[#values] = nil
    end

    return row
end


-- The endpoint and what stands where its path has parameters, in their order.
function _M.find(method, segments)
    local root = roots[method == "HEAD" and "GET" or method]
    local values = {}
    local row = root and walk(root, segments, 1, values)

    return row, values
end


return _M
