/*
 * zoom.request() and zoom.pages(): any endpoint of Zoom's.  And zoom.users,
 * which is made of the former.
 *
 * What becomes of tables (paths, arguments, JSON) is Lua, so that it counts
 * its instructions; where it is sent is C.
 */

#include "ngx_http_zoom_lua_args.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_view.h"


static void ngx_http_zoom_lua_request_users(lua_State *L, int g);
static int ngx_http_zoom_lua_request_members(lua_State *L);
static int ngx_http_zoom_lua_request_changed(lua_State *L);
static int ngx_http_zoom_lua_request_read(lua_State *L);
static int ngx_http_zoom_lua_request_send(lua_State *L);
static ngx_str_t ngx_http_zoom_lua_request_text(lua_State *L, int index);
static int ngx_http_zoom_lua_request_result(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_request_error(lua_State *L,
    const ngx_http_zoom_request_t *sent);


static const luaL_Reg  ngx_http_zoom_lua_request_list[] = {
    { "members", ngx_http_zoom_lua_request_members },
    { "read", ngx_http_zoom_lua_request_read },
    { "send", ngx_http_zoom_lua_request_send },
    { "decode", ngx_http_zoom_lua_json_decode },
    { NULL, NULL }
};


/* Of tables that may be the script's each member is read once. */

static const char  ngx_http_zoom_lua_request_text_lua[] =
"local g, c = ...\n"
"local rawget, type, pairs, tostring = g.rawget, g.type, g.pairs, g.tostring\n"
"local byte, find, format = g.string.byte, g.string.find, g.string.format\n"
"local gmatch, gsub, lower = g.string.gmatch, g.string.gsub, g.string.lower\n"
"local concat, huge = g.table.concat, g.math.huge\n"
"local members, read, send, decode = c.members, c.read, c.send, c.decode\n"
"local ours = {}\n"
"\n"
"local function bad(why) return nil, 'bad argument: ' .. why end\n"
"\n"
"local function hex(b) return format('%%%02X', byte(b)) end\n"
"local function escape(s) return (gsub(s, '[^%w%-._~]', hex)) end\n"
"\n"

/* Zoom wants those twice that begin with a slash, or have two in a row */

"local function segment(value)\n"
"    local twice = find(value, '^/') or find(value, '//', 1, true)\n"
"    value = escape(value)\n"
"    return twice and escape(value) or value\n"
"end\n"
"\n"
"local function path_of(path)\n"
"    if type(path) == 'string' then\n"
"        if not find(path, \"^/[%w%-._~%%!$&'()*+,;=:@/]*$\")\n"
"           or find(path, '/%.%.?/') or find(path, '/%.%.?$')\n"
"        then\n"
"            return bad('\"path\" is no path in its encoded form')\n"
"        end\n"
"        return path\n"
"    end\n"
"    local list = {}\n"
"    path = members(path) or list\n"
"    for i = 1, #path do\n"
"        local value = path[i]\n"
"        if type(value) == 'number' then\n"
"            value = format(value % 1 == 0 and '%.0f' or '%.14g', value)\n"
"        end\n"
"        if type(value) ~= 'string' or value == '' or value == '.'\n"
"           or value == '..'\n"
"        then\n"
"            return bad('\"path\" has a segment that is none')\n"
"        end\n"
"        list[i] = '/' .. segment(value)\n"
"    end\n"
"    if #list == 0 then return bad('\"path\" is empty') end\n"
"    return concat(list)\n"
"end\n"
"\n"

/* as ngx.encode_args() has it: "true" is a name alone, "false" nothing */

"local plain = { string = true, number = true, boolean = true }\n"
"\n"
"local function add(list, name, value)\n"
"    if not plain[type(value)] then return false end\n"
"    if value then\n"
"        list[#list + 1] = escape(name) .. (value == true and ''\n"
"                          or '=' .. escape(tostring(value)))\n"
"    end\n"
"    return true\n"
"end\n"
"\n"
"local function query(args)\n"
"    local list = {}\n"
"    args = members(args)\n"
"    if not args then return nil end\n"
"    for name, value in pairs(args) do\n"
"        local several = members(value) or { value }\n"
"        local n = 0\n"
"        for key, one in pairs(several) do\n"
"            n = n + 1\n"
"            if type(name) ~= 'string' or type(key) ~= 'number'\n"
"               or not add(list, name, one) then\n"
"                return nil\n"
"            end\n"
"        end\n"
"        if n == 0 then return nil end\n"
"    end\n"
"    return concat(list, '&')\n"
"end\n"
"\n"

/* JSON; what is wrong, or nil */

"local function code(b) return format('\\\\u%04x', byte(b)) end\n"
"local function quote(s) return '\"' .. gsub(s, '[%c\"\\\\]', code)"
" .. '\"' end\n"
"local put\n"
"\n"
"local function put_table(out, value, depth)\n"
"    local names, n = 0, #value\n"
"    for name in pairs(value) do\n"
"        names = names + 1\n"
"        if type(name) ~= 'string' and type(name) ~= 'number' then\n"
"            return 'a ' .. type(name) .. ' is no name'\n"
"        end\n"
"    end\n"
"    if n > 0 and n == names then\n"
"        for i = 1, n do\n"
"            out[#out + 1] = i == 1 and '[' or ','\n"
"            local why = put(out, value[i], depth + 1)\n"
"            if why then return why end\n"
"        end\n"
"        out[#out + 1] = ']'\n"
"        return nil\n"
"    end\n"
"    out[#out + 1] = '{'\n"
"    for name, member in pairs(value) do\n"
"        if out[#out] ~= '{' then out[#out + 1] = ',' end\n"
"        out[#out + 1] = quote(tostring(name)) .. ':'\n"
"        local why = put(out, member, depth + 1)\n"
"        if why then return why end\n"
"    end\n"
"    out[#out + 1] = '}'\n"
"end\n"
"\n"
"function put(out, value, depth)\n"
"    local kind = type(value)\n"
"    if kind == 'table' then\n"
"        if depth > 32 then return 'it is too deep' end\n"
"        value = members(value)\n"
"        if not value then return 'a table has no members to name' end\n"
"        return put_table(out, value, depth)\n"
"    end\n"
"    if kind == 'number' then\n"
"        if value ~= value or value == huge or value == -huge then\n"
"            return 'a number is none'\n"
"        end\n"
"        value = format(value % 1 == 0 and value > -1e15 and value < 1e15\n"
"                       and '%.0f' or '%.14g', value)\n"
"    elseif kind == 'string' then\n"
"        value = quote(value)\n"
"    elseif kind == 'boolean' then\n"
"        value = tostring(value)\n"
"    else\n"
"        return 'a ' .. kind .. ' is no value'\n"
"    end\n"
"    out[#out + 1] = value\n"
"end\n"
"\n"
"local function json(value)\n"
"    local out = {}\n"
"    local why = put(out, value, 1)\n"
"    if why then return bad('\"body\" can\\'t be JSON: ' .. why) end\n"
"    return concat(out)\n"
"end\n"
"\n"

"local function headers_of(head)\n"
"    local list = {}\n"
"    local line = '([^:\\r\\n]+):[ \\t]*([^\\r\\n]*)\\r?\\n'\n"
"    for name, value in gmatch(head, line) do\n"
"        name = lower(name)\n"
"        list[name] = list[name] and list[name] .. ', ' .. value or value\n"
"    end\n"
"    return list\n"
"end\n"
"\n"
"local function answer(status, head, body)\n"
"    if not status then return nil, head, body end\n"
"    return { status = status, headers = headers_of(head), body = body }\n"
"end\n"
"\n"
"local function ask(args, users)\n"
"    local path, body, err, info\n"
"    args, err, info = read(args, users)\n"
"    if not args then return nil, err, info end\n"
"    path, err = path_of(rawget(args, 'path'))\n"
"    if not path then return nil, err end\n"
"    body = rawget(args, 'body') or ''\n"
"    if type(body) == 'table' then\n"
"        body, err = json(body)\n"
"        if not body then return nil, err end\n"
"    end\n"
"    local list = rawget(args, 'args')\n"
"    if list then\n"
"        list = query(list)\n"
"        if not list then\n"
"            return bad('\"args\" are not names and plain values')\n"
"        end\n"
"        if list ~= '' then path = path .. '?' .. list end\n"
"    end\n"
"    return answer(send(rawget(args, 'account'), rawget(args, 'method')\n"
"                       or (body == '' and 'GET' or 'POST'), path, body,\n"
"                       rawget(args, 'label'), rawget(args, 'timeout')))\n"
"end\n"
"\n"
"function ours.request(args) return ask(args, false) end\n"
"function ours.for_users(args) return ask(args, true) end\n"
"\n"

/* false, error, info at a failure, which is the end */

"local function next_page(state, args)\n"
"    local given = members(args)\n"
"    if given then\n"
"        local copy, list = {}, {}\n"
"        for name, value in pairs(given) do copy[name] = value end\n"
"        local more = copy.args == nil and {} or members(copy.args)\n"
"        if more then\n"
"            for name, value in pairs(more) do list[name] = value end\n"
"            list.next_page_token = state.token\n"
"            copy.args = list\n"
"        end\n"
"        args = copy\n"
"    end\n"
"    local got, err, info = ours.request(args)\n"
"    if not got then return false, err, info end\n"
"    if got.status ~= 200 then\n"
"        return false, 'zoom_refused', { http = got.status, answer = got }\n"
"    end\n"
"    local page = decode(got.body)\n"
"    if type(page) ~= 'table' then\n"
"        return false, 'zoom_invalid', { http = 502, answer = got }\n"
"    end\n"
"    local token = page.next_page_token\n"
"    if type(token) == 'string' and token ~= '' and token ~= state.token then\n"
"        state.over, state.token = false, token\n"
"    end\n"
"    return page\n"
"end\n"
"\n"
"function ours.pages(args)\n"
"    local state = { over = false }\n"
"    return function()\n"
"        if state.over then return nil end\n"
"        state.over = true\n"
"        return next_page(state, args)\n"
"    end\n"
"end\n"
"\n"
"return ours\n";


void
ngx_http_zoom_lua_request(lua_State *L, int g)
{
    const luaL_Reg  *reg;

    if (luaL_loadbuffer(L, ngx_http_zoom_lua_request_text_lua,
                        sizeof(ngx_http_zoom_lua_request_text_lua) - 1,
                        "=zoom")
        != 0)
    {
        lua_error(L);
    }

    lua_pushvalue(L, g);
    lua_createtable(L, 0, 3);

    for (reg = ngx_http_zoom_lua_request_list; reg->name; reg++) {
        lua_pushcfunction(L, reg->func);
        lua_setfield(L, -2, reg->name);
    }

    lua_call(L, 2, 1);

    lua_getfield(L, -1, "request");
    lua_setfield(L, -3, "request");
    lua_getfield(L, -1, "pages");
    lua_setfield(L, -3, "pages");

    ngx_http_zoom_lua_request_users(L, g);
    lua_setfield(L, -3, "users");

    lua_pop(L, 1);
}


/* Pushes zoom.users; the functions above are on top of the stack. */

static void
ngx_http_zoom_lua_request_users(lua_State *L, int g)
{
    if (luaL_loadbuffer(L, ngx_http_zoom_lua_users_text,
                        ngx_http_zoom_lua_users_text_len, "=zoom.users")
        != 0)
    {
        lua_error(L);
    }

    lua_call(L, 0, 1);

    lua_pushvalue(L, g);
    lua_createtable(L, 0, 4);

    lua_getfield(L, -4, "for_users");
    lua_setfield(L, -2, "request");
    lua_pushcfunction(L, ngx_http_zoom_lua_json_decode);
    lua_setfield(L, -2, "decode");
    lua_pushcfunction(L, ngx_http_zoom_lua_request_members);
    lua_setfield(L, -2, "members");
    lua_pushcfunction(L, ngx_http_zoom_lua_request_changed);
    lua_setfield(L, -2, "changed");

    lua_call(L, 2, 1);
}


/* A table to iterate over: bot.headers and bot.args are none. */

static int
ngx_http_zoom_lua_request_members(lua_State *L)
{
    luaL_checkany(L, 1);

    if (!ngx_http_zoom_lua_table(L, 1)) {
        lua_pushnil(L);
    }

    return 1;
}


/* changed(account, user, gone): of what Zoom has agreed to. */

static int
ngx_http_zoom_lua_request_changed(lua_State *L)
{
    ngx_str_t                        name, user;
    struct ngx_http_zoom_account_s  *account;

    name = ngx_http_zoom_lua_request_text(L, 1);
    user = ngx_http_zoom_lua_request_text(L, 2);

    account = ngx_http_zoom_lua_account(ngx_http_zoom_lua_run(L), &name);

    if (account) {
        ngx_http_zoom_lua_api->user(account, &user, lua_toboolean(L, 3));
    }

    return 0;
}


/*
 * read(args, users): the table of arguments, if it may be; or nil and why not.
 */

static int
ngx_http_zoom_lua_request_read(lua_State *L)
{
    ngx_uint_t   allow;
    const char  *why;

    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "method", LUA_TSTRING, 0 },
        { "path", NGX_HTTP_ZOOM_LUA_PARTS, 1 },
        { "args", LUA_TTABLE, 0 },
        { "body", NGX_HTTP_ZOOM_LUA_PARTS, 0 },
        { "label", LUA_TSTRING, 0 },
        { "timeout", LUA_TNUMBER, 0 },
        { NULL, 0, 0 }
    };

    allow = lua_toboolean(L, 2) ? NGX_HTTP_ZOOM_LUA_ALLOW_USERS
                                : NGX_HTTP_ZOOM_LUA_ALLOW_REQUEST;

    if (!(ngx_http_zoom_lua_run(L)->conf->allow & allow)) {
        return ngx_http_zoom_lua_denied(L);
    }

    why = ngx_http_zoom_lua_args(L, args);

    return why ? ngx_http_zoom_lua_args_bad(L, why) : 1;
}


