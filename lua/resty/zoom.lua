-- Zoom's tokens for code that runs in lua-nginx-module: the Lua half of
-- ngx_http_zoom_module.  docs/resty.md has the reference.

local accounts = require "resty.zoom.account"
local callback = require "resty.zoom.callback"
local calls = require "resty.zoom.call"
local grants = require "resty.zoom.grants"
local meeting = require "resty.zoom.meeting"
local mint = require "resty.zoom.mint"
local request = require "resty.zoom.request"

local require = require
local type = type


local _M = {
    _VERSION = "0.2.0",
    _semaphores = calls.semaphores,

    mint = mint.mint,
    access_token = mint.access_token,

    grants = grants.grants,
    disconnect = grants.disconnect,

    account = accounts.account,
    purge = accounts.purge,

    pool = require "resty.zoom.pool",

    parse_meeting = meeting.parse_meeting,
    sdk_signature = meeting.sdk_signature,

    authenticate = callback.authenticate,
    callback = callback.callback,

    request = request.request,
    pages = request.pages,
}


-- list, get, create, update, delete, set_status
_M.users = require("resty.zoom.users")(_G, {
    request = function(args)
        return _M.request(args)
    end,
    decode = function(content)
        return require("cjson.safe").decode(content)
    end,
    members = function(value)
        return type(value) == "table" and value or nil
    end,
    changed = accounts.changed,
})


return _M
