/*
 * What scripts know as "zoom".
 */

#include "ngx_http_zoom_lua_args.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_route.h"


#define NGX_HTTP_ZOOM_LUA_LINE  1024


static int ngx_http_zoom_lua_mint(lua_State *L);
static int ngx_http_zoom_lua_access_token(lua_State *L);
static int ngx_http_zoom_lua_ask(lua_State *L,
    const ngx_http_zoom_lua_arg_t *args, ngx_uint_t access);
static const char *ngx_http_zoom_lua_ask_read(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static const char *ngx_http_zoom_lua_ask_times(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_ask_send(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_mint_result(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_now(lua_State *L);
static int ngx_http_zoom_lua_hash(lua_State *L);
static int ngx_http_zoom_lua_log(lua_State *L);
static int ngx_http_zoom_lua_json_decode_raw(lua_State *L);
static int ngx_http_zoom_lua_json_file(lua_State *L);


static const luaL_Reg  ngx_http_zoom_lua_functions[] = {
    { "access_token", ngx_http_zoom_lua_access_token },
    { "account", ngx_http_zoom_lua_account_state },
    { "disconnect", ngx_http_zoom_lua_disconnect },
    { "grants", ngx_http_zoom_lua_grants },
    { "hash", ngx_http_zoom_lua_hash },
    { "json_decode", ngx_http_zoom_lua_json_decode },
    { "json_file", ngx_http_zoom_lua_json_file },
    { "log", ngx_http_zoom_lua_log },
    { "mint", ngx_http_zoom_lua_mint },
    { "now", ngx_http_zoom_lua_now },
    { "parse_meeting", ngx_http_zoom_lua_parse_meeting },
    { "pool", ngx_http_zoom_lua_pool },
    { "purge", ngx_http_zoom_lua_purge },
    { "sdk_signature", ngx_http_zoom_lua_sdk_signature },
    { NULL, NULL }
};


void
ngx_http_zoom_lua_lib(lua_State *L, int g)
{
    const luaL_Reg  *reg;

    lua_newtable(L);

    for (reg = ngx_http_zoom_lua_functions; reg->name; reg++) {
        lua_pushcfunction(L, reg->func);
        lua_setfield(L, -2, reg->name);
    }

    ngx_http_zoom_lua_request(L, g);
}


static int
ngx_http_zoom_lua_mint(lua_State *L)
{
    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "user", LUA_TSTRING, 0 },
        { "type", LUA_TSTRING, 0 },
        { "ttl", LUA_TNUMBER, 0 },
        { "meeting_id", NGX_HTTP_ZOOM_LUA_DIGITS, 0 },
        { "webinar", LUA_TBOOLEAN, 0 },
        { "bypass_waiting_room", LUA_TBOOLEAN, 0 },
        { "fresh", LUA_TBOOLEAN, 0 },
        { "timeout", LUA_TNUMBER, 0 },
        { NULL, 0, 0 }
    };

    return ngx_http_zoom_lua_ask(L, args, 0);
}


static int
ngx_http_zoom_lua_access_token(lua_State *L)
{
    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "timeout", LUA_TNUMBER, 0 },
        { NULL, 0, 0 }
    };

    if (!(ngx_http_zoom_lua_run(L)->conf->allow
          & NGX_HTTP_ZOOM_LUA_ALLOW_ACCESS_TOKEN))
    {
        return ngx_http_zoom_lua_denied(L);
    }

    return ngx_http_zoom_lua_ask(L, args, 1);
}


int
ngx_http_zoom_lua_denied(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "denied");

    lua_createtable(L, 0, 1);
    lua_pushinteger(L, NGX_HTTP_FORBIDDEN);
    lua_setfield(L, -2, "http");

    return 3;
}


void
ngx_http_zoom_lua_wait(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    /* a wait that could not be, as there was a C function in between */

    ngx_http_zoom_lua_route_cancel(run);

    if (++run->calls > NGX_HTTP_ZOOM_LUA_CALLS) {
        luaL_error(L, "more than %d calls of zoom.mint() and the like for one "
                   "bot", NGX_HTTP_ZOOM_LUA_CALLS);
    }
}


static int
ngx_http_zoom_lua_ask(lua_State *L, const ngx_http_zoom_lua_arg_t *args,
    ngx_uint_t access)
{
    const char               *why;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);

    ngx_http_zoom_lua_wait(L, run);

    why = ngx_http_zoom_lua_args(L, args);

    if (why == NULL) {
        ngx_memzero(&run->ask, sizeof(ngx_http_zoom_token_ask_t));
        run->ask.access = access;

        why = ngx_http_zoom_lua_ask_read(L, run);
    }

    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    return ngx_http_zoom_lua_ask_send(L, run);
}


