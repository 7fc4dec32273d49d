rockspec_format = "3.0"
package = "lua-resty-zoom"
version = "0.2.0-1"

-- whoever publishes it puts the project's address here
source = {
    url = "git+https://example.org/ngx_zoom_module",
    tag = "0.2.0",
}

description = {
    summary = "Zoom's tokens for meeting bots, through ngx_http_zoom_module",
    detailed = [[
        The Lua half of ngx_http_zoom_module, for lua-nginx-module: mints the
        tokens that meeting bots join with, authenticates and reads the
        callbacks of bot platforms.
    ]],
    license = "BSD-2-Clause",
}

-- and lua-resty-core, which comes with lua-nginx-module
dependencies = {
    "lua >= 5.1, < 5.2",
}

build = {
    type = "builtin",
    modules = {
        ["resty.zoom"] = "lua/resty/zoom.lua",
        ["resty.zoom.account"] = "lua/resty/zoom/account.lua",
        ["resty.zoom.args"] = "lua/resty/zoom/args.lua",
        ["resty.zoom.call"] = "lua/resty/zoom/call.lua",
        ["resty.zoom.callback"] = "lua/resty/zoom/callback.lua",
        ["resty.zoom.ffi"] = "lua/resty/zoom/ffi.lua",
        ["resty.zoom.grants"] = "lua/resty/zoom/grants.lua",
        ["resty.zoom.meeting"] = "lua/resty/zoom/meeting.lua",
        ["resty.zoom.mint"] = "lua/resty/zoom/mint.lua",
        ["resty.zoom.pool"] = "lua/resty/zoom/pool.lua",
        ["resty.zoom.request"] = "lua/resty/zoom/request.lua",
        ["resty.zoom.users"] = "lua/resty/zoom/users.lua",
    },
}
