-- JSON Web Tokens, HS256: what ZAKs are.  nginx brings OpenSSL along.

local ffi = require "ffi"
local cjson = require "cjson.safe"

ffi.cdef [[
    const void *EVP_sha256(void);
    unsigned char *HMAC(const void *md, const void *key, int key_len,
        const unsigned char *data, size_t len, unsigned char *out,
        unsigned int *out_len);
    unsigned char *SHA256(const unsigned char *data, size_t len,
        unsigned char *out);
    int RAND_bytes(unsigned char *buf, int num);
]]

local _M = {}


function _M.random(n)
    local buf = ffi.new("unsigned char[?]", n)

    assert(ffi.C.RAND_bytes(buf, n) == 1)
    return ffi.string(buf, n)
end


function _M.base64url(s)
    return (ngx.encode_base64(s, true):gsub("[+/]", { ["+"] = "-",
                                                     ["/"] = "_" }))
end


function _M.hmac_sha256(key, data)
    local out = ffi.new("unsigned char[32]")

    ffi.C.HMAC(ffi.C.EVP_sha256(), key, #key, data, #data, out, nil)
    return ffi.string(out, 32)
end


function _M.sha256(data)
    local out = ffi.new("unsigned char[32]")

    ffi.C.SHA256(data, #data, out)
    return ffi.string(out, 32)
end


function _M.hex(s)
    return (s:gsub(".", function (c)
        return ("%02x"):format(c:byte())
    end))
end


-- Members in the order given, so that a canary at the front of the header
-- gives all tokens the same first bytes.
local function object(members)
    local out = {}

    for _, m in ipairs(members) do
        out[#out + 1] = cjson.encode(m[1]) .. ":" .. cjson.encode(m[2])
    end

    return "{" .. table.concat(out, ",") .. "}"
end


local function sign(key, header, claims)
    local text = _M.base64url(object(header)) .. "."
                 .. _M.base64url(object(claims))

    return text .. "." .. _M.base64url(_M.hmac_sha256(key, text))
end


-- How many bytes become exactly n characters of base64url; nil for none.
local function bytes_for(n)
    local rest = n % 4

    if rest == 1 then
        return nil
    end

    return math.floor(n / 4) * 3 + (rest > 0 and rest - 1 or 0)
end


-- A token of exactly "size" characters: "pad" fills the claims, and a "kid"
-- of one to four bytes shifts the rest to a length that base64 can have.
local function padded(key, header, claims, size)
    for kid = 1, 4 do
        local h, c = { unpack(header) }, { unpack(claims) }

        h[#h + 1] = { "kid", ("k"):rep(kid) }
        c[#c + 1] = { "pad", "" }

        local room = size - #_M.base64url(object(h)) - 2 - 43
        local want = room > 0 and bytes_for(room)
        local pad = want and want - #object(c)

        if pad and pad >= 0 then
            c[#c] = { "pad", ("p"):rep(pad) }
            return sign(key, h, c)
        end
    end

    error("no token of " .. size .. " characters")
end


-- The claims of a token that was signed with this key.
function _M.open(key, token)
    local text, claims, mac = token:match("^([%w_-]+%.([%w_-]+))%.([%w_-]+)$")

    if not text or _M.base64url(_M.hmac_sha256(key, text)) ~= mac then
        return nil
    end

    claims = claims:gsub("[-_]", { ["-"] = "+", ["_"] = "/" })

    return cjson.decode(ngx.decode_base64(claims .. ("="):rep(-#claims % 4)))
end


-- Both lists hold { name, value } pairs.
function _M.make(key, header, claims, size)
    if size then
        return padded(key, header, claims, size)
    end

    return sign(key, header, claims)
end


return _M
