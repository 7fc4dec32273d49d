/*
 * Tables of named arguments.
 */

#include "ngx_http_zoom_lua_args.h"
#include "ngx_http_zoom_lua_view.h"


static const char *ngx_http_zoom_lua_args_check(lua_State *L,
    const ngx_http_zoom_lua_arg_t *args);
static const char *ngx_http_zoom_lua_args_unknown(lua_State *L);
static ngx_uint_t ngx_http_zoom_lua_args_fits(int type, int wanted);


const char *
ngx_http_zoom_lua_args(lua_State *L, const ngx_http_zoom_lua_arg_t *args)
{
    const char                     *why;
    const ngx_http_zoom_lua_arg_t  *arg;

    lua_settop(L, 1);

    if (!ngx_http_zoom_lua_table(L, 1)) {
        return lua_pushfstring(L, "a table is needed, got %s",
                               ngx_http_zoom_lua_args_type(L, 1));
    }

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {

        why = ngx_http_zoom_lua_args_check(L, args);

        if (why) {
            return why;
        }
    }

    for (arg = args; arg->name; arg++) {

        if (!arg->required) {
            continue;
        }

        lua_pushstring(L, arg->name);
        lua_rawget(L, -2);

        if (lua_isnil(L, -1)) {
            return lua_pushfstring(L, "\"%s\" is missing", arg->name);
        }

        lua_pop(L, 1);
    }

    return NULL;
}


/* A name and its value are on top of the stack. */

static const char *
ngx_http_zoom_lua_args_check(lua_State *L, const ngx_http_zoom_lua_arg_t *args)
{
    int                             wanted;
    size_t                          len;
    const char                     *name;
    const ngx_http_zoom_lua_arg_t  *arg;

    if (lua_type(L, -2) != LUA_TSTRING) {
        return ngx_http_zoom_lua_args_unknown(L);
    }

    name = lua_tolstring(L, -2, &len);

    for (arg = args; arg->name; arg++) {
        if (ngx_strlen(arg->name) == len
            && ngx_memcmp(arg->name, name, len) == 0)
        {
            break;
        }
    }

    if (arg->name == NULL) {
        return ngx_http_zoom_lua_args_unknown(L);
    }

    if (!ngx_http_zoom_lua_args_fits(lua_type(L, -1), arg->type)) {
        wanted = (arg->type < 0) ? LUA_TSTRING : arg->type;

        return lua_pushfstring(L, "\"%s\" is a %s, not a %s", name,
                               ngx_http_zoom_lua_args_type(L, -1),
                               lua_typename(L, wanted));
    }

    return NULL;
}


static const char *
ngx_http_zoom_lua_args_unknown(lua_State *L)
{
    const char  *name;

    /* of a copy: lua_next() needs the key as it is */

    lua_pushvalue(L, -2);
    name = lua_tostring(L, -1);

    return lua_pushfstring(L, "there is no \"%s\"",
                           name ? name : ngx_http_zoom_lua_args_type(L, -1));
}


static ngx_uint_t
ngx_http_zoom_lua_args_fits(int type, int wanted)
{
    /* all userdata that scripts see are views */

    if (type == LUA_TUSERDATA) {
        type = LUA_TTABLE;
    }

    switch (wanted) {

    case NGX_HTTP_ZOOM_LUA_DIGITS:
        return type == LUA_TSTRING || type == LUA_TNUMBER;

    case NGX_HTTP_ZOOM_LUA_PARTS:
        return type == LUA_TSTRING || type == LUA_TTABLE;

    default:
        return type == wanted;
    }
}


const char *
ngx_http_zoom_lua_args_type(lua_State *L, int index)
{
    int  type;

    type = lua_type(L, index);

    if (type == LUA_TNONE) {
        type = LUA_TNIL;
    }

    /* all userdata that scripts see are views */

    return lua_typename(L, (type == LUA_TUSERDATA) ? LUA_TTABLE : type);
}


ngx_str_t
ngx_http_zoom_lua_args_text(lua_State *L, const char *name)
{
    ngx_str_t  value;

    ngx_str_null(&value);

    lua_pushstring(L, name);
    lua_rawget(L, -2);

    if (!lua_isnil(L, -1)) {
        value.data = (u_char *) lua_tolstring(L, -1, &value.len);
    }

    /* a number has become a string that nobody else has */

    lua_insert(L, -2);

    return value;
}


ngx_uint_t
ngx_http_zoom_lua_args_flag(lua_State *L, const char *name)
{
    ngx_uint_t  flag;

    lua_pushstring(L, name);
    lua_rawget(L, -2);

    flag = lua_toboolean(L, -1);
    lua_pop(L, 1);

    return flag;
}


ngx_uint_t
ngx_http_zoom_lua_args_number(lua_State *L, const char *name,
    lua_Number *value)
{
    ngx_uint_t  there;

    lua_pushstring(L, name);
    lua_rawget(L, -2);

    there = !lua_isnil(L, -1);

    if (there) {
        *value = lua_tonumber(L, -1);
    }

    lua_pop(L, 1);

    return there;
}


const char *
ngx_http_zoom_lua_args_account(lua_State *L, const ngx_str_t *name)
{
    return lua_pushfstring(L, "\"%s\" is no account that the script may use",
                           name->data ? (char *) name->data : "");
}


int
ngx_http_zoom_lua_args_bad(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushfstring(L, "bad argument: %s", why);

    return 2;
}
