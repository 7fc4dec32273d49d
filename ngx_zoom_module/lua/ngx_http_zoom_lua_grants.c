/*
 * zoom.grants() and zoom.disconnect(): the users who have connected.
 */

#include "ngx_http_zoom_lua_args.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_route.h"


typedef const char *(*ngx_http_zoom_lua_grants_pt)(ngx_http_request_t *r,
    ngx_http_zoom_grants_t *grants);


static int ngx_http_zoom_lua_grants_ask(lua_State *L,
    const ngx_http_zoom_lua_arg_t *args, const char *user,
    ngx_http_zoom_lua_grants_pt ask);
static const char *ngx_http_zoom_lua_grants_read(lua_State *L,
    const char *user, ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_grants_result(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static void ngx_http_zoom_lua_grants_row(lua_State *L,
    const ngx_http_zoom_grant_report_t *grant);
static int ngx_http_zoom_lua_disconnect_result(lua_State *L,
    ngx_http_zoom_lua_run_t *run);
static int ngx_http_zoom_lua_grants_error(lua_State *L,
    const ngx_http_zoom_grants_t *grants);


/* grants{ account =, after =, timeout = }: a list, with "next" or not */

int
ngx_http_zoom_lua_grants(lua_State *L)
{
    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "after", LUA_TSTRING, 0 },
        { "timeout", LUA_TNUMBER, 0 },
        { NULL, 0, 0 }
    };

    ngx_http_zoom_lua_run(L)->push = ngx_http_zoom_lua_grants_result;

    return ngx_http_zoom_lua_grants_ask(L, args, "after",
                                        ngx_http_zoom_lua_api->grants);
}


/* disconnect{ account =, user =, timeout = }: true */

int
ngx_http_zoom_lua_disconnect(lua_State *L)
{
    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "user", LUA_TSTRING, 1 },
        { "timeout", LUA_TNUMBER, 0 },
        { NULL, 0, 0 }
    };

    ngx_http_zoom_lua_run(L)->push = ngx_http_zoom_lua_disconnect_result;

    return ngx_http_zoom_lua_grants_ask(L, args, "user",
                                        ngx_http_zoom_lua_api->disconnect);
}


static int
ngx_http_zoom_lua_grants_ask(lua_State *L, const ngx_http_zoom_lua_arg_t *args,
    const char *user, ngx_http_zoom_lua_grants_pt ask)
{
    const char               *why;
    ngx_http_zoom_lua_run_t  *run;

    run = ngx_http_zoom_lua_run(L);

    if (!(run->conf->allow & NGX_HTTP_ZOOM_LUA_ALLOW_GRANTS)) {
        return ngx_http_zoom_lua_denied(L);
    }

    ngx_http_zoom_lua_wait(L, run);

    why = ngx_http_zoom_lua_args(L, args);

    if (why == NULL) {
        ngx_memzero(&run->grants, sizeof(ngx_http_zoom_grants_t));

        why = ngx_http_zoom_lua_grants_read(L, user, run);
    }

    if (why == NULL) {
        why = ask(run->request, &run->grants);
    }

    return why ? ngx_http_zoom_lua_args_bad(L, why) : lua_yield(L, 0);
}


static const char *
ngx_http_zoom_lua_grants_read(lua_State *L, const char *user,
    ngx_http_zoom_lua_run_t *run)
{
    ngx_str_t                name;
    lua_Number               timeout;
    ngx_uint_t               there;
    ngx_http_zoom_grants_t  *grants;

    grants = &run->grants;

    name = ngx_http_zoom_lua_args_text(L, "account");
    grants->account = ngx_http_zoom_lua_account(run, &name);

    if (grants->account == NULL) {
        return ngx_http_zoom_lua_args_account(L, &name);
    }

    grants->user = ngx_http_zoom_lua_args_text(L, user);

    grants->handler = ngx_http_zoom_lua_route_granted;
    grants->data = run;

    there = ngx_http_zoom_lua_args_number(L, "timeout", &timeout);

    return ngx_http_zoom_lua_timeout(run, there ? &timeout : NULL,
                                     &grants->timeout);
}


static int
ngx_http_zoom_lua_grants_result(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    ngx_uint_t                     i;
    ngx_http_zoom_grants_t        *grants;
    ngx_http_zoom_grant_report_t   grant;

    grants = &run->grants;

    if (grants->error) {
        return ngx_http_zoom_lua_grants_error(L, grants);
    }

    lua_createtable(L, grants->n, grants->more);

    for (i = 0; i < grants->n; i++) {
        ngx_http_zoom_lua_api->grant(grants, i, &grant);

        ngx_http_zoom_lua_grants_row(L, &grant);
        lua_rawseti(L, -2, i + 1);
    }

    if (grants->more && grants->n) {
        lua_pushstring(L, (char *) grant.user);
        lua_setfield(L, -2, "next");
    }

    ngx_http_zoom_lua_api->end_grants(grants);

    lua_pushnil(L);
    lua_pushnil(L);

    return 3;
}


static void
ngx_http_zoom_lua_grants_row(lua_State *L,
    const ngx_http_zoom_grant_report_t *grant)
{
    ngx_uint_t  i;

    lua_createtable(L, 0, 6);

    lua_pushstring(L, (char *) grant->user);
    lua_setfield(L, -2, "user");

    if (grant->email[0]) {
        lua_pushstring(L, (char *) grant->email);
        lua_setfield(L, -2, "email");
    }

    lua_createtable(L, grant->nnames, 0);

    for (i = 0; i < grant->nnames; i++) {
        lua_pushstring(L, (char *) grant->names[i]);
        lua_rawseti(L, -2, i + 1);
    }

    lua_setfield(L, -2, "aliases");

    lua_pushstring(L, grant->state);
    lua_setfield(L, -2, "state");

    lua_pushnumber(L, grant->connected);
    lua_setfield(L, -2, "connected");

    lua_pushnumber(L, grant->refreshed);
    lua_setfield(L, -2, "refreshed");
}


static int
ngx_http_zoom_lua_disconnect_result(lua_State *L, ngx_http_zoom_lua_run_t *run)
{
    if (run->grants.error) {
        return ngx_http_zoom_lua_grants_error(L, &run->grants);
    }

    lua_pushboolean(L, 1);
    lua_pushnil(L);
    lua_pushnil(L);

    return 3;
}


static int
ngx_http_zoom_lua_grants_error(lua_State *L,
    const ngx_http_zoom_grants_t *grants)
{
    lua_pushnil(L);
    lua_pushstring(L, grants->error);

    lua_createtable(L, 0, 2);

    lua_pushinteger(L, grants->http);
    lua_setfield(L, -2, "http");

    if (grants->retry_after) {
        lua_pushnumber(L, grants->retry_after);
        lua_setfield(L, -2, "retry_after");
    }

    return 3;
}
