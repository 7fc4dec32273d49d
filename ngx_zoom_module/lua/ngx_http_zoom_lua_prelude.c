/*
 * The part of the sandbox that is Lua: whatever calls functions of a script
 * counts its instructions, may be stopped, and may wait in zoom.mint().  It is
 * called with the primitives in C, and returns what scripts see.
 */

#include "ngx_http_zoom_lua_sandbox.h"


const char  ngx_http_zoom_lua_prelude[] =
"local c = ...\n"
"local scan, expand, byte, sub = c.scan, c.expand, c.byte, c.sub\n"
"local type, error, pcall, tostring = c.type, c.error, c.pcall, c.tostring\n"
"local concat, floor, failed = c.concat, c.floor, c.failed\n"
"local format, select, unpack = c.format, c.select, c.unpack\n"
"local ours = {}\n"
"\n"

/* without position 0 there is nothing before the first match */

"function ours.gmatch(s, p)\n"
"    local at = 1\n"
"    local function step(from, to, ...)\n"
"        if not from then at = nil return nil end\n"
"        at = (to < from) and from + 1 or to + 1\n"
"        return ...\n"
"    end\n"
"    return function()\n"
"        if at then return step(scan(s, p, at, false)) end\n"
"    end\n"
"end\n"
"\n"

"function ours.gsub(s, p, by, most)\n"
"    local kind = type(by)\n"
"    if kind == 'number' then by, kind = tostring(by), 'string' end\n"
"    if kind ~= 'string' and kind ~= 'table' and kind ~= 'function' then\n"
"        error(\"bad argument #3 to 'gsub' (string/function/table \" ..\n"
"              'expected, got ' .. kind .. ')', 2)\n"
"    end\n"
"    if type(s) == 'number' then s = tostring(s) end\n"
"    local out, n, at, count = {}, 0, 1, 0\n"
"    local function step(from, to, ...)\n"
"        if not from then return false end\n"
"        local whole, value = sub(s, from, to)\n"
"        count = count + 1\n"
"        if kind == 'string' then value = expand(by, whole, ...)\n"
"        elseif kind == 'table' then value = by[(...)]\n"
"        else value = by(...) end\n"
"        if not value then\n"
"            value = whole\n"
"        elseif type(value) ~= 'string' and type(value) ~= 'number' then\n"
"            error('invalid replacement value (a ' .. type(value) .. ')',\n"
"                  3)\n"
"        end\n"
"        out[n + 1], out[n + 2] = sub(s, at, from - 1), value\n"
"        n, at = n + 2, to + 1\n"
"        if to < from then\n"
"            n, at = n + 1, from + 1\n"
"            out[n] = sub(s, from, from)\n"
"        end\n"
"        return true\n"
"    end\n"
"    while (not most or count < most) and at <= #s + 1\n"
"          and step(scan(s, p, at, true))\n"
"    do\n"
"        if byte(p) == 94 then break end\n"
"    end\n"
"    out[n + 1] = sub(s, at)\n"
"    return concat(out), count\n"
"end\n"
"\n"

/* __tostring called from C could recurse on the stack of the worker */

"local function told(n, ...)\n"
"    local values = { ... }\n"
"    for i = 1, n do\n"
"        if type(values[i]) == 'table' then\n"
"            values[i] = tostring(values[i])\n"
"        end\n"
"    end\n"
"    return unpack(values, 1, n)\n"
"end\n"
"\n"
"function ours.format(text, ...)\n"
"    local n = select('#', ...)\n"
"    for i = 1, n do\n"
"        if type((select(i, ...))) == 'table' then\n"
"            return format(text, told(n, ...))\n"
"        end\n"
"    end\n"
"    return format(text, ...)\n"
"end\n"
"\n"

/* a heap: n log n whatever the comparison answers */

"function ours.sort(t, before)\n"
"    before = before or function(a, b) return a < b end\n"
"    local function sift(at, last)\n"
"        local value = t[at]\n"
"        while 2 * at <= last do\n"
"            local child = 2 * at\n"
"            if child < last and before(t[child], t[child + 1]) then\n"
"                child = child + 1\n"
"            end\n"
"            if not before(value, t[child]) then break end\n"
"            t[at], at = t[child], child\n"
"        end\n"
"        t[at] = value\n"
"    end\n"
"    local n = #t\n"
"    for i = floor(n / 2), 1, -1 do sift(i, n) end\n"
"    for i = n, 2, -1 do\n"
"        t[1], t[i] = t[i], t[1]\n"
"        sift(1, i - 1)\n"
"    end\n"
"end\n"
"\n"

/*
 * At the end of the stack LuaJIT has no room to call a hook: a recursion that
 * catches the overflow at each of its levels would never be stopped.  So it is
 * counted what is caught.
 */

"local function settle(ok, ...)\n"
"    if not ok then failed() end\n"
"    return ok, ...\n"
"end\n"
"\n"
"function ours.pcall(f, ...)\n"
"    return settle(pcall(f, ...))\n"
"end\n"
"\n"

/* LuaJIT calls a handler with hooks off, from which nothing brings it back */

"function ours.xpcall(f, handler, ...)\n"
"    local function done(ok, ...)\n"
"        if ok then return true, ... end\n"
"        failed()\n"
"        return false, handler(...)\n"
"    end\n"
"    return done(pcall(f, ...))\n"
"end\n"
"\n"
"return ours\n";


const size_t  ngx_http_zoom_lua_prelude_len =
    sizeof(ngx_http_zoom_lua_prelude) - 1;