/* send(account, method, path, body, label, timeout) */

static int
ngx_http_zoom_lua_request_send(lua_State *L)
{
    lua_Number                timeout;
    ngx_str_t                 name;
    const char               *why;
    ngx_http_zoom_request_t  *sent;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);
    sent = &run->sent;

    ngx_http_zoom_lua_wait(L, run);

    ngx_memzero(sent, sizeof(ngx_http_zoom_request_t));

    timeout = luaL_optnumber(L, 6, 0);

    why = ngx_http_zoom_lua_timeout(run, lua_isnoneornil(L, 6) ? NULL
                                                               : &timeout,
                                    &sent->timeout);
    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    name = ngx_http_zoom_lua_request_text(L, 1);
    sent->account = ngx_http_zoom_lua_account(run, &name);

    if (sent->account == NULL) {
        return ngx_http_zoom_lua_args_bad(L,
                              ngx_http_zoom_lua_args_account(L, &name));
    }

    sent->req.method = ngx_http_zoom_lua_request_text(L, 2);
    sent->req.path = ngx_http_zoom_lua_request_text(L, 3);
    sent->req.body = ngx_http_zoom_lua_request_text(L, 4);
    sent->req.label = ngx_http_zoom_lua_request_text(L, 5);

    /* what the machine would not take need not be received */

    sent->most = ngx_http_zoom_lua_vm(L)->block;

    sent->handler = ngx_http_zoom_lua_route_answered;
    sent->data = run;
    run->push = ngx_http_zoom_lua_request_result;

    why = ngx_http_zoom_lua_api->send(run->request, sent);

    return why ? ngx_http_zoom_lua_args_bad(L, why) : lua_yield(L, 0);
}


