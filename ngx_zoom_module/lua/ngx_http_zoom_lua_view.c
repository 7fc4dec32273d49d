/*
 * Read-only views of tables.  A userdata, not a table, since "#" asks a
 * metamethod only of the former, and since no library function writes to it
 * past its metamethods.
 */

#include "ngx_http_zoom_lua_view.h"
#include "ngx_http_zoom_lua_vm.h"


static int ngx_http_zoom_lua_view_index(lua_State *L);
static int ngx_http_zoom_lua_view_newindex(lua_State *L);
static int ngx_http_zoom_lua_view_len(lua_State *L);
static void ngx_http_zoom_lua_fill(lua_State *L);
static int ngx_http_zoom_lua_next(lua_State *L);
static int ngx_http_zoom_lua_pairs(lua_State *L);
static int ngx_http_zoom_lua_ipairs(lua_State *L);
static int ngx_http_zoom_lua_inext(lua_State *L);
static int ngx_http_zoom_lua_unpack(lua_State *L);
static int ngx_http_zoom_lua_type(lua_State *L);


/* its address is the key, which no script can have */

const char  ngx_http_zoom_lua_fill_key[] = "fill";


void
ngx_http_zoom_lua_view_init(lua_State *L)
{
    /* views by their tables, as long as both live */

    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "kv");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_setfield(L, LUA_REGISTRYINDEX, "zoom.views");
}


void
ngx_http_zoom_lua_view(lua_State *L)
{
    if (!lua_istable(L, -1)) {
        return;
    }

    lua_getfield(L, LUA_REGISTRYINDEX, "zoom.views");
    lua_pushvalue(L, -2);
    lua_rawget(L, -2);

    if (!lua_isnil(L, -1)) {
        lua_replace(L, -3);
        lua_pop(L, 1);
        return;
    }

    lua_pop(L, 1);

    (void) lua_newuserdata(L, 0);

    lua_createtable(L, 0, 5);
    lua_pushvalue(L, -4);
    lua_pushcclosure(L, ngx_http_zoom_lua_view_index, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, ngx_http_zoom_lua_view_newindex);
    lua_setfield(L, -2, "__newindex");
    lua_pushvalue(L, -4);
    lua_pushcclosure(L, ngx_http_zoom_lua_view_len, 1);
    lua_setfield(L, -2, "__len");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pushvalue(L, -4);
    lua_setfield(L, -2, "zoom.table");
    lua_setmetatable(L, -2);

    /* table, views, view */

    lua_pushvalue(L, -3);
    lua_pushvalue(L, -2);
    lua_rawset(L, -4);

    lua_replace(L, -3);
    lua_pop(L, 1);
}


int
ngx_http_zoom_lua_table(lua_State *L, int index)
{
    if (lua_istable(L, index)) {
        lua_pushvalue(L, index);
        return 1;
    }

    /* scripts can't make userdata: it is a view */

    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) {
        return 0;
    }

    lua_getfield(L, -1, "zoom.table");
    lua_remove(L, -2);

    if (lua_istable(L, -1)) {
        return 1;
    }

    lua_pop(L, 1);

    return 0;
}


static int
ngx_http_zoom_lua_view_index(lua_State *L)
{
    lua_settop(L, 2);
    lua_rawget(L, lua_upvalueindex(1));
    ngx_http_zoom_lua_view(L);

    return 1;
}


static int
ngx_http_zoom_lua_view_newindex(lua_State *L)
{
    return luaL_error(L, "attempt to write to a read-only table");
}


static int
ngx_http_zoom_lua_view_len(lua_State *L)
{
    lua_pushinteger(L, lua_objlen(L, lua_upvalueindex(1)));

    return 1;
}


/* The table that is the first argument. */

