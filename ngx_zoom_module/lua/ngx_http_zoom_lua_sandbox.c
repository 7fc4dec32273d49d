/*
 * The environment of routing scripts.
 */

#include "ngx_http_zoom_lua_bot.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_sandbox.h"
#include "ngx_http_zoom_lua_view.h"
#include "ngx_http_zoom_lua_vm.h"


/* steps that an error counts which a script catches */
#define NGX_HTTP_ZOOM_LUA_CAUGHT  1000


static void ngx_http_zoom_lua_open(lua_State *L);
static void ngx_http_zoom_lua_pick(lua_State *L, const char *library,
    const char *const *names, int table);
static void ngx_http_zoom_lua_copy(lua_State *L, int from, int to,
    const char *const *names);
static void ngx_http_zoom_lua_run_prelude(lua_State *L, int g, int s, int t,
    int primitives);
static int ngx_http_zoom_lua_failed(lua_State *L);
static void ngx_http_zoom_lua_strings_too(lua_State *L, int s);
static void ngx_http_zoom_lua_environment(lua_State *L, int g);
static int ngx_http_zoom_lua_no_global(lua_State *L);
static int ngx_http_zoom_lua_require(lua_State *L);
static ngx_http_zoom_lua_file_t *ngx_http_zoom_lua_module_file(lua_State *L,
    const char *name);


static const luaL_Reg  ngx_http_zoom_lua_libraries[] = {
    { "", luaopen_base },
    { LUA_STRLIBNAME, luaopen_string },
    { LUA_TABLIBNAME, luaopen_table },
    { LUA_MATHLIBNAME, luaopen_math },
    { LUA_BITLIBNAME, luaopen_bit },
    { NULL, NULL }
};


/*
 * Not here on purpose: what reads code or files, environments, rawset(),
 * collectgarbage(), coroutines, and print().
 */

static const char *const  ngx_http_zoom_lua_base[] = {
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "pcall",
    "rawequal", "rawget", "select", "setmetatable", "tonumber", "tostring",
    "type", "unpack", "_VERSION", NULL
};

static const char *const  ngx_http_zoom_lua_string_names[] = {
    "byte", "char", "format", "len", "lower", "rep", "reverse", "sub",
    "upper", NULL
};

static const char *const  ngx_http_zoom_lua_table_names[] = {
    "concat", "insert", "maxn", "remove", NULL
};

static const char *const  ngx_http_zoom_lua_math_names[] = {
    "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg",
    "exp", "floor", "fmod", "frexp", "huge", "ldexp", "log", "log10", "max",
    "min", "modf", "pi", "pow", "rad", "random", "sin", "sinh", "sqrt", "tan",
    "tanh", NULL
};

static const char *const  ngx_http_zoom_lua_bit_names[] = {
    "arshift", "band", "bnot", "bor", "bswap", "bxor", "lshift", "rol", "ror",
    "rshift", "tobit", "tohex", NULL
};


void
ngx_http_zoom_lua_sandbox(lua_State *L)
{
    int  g, s, t, primitives;

    ngx_http_zoom_lua_open(L);
    ngx_http_zoom_lua_view_init(L);

    lua_newtable(L);
    g = lua_gettop(L);
    lua_newtable(L);
    s = lua_gettop(L);
    lua_newtable(L);
    t = lua_gettop(L);
    lua_newtable(L);
    primitives = lua_gettop(L);

    ngx_http_zoom_lua_pick(L, "_G", ngx_http_zoom_lua_base, g);
    ngx_http_zoom_lua_pick(L, "string", ngx_http_zoom_lua_string_names, s);
    ngx_http_zoom_lua_pick(L, "table", ngx_http_zoom_lua_table_names, t);

    ngx_http_zoom_lua_view_functions(L, g);
    ngx_http_zoom_lua_run_prelude(L, g, s, t, primitives);

    ngx_http_zoom_lua_strings_too(L, s);

    lua_pushvalue(L, s);
    ngx_http_zoom_lua_view(L);
    lua_setfield(L, g, "string");

    lua_pushvalue(L, t);
    ngx_http_zoom_lua_view(L);
    lua_setfield(L, g, "table");

    lua_newtable(L);
    ngx_http_zoom_lua_pick(L, "math", ngx_http_zoom_lua_math_names,
                           lua_gettop(L));
    ngx_http_zoom_lua_view(L);
    lua_setfield(L, g, "math");

    lua_newtable(L);
    ngx_http_zoom_lua_pick(L, "bit", ngx_http_zoom_lua_bit_names,
                           lua_gettop(L));
    ngx_http_zoom_lua_view(L);
    lua_setfield(L, g, "bit");

    ngx_http_zoom_lua_lib(L, g);
    ngx_http_zoom_lua_view(L);
    lua_setfield(L, g, "zoom");

    ngx_http_zoom_lua_bot_init(L);
    ngx_http_zoom_lua_environment(L, g);
}


