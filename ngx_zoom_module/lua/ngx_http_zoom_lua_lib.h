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

/* Pushes what zoom.mint() returns; how many values that is. */
int ngx_http_zoom_lua_mint_result(lua_State *L, ngx_http_zoom_call_t *call);

/* Pushes the value of a JSON text, or raises an error that says where. */
void ngx_http_zoom_lua_json(lua_State *L, const char *text, size_t len);

/*
 * A table of arguments at "index", pushed; an error is returned where it is
 * none, or has other keys than "names", which ends with NULL.
 */

const char *ngx_http_zoom_lua_arguments(lua_State *L, int index,
    const char *const *names);


#endif /* _NGX_HTTP_ZOOM_LUA_LIB_H_INCLUDED_ */