static const char *
ngx_http_zoom_lua_ask_read(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_str_t                   name;
    const char                 *why;
    ngx_http_zoom_token_ask_t  *ask;
    ngx_http_zoom_token_req_t  *req;

    ask = &run->ask;

    why = ngx_http_zoom_lua_ask_times(L, run);

    if (why) {
        return why;
    }

    name = ngx_http_zoom_lua_args_text(L, "account");
    ask->account = ngx_http_zoom_lua_account(run, &name);

    if (ask->account == NULL) {
        return ngx_http_zoom_lua_args_account(L, &name);
    }

    req = &ask->req;

    name = ngx_http_zoom_lua_args_text(L, "type");
    req->type = name.len ? ngx_http_zoom_lua_api->type(&name) : 0;

    req->user = ngx_http_zoom_lua_args_text(L, "user");
    req->meeting = ngx_http_zoom_lua_args_text(L, "meeting_id");
    req->webinar = ngx_http_zoom_lua_args_flag(L, "webinar");
    req->bypass = ngx_http_zoom_lua_args_flag(L, "bypass_waiting_room");

    ask->fresh = ngx_http_zoom_lua_args_flag(L, "fresh");

    return NULL;
}


static const char *
ngx_http_zoom_lua_ask_times(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    lua_Number  ttl, timeout;
    ngx_uint_t  there;

    run->ask.req.ttl = NGX_CONF_UNSET;

    if (ngx_http_zoom_lua_args_number(L, "ttl", &ttl)) {

        if (!(ttl >= NGX_HTTP_ZOOM_TTL_MIN && ttl <= NGX_HTTP_ZOOM_TTL_MAX)) {
            return "\"ttl\" must be from 60 seconds to 365 days";
        }

        run->ask.req.ttl = (time_t) ttl;
    }

    there = ngx_http_zoom_lua_args_number(L, "timeout", &timeout);

    return ngx_http_zoom_lua_timeout(run, there ? &timeout : NULL,
                                     &run->ask.timeout);
}


const char *
ngx_http_zoom_lua_timeout(const ngx_http_zoom_lua_run_t *run,
    const lua_Number *timeout, ngx_msec_t *msec)
{
    ngx_msec_int_t  left;

    left = (ngx_msec_int_t) (run->deadline - ngx_current_msec);
    left = ngx_max(left, 0);

    if (timeout) {

        if (!(*timeout >= 0.001 && *timeout <= 60)) {
            return "\"timeout\" must be above 0 and at most 60 seconds";
        }

        left = ngx_min(left, (ngx_msec_int_t) (*timeout * 1000));
    }

    *msec = (ngx_msec_t) left;

    return NULL;
}


static int
ngx_http_zoom_lua_ask_send(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_http_zoom_token_ask_t  *ask;

    ask = &run->ask;

    ask->pool = run->request->pool;
    ask->handler = ngx_http_zoom_lua_route_minted;
    ask->data = run;
    run->push = ngx_http_zoom_lua_mint_result;

    switch (ngx_http_zoom_lua_api->mint(run->request, ask)) {

    case NGX_OK:
        return ngx_http_zoom_lua_mint_result(L, run);

    case NGX_AGAIN:
        return lua_yield(L, 0);

    default:
        return ngx_http_zoom_lua_args_bad(L, ask->error);
    }
}


static int
ngx_http_zoom_lua_mint_result(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_http_zoom_token_ask_t  *ask;

    ask = &run->ask;

    if (ask->error) {
        lua_pushnil(L);
        lua_pushstring(L, ask->error);

    } else {
        lua_pushlstring(L, (char *) ask->token.data, ask->token.len);
        lua_pushnil(L);

        ngx_explicit_memzero(ask->token.data, ask->token.len);
        ask->token.len = 0;
    }

    lua_createtable(L, 0, 4);

    if (ask->error == NULL) {
        lua_pushstring(L, ask->status);
        lua_setfield(L, -2, "status");

        lua_pushnumber(L, ask->expires);
        lua_setfield(L, -2, "expires");

    } else {
        lua_pushinteger(L, ask->http);
        lua_setfield(L, -2, "http");
    }

    if (ask->retry_after && ask->error) {
        lua_pushnumber(L, ask->retry_after);
        lua_setfield(L, -2, "retry_after");
    }

    if (ask->code && ask->error) {
        lua_pushinteger(L, ask->code);
        lua_setfield(L, -2, "code");
    }

    if (ask->tracking_id[0]) {
        lua_pushstring(L, (char *) ask->tracking_id);
        lua_setfield(L, -2, "tracking_id");
    }

    return 3;
}


