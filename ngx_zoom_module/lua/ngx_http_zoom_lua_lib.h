/*
 * What scripts know as "zoom": README has the reference.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <lua.h>

#include "ngx_http_zoom_api.h"


/* Pushes the table. */
void ngx_http_zoom_lua_lib(lua_State *L);

/*
 * Pushes what zoom.mint() and zoom.access_token() return; how many values that
 * is.
 */

int ngx_http_zoom_lua_mint_result(lua_State *L, ngx_http_zoom_call_t *call);

/* Pushes the value of a JSON text, or raises an error that says where. */
void ngx_http_zoom_lua_json(lua_State *L, const char *text, size_t len);

/* zoom.account(), zoom.purge(), zoom.parse_meeting() */
int ngx_http_zoom_lua_account_state(lua_State *L);
int ngx_http_zoom_lua_purge(lua_State *L);
int ngx_http_zoom_lua_parse_meeting(lua_State *L);


#endif /* _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_ */
