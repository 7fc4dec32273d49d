-- What forms send, and text on its way into a page or a URL.

local _M = {}


function _M.is_form()
    local kind = (ngx.var.content_type or ""):lower()

    return kind:match("^application/x%-www%-form%-urlencoded%s*$")
           or kind:match("^application/x%-www%-form%-urlencoded%s*;")
end


function _M.body()
    ngx.req.read_body()

    return ngx.req.get_post_args() or {}
end


-- A parameter that comes twice, or without "=", is none.
function _M.is_single(args)
    for name, value in pairs(args) do
        if type(value) ~= "string" then
            return false, name
        end
    end

    return true
end


local ENTITY = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;",
                 ['"'] = "&quot;", ["'"] = "&#39;" }


function _M.escape(text)
    return (tostring(text):gsub("[&<>\"']", ENTITY))
end


-- Behind the query that an address has already; nils are left out.
function _M.add_to(uri, pairs_of)
    local out = {}

    for _, pair in ipairs(pairs_of) do
        if pair[2] then
            out[#out + 1] = pair[1] .. "=" .. ngx.escape_uri(pair[2])
        end
    end

    return uri .. (uri:find("?", 1, true) and "&" or "?")
           .. table.concat(out, "&")
end


return _M
