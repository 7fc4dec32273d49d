/*
 * What a script knows of the callback that it routes.  Most scripts look at
 * little of it, so that each field is made when somebody asks for it.
 */

#include "ngx_http_zoom_lua_bot.h"
#include "ngx_http_zoom_lua_view.h"


typedef struct {
    const char                  *name;
    size_t                       offset;     /* of its text */
    ngx_uint_t                   linked;     /* the link says it */
} ngx_http_zoom_lua_field_t;


/* A table of strings, of which the first module gives one after another. */

typedef struct {
    const char                  *name;
    size_t                       offset;     /* of the function */
    ngx_uint_t                   passed;     /* only the gateway's requests have
                                                it */
} ngx_http_zoom_lua_pairs_t;

typedef ngx_int_t (*ngx_http_zoom_lua_pair_pt)(ngx_http_request_t *r,
    ngx_uint_t n, ngx_str_t *name, ngx_str_t *value);


static ngx_http_zoom_lua_run_t *ngx_http_zoom_lua_bot_run(lua_State *L);
static int ngx_http_zoom_lua_bot_index(lua_State *L);
static int ngx_http_zoom_lua_bot_fill(lua_State *L);
static int ngx_http_zoom_lua_bot_field(lua_State *L,
    ngx_http_zoom_lua_run_t *run, const ngx_http_zoom_lua_field_t *field);
static void ngx_http_zoom_lua_bot_link(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_bot_pairs(lua_State *L,
    ngx_http_zoom_lua_run_t *run, const ngx_http_zoom_lua_pairs_t *pairs);
static int ngx_http_zoom_lua_header(lua_State *L);
static int ngx_http_zoom_lua_arg(lua_State *L);
static int ngx_http_zoom_lua_no_write(lua_State *L);


#define ngx_http_zoom_lua_bot_offset(name)  offsetof(ngx_http_zoom_bot_t, name)

static const ngx_http_zoom_lua_field_t  ngx_http_zoom_lua_fields[] = {
    { "caller", ngx_http_zoom_lua_bot_offset(caller), 0 },
    { "scheme", ngx_http_zoom_lua_bot_offset(scheme), 0 },
    { "account", ngx_http_zoom_lua_bot_offset(account), 0 },
    { "bot_id", ngx_http_zoom_lua_bot_offset(bot_id), 0 },
    { "meeting_url", ngx_http_zoom_lua_bot_offset(meeting_url), 1 },
    { "meeting_id", ngx_http_zoom_lua_bot_offset(meeting_id), 1 },
    { "passcode", ngx_http_zoom_lua_bot_offset(passcode), 1 },
    { "tk", ngx_http_zoom_lua_bot_offset(tk), 1 },
    { "event", ngx_http_zoom_lua_bot_offset(event), 0 },
    { "event_id", ngx_http_zoom_lua_bot_offset(event_id), 0 },
    { "object_id", ngx_http_zoom_lua_bot_offset(object_id), 0 },
    { "uuid", ngx_http_zoom_lua_bot_offset(uuid), 0 },
    { "email", ngx_http_zoom_lua_bot_offset(email), 0 },
    { "body", ngx_http_zoom_lua_bot_offset(body), 0 },
    { "method", ngx_http_zoom_lua_bot_offset(method), 0 },
    { "policy", ngx_http_zoom_lua_bot_offset(policy), 0 },
    { "endpoint", ngx_http_zoom_lua_bot_offset(endpoint), 0 },
    { "scope", ngx_http_zoom_lua_bot_offset(scope), 0 },
    { "label", ngx_http_zoom_lua_bot_offset(label), 0 },
    { NULL, 0, 0 }
};


static const ngx_http_zoom_lua_pairs_t  ngx_http_zoom_lua_tables[] = {
    { "metadata", offsetof(ngx_http_zoom_api_t, metadata), 0 },
    { "path_args", offsetof(ngx_http_zoom_api_t, parameter), 1 },
    { NULL, 0, 0 }
};


/* Of headers and args those of the request that is routed now. */

void
ngx_http_zoom_lua_bot_init(lua_State *L)
{
    ngx_uint_t  i;

    static const luaL_Reg  regs[] = {
        { "headers", ngx_http_zoom_lua_header },
        { "args", ngx_http_zoom_lua_arg }
    };

    lua_newtable(L);
    lua_newtable(L);

    for (i = 0; i < 2; i++) {
        (void) lua_newuserdata(L, 0);

        lua_createtable(L, 0, 4);
        lua_pushcfunction(L, regs[i].func);
        lua_setfield(L, -2, "__index");
        lua_pushcfunction(L, regs[i].func);
        lua_setfield(L, -2, "__call");
        lua_pushcfunction(L, ngx_http_zoom_lua_no_write);
        lua_setfield(L, -2, "__newindex");
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
        lua_setmetatable(L, -2);

        lua_setfield(L, -2, regs[i].name);
    }

    lua_newtable(L);
    ngx_http_zoom_lua_view(L);
    lua_pushcclosure(L, ngx_http_zoom_lua_bot_index, 2);
    lua_setfield(L, -2, "__index");

    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");

    lua_pushlightuserdata(L, (void *) ngx_http_zoom_lua_fill_key);
    lua_pushcfunction(L, ngx_http_zoom_lua_bot_fill);
    lua_rawset(L, -3);

    ngx_http_zoom_lua_vm(L)->bot_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}


void
ngx_http_zoom_lua_bot(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    lua_createtable(L, 0, 0);

    run->table = lua_topointer(L, -1);

    lua_rawgeti(L, LUA_REGISTRYINDEX, ngx_http_zoom_lua_vm(L)->bot_ref);
    lua_setmetatable(L, -2);
}


/* The first argument is its bot, and no other that a script has kept. */

static ngx_http_zoom_lua_run_t *
ngx_http_zoom_lua_bot_run(lua_State *L)
{
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);

    if (lua_topointer(L, 1) != run->table) {
        luaL_error(L, "this is the bot of another callback, of which nothing "
                   "more is known");
    }

    return run;
}


