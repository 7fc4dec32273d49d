/*
 * What a routing script finds: a list of what is harmless, and nothing else.
 * What could take long without an instruction of Lua's is ours: searching,
 * sorting, repeating.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_SANDBOX_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_SANDBOX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <lua.h>


/* Pushes the environment of all scripts; fails with an error. */
void ngx_http_zoom_lua_sandbox(lua_State *L);

/* Puts the functions "find", "match" and so on where the prelude sees them. */
void ngx_http_zoom_lua_string(lua_State *L, int primitives);

/*
 * Read-only views.  A view is a userdata that behaves like the table behind
 * it, nested ones and "#" included, save that it can't be written to.
 */

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


/* In Lua: what calls functions of the script, and so may be interrupted. */
extern const char    ngx_http_zoom_lua_prelude[];
extern const size_t  ngx_http_zoom_lua_prelude_len;


#endif /* _NGX_HTTP_ZOOM_LUA_SANDBOX_H_INCLUDED_ */