static void
ngx_http_zoom_lua_open(lua_State *L)
{
    const luaL_Reg  *reg;

    for (reg = ngx_http_zoom_lua_libraries; reg->func; reg++) {
        lua_pushcfunction(L, reg->func);
        lua_pushstring(L, reg->name);
        lua_call(L, 1, 0);
    }

    /* each machine would draw the same numbers */

    lua_getglobal(L, "math");
    lua_getfield(L, -1, "randomseed");
    lua_pushnumber(L, ngx_random());
    lua_call(L, 1, 0);
    lua_pop(L, 1);
}


static void
ngx_http_zoom_lua_pick(lua_State *L, const char *library,
    const char *const *names, int table)
{
    lua_getglobal(L, library);

    for (/* void */ ; *names; names++) {
        lua_getfield(L, -1, *names);
        lua_setfield(L, table, *names);
    }

    lua_pop(L, 1);
}


/* From one table into another, under the same names. */

static void
ngx_http_zoom_lua_copy(lua_State *L, int from, int to,
    const char *const *names)
{
    for (/* void */ ; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, to, *names);
    }
}


static void
ngx_http_zoom_lua_run_prelude(lua_State *L, int g, int s, int t,
    int primitives)
{
    int  ours;

    static const char *const  base[] = {
        "error", "pcall", "select", "tostring", "type", "unpack", NULL
    };

    static const char *const  strings[] = {
        "byte", "format", "rep", "sub", NULL
    };

    static const char *const  tables[] = { "concat", NULL };
    static const char *const  maths[] = { "floor", NULL };

    static const char *const  our_base[] = { "pcall", "xpcall", NULL };
    static const char *const  our_strings[] = {
        "format", "gmatch", "gsub", NULL
    };

    static const char *const  our_tables[] = { "sort", NULL };
    static const char *const  c_strings[] = { "find", "match", "rep", NULL };

    ngx_http_zoom_lua_copy(L, g, primitives, base);
    ngx_http_zoom_lua_copy(L, s, primitives, strings);
    ngx_http_zoom_lua_copy(L, t, primitives, tables);
    ngx_http_zoom_lua_pick(L, "math", maths, primitives);

    lua_pushcfunction(L, ngx_http_zoom_lua_failed);
    lua_setfield(L, primitives, "failed");

    ngx_http_zoom_lua_string(L, primitives);

    if (luaL_loadbuffer(L, ngx_http_zoom_lua_prelude,
                        ngx_http_zoom_lua_prelude_len, "=zoom")
        != 0)
    {
        lua_error(L);
    }

    lua_pushvalue(L, primitives);
    lua_call(L, 1, 1);
    ours = lua_gettop(L);

    ngx_http_zoom_lua_copy(L, ours, g, our_base);
    ngx_http_zoom_lua_copy(L, ours, s, our_strings);
    ngx_http_zoom_lua_copy(L, ours, t, our_tables);
    ngx_http_zoom_lua_copy(L, primitives, s, c_strings);
    ngx_http_zoom_lua_copy(L, primitives, t, tables);

    lua_pop(L, 1);
}


/* An error was caught. */