/* seconds since the epoch, to the millisecond */

static int
ngx_http_zoom_lua_now(lua_State *L)
{
    ngx_time_t  *tp;

    tp = ngx_timeofday();

    lua_pushnumber(L, (lua_Number) tp->sec + (lua_Number) tp->msec / 1000);

    return 1;
}


/* a number that is the same for the same text, today and elsewhere */

static int
ngx_http_zoom_lua_hash(lua_State *L)
{
    size_t       len;
    const char  *text;

    text = luaL_checklstring(L, 1, &len);

    ngx_http_zoom_lua_vm_spend(L, len / 4);

    lua_pushnumber(L, ngx_crc32_long((u_char *) text, len));

    return 1;
}


/* log(level, ...): one line, what controls it escaped */

static int
ngx_http_zoom_lua_log(lua_State *L)
{
    int                      i, level;
    u_char                   line[NGX_HTTP_ZOOM_LUA_LINE], *p, *last;
    size_t                   len;
    ngx_log_t               *log;
    const char              *text;
    ngx_http_zoom_lua_vm_t  *vm;

    static const char *const  levels[] = {
        "error", "warn", "notice", "info", "debug", NULL
    };

    static const ngx_uint_t  values[] = {
        NGX_LOG_ERR, NGX_LOG_WARN, NGX_LOG_NOTICE, NGX_LOG_INFO,
        NGX_LOG_DEBUG
    };

    level = luaL_checkoption(L, 1, NULL, levels);

    p = line;
    last = line + sizeof(line);

    for (i = 2; i <= lua_gettop(L); i++) {

        switch (lua_type(L, i)) {

        case LUA_TSTRING:
        case LUA_TNUMBER:
            text = lua_tolstring(L, i, &len);
            break;

        case LUA_TBOOLEAN:
            text = lua_toboolean(L, i) ? "true" : "false";
            len = ngx_strlen(text);
            break;

        default:
            text = luaL_typename(L, i);
            len = ngx_strlen(text);
        }

        for (/* void */ ; len && p < last; len--, text++) {
            *p++ = ((u_char) *text < ' ' || *text == 0x7f) ? '?' : *text;
        }
    }

    vm = ngx_http_zoom_lua_vm(L);

    log = vm->loading ? vm->log
                      : ngx_http_zoom_lua_run(L)->request->connection->log;

    ngx_log_error(values[level], log, 0, "zoom: script: %*s",
                  (size_t) (p - line), line);

    return 0;
}


/* json_decode(text): the value, or nil and why not */

int
ngx_http_zoom_lua_json_decode(lua_State *L)
{
    (void) luaL_checkstring(L, 1);
    lua_settop(L, 1);

    lua_pushcfunction(L, ngx_http_zoom_lua_json_decode_raw);
    lua_insert(L, 1);

    if (lua_pcall(L, 1, 1, 0) != 0) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }

    return 1;
}


static int
ngx_http_zoom_lua_json_decode_raw(lua_State *L)
{
    size_t       len;
    const char  *text;

    text = lua_tolstring(L, 1, &len);

    ngx_http_zoom_lua_json(L, text, len);

    return 1;
}


/* json_file(name): what is in a file below zoom_lua_path */

static int
ngx_http_zoom_lua_json_file(lua_State *L)
{
    const char                *why;
    ngx_str_t                  name;
    ngx_http_zoom_lua_vm_t    *vm;
    ngx_http_zoom_lua_file_t  *file;

    vm = ngx_http_zoom_lua_vm(L);

    name.data = (u_char *) luaL_checklstring(L, 1, &name.len);

    file = ngx_http_zoom_lua_source_file(vm->source, &name, &why);

    if (file == NULL) {
        return luaL_error(L, "file \"%s\" %s", name.data, why);
    }

    lua_settop(L, 0);
    lua_pushcfunction(L, ngx_http_zoom_lua_json_decode_raw);
    lua_pushlstring(L, (char *) file->text.data, file->text.len);

    if (lua_pcall(L, 1, 1, 0) != 0) {
        return luaL_error(L, "file \"%s\": %s", file->name.data,
                          lua_tostring(L, -1));
    }

    return 1;
}