static void
ngx_http_zoom_lua_fill(lua_State *L)
{
    if (!lua_istable(L, 1) || !lua_getmetatable(L, 1)) {
        return;
    }

    lua_pushlightuserdata(L, (void *) ngx_http_zoom_lua_fill_key);
    lua_rawget(L, -2);

    if (lua_isfunction(L, -1)) {
        lua_pushvalue(L, 1);
        lua_call(L, 1, 0);
        lua_pop(L, 1);
        return;
    }

    lua_pop(L, 2);
}


/* The upvalues: LuaJIT's own of that name. */

static int
ngx_http_zoom_lua_next(lua_State *L)
{
    lua_settop(L, 2);

    if (lua_isnil(L, 2)) {
        ngx_http_zoom_lua_fill(L);
    }

    if (!ngx_http_zoom_lua_table(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
    }

    lua_replace(L, 1);

    if (!lua_next(L, 1)) {
        lua_pushnil(L);
        return 1;
    }

    ngx_http_zoom_lua_view(L);

    return 2;
}


static int
ngx_http_zoom_lua_pairs(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TUSERDATA) {
        lua_settop(L, 1);
        lua_pushcfunction(L, ngx_http_zoom_lua_next);
        lua_insert(L, 1);
        lua_pushnil(L);
        return 3;
    }

    ngx_http_zoom_lua_fill(L);

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);

    return lua_gettop(L);
}


static int
ngx_http_zoom_lua_ipairs(lua_State *L)
{
    if (lua_type(L, 1) == LUA_TUSERDATA) {
        lua_settop(L, 1);
        lua_pushcfunction(L, ngx_http_zoom_lua_inext);
        lua_insert(L, 1);
        lua_pushinteger(L, 0);
        return 3;
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);

    return lua_gettop(L);
}


static int
ngx_http_zoom_lua_inext(lua_State *L)
{
    int  i;

    i = luaL_checkint(L, 2) + 1;

    if (!ngx_http_zoom_lua_table(L, 1)) {
        luaL_checktype(L, 1, LUA_TTABLE);
    }

    lua_pushinteger(L, i);
    lua_rawgeti(L, -2, i);
    ngx_http_zoom_lua_view(L);

    return lua_isnil(L, -1) ? 1 : 2;
}


static int
ngx_http_zoom_lua_unpack(lua_State *L)
{
    int  i, n, first, last;

    if (lua_type(L, 1) == LUA_TUSERDATA && ngx_http_zoom_lua_table(L, 1)) {
        lua_replace(L, 1);

        first = luaL_optint(L, 2, 1);
        last = luaL_optint(L, 3, (int) lua_objlen(L, 1));
        n = (last < first) ? 0 : last - first + 1;

        if (n < 0 || n > 4000 || !lua_checkstack(L, n)) {
            return luaL_error(L, "too many results to unpack");
        }

        for (i = first; n > 0 && i <= last; i++) {
            lua_rawgeti(L, 1, i);
            ngx_http_zoom_lua_view(L);
        }

        return n;
    }

    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);

    return lua_gettop(L);
}


static int
ngx_http_zoom_lua_type(lua_State *L)
{
    luaL_checkany(L, 1);

    if (lua_type(L, 1) == LUA_TUSERDATA) {
        lua_pushliteral(L, "table");

    } else {
        lua_pushstring(L, luaL_typename(L, 1));
    }

    return 1;
}


static const luaL_Reg  ngx_http_zoom_lua_view_list[] = {
    { "next", ngx_http_zoom_lua_next },
    { "pairs", ngx_http_zoom_lua_pairs },
    { "ipairs", ngx_http_zoom_lua_ipairs },
    { "unpack", ngx_http_zoom_lua_unpack },
    { "type", ngx_http_zoom_lua_type },
    { NULL, NULL }
};


void
ngx_http_zoom_lua_view_functions(lua_State *L, int table)
{
    const luaL_Reg  *reg;

    for (reg = ngx_http_zoom_lua_view_list; reg->name; reg++) {
        lua_getfield(L, table, reg->name);
        lua_pushcclosure(L, reg->func, 1);
        lua_setfield(L, table, reg->name);
    }
}
