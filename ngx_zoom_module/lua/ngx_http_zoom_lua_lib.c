/*
 * What scripts know as "zoom".
 */

#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_route.h"
#include "ngx_http_zoom_lua_sandbox.h"


#define NGX_HTTP_ZOOM_LUA_LINE  1024
#define NGX_HTTP_ZOOM_LUA_LINK  2048


static int ngx_http_zoom_lua_mint(lua_State *L);
static const char *ngx_http_zoom_lua_mint_read(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_mint_ask(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static ngx_uint_t ngx_http_zoom_lua_field(lua_State *L, const char *name,
    ngx_str_t *value);
static ngx_uint_t ngx_http_zoom_lua_flag(lua_State *L, const char *name);
static const char *ngx_http_zoom_lua_seconds(lua_State *L, const char *name,
    lua_Number *value);
static int ngx_http_zoom_lua_bad(lua_State *L, const char *why);
static int ngx_http_zoom_lua_account_state(lua_State *L);
static int ngx_http_zoom_lua_purge(lua_State *L);
static int ngx_http_zoom_lua_parse_meeting(lua_State *L);
static int ngx_http_zoom_lua_now(lua_State *L);
static int ngx_http_zoom_lua_hash(lua_State *L);
static int ngx_http_zoom_lua_log(lua_State *L);
static int ngx_http_zoom_lua_json_decode(lua_State *L);
static int ngx_http_zoom_lua_json_decode_raw(lua_State *L);
static int ngx_http_zoom_lua_json_file(lua_State *L);


static const luaL_Reg  ngx_http_zoom_lua_functions[] = {
    { "account", ngx_http_zoom_lua_account_state },
    { "hash", ngx_http_zoom_lua_hash },
    { "json_decode", ngx_http_zoom_lua_json_decode },
    { "json_file", ngx_http_zoom_lua_json_file },
    { "log", ngx_http_zoom_lua_log },
    { "mint", ngx_http_zoom_lua_mint },
    { "now", ngx_http_zoom_lua_now },
    { "parse_meeting", ngx_http_zoom_lua_parse_meeting },
    { "purge", ngx_http_zoom_lua_purge },
    { NULL, NULL }
};


void
ngx_http_zoom_lua_lib(lua_State *L)
{
    const luaL_Reg  *reg;

    lua_newtable(L);

    for (reg = ngx_http_zoom_lua_functions; reg->name; reg++) {
        lua_pushcfunction(L, reg->func);
        lua_setfield(L, -2, reg->name);
    }
}


const char *
ngx_http_zoom_lua_arguments(lua_State *L, int index, const char *const *names)
{
    const char         *key;
    const char *const  *name;

    if (!ngx_http_zoom_lua_table(L, index)) {
        return "a table is needed";
    }

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {

        if (lua_type(L, -2) != LUA_TSTRING) {
            return "a table with names is needed";
        }

        key = lua_tostring(L, -2);

        for (name = names; *name && ngx_strcmp(*name, key) != 0; name++) {
            /* void */
        }

        if (*name == NULL) {
            return lua_pushfstring(L, "there is no \"%s\"", key);
        }
    }

    return NULL;
}


/* nil, "bad argument: ..." */

static int
ngx_http_zoom_lua_bad(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushfstring(L, "bad argument: %s", why);

    return 2;
}


/* A string of the table on top of the stack; 0: it is something else. */

static ngx_uint_t
ngx_http_zoom_lua_field(lua_State *L, const char *name, ngx_str_t *value)
{
    ngx_str_null(value);

    lua_pushstring(L, name);
    lua_rawget(L, -2);

    /* it stays in the table, and so in memory */

    if (lua_type(L, -1) == LUA_TSTRING) {
        value->data = (u_char *) lua_tolstring(L, -1, &value->len);

    } else if (!lua_isnil(L, -1)) {
        lua_pop(L, 1);
        return 0;
    }

    lua_pop(L, 1);

    return 1;
}


static ngx_uint_t
ngx_http_zoom_lua_flag(lua_State *L, const char *name)
{
    ngx_uint_t  flag;

    lua_pushstring(L, name);
    lua_rawget(L, -2);

    flag = lua_toboolean(L, -1);
    lua_pop(L, 1);

    return flag;
}


static const char *
ngx_http_zoom_lua_seconds(lua_State *L, const char *name, lua_Number *value)
{
    lua_pushstring(L, name);
    lua_rawget(L, -2);

    if (lua_type(L, -1) == LUA_TNUMBER) {
        *value = lua_tonumber(L, -1);

        if (!(*value >= 0 && *value <= 365 * 24 * 60 * 60)) {
            return lua_pushfstring(L, "\"%s\" is out of range", name);
        }

    } else if (!lua_isnil(L, -1)) {
        return lua_pushfstring(L, "\"%s\" is no number of seconds", name);
    }

    lua_pop(L, 1);

    return NULL;
}


static int
ngx_http_zoom_lua_mint(lua_State *L)
{
    const char               *why;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);
    lua_settop(L, 1);

    /* a wait that could not be, as there was a C function in between */

    ngx_http_zoom_lua_api->cancel(&run->call);

    if (++run->mints > NGX_HTTP_ZOOM_LUA_MINTS) {
        return luaL_error(L, "more than %d calls of zoom.mint() for one bot",
                          NGX_HTTP_ZOOM_LUA_MINTS);
    }

    why = ngx_http_zoom_lua_mint_read(L, run);

    if (why) {
        return ngx_http_zoom_lua_bad(L, why);
    }

    return ngx_http_zoom_lua_mint_ask(L, run);
}


static const char *
ngx_http_zoom_lua_mint_read(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_str_t              name;
    lua_Number             ttl, timeout;
    const char            *why;
    ngx_msec_int_t         left;
    ngx_http_zoom_call_t  *call;

    static const char *const  names[] = {
        "account", "user", "type", "ttl", "meeting_id", "webinar",
        "bypass_waiting_room", "fresh", "timeout", NULL
    };

    why = ngx_http_zoom_lua_arguments(L, 1, names);

    if (why) {
        return why;
    }

    call = &run->call;
    ngx_memzero(call, sizeof(ngx_http_zoom_call_t));

    if (!ngx_http_zoom_lua_field(L, "account", &name)
        || !ngx_http_zoom_lua_field(L, "user", &call->user)
        || !ngx_http_zoom_lua_field(L, "type", &call->type)
        || !ngx_http_zoom_lua_field(L, "meeting_id", &call->meeting))
    {
        return "account, user, type and meeting_id are strings";
    }

    call->account = ngx_http_zoom_lua_account(run, &name);

    if (call->account == NULL) {
        return lua_pushfstring(L, "\"%s\" is no account that the script may "
                               "use", name.len ? (char *) name.data : "");
    }

    ttl = NGX_CONF_UNSET;
    timeout = 3600;

    why = ngx_http_zoom_lua_seconds(L, "ttl", &ttl);

    if (why == NULL) {
        why = ngx_http_zoom_lua_seconds(L, "timeout", &timeout);
    }

    if (why) {
        return why;
    }

    call->ttl = (time_t) ttl;
    call->fresh = ngx_http_zoom_lua_flag(L, "fresh");
    call->webinar = ngx_http_zoom_lua_flag(L, "webinar");
    call->bypass = ngx_http_zoom_lua_flag(L, "bypass_waiting_room");

    left = (ngx_msec_int_t) (run->deadline - ngx_current_msec);
    left = ngx_max(left, 0);
    timeout = ngx_min(timeout * 1000, (lua_Number) left);

    call->timeout = (ngx_msec_t) timeout;

    return NULL;
}


static int
ngx_http_zoom_lua_mint_ask(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_http_zoom_call_t  *call;

    call = &run->call;

    call->pool = run->request->pool;
    call->handler = ngx_http_zoom_lua_route_minted;
    call->data = run;

    switch (ngx_http_zoom_lua_api->mint(run->request, call)) {

    case NGX_OK:
        return ngx_http_zoom_lua_mint_result(L, call);

    case NGX_AGAIN:
        run->waiting = 1;
        return lua_yield(L, 0);

    default:
        return ngx_http_zoom_lua_bad(L, call->error);
    }
}


int
ngx_http_zoom_lua_mint_result(lua_State *L, ngx_http_zoom_call_t *call)
{
    if (call->error) {
        lua_pushnil(L);
        lua_pushstring(L, call->error);

    } else {
        lua_pushlstring(L, (char *) call->token.data, call->token.len);
        lua_pushnil(L);

        ngx_explicit_memzero(call->token.data, call->token.len);
        call->token.len = 0;
    }

    lua_createtable(L, 0, 4);

    if (call->error == NULL) {
        lua_pushstring(L, call->status);
        lua_setfield(L, -2, "status");

        lua_pushnumber(L, call->expires);
        lua_setfield(L, -2, "expires");

    } else {
        lua_pushinteger(L, call->http);
        lua_setfield(L, -2, "http");
    }

    if (call->retry_after && call->error) {
        lua_pushnumber(L, call->retry_after);
        lua_setfield(L, -2, "retry_after");
    }

    if (call->code && call->error) {
        lua_pushinteger(L, call->code);
        lua_setfield(L, -2, "code");
    }

    if (call->tracking_id[0]) {
        lua_pushstring(L, (char *) call->tracking_id);
        lua_setfield(L, -2, "tracking_id");
    }

    return 3;
}


/* account(name): how it fares */

static int
ngx_http_zoom_lua_account_state(lua_State *L)
{
    ngx_str_t                        name;
    ngx_http_zoom_lua_run_t         *run;
    struct ngx_http_zoom_account_s  *account;
    ngx_http_zoom_account_report_t   report;

    run = ngx_http_zoom_lua_run(L);

    name.data = (u_char *) luaL_optlstring(L, 1, "", &name.len);
    account = ngx_http_zoom_lua_account(run, &name);

    if (account == NULL) {
        return ngx_http_zoom_lua_bad(L, lua_pushfstring(L, "\"%s\" is no "
                           "account that the script may use", name.data));
    }

    ngx_http_zoom_lua_api->report(account, &report);

    lua_createtable(L, 0, 4);

    lua_pushlstring(L, (char *) report.name.data, report.name.len);
    lua_setfield(L, -2, "name");

    lua_pushboolean(L, report.error == NULL);
    lua_setfield(L, -2, "ok");

    if (report.error) {
        lua_pushstring(L, report.error);
        lua_setfield(L, -2, "error");
    }

    lua_pushnumber(L, (lua_Number) report.wait / 1000);
    lua_setfield(L, -2, "wait");

    return 1;
}


/* purge{ account =, user = }: how many tokens went */

static int
ngx_http_zoom_lua_purge(lua_State *L)
{
    ngx_int_t                        rc;
    ngx_str_t                        name, user;
    ngx_uint_t                       n;
    const char                      *why;
    ngx_http_zoom_lua_run_t         *run;
    struct ngx_http_zoom_account_s  *account;

    static const char *const  names[] = { "account", "user", NULL };

    run = ngx_http_zoom_lua_run(L);
    lua_settop(L, 1);

    why = ngx_http_zoom_lua_arguments(L, 1, names);

    if (why) {
        return ngx_http_zoom_lua_bad(L, why);
    }

    /* all of an account is for zoom_purge, where somebody means it */

    if (!ngx_http_zoom_lua_field(L, "account", &name)
        || !ngx_http_zoom_lua_field(L, "user", &user)
        || user.len == 0)
    {
        return ngx_http_zoom_lua_bad(L, "account and user are strings");
    }

    account = ngx_http_zoom_lua_account(run, &name);

    if (account == NULL) {
        return ngx_http_zoom_lua_bad(L, "that is no account that the script "
                                     "may use");
    }

    rc = ngx_http_zoom_lua_api->purge(account, &user, &n);

    if (rc == NGX_OK) {
        lua_pushnumber(L, n);
        return 1;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_zoom_lua_bad(L, "the user is neither a Zoom user id "
                                     "nor an e-mail");
    }

    lua_pushnil(L);
    lua_pushstring(L, rc == NGX_BUSY ? "rate_limited" : "internal");

    return 2;
}


static int
ngx_http_zoom_lua_parse_meeting(lua_State *L)
{
    u_char     b[NGX_HTTP_ZOOM_LUA_LINK];
    ngx_str_t  link, id, passcode;

    link.data = (u_char *) luaL_checklstring(L, 1, &link.len);

    if (link.len > sizeof(b)
        || ngx_http_zoom_lua_api->meeting(&link, b, &id, &passcode) != NGX_OK)
    {
        lua_pushnil(L);
        lua_pushliteral(L, "no_meeting");
        return 2;
    }

    lua_createtable(L, 0, 2);

    lua_pushlstring(L, (char *) id.data, id.len);
    lua_setfield(L, -2, "id");

    if (passcode.len) {
        lua_pushlstring(L, (char *) passcode.data, passcode.len);
        lua_setfield(L, -2, "passcode");
    }

    return 1;
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

static int
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