static ngx_str_t
ngx_http_zoom_lua_request_text(lua_State *L, int index)
{
    ngx_str_t  text;

    ngx_str_null(&text);

    text.data = (u_char *) luaL_optlstring(L, index, NULL, &text.len);

    return text;
}


/* status, headers and body as they came, or nil, error, info */

static int
ngx_http_zoom_lua_request_result(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_http_zoom_request_t  *sent;

    sent = &run->sent;

    if (sent->error) {
        return ngx_http_zoom_lua_request_error(L, sent);
    }

    lua_pushinteger(L, sent->http);
    lua_pushlstring(L, (char *) sent->head.data, sent->head.len);
    lua_pushlstring(L, (char *) sent->response.data, sent->response.len);

    ngx_http_zoom_lua_api->end(sent);

    return 3;
}


static int
ngx_http_zoom_lua_request_error(lua_State *L,
    const ngx_http_zoom_request_t *sent)
{
    lua_pushnil(L);
    lua_pushstring(L, sent->error);

    lua_createtable(L, 0, 4);

    lua_pushinteger(L, sent->http);
    lua_setfield(L, -2, "http");

    if (sent->reason) {
        lua_pushstring(L, sent->reason);
        lua_setfield(L, -2, "reason");
    }

    if (sent->retry_after) {
        lua_pushnumber(L, sent->retry_after);
        lua_setfield(L, -2, "retry_after");
    }

    if (sent->tracking_id[0]) {
        lua_pushstring(L, (char *) sent->tracking_id);
        lua_setfield(L, -2, "tracking_id");
    }

    return 3;
}
