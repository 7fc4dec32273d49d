/*
 * What scripts know as "zoom": docs/scripting.md has the reference.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <lua.h>

#include "ngx_http_zoom_lua_route.h"


/* Pushes the table; "g" is that of the globals. */
void ngx_http_zoom_lua_lib(lua_State *L, int g);

/* Adds request(), pages() and users to the table on top of the stack. */
void ngx_http_zoom_lua_request(lua_State *L, int g);

/* lua/resty/zoom/users.lua */
extern const char                  ngx_http_zoom_lua_users_text[];
extern const size_t                ngx_http_zoom_lua_users_text_len;

/* nil, "denied", info */
int ngx_http_zoom_lua_denied(lua_State *L);

/* Before a wait: an error if there were too many. */
void ngx_http_zoom_lua_wait(lua_State *L, ngx_http_zoom_lua_run_t *run);

/*
 * How long it may take, of what "timeout" says, if it says something.  NULL,
 * or what is wrong.
 */

const char *ngx_http_zoom_lua_timeout(const ngx_http_zoom_lua_run_t *run,
    const lua_Number *timeout, ngx_msec_t *msec);

int ngx_http_zoom_lua_json_decode(lua_State *L);

/* Pushes the value of a JSON text, or raises an error that says where. */
void ngx_http_zoom_lua_json(lua_State *L, const char *text, size_t len);

/* zoom.grants(), zoom.disconnect() */
int ngx_http_zoom_lua_grants(lua_State *L);
int ngx_http_zoom_lua_disconnect(lua_State *L);

/* zoom.pool() */
int ngx_http_zoom_lua_pool(lua_State *L);

/* zoom.account(), zoom.purge(), zoom.parse_meeting(), zoom.sdk_signature() */
int ngx_http_zoom_lua_account_state(lua_State *L);
int ngx_http_zoom_lua_purge(lua_State *L);
int ngx_http_zoom_lua_parse_meeting(lua_State *L);
int ngx_http_zoom_lua_sdk_signature(lua_State *L);


#endif /* _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_ */
