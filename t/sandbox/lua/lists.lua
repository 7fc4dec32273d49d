-- Lists in pages: next_page_token says where to go on, and when that is over.

local cjson = require "cjson.safe"
local answer = require "answer"
local state = require "state"

local _M = {}


local function start(token)
    if not token or token == "" then
        return 1
    end

    local at, born = (ngx.decode_base64(token) or ""):match("^(%d+):(%d+)$")
    local life = state.get().page_token_life or 900

    if not at or ngx.time() - tonumber(born) > life then
        return nil
    end

    return tonumber(at)
end


-- One page of the list, under this name; "max" is the largest page there is.
function _M.answer(list, args, name, max)
    local size = math.max(math.min(tonumber(args.page_size) or 30, max), 1)
    local first = start(args.next_page_token)

    if not first then
        return answer.refuse(400, 300, "The next page token is invalid or "
                                       .. "expired.")
    end

    local page, last = {}, math.min(first + size - 1, #list)

    for i = first, last do
        page[#page + 1] = cjson.encode(list[i])
    end

    local more = last < #list
                 and ngx.encode_base64((last + 1) .. ":" .. ngx.time()) or ""

    return answer.json(200, ('{"page_size":%d,"total_records":%d,'
        .. '"next_page_token":%s,"%s":[%s]}'):format(size, #list,
            cjson.encode(more), name, table.concat(page, ",")))
end


return _M