static int
ngx_http_zoom_lua_failed(lua_State *L)
{
    ngx_http_zoom_lua_vm_spend(L, NGX_HTTP_ZOOM_LUA_CAUGHT);

    return 0;
}


/* ("x"):rep(2) finds its function in the metatable of strings. */

static void
ngx_http_zoom_lua_strings_too(lua_State *L, int s)
{
    lua_pushliteral(L, "");

    if (!lua_getmetatable(L, -1)) {
        luaL_error(L, "strings have no metatable");
    }

    lua_pushvalue(L, s);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
}


static void
ngx_http_zoom_lua_environment(lua_State *L, int g)
{
    /* globals are known by their names; _G is a view of them */

    lua_newtable(L);

    lua_createtable(L, 0, 3);
    lua_pushvalue(L, g);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, ngx_http_zoom_lua_no_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);

    lua_pushvalue(L, g);
    ngx_http_zoom_lua_view(L);
    lua_setfield(L, g, "_G");

    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "zoom.modules");

    lua_pushvalue(L, -1);
    lua_pushcclosure(L, ngx_http_zoom_lua_require, 1);
    lua_setfield(L, g, "require");
}


static int
ngx_http_zoom_lua_no_global(lua_State *L)
{
    if (lua_type(L, 2) != LUA_TSTRING) {
        return luaL_error(L, "attempt to write to a global");
    }

    return luaL_error(L, "attempt to write to the global \"%s\", which "
                      "\"local\" would make the script's own",
                      lua_tostring(L, 2));
}


/* require(name): a view of what the module returned, the same for all */

static int
ngx_http_zoom_lua_require(lua_State *L)
{
    const char                *name;
    ngx_http_zoom_lua_file_t  *file;

    name = luaL_checkstring(L, 1);
    lua_settop(L, 1);

    lua_getfield(L, LUA_REGISTRYINDEX, "zoom.modules");
    lua_getfield(L, 2, name);

    if (lua_isboolean(L, 3) && !lua_toboolean(L, 3)) {
        return luaL_error(L, "module \"%s\" requires itself", name);
    }

    if (!lua_isnil(L, 3)) {
        return 1;
    }

    lua_pop(L, 1);

    file = ngx_http_zoom_lua_module_file(L, name);

    lua_pushboolean(L, 0);
    lua_setfield(L, 2, name);

    if (luaL_loadbufferx(L, (char *) file->text.data, file->text.len,
                         lua_pushfstring(L, "@%s", file->name.data), "t")
        != 0)
    {
        return lua_error(L);
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_setfenv(L, -2);

    if (lua_pcall(L, 0, 1, 0) != 0) {

        /* whoever asks for it again shall hear the same */

        lua_pushnil(L);
        lua_setfield(L, 2, name);

        return lua_error(L);
    }

    if (lua_isnil(L, -1) || lua_isboolean(L, -1)) {
        lua_pop(L, 1);
        lua_pushboolean(L, 1);
    }

    ngx_http_zoom_lua_view(L);

    lua_pushvalue(L, -1);
    lua_setfield(L, 2, name);

    return 1;
}


/* "a.b" is a/b.lua */

static ngx_http_zoom_lua_file_t *
ngx_http_zoom_lua_module_file(lua_State *L, const char *name)
{
    u_char                    *p, path[256];
    const char                *why;
    ngx_str_t                  s;
    ngx_http_zoom_lua_file_t  *file;

    s.data = path;
    s.len = ngx_snprintf(path, sizeof(path), "%s.lua", name) - path;

    for (p = path; p < path + s.len - (sizeof(".lua") - 1); p++) {
        if (*p == '.') {
            *p = '/';

        } else if (*p == '/') {
            *p = '?';
        }
    }

    if (s.len == sizeof(path)) {
        luaL_error(L, "the name of a module is too long");
    }

    file = ngx_http_zoom_lua_source_file(ngx_http_zoom_lua_vm(L)->source, &s,
                                         &why);

    if (file == NULL) {
        luaL_error(L, "module \"%s\" %s", name, why);
    }

    return file;
}
