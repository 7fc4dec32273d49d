-- The service in lua-nginx-module: tokens in a shared dictionary, one worker
-- mints under a lock, bodies signed through OpenSSL's HMAC.

local cjson = require "cjson.safe"
local ffi = require "ffi"
local lock = require "peer_lock"

-- where it is, it carries what Zoom is asked; else nginx's own proxy does
local has_http, http = pcall(require, "resty.http")

local C = ffi.C
local escape = { ['"'] = '\\"', ["\\"] = "\\\\", ["\b"] = "\\b",
                 ["\f"] = "\\f", ["\n"] = "\\n", ["\r"] = "\\r",
                 ["\t"] = "\\t" }

ffi.cdef [[
    const void *EVP_sha256(void);
    unsigned char *HMAC(const void *md, const void *key, int key_len,
        const char *data, size_t len, unsigned char *sum, unsigned *sum_len);
    int CRYPTO_memcmp(const void *a, const void *b, size_t len);
]]

local sum = ffi.new("unsigned char[64]")
local sum_len = ffi.new("unsigned[1]")
local sha256 = C.EVP_sha256()

local _M = {}

local conf, key


function _M.init(path)
    local file = assert(io.open(path))

    conf = assert(cjson.decode(file:read("*a")))
    key = ngx.decode_base64(conf.attendee_secret)
    file:close()
end


local function quoted(s)
    if s:find('[%c"\\]') then
        s = s:gsub('[%z\1-\31"\\]', function(c)
            return escape[c] or ("\\u%04x"):format(c:byte())
        end)
    end

    return '"' .. s .. '"'
end


local function write(out, v)
    if type(v) == "string" then
        out[#out + 1] = quoted(v)

    elseif v == cjson.null then
        out[#out + 1] = "null"

    elseif type(v) ~= "table" then
        out[#out + 1] = tostring(v)

    elseif v[1] ~= nil then
        out[#out + 1] = "["

        for i, element in ipairs(v) do
            out[#out + 1] = i > 1 and "," or nil
            write(out, element)
        end

        out[#out + 1] = "]"

    else
        local names = {}

        for name in pairs(v) do
            names[#names + 1] = name
        end

        table.sort(names)

        for i, name in ipairs(names) do
            out[#out + 1] = i > 1 and "," or "{"
            out[#out + 1] = quoted(name)
            out[#out + 1] = ":"
            write(out, v[name])
        end

        out[#out + 1] = #names > 0 and "}" or "{}"
    end
end


local function holds(body, signature)
    local theirs = ngx.decode_base64(signature or "")
    local out = {}

    if not theirs or #theirs ~= 32 then
        return false
    end

    write(out, body)

    local text = table.concat(out)

    C.HMAC(sha256, key, #key, text, #text, sum, sum_len)

    return C.CRYPTO_memcmp(sum, theirs, 32) == 0
end


local function exchange(location, url, options)
    local res, err

    if has_http then
        local method = options.method == ngx.HTTP_POST and "POST" or "GET"
        local headers = { ["Authorization"] = options.vars.authorization }

        if options.body then
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        end

        local client = http.new()

        client:set_timeout(5000)

        res, err = client:request_uri(url, {
            method = method, body = options.body, headers = headers,
            ssl_server_name = "localhost", keepalive_pool = 64,
        })

    else
        res = ngx.location.capture(location, options)
    end

    if not res or res.status ~= 200 then
        return nil, err or "Zoom said " .. res.status
    end

    return cjson.decode(res.body)
end


-- Whoever gets the lock fetches, the others look again.
local function shared(name, fetch)
    local dict = ngx.shared.tokens
    local value = dict:get(name)

    if value then
        return value
    end

    local release, err = lock.take(name)

    if not release then
        return nil, err
    end

    value = dict:get(name)

    if not value then
        local life

        value, life = fetch()

        -- 0 would be for ever
        if value and life > 0 then
            dict:set(name, value, life)
        end
    end

    release()

    return value
end


local function access()
    return shared("access", function()
        local said = exchange("/_oauth", conf.oauth_url, {
            method = ngx.HTTP_POST,
            body = "grant_type=account_credentials&account_id="
                   .. ngx.escape_uri(conf.account_id),
            vars = { authorization = "Basic " .. ngx.encode_base64(
                         conf.client_id .. ":" .. conf.client_secret) },
        })

        if said then
            return said.access_token, said.expires_in - 60
        end
    end)
end


local function zak(user)
    return shared("zak:" .. user, function()
        local bearer = access()
        local url = conf.api_url .. "/users/" .. ngx.escape_uri(user)
                    .. "/token?type=zak&ttl=7200"
        local said = bearer and exchange("/_api", url, {
            method = ngx.HTTP_GET,
            vars = { authorization = "Bearer " .. bearer,
                     user = ngx.escape_uri(user) },
        })

        if said then
            return said.token, conf.reuse
        end
    end)
end


local function say(status, text)
    ngx.status = status
    ngx.header.content_type = "application/json"
    ngx.header.content_length = #text
    ngx.header.cache_control = "no-store"
    ngx.print(text)
end


function _M.run()
    ngx.req.read_body()

    local body = cjson.decode(ngx.req.get_body_data() or "")

    if type(body) ~= "table" then
        return say(400, '{"error":"bad_callback"}')
    end

    if not holds(body, ngx.var.http_x_webhook_signature) then
        return say(401, '{"error":"unauthenticated"}')
    end

    if body.callback_type ~= "zoom_tokens" then
        return say(400, '{"error":"bad_callback"}')
    end

    local token = zak(conf.each and body.bot_metadata.user or conf.user)

    if not token then
        return say(503, '{"error":"zoom_unavailable"}')
    end

    say(200, '{"zak_token":"' .. token .. '"}')
end


return _M
