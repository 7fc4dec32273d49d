/*
 * zoom.pool(): users that bots become in turn.
 */

#include "ngx_http_zoom_lua_args.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_route.h"


typedef struct ngx_http_zoom_pool_conf_s  ngx_http_zoom_lua_pool_t;


static int ngx_http_zoom_lua_pool_pick(lua_State *L);
static int ngx_http_zoom_lua_pool_release(lua_State *L);
static int ngx_http_zoom_lua_pool_members(lua_State *L);
static const char *ngx_http_zoom_lua_pool_args(lua_State *L,
    const ngx_http_zoom_lua_arg_t *args,
    const ngx_http_zoom_lua_pool_t **pool);


static const luaL_Reg  ngx_http_zoom_lua_pool_functions[] = {
    { "pick", ngx_http_zoom_lua_pool_pick },
    { "release", ngx_http_zoom_lua_pool_release },
    { "members", ngx_http_zoom_lua_pool_members },
    { NULL, NULL }
};


/* pool(name) */

int
ngx_http_zoom_lua_pool(lua_State *L)
{
    ngx_str_t                        name, account;
    const luaL_Reg                  *reg;
    ngx_http_zoom_lua_run_t         *run;
    const ngx_http_zoom_lua_pool_t  *pool;

    run = ngx_http_zoom_lua_run(L);

    if (lua_type(L, 1) != LUA_TSTRING) {
        return ngx_http_zoom_lua_args_bad(L, lua_pushfstring(L,
                              "the name of a pool is needed, got %s",
                              ngx_http_zoom_lua_args_type(L, 1)));
    }

    name.data = (u_char *) lua_tolstring(L, 1, &name.len);

    pool = ngx_http_zoom_lua_api->pool(&name, &account);

    if (pool == NULL) {
        return ngx_http_zoom_lua_args_bad(L, "there is no such pool");
    }

    if (ngx_http_zoom_lua_account(run, &account) == NULL) {
        return ngx_http_zoom_lua_args_bad(L,
                              ngx_http_zoom_lua_args_account(L, &account));
    }

    lua_createtable(L, 0, 3);

    for (reg = ngx_http_zoom_lua_pool_functions; reg->name; reg++) {
        lua_pushlightuserdata(L, (void *) pool);
        lua_pushcclosure(L, reg->func, 1);
        lua_setfield(L, -2, reg->name);
    }

    return 1;
}


/* Takes the pool off the stack, and leaves the table of arguments there. */

static const char *
ngx_http_zoom_lua_pool_args(lua_State *L, const ngx_http_zoom_lua_arg_t *args,
    const ngx_http_zoom_lua_pool_t **pool)
{
    *pool = lua_touserdata(L, lua_upvalueindex(1));

    if (lua_type(L, 1) != LUA_TTABLE) {
        return "it is called with a colon, as in pool:pick{}";
    }

    lua_remove(L, 1);

    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }

    return ngx_http_zoom_lua_args(L, args);
}


/* pool:pick{key=, distinct=, bot=} */

static int
ngx_http_zoom_lua_pool_pick(lua_State *L)
{
    ngx_int_t                        rc;
    const char                      *why;
    ngx_http_zoom_pool_req_t         req;
    ngx_http_zoom_lua_run_t         *run;
    const ngx_http_zoom_lua_pool_t  *pool;

    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "key", LUA_TSTRING, 0 },
        { "distinct", LUA_TSTRING, 0 },
        { "bot", LUA_TSTRING, 0 },
        { NULL, 0, 0 }
    };

    run = ngx_http_zoom_lua_run(L);
    why = ngx_http_zoom_lua_pool_args(L, args, &pool);

    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    ngx_memzero(&req, sizeof(ngx_http_zoom_pool_req_t));

    req.key = ngx_http_zoom_lua_args_text(L, "key");
    req.distinct = ngx_http_zoom_lua_args_text(L, "distinct");
    req.bot = ngx_http_zoom_lua_args_text(L, "bot");

    rc = ngx_http_zoom_lua_api->pick(pool, run->request, &req);

    if (rc == NGX_OK) {
        lua_pushlstring(L, (char *) req.user.data, req.user.len);
        return 1;
    }

    lua_pushnil(L);
    lua_pushstring(L, (rc == NGX_DECLINED) ? "pool_exhausted" : "internal");
    lua_createtable(L, 0, 1);

    lua_pushnumber(L, req.after);
    lua_setfield(L, -2, "retry_after");

    return 3;
}


/* pool:release{distinct=, user=} */

static int
ngx_http_zoom_lua_pool_release(lua_State *L)
{
    ngx_str_t                        distinct, user;
    const char                      *why;
    const ngx_http_zoom_lua_pool_t  *pool;

    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "distinct", LUA_TSTRING, 1 },
        { "user", LUA_TSTRING, 0 },
        { NULL, 0, 0 }
    };

    why = ngx_http_zoom_lua_pool_args(L, args, &pool);

    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    distinct = ngx_http_zoom_lua_args_text(L, "distinct");
    user = ngx_http_zoom_lua_args_text(L, "user");

    lua_pushnumber(L, ngx_http_zoom_lua_api->release(pool, &distinct, &user));

    return 1;
}


/* pool:members() */

static int
ngx_http_zoom_lua_pool_members(lua_State *L)
{
    int                              n;
    ngx_uint_t                       at;
    const ngx_http_zoom_lua_pool_t  *pool;
    ngx_http_zoom_member_report_t    user;

    pool = lua_touserdata(L, lua_upvalueindex(1));

    lua_newtable(L);

    at = 0;
    n = 0;

    while (ngx_http_zoom_lua_api->member(pool, &at, &user) == NGX_OK) {
        lua_createtable(L, 0, 7);

        lua_pushlstring(L, (char *) user.user.data, user.user.len);
        lua_setfield(L, -2, "user");
        lua_pushboolean(L, user.up);
        lua_setfield(L, -2, "up");
        lua_pushboolean(L, user.backup);
        lua_setfield(L, -2, "backup");
        lua_pushnumber(L, user.weight);
        lua_setfield(L, -2, "weight");
        lua_pushnumber(L, user.leases);
        lua_setfield(L, -2, "leases");
        lua_pushnumber(L, user.code);
        lua_setfield(L, -2, "code");
        lua_pushnumber(L, user.wait);
        lua_setfield(L, -2, "wait");

        lua_rawseti(L, -2, ++n);
    }

    return 1;
}
