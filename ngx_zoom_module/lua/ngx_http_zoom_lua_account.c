/*
 * Functions of "zoom" that wait for nobody: accounts and meetings.
 */

#include "ngx_http_zoom_lua_args.h"
#include "ngx_http_zoom_lua_lib.h"
#include "ngx_http_zoom_lua_route.h"


#define NGX_HTTP_ZOOM_LUA_LINK           2048

/* seconds */

#define NGX_HTTP_ZOOM_LUA_SIGNATURE_MIN  1800
#define NGX_HTTP_ZOOM_LUA_SIGNATURE_MAX  172800


static void ngx_http_zoom_lua_account_services(lua_State *L,
    const ngx_http_zoom_account_report_t *report);
static void ngx_http_zoom_lua_account_labels(lua_State *L,
    const ngx_http_zoom_account_report_t *report);
static void ngx_http_zoom_lua_account_last(lua_State *L,
    const ngx_http_zoom_account_report_t *report);
static void ngx_http_zoom_lua_put(lua_State *L, const char *name,
    const ngx_str_t *value);
static ngx_int_t ngx_http_zoom_lua_role(lua_State *L, ngx_uint_t *host);
static int ngx_http_zoom_lua_sign(lua_State *L, ngx_uint_t host, time_t life);


/* account([name]): how it fares */

int
ngx_http_zoom_lua_account_state(lua_State *L)
{
    ngx_str_t                        name;
    ngx_http_zoom_lua_run_t         *run;
    struct ngx_http_zoom_account_s  *account;
    ngx_http_zoom_account_report_t   report;

    run = ngx_http_zoom_lua_run(L);

    ngx_str_null(&name);

    if (lua_type(L, 1) == LUA_TSTRING) {
        name.data = (u_char *) lua_tolstring(L, 1, &name.len);

    } else if (!lua_isnoneornil(L, 1)) {
        return ngx_http_zoom_lua_args_bad(L, lua_pushfstring(L,
                              "the name of an account is needed, got %s",
                              ngx_http_zoom_lua_args_type(L, 1)));
    }

    account = ngx_http_zoom_lua_account(run, &name);

    if (account == NULL) {
        return ngx_http_zoom_lua_args_bad(L,
                              ngx_http_zoom_lua_args_account(L, &name));
    }

    ngx_http_zoom_lua_api->report(account, &report);

    lua_createtable(L, 0, 8);

    ngx_http_zoom_lua_put(L, "name", &report.name);
    ngx_http_zoom_lua_account_services(L, &report);
    ngx_http_zoom_lua_account_labels(L, &report);
    ngx_http_zoom_lua_account_last(L, &report);

    if (report.expires) {
        lua_pushnumber(L, report.expires);
        lua_setfield(L, -2, "access_expires");
    }

    return 1;
}


static void
ngx_http_zoom_lua_account_services(lua_State *L,
    const ngx_http_zoom_account_report_t *report)
{
    ngx_uint_t   i;
    const char  *error;

    error = NULL;

    lua_createtable(L, 0, 0);

    for (i = 0; i < NGX_HTTP_ZOOM_API_SERVICES; i++) {

        if (report->services[i].error == NULL) {
            continue;
        }

        lua_pushstring(L, report->services[i].error);
        lua_setfield(L, -2, report->services[i].name);

        if (error == NULL && i < report->nvital) {
            error = report->services[i].error;
        }
    }

    lua_setfield(L, -2, "errors");

    lua_pushboolean(L, error == NULL);
    lua_setfield(L, -2, "ok");

    if (error) {
        lua_pushstring(L, error);
        lua_setfield(L, -2, "error");
    }
}


