/*
 * A request that a script routes.
 */

#include "ngx_http_zoom_lua_bot.h"
#include "ngx_http_zoom_lua_view.h"


static ngx_http_zoom_lua_vm_t *ngx_http_zoom_lua_route_vm(ngx_log_t *log);
static void ngx_http_zoom_lua_route_drop(ngx_http_zoom_lua_vm_t *vm);
static int ngx_http_zoom_lua_route_begin(lua_State *L);
static ngx_int_t ngx_http_zoom_lua_route_run(ngx_http_zoom_lua_run_t *run,
    int nargs);
static void ngx_http_zoom_lua_route_on(ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_route_resume(lua_State *L);
static int ngx_http_zoom_lua_route_end(lua_State *L);
static void ngx_http_zoom_lua_route_allow(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_route_refuse(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_route_table(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_route_account(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_route_ttl(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_route_types(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_route_token(lua_State *L,
    ngx_http_zoom_lua_run_t *run, const char *name);
static void ngx_http_zoom_lua_route_string(lua_State *L,
    ngx_http_zoom_lua_run_t *run, const char *name, ngx_str_t *value);
static void ngx_http_zoom_lua_route_copy(lua_State *L,
    ngx_http_zoom_lua_run_t *run, ngx_str_t *value);
static void ngx_http_zoom_lua_route_failed(ngx_http_zoom_lua_run_t *run,
    ngx_http_zoom_lua_vm_t *vm);
static void ngx_http_zoom_lua_route_cleanup(void *data);


static ngx_http_zoom_lua_source_t  *ngx_http_zoom_lua_route_source;
static ngx_http_zoom_lua_env_pt     ngx_http_zoom_lua_route_environment;
static ngx_http_zoom_lua_vm_t      *ngx_http_zoom_lua_route_current;


ngx_int_t
ngx_http_zoom_lua_route_start(ngx_http_zoom_lua_source_t *source,
    ngx_http_zoom_lua_env_pt environment, ngx_log_t *log)
{
    ngx_http_zoom_lua_route_source = source;
    ngx_http_zoom_lua_route_environment = environment;
    ngx_http_zoom_lua_route_current = NULL;

    /* the master has seen it work; what fails now may work later */

    (void) ngx_http_zoom_lua_route_vm(log);

    return NGX_OK;
}


void
ngx_http_zoom_lua_route_stop(void)
{
    if (ngx_http_zoom_lua_route_current) {
        ngx_http_zoom_lua_vm_destroy(ngx_http_zoom_lua_route_current);
        ngx_http_zoom_lua_route_current = NULL;
    }
}


static ngx_http_zoom_lua_vm_t *
ngx_http_zoom_lua_route_vm(ngx_log_t *log)
{
    if (ngx_http_zoom_lua_route_current == NULL) {
        ngx_http_zoom_lua_route_current = ngx_http_zoom_lua_vm_create(
                           ngx_http_zoom_lua_route_source,
                           ngx_http_zoom_lua_route_environment,
                           NGX_LOG_ERR, log);
    }

    return ngx_http_zoom_lua_route_current;
}


/* One that ran out of memory serves those who wait in it, and nobody else. */

static void
ngx_http_zoom_lua_route_drop(ngx_http_zoom_lua_vm_t *vm)
{
    if (!vm->retired) {
        return;
    }

    if (vm == ngx_http_zoom_lua_route_current) {
        ngx_http_zoom_lua_route_current = NULL;
    }

    if (vm->threads == 0) {
        ngx_http_zoom_lua_vm_destroy(vm);
    }
}


ngx_int_t
ngx_http_zoom_lua_route(ngx_http_request_t *r, ngx_http_zoom_route_t *route)
{
    ngx_http_cleanup_t       *cln;
    ngx_http_zoom_lua_vm_t   *vm;
    ngx_http_zoom_lua_run_t  *run;

    vm = ngx_http_zoom_lua_route_vm(r->connection->log);

    if (vm == NULL) {
        return NGX_ERROR;
    }

    cln = ngx_http_cleanup_add(r, sizeof(ngx_http_zoom_lua_run_t));
    if (cln == NULL) {
        return NGX_ERROR;
    }

    run = cln->data;

    ngx_memzero(run, sizeof(ngx_http_zoom_lua_run_t));

    cln->handler = ngx_http_zoom_lua_route_cleanup;

    run->request = r;
    run->route = route;
    run->conf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_lua_module);
    run->deadline = ngx_current_msec + run->conf->timeout;
    run->thread.steps = run->conf->instructions;
    run->thread.data = run;

    ngx_http_zoom_lua_api->bot(r, &run->bot);

    if (ngx_http_zoom_lua_vm_call(vm, ngx_http_zoom_lua_route_begin, run)
        != NGX_OK)
    {
        ngx_http_zoom_lua_route_failed(run, vm);

        if (run->thread.vm) {
            ngx_http_zoom_lua_route_cleanup(run);

        } else {
            ngx_http_zoom_lua_route_drop(vm);
        }

        return NGX_ERROR;
    }

    return ngx_http_zoom_lua_route_run(run, 1);
}


/* NGX_AGAIN: it waits.  Else it is over, and this is what came of it. */

static ngx_int_t
ngx_http_zoom_lua_route_run(ngx_http_zoom_lua_run_t *run, int nargs)
{
    ngx_int_t                rc;
    ngx_http_zoom_lua_vm_t  *vm;

    vm = run->thread.vm;

    rc = ngx_http_zoom_lua_vm_run(&run->thread, nargs);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_zoom_lua_vm_call(vm, ngx_http_zoom_lua_route_end, run);

        if (rc == NGX_OK) {
            rc = run->rc;
        }
    }

    if (rc == NGX_ERROR) {
        ngx_http_zoom_lua_route_failed(run, run->thread.vm);
    }

    ngx_http_zoom_lua_route_cleanup(run);

    return rc;
}


static void
ngx_http_zoom_lua_route_failed(ngx_http_zoom_lua_run_t *run,
    ngx_http_zoom_lua_vm_t *vm)
{
    ngx_http_zoom_lua_file_t  *script;

    script = vm->source->scripts.elts;
    script += run->conf->script;

    ngx_log_error(NGX_LOG_ERR, run->request->connection->log, 0,
                  "zoom: script \"%V\" failed: %*s", &script->name, vm->len,
                  vm->reason);
}


/* The client may be gone, or all is done. */

static void
ngx_http_zoom_lua_route_cleanup(void *data)
{
    ngx_http_zoom_lua_run_t  *run = data;

    ngx_http_zoom_lua_vm_t  *vm;

    ngx_http_zoom_lua_route_cancel(run);

    vm = run->thread.vm;

    if (vm) {
        ngx_http_zoom_lua_vm_end(&run->thread);
        ngx_http_zoom_lua_route_drop(vm);
    }
}


static int
ngx_http_zoom_lua_route_begin(lua_State *L)
{
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_vm(L)->arg;

    ngx_http_zoom_lua_bot(L, run);
    ngx_http_zoom_lua_vm_thread(L, run->conf->script, &run->thread);

    return 0;
}


void
ngx_http_zoom_lua_route_minted(ngx_http_zoom_token_ask_t *ask)
{
    ngx_http_zoom_lua_route_on(ask->data);
}


void
ngx_http_zoom_lua_route_answered(ngx_http_zoom_request_t *sent)
{
    ngx_http_zoom_lua_route_on(sent->data);
}


void
ngx_http_zoom_lua_route_granted(ngx_http_zoom_grants_t *grants)
{
    ngx_http_zoom_lua_route_on(grants->data);
}


void
ngx_http_zoom_lua_route_cancel(ngx_http_zoom_lua_run_t *run)
{
    ngx_http_zoom_lua_api->cancel(&run->ask);
    ngx_http_zoom_lua_api->end(&run->sent);
    ngx_http_zoom_lua_api->end_grants(&run->grants);
}


static void
ngx_http_zoom_lua_route_on(ngx_http_zoom_lua_run_t *run)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = run->request;

    if (ngx_http_zoom_lua_vm_call(run->thread.vm,
                                  ngx_http_zoom_lua_route_resume, run)
        == NGX_OK)
    {
        rc = ngx_http_zoom_lua_route_run(run, 3);

    } else {
        ngx_http_zoom_lua_route_failed(run, run->thread.vm);
        ngx_http_zoom_lua_route_cleanup(run);
        rc = NGX_ERROR;
    }

    if (rc != NGX_AGAIN) {
        ngx_http_zoom_lua_api->routed(r, rc);
    }
}


/* Nothing is made on the coroutine's own stack, which can't take an error. */

static int
ngx_http_zoom_lua_route_resume(lua_State *L)
{
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_vm(L)->arg;

    lua_xmove(L, run->thread.co, run->push(L, run));

    return 0;
}


/* What the script has returned. */

static int
ngx_http_zoom_lua_route_end(lua_State *L)
{
    lua_State                *co;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_vm(L)->arg;
    co = run->thread.co;

    lua_settop(L, 0);
    lua_settop(co, ngx_min(lua_gettop(co), 2));
    lua_xmove(co, L, lua_gettop(co));
    lua_settop(L, 2);

    run->rc = NGX_OK;

    if (run->bot.method.len) {
        ngx_http_zoom_lua_route_allow(L, run);
        return 0;
    }

    if (run->bot.event.len && lua_type(L, 1) != LUA_TNIL) {
        return luaL_error(L, "it returned a %s for a webhook",
                          luaL_typename(L, 1));
    }

    switch (lua_type(L, 1)) {

    case LUA_TNIL:

        if (lua_isnil(L, 2)) {
            return 0;
        }

        ngx_http_zoom_lua_route_refuse(L, run);
        return 0;

    case LUA_TSTRING:
        lua_settop(L, 1);
        ngx_http_zoom_lua_route_copy(L, run, &run->route->user);
        run->route->has_user = 1;
        return 0;

    case LUA_TTABLE:
    case LUA_TUSERDATA:
        ngx_http_zoom_lua_route_table(L, run);
        return 0;

    default:
        return luaL_error(L, "it returned a %s", luaL_typename(L, 1));
    }
}


/* Of a request of the gateway's. */

static void
ngx_http_zoom_lua_route_allow(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    if (lua_isnil(L, 1) && lua_isnil(L, 2)) {
        return;
    }

    if (lua_isnil(L, 1)) {
        ngx_http_zoom_lua_route_refuse(L, run);
        return;
    }

    if (lua_type(L, 1) != LUA_TBOOLEAN) {
        luaL_error(L, "it returned a %s, which neither allows nor denies",
                   luaL_typename(L, 1));
    }

    if (lua_toboolean(L, 1)) {
        run->route->allow = 1;
        return;
    }

    run->rc = NGX_DECLINED;

    if (!lua_isnil(L, 2)) {
        ngx_http_zoom_lua_route_refuse(L, run);
    }
}


static void
ngx_http_zoom_lua_route_refuse(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    if (lua_type(L, 2) != LUA_TSTRING) {
        luaL_error(L, "the reason it returned is a %s", luaL_typename(L, 2));
    }

    ngx_http_zoom_lua_route_copy(L, run, &run->route->reason);
    run->rc = NGX_DECLINED;
}


static void
ngx_http_zoom_lua_route_table(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    const char  *key;

    if (!ngx_http_zoom_lua_table(L, 1)) {
        luaL_error(L, "it returned a userdata");
    }

    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {

        if (lua_type(L, -2) != LUA_TSTRING) {
            luaL_error(L, "it returned a list");
        }

        key = lua_tostring(L, -2);

        if (ngx_strcmp(key, "user") == 0) {
            ngx_http_zoom_lua_route_string(L, run, key, &run->route->user);
            run->route->has_user = 1;

        } else if (ngx_strcmp(key, "account") == 0) {
            ngx_http_zoom_lua_route_account(L, run);

        } else if (ngx_strcmp(key, "ttl") == 0) {
            ngx_http_zoom_lua_route_ttl(L, run);

        } else if (ngx_strcmp(key, "types") == 0) {
            ngx_http_zoom_lua_route_types(L, run);

        } else {
            ngx_http_zoom_lua_route_token(L, run, key);
        }
    }
}


/* These look at the value on top of the stack, and leave it there. */

static void
ngx_http_zoom_lua_route_account(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_str_t  name;

    ngx_http_zoom_lua_route_string(L, run, "account", &name);

    run->route->account = ngx_http_zoom_lua_account(run, &name);

    if (run->route->account == NULL) {
        luaL_error(L, "it returned the account \"%s\", which is none that it "
                   "may use: see \"zoom_lua_accounts\"", name.data);
    }
}


static void
ngx_http_zoom_lua_route_ttl(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    lua_Number  ttl;

    if (lua_type(L, -1) != LUA_TNUMBER) {
        luaL_error(L, "the ttl it returned is a %s", luaL_typename(L, -1));
    }

    ttl = lua_tonumber(L, -1);

    if (!(ttl >= 60 && ttl <= 365 * 24 * 60 * 60)) {
        luaL_error(L, "the ttl it returned is not from 60 seconds to 365 "
                   "days");
    }

    run->route->ttl = (time_t) ttl;
}


/* One name, or a list of them. */

static void
ngx_http_zoom_lua_route_types(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    size_t      i, n;
    ngx_int_t   type;
    ngx_str_t   name;

    lua_pushvalue(L, -1);

    if (lua_type(L, -1) == LUA_TSTRING) {
        lua_createtable(L, 1, 0);
        lua_insert(L, -2);
        lua_rawseti(L, -2, 1);
    }

    if (!ngx_http_zoom_lua_table(L, lua_gettop(L)) || lua_objlen(L, -1) == 0)
    {
        luaL_error(L, "the types it returned are no list");
    }

    n = lua_objlen(L, -1);

    for (i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);

        if (lua_type(L, -1) != LUA_TSTRING) {
            luaL_error(L, "among the types it returned is a %s",
                       luaL_typename(L, -1));
        }

        name.data = (u_char *) lua_tolstring(L, -1, &name.len);

        type = ngx_http_zoom_lua_api->type(&name);

        if (type == NGX_DECLINED) {
            luaL_error(L, "it returned the type \"%s\", which there is not",
                       name.data);
        }

        run->route->types |= (ngx_uint_t) 1 << type;

        lua_pop(L, 1);
    }

    lua_pop(L, 2);
}


static void
ngx_http_zoom_lua_route_token(lua_State *L, ngx_http_zoom_lua_run_t *run,
    const char *name)
{
    ngx_str_t   *token;
    ngx_uint_t   i;

    for (i = 0; i < NGX_HTTP_ZOOM_API_TOKENS; i++) {

        if (ngx_strcmp(name, ngx_http_zoom_lua_api->members[i]) != 0) {
            continue;
        }

        token = &run->route->tokens[i];

        ngx_http_zoom_lua_route_string(L, run, name, token);

        if (ngx_http_zoom_lua_api->token(i, token) != NGX_OK) {
            luaL_error(L, "what it returned as %s is no token", name);
        }

        return;
    }

    luaL_error(L, "in the table it returned there is \"%s\", which means "
               "nothing", name);
}


static void
ngx_http_zoom_lua_route_string(lua_State *L, ngx_http_zoom_lua_run_t *run,
    const char *name, ngx_str_t *value)
{
    if (lua_type(L, -1) != LUA_TSTRING) {
        luaL_error(L, "the %s it returned is a %s", name,
                   luaL_typename(L, -1));
    }

    ngx_http_zoom_lua_route_copy(L, run, value);
}


/* The string on top of the stack, with a zero after it. */

static void
ngx_http_zoom_lua_route_copy(lua_State *L, ngx_http_zoom_lua_run_t *run,
    ngx_str_t *value)
{
    const char  *s;

    s = lua_tolstring(L, -1, &value->len);

    value->data = ngx_pnalloc(run->request->pool, value->len + 1);

    if (value->data == NULL) {
        luaL_error(L, "no memory");
    }

    ngx_memcpy(value->data, s, value->len + 1);
}


ngx_http_zoom_lua_run_t *
ngx_http_zoom_lua_run(lua_State *L)
{
    ngx_http_zoom_lua_vm_t  *vm;

    vm = ngx_http_zoom_lua_vm(L);

    if (vm->thread == NULL) {
        luaL_error(L, "there is no bot yet: call this from within the "
                   "function that the script returns");
    }

    return vm->thread->data;
}


struct ngx_http_zoom_account_s *
ngx_http_zoom_lua_account(ngx_http_zoom_lua_run_t *run, const ngx_str_t *name)
{
    ngx_uint_t                    i;
    ngx_http_zoom_lua_account_t  *account;

    if (name->data == NULL
        || (name->len == run->bot.account.len
            && ngx_memcmp(name->data, run->bot.account.data, name->len) == 0))
    {
        return ngx_http_zoom_lua_api->account((ngx_cycle_t *) ngx_cycle,
                                              &run->bot.account);
    }

    if (run->conf->accounts == NULL) {
        return NULL;
    }

    account = run->conf->accounts->elts;

    for (i = 0; i < run->conf->accounts->nelts; i++) {
        if (account[i].name.len == name->len
            && ngx_memcmp(account[i].name.data, name->data, name->len) == 0)
        {
            return account[i].account;
        }
    }

    return NULL;
}
