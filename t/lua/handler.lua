-- zoom_tokens, written in Lua: see t/resty_request.t.

local cjson = require "cjson.safe"
local zoom = require "resty.zoom"

local _M = {}

local USERS = { tenant1 = "bots@t1.example", tenant2 = "bots@t2.example" }


local function say(status, value)
    ngx.status = status
    ngx.header["Content-Type"] = "application/json"
    ngx.header["Cache-Control"] = "no-store"
    ngx.print(cjson.encode(value))
    ngx.exit(status)
end


local function fail(err, info)
    if info and info.reason then
        ngx.log(ngx.INFO, "no token: ", info.reason)
    end

    say(info and info.http or 500, { error = err })
end


function _M.secret(name)
    local file = assert(io.open(name))
    local secret = file:read("*l")

    file:close()

    return secret
end


-- One of these proofs; with none that of the location.
function _M.run(proofs)
    local caller, err, info

    for _, proof in ipairs(proofs) do
        caller, err, info = zoom.authenticate(proof)

        if caller or err ~= "unauthenticated" then
            break
        end
    end

    if #proofs == 0 then
        caller, err, info = zoom.authenticate()
    end

    if not caller then
        return fail(err, info)
    end

    local bot

    bot, err, info = zoom.callback()

    if not bot then
        return fail(err, info)
    end

    local token

    token, err, info = zoom.mint{
        account = "acme",
        user = USERS[caller] or "bots@example.com",
    }

    if not token then
        return fail(err, info)
    end

    say(200, { zak_token = token, bot = bot })
end


return _M