static void
ngx_http_zoom_lua_account_labels(lua_State *L,
    const ngx_http_zoom_account_report_t *report)
{
    ngx_uint_t                          i;
    const ngx_http_zoom_label_state_t  *label;

    lua_createtable(L, 0, NGX_HTTP_ZOOM_API_LABELS);

    for (i = 0; i < NGX_HTTP_ZOOM_API_LABELS; i++) {
        label = &report->labels[i];

        lua_createtable(L, 0, 4);

        lua_pushnumber(L, (lua_Number) label->rate / 1000);
        lua_setfield(L, -2, "rate");

        lua_pushnumber(L, (lua_Number) label->wait / 1000);
        lua_setfield(L, -2, "wait");

        lua_pushnumber(L, label->used);
        lua_setfield(L, -2, "used");

        if (label->day) {
            lua_pushnumber(L, (label->day > label->used)
                              ? label->day - label->used : 0);
            lua_setfield(L, -2, "left");
        }

        lua_setfield(L, -2, label->name);
    }

    lua_setfield(L, -2, "limits");

    /* that of tokens */

    lua_pushnumber(L, (lua_Number) report->labels[0].wait / 1000);
    lua_setfield(L, -2, "wait");
}


static void
ngx_http_zoom_lua_account_last(lua_State *L,
    const ngx_http_zoom_account_report_t *report)
{
    if (report->last_time == 0) {
        return;
    }

    lua_createtable(L, 0, 5);

    lua_pushnumber(L, report->last_time);
    lua_setfield(L, -2, "time");

    lua_pushstring(L, report->last_error);
    lua_setfield(L, -2, "error");

    lua_pushstring(L, (char *) report->last_message);
    lua_setfield(L, -2, "message");

    if (report->last_code) {
        lua_pushinteger(L, report->last_code);
        lua_setfield(L, -2, "code");
    }

    if (report->last_tracking_id[0]) {
        lua_pushstring(L, (char *) report->last_tracking_id);
        lua_setfield(L, -2, "tracking_id");
    }

    lua_setfield(L, -2, "last");
}


static void
ngx_http_zoom_lua_put(lua_State *L, const char *name, const ngx_str_t *value)
{
    if (value->len) {
        lua_pushlstring(L, (char *) value->data, value->len);
        lua_setfield(L, -2, name);
    }
}


/* purge{ account =, user = }: how many tokens went */

int
ngx_http_zoom_lua_purge(lua_State *L)
{
    ngx_int_t                        rc;
    ngx_str_t                        name, user;
    ngx_uint_t                       n;
    const char                      *why;
    ngx_http_zoom_lua_run_t         *run;
    struct ngx_http_zoom_account_s  *account;

    /* all of an account is for zoom_purge, where somebody means it */

    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "user", LUA_TSTRING, 1 },
        { NULL, 0, 0 }
    };

    run = ngx_http_zoom_lua_run(L);

    why = ngx_http_zoom_lua_args(L, args);

    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    name = ngx_http_zoom_lua_args_text(L, "account");
    user = ngx_http_zoom_lua_args_text(L, "user");

    account = ngx_http_zoom_lua_account(run, &name);

    if (account == NULL) {
        return ngx_http_zoom_lua_args_bad(L,
                              ngx_http_zoom_lua_args_account(L, &name));
    }

    rc = ngx_http_zoom_lua_api->purge(account, &user, &n);

    if (rc == NGX_OK) {
        lua_pushnumber(L, n);
        return 1;
    }

    if (rc == NGX_DECLINED) {
        return ngx_http_zoom_lua_args_bad(L, "the user is neither a Zoom user "
                                             "id nor an e-mail");
    }

    lua_pushnil(L);
    lua_pushstring(L, rc == NGX_BUSY ? "rate_limited" : "internal");

    return 2;
}


