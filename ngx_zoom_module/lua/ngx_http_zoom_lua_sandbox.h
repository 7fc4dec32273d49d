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


/* In Lua: what calls functions of the script, and so may be interrupted. */
extern const char    ngx_http_zoom_lua_prelude[];
extern const size_t  ngx_http_zoom_lua_prelude_len;


#endif /* _NGX_HTTP_ZOOM_LUA_SANDBOX_H_INCLUDED_ */
