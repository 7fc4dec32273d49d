/*
 * Read-only views.  A view is a userdata that behaves like the table behind
 * it, nested ones and "#" included, save that it can't be written to.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_VIEW_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_VIEW_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <lua.h>


/* Once, when a state is new. */
void ngx_http_zoom_lua_view_init(lua_State *L);

/* Replaces the value on top of the stack, if it is a table. */
void ngx_http_zoom_lua_view(lua_State *L);

/* Pushes the table at "index", itself or behind its view; 0: it is neither. */
int ngx_http_zoom_lua_table(lua_State *L, int index);

/*
 * Under this key a metatable may have a function that fills its table in: it
 * is called before somebody iterates.
 */

extern const char  ngx_http_zoom_lua_fill_key[];

/* Adds next(), pairs(), type() and others that know views. */
void ngx_http_zoom_lua_view_functions(lua_State *L, int table);


#endif /* _NGX_HTTP_ZOOM_LUA_VIEW_H_INCLUDED_ */