int
ngx_http_zoom_lua_parse_meeting(lua_State *L)
{
    u_char                b[NGX_HTTP_ZOOM_LUA_LINK];
    ngx_str_t             text;
    ngx_http_zoom_link_t  link;

    if (lua_type(L, 1) != LUA_TSTRING) {
        return ngx_http_zoom_lua_args_bad(L, lua_pushfstring(L,
                              "a link is needed, got %s",
                              ngx_http_zoom_lua_args_type(L, 1)));
    }

    text.data = (u_char *) lua_tolstring(L, 1, &text.len);

    if (text.len > sizeof(b)
        || ngx_http_zoom_lua_api->meeting(&text, b, &link) != NGX_OK)
    {
        lua_pushnil(L);
        lua_pushliteral(L, "no_meeting");
        return 2;
    }

    lua_createtable(L, 0, 4);

    ngx_http_zoom_lua_put(L, "id", &link.id);
    ngx_http_zoom_lua_put(L, "passcode", &link.passcode);
    ngx_http_zoom_lua_put(L, "tk", &link.tk);

    lua_pushboolean(L, link.webinar != 0);
    lua_setfield(L, -2, "webinar");

    return 1;
}


/* sdk_signature{ account =, meeting_id =, role =, ttl = } */

int
ngx_http_zoom_lua_sdk_signature(lua_State *L)
{
    ngx_uint_t   host;
    lua_Number   ttl;
    const char  *why;

    static const ngx_http_zoom_lua_arg_t  args[] = {
        { "account", LUA_TSTRING, 0 },
        { "meeting_id", NGX_HTTP_ZOOM_LUA_DIGITS, 1 },
        { "role", LUA_TSTRING, 0 },
        { "ttl", LUA_TNUMBER, 0 },
        { NULL, 0, 0 }
    };

    ttl = NGX_HTTP_ZOOM_LUA_SIGNATURE_MIN;

    why = ngx_http_zoom_lua_args(L, args);

    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    if (ngx_http_zoom_lua_role(L, &host) != NGX_OK) {
        return ngx_http_zoom_lua_args_bad(L, "\"role\" is neither participant "
                                             "nor host");
    }

    (void) ngx_http_zoom_lua_args_number(L, "ttl", &ttl);

    if (!(ttl >= NGX_HTTP_ZOOM_LUA_SIGNATURE_MIN
          && ttl <= NGX_HTTP_ZOOM_LUA_SIGNATURE_MAX))
    {
        return ngx_http_zoom_lua_args_bad(L, "\"ttl\" must be from 30 minutes "
                                             "to 48 hours");
    }

    return ngx_http_zoom_lua_sign(L, host, (time_t) ttl);
}


static ngx_int_t
ngx_http_zoom_lua_role(lua_State *L, ngx_uint_t *host)
{
    ngx_str_t  role;

    role = ngx_http_zoom_lua_args_text(L, "role");

    *host = (role.len == 4 && ngx_memcmp(role.data, "host", 4) == 0);

    return (*host || role.data == NULL
            || (role.len == 11
                && ngx_memcmp(role.data, "participant", 11) == 0))
           ? NGX_OK : NGX_DECLINED;
}


static int
ngx_http_zoom_lua_sign(lua_State *L, ngx_uint_t host, time_t life)
{
    ngx_str_t                        name, meeting;
    const char                      *why;
    ngx_http_zoom_signature_t        signature;
    struct ngx_http_zoom_account_s  *account;

    name = ngx_http_zoom_lua_args_text(L, "account");
    meeting = ngx_http_zoom_lua_args_text(L, "meeting_id");

    account = ngx_http_zoom_lua_account(ngx_http_zoom_lua_run(L), &name);

    if (account == NULL) {
        return ngx_http_zoom_lua_args_bad(L,
                              ngx_http_zoom_lua_args_account(L, &name));
    }

    why = ngx_http_zoom_lua_api->sign(account, &meeting, host, life,
                                      &signature);
    if (why) {
        return ngx_http_zoom_lua_args_bad(L, why);
    }

    lua_pushlstring(L, (char *) signature.text.data, signature.text.len);
    lua_pushnil(L);

    lua_createtable(L, 0, 2);
    ngx_http_zoom_lua_put(L, "sdk_key", &signature.sdk_key);
    lua_pushnumber(L, signature.expires);
    lua_setfield(L, -2, "expires");

    return 3;
}