/* The upvalues: headers and args, and a table for what is empty. */

static int
ngx_http_zoom_lua_bot_index(lua_State *L)
{
    const char                       *name;
    ngx_http_zoom_lua_run_t          *run;
    const ngx_http_zoom_lua_field_t  *field;
    const ngx_http_zoom_lua_pairs_t  *pairs;

    run = ngx_http_zoom_lua_bot_run(L);

    lua_settop(L, 2);

    if (lua_type(L, 2) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }

    name = lua_tostring(L, 2);

    for (field = ngx_http_zoom_lua_fields; field->name; field++) {
        if (ngx_strcmp(name, field->name) == 0) {
            return ngx_http_zoom_lua_bot_field(L, run, field);
        }
    }

    for (pairs = ngx_http_zoom_lua_tables; pairs->name; pairs++) {

        if (ngx_strcmp(name, pairs->name) != 0) {
            continue;
        }

        if (pairs->passed && run->bot.method.len == 0) {
            lua_pushnil(L);

        } else if (!ngx_http_zoom_lua_bot_pairs(L, run, pairs)) {
            lua_pushvalue(L, lua_upvalueindex(2));
        }

        return 1;
    }

    if (ngx_strcmp(name, "webinar") == 0) {
        ngx_http_zoom_lua_bot_link(L, run);

        if (run->bot.webinar) {
            lua_pushboolean(L, 1);
            return 1;
        }
    }

    lua_rawget(L, lua_upvalueindex(1));

    return 1;
}


static int
ngx_http_zoom_lua_bot_field(lua_State *L, ngx_http_zoom_lua_run_t *run,
    const ngx_http_zoom_lua_field_t *field)
{
    const ngx_str_t  *value;

    if (field->linked) {
        ngx_http_zoom_lua_bot_link(L, run);
    }

    value = (const ngx_str_t *) ((u_char *) &run->bot + field->offset);

    if (value->len) {
        lua_pushlstring(L, (char *) value->data, value->len);

    } else {
        lua_pushnil(L);
    }

    return 1;
}


static void
ngx_http_zoom_lua_bot_link(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    if (run->linked) {
        return;
    }

    if (ngx_http_zoom_lua_api->bot_link(run->request, &run->bot) != NGX_OK) {
        luaL_error(L, "no memory");
    }

    run->linked = 1;
}


/* The bot has it from then on.  0: it has none, and nothing was pushed. */

static int
ngx_http_zoom_lua_bot_pairs(lua_State *L, ngx_http_zoom_lua_run_t *run,
    const ngx_http_zoom_lua_pairs_t *pairs)
{
    ngx_str_t                  name, value;
    ngx_uint_t                 i;
    ngx_http_zoom_lua_pair_pt  pair;

    pair = *(const ngx_http_zoom_lua_pair_pt *)
           ((const u_char *) ngx_http_zoom_lua_api + pairs->offset);

    for (i = 0; pair(run->request, i, &name, &value) == NGX_OK; i++) {

        if (i == 0) {
            lua_newtable(L);
            lua_pushstring(L, pairs->name);
            lua_pushvalue(L, -2);
            lua_rawset(L, 1);
        }

        lua_pushlstring(L, (char *) name.data, name.len);
        lua_pushlstring(L, (char *) value.data, value.len);
        lua_rawset(L, -3);
    }

    return i > 0;
}


/* What the script has written itself stays. */

static int
ngx_http_zoom_lua_bot_fill(lua_State *L)
{
    ngx_uint_t   i;

    static const char *const  others[] = {
        "metadata", "path_args", "webinar"
    };

    for (i = 0; ngx_http_zoom_lua_fields[i].name; i++) {
        lua_getfield(L, 1, ngx_http_zoom_lua_fields[i].name);
        lua_setfield(L, 1, ngx_http_zoom_lua_fields[i].name);
    }

    for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        lua_getfield(L, 1, others[i]);
        lua_setfield(L, 1, others[i]);
    }

    return 0;
}


static int
ngx_http_zoom_lua_header(lua_State *L)
{
    ngx_str_t                 name, value;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);

    name.data = (u_char *) luaL_checklstring(L, 2, &name.len);

    if (ngx_http_zoom_lua_api->header(run->request, &name, &value) != NGX_OK) {
        lua_pushnil(L);
        return 1;
    }

    lua_pushlstring(L, (char *) value.data, value.len);

    return 1;
}


static int
ngx_http_zoom_lua_arg(lua_State *L)
{
    ngx_str_t                 name, value;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);

    name.data = (u_char *) luaL_checklstring(L, 2, &name.len);

    if (ngx_http_zoom_lua_api->arg(run->request, &name, &value) != NGX_OK) {
        lua_pushnil(L);
        return 1;
    }

    lua_pushlstring(L, (char *) value.data, value.len);

    return 1;
}


static int
ngx_http_zoom_lua_no_write(lua_State *L)
{
    return luaL_error(L, "attempt to write to a read-only table");
}
