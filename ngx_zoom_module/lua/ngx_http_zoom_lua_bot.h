/*
 * What a script knows of the callback that it routes.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_BOT_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_BOT_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <lua.h>

#include "ngx_http_zoom_lua_route.h"


/* Makes what all bots have, when a machine is new. */
void ngx_http_zoom_lua_bot_init(lua_State *L);

/* Pushes the table of the run's bot; its fields are made when asked for. */
void ngx_http_zoom_lua_bot(lua_State *L, ngx_http_zoom_lua_run_t *run);


#endif /* _NGX_HTTP_ZOOM_LUA_BOT_H_INCLUDED_ */
