-- The body of a request: what it was, and how it came.

local ffi = require "ffi"
local jwt = require "jwt"

ffi.cdef [[
    typedef struct evp_md_ctx_st EVP_MD_CTX;
    EVP_MD_CTX *EVP_MD_CTX_new(void);
    void EVP_MD_CTX_free(EVP_MD_CTX *ctx);
    int EVP_DigestInit_ex(EVP_MD_CTX *ctx, const void *type, void *engine);
    int EVP_DigestUpdate(EVP_MD_CTX *ctx, const void *d, size_t cnt);
    int EVP_DigestFinal_ex(EVP_MD_CTX *ctx, unsigned char *md,
        unsigned int *s);
]]

local _M = {}

local PIECE = 1048576


local function hasher()
    local ctx = ffi.gc(ffi.C.EVP_MD_CTX_new(), ffi.C.EVP_MD_CTX_free)

    ffi.C.EVP_DigestInit_ex(ctx, ffi.C.EVP_sha256(), nil)

    return function (piece)
        if piece then
            ffi.C.EVP_DigestUpdate(ctx, piece, #piece)
            return
        end

        local out = ffi.new("unsigned char[32]")

        ffi.C.EVP_DigestFinal_ex(ctx, out, nil)
        return jwt.hex(ffi.string(out, 32))
    end
end

_M.hasher = hasher


-- A large one lies in a file.
local function pieces(fn)
    local data, name = ngx.req.get_body_data(), ngx.req.get_body_file()

    if data then
        return fn(data)
    end

    local file = name and assert(io.open(name, "rb"))
    local piece = file and file:read(PIECE)

    while piece do
        fn(piece)
        piece = file:read(PIECE)
    end

    if file then
        file:close()
    end
end


-- "text" is there where it is not long.
function _M.read()
    ngx.req.read_body()

    local hash, length = hasher(), 0

    pieces(function (piece)
        hash(piece)
        length = length + #piece
    end)

    return {
        length         = length,
        sha256         = hash(),
        chunked        = (ngx.var.http_transfer_encoding or ""):lower()
                         == "chunked",
        content_length = tonumber(ngx.var.http_content_length),
        text           = ngx.req.get_body_data(),
    }
end


return _M
