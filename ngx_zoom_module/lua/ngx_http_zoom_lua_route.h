/*
 * A request that a script routes.
 */

#ifndef _NGX_HTTP_ZOOM_LUA_ROUTE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_ROUTE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_lua_vm.h"


/* zoom.mint() and all else that waits, for one bot */
#define NGX_HTTP_ZOOM_LUA_CALLS               16

/* zoom_lua_allow */
#define NGX_HTTP_ZOOM_LUA_ALLOW_OFF           0x0002
#define NGX_HTTP_ZOOM_LUA_ALLOW_ACCESS_TOKEN  0x0004
#define NGX_HTTP_ZOOM_LUA_ALLOW_REQUEST       0x0008
#define NGX_HTTP_ZOOM_LUA_ALLOW_GRANTS        0x0010
#define NGX_HTTP_ZOOM_LUA_ALLOW_USERS         0x0020


typedef struct {
    struct ngx_http_zoom_account_s  *account;
    ngx_str_t                    name;
    u_char                      *file;       /* where it is named */
    ngx_uint_t                   line;
} ngx_http_zoom_lua_account_t;


typedef struct {
    ngx_int_t                    script;     /* its number; NGX_CONF_UNSET */
    ngx_int_t                    instructions;
    ngx_msec_t                   timeout;
    ngx_array_t                 *accounts;   /* ngx_http_zoom_lua_account_t */
    ngx_uint_t                   allow;      /* a bit for each */
} ngx_http_zoom_lua_loc_conf_t;


/* One run of a script; lives in the request's pool. */

typedef struct ngx_http_zoom_lua_run_s  ngx_http_zoom_lua_run_t;

struct ngx_http_zoom_lua_run_s {
    ngx_http_zoom_lua_thread_t   thread;
    ngx_http_request_t          *request;
    ngx_http_zoom_route_t       *route;
    const ngx_http_zoom_lua_loc_conf_t  *conf;
    ngx_http_zoom_bot_t          bot;
    const void                  *table;      /* that the script has of it */

    ngx_http_zoom_token_ask_t    ask;        /* it waits for one of these, */
    ngx_http_zoom_request_t      sent;
    ngx_http_zoom_grants_t       grants;
    int                        (*push)(lua_State *L,
                                       ngx_http_zoom_lua_run_t *run);
                                             /* which brings three values */
    ngx_msec_t                   deadline;   /* of all waits */
    ngx_uint_t                   calls;
    ngx_int_t                    rc;
    unsigned                     linked:1;   /* what its link says is there */
};


extern ngx_module_t                ngx_http_zoom_lua_module;
extern const ngx_http_zoom_api_t  *ngx_http_zoom_lua_api;


/* The run that a function of "zoom" is called in; an error while loading. */
ngx_http_zoom_lua_run_t *ngx_http_zoom_lua_run(lua_State *L);

/*
 * An account that the run may use; without a name that of the location.
 * NULL: there is none, or it may not.
 */

struct ngx_http_zoom_account_s *ngx_http_zoom_lua_account(
    ngx_http_zoom_lua_run_t *run, const ngx_str_t *name);

/* The hook of the first module. */
ngx_int_t ngx_http_zoom_lua_route(ngx_http_request_t *r,
    ngx_http_zoom_route_t *route);

/* A wait is over. */
void ngx_http_zoom_lua_route_minted(ngx_http_zoom_token_ask_t *ask);
void ngx_http_zoom_lua_route_answered(ngx_http_zoom_request_t *sent);
void ngx_http_zoom_lua_route_granted(ngx_http_zoom_grants_t *grants);

/* Whatever the run may be waiting for, it waits no more. */
void ngx_http_zoom_lua_route_cancel(ngx_http_zoom_lua_run_t *run);

/* The machine of this worker. */
ngx_int_t ngx_http_zoom_lua_route_start(ngx_http_zoom_lua_source_t *source,
    ngx_http_zoom_lua_env_pt environment, ngx_log_t *log);
void ngx_http_zoom_lua_route_stop(void);


#endif /* _NGX_HTTP_ZOOM_LUA_ROUTE_H_INCLUDED_ */
