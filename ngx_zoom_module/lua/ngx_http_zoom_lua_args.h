/*
 * Tables of named arguments, checked as lua/resty/zoom.lua checks them, and in
 * its words.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_ARGS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_ARGS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include <lua.h>


/* a string, or a number that is written as one */
#define NGX_HTTP_ZOOM_LUA_DIGITS  -2

/* a string, or a table that it is made of */
#define NGX_HTTP_ZOOM_LUA_PARTS   -3


typedef struct {
    const char                  *name;       /* NULL ends a list */
    int                          type;       /* LUA_TSTRING and so on */
    ngx_uint_t                   required;
} ngx_http_zoom_lua_arg_t;


/*
 * Pushes the table that is the function's only argument.  NULL, or what is
 * wrong with it.
 */

const char *ngx_http_zoom_lua_args(lua_State *L,
    const ngx_http_zoom_lua_arg_t *args);

/*
 * Values of a table that was checked and stands on top of the stack, where it
 * stays.  Empty, 0 and "*value" as it was: there is none.  A string lives as
 * long as the stack does.
 */

ngx_str_t ngx_http_zoom_lua_args_text(lua_State *L, const char *name);
ngx_uint_t ngx_http_zoom_lua_args_flag(lua_State *L, const char *name);
ngx_uint_t ngx_http_zoom_lua_args_number(lua_State *L, const char *name,
    lua_Number *value);

/* How a script sees a type: a view is a table. */
const char *ngx_http_zoom_lua_args_type(lua_State *L, int index);

/* What to say where ngx_http_zoom_lua_account() finds none. */
const char *ngx_http_zoom_lua_args_account(lua_State *L,
    const ngx_str_t *name);

/* nil, "bad argument: ..." */
int ngx_http_zoom_lua_args_bad(lua_State *L, const char *why);


#endif /* _NGX_HTTP_ZOOM_LUA_ARGS_H_INCLUDED_ */
