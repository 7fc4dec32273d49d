/*
 * The virtual machine of routing scripts: one a worker, with a bound on what
 * it takes of memory and of the processor.  Knows no request.
 *
 *     vm           memory, steps, coroutines
 *     sandbox      what a script finds there, and what it does not
 *     source       the files; read by the master only
 *     lib          the functions of "zoom"
 *     route        a request's bot, and what the script answers
 */

#ifndef _NGX_HTTP_ZOOM_LUA_VM_H_INCLUDED_
#define _NGX_HTTP_ZOOM_LUA_VM_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <lua.h>
#include <lauxlib.h>
#include <lualib.h>
#include <luajit.h>

#include "ngx_http_zoom_lua_source.h"


#if (__GNUC__)

/* They do not return, which their headers do not say. */

int lua_error(lua_State *L) __attribute__((noreturn));
int luaL_error(lua_State *L, const char *text, ...)
    __attribute__((noreturn));

#endif


#define NGX_HTTP_ZOOM_LUA_REASON  1024


typedef struct ngx_http_zoom_lua_vm_s      ngx_http_zoom_lua_vm_t;
typedef struct ngx_http_zoom_lua_thread_s  ngx_http_zoom_lua_thread_t;


/* Pushes the environment of all scripts; fails with an error. */

typedef void (*ngx_http_zoom_lua_env_pt)(lua_State *L);


/* One run of a script. */

struct ngx_http_zoom_lua_thread_s {
    ngx_http_zoom_lua_vm_t      *vm;
    lua_State                   *co;
    int                          ref;
    ngx_uint_t                   script;
    int64_t                      steps;      /* left */
    void                        *data;       /* the caller's */
    unsigned                     over:1;     /* without an error */
};


struct ngx_http_zoom_lua_vm_s {
    lua_State                   *state;
    ngx_http_zoom_lua_source_t  *source;
    ngx_http_zoom_lua_env_pt     environment;
    ngx_log_t                   *log;

    void                        *memory;     /* of LuaJIT's allocator */
    size_t                       size;       /* what it has taken */
    size_t                       floor;      /* when all was collected last */
    size_t                       limit;
    size_t                       block;      /* and may take at once */

    int64_t                      steps;      /* left of what runs now */
    struct timespec              started;
    struct timespec              late;       /* the processor's clock */
    const char                  *dead;       /* why it must not run on */
    u_char                       reason[NGX_HTTP_ZOOM_LUA_REASON];
    size_t                       len;        /* of the reason */

    lua_CFunction                function;   /* of a protected call */
    void                        *arg;
    int                          call_ref;
    int                          scripts_ref;
    int                          bot_ref;    /* what all bots have */
    ngx_http_zoom_lua_thread_t  *thread;     /* that runs now */
    ngx_uint_t                   threads;
    lua_State                   *idle;       /* one that may be used again */
    int                          idle_ref;

    unsigned                     loading:1;
    unsigned                     clocked:1;
    unsigned                     retired:1;  /* out of memory: for those who
                                                wait in it, then the end */
};


/*
 * A machine with all scripts of "source" loaded, or NULL with the reason
 * logged at "level".
 */

ngx_http_zoom_lua_vm_t *ngx_http_zoom_lua_vm_create(
    ngx_http_zoom_lua_source_t *source,
    ngx_http_zoom_lua_env_pt environment, ngx_uint_t level,
    ngx_log_t *log);
void ngx_http_zoom_lua_vm_destroy(ngx_http_zoom_lua_vm_t *vm);

/* That of a state. */
ngx_http_zoom_lua_vm_t *ngx_http_zoom_lua_vm(lua_State *L);

/*
 * Calls "f" where it may fail: vm->arg is "arg".  What it leaves on the stack
 * is lost.  NGX_OK, or NGX_ERROR and a reason.
 */

ngx_int_t ngx_http_zoom_lua_vm_call(ngx_http_zoom_lua_vm_t *vm,
    lua_CFunction f, void *arg);

/*
 * From within such a call: a coroutine in which the script is called with the
 * value that stands on top of the stack, which is taken away.
 */

void ngx_http_zoom_lua_vm_thread(lua_State *L, ngx_uint_t script,
    ngx_http_zoom_lua_thread_t *thread);

/*
 * Runs it on.  "nargs" values for it stand on the coroutine's stack.  NGX_OK:
 * it is over, its values are there.  NGX_AGAIN: it has yielded.  NGX_ERROR:
 * there is a reason, in vm->reason.
 */

ngx_int_t ngx_http_zoom_lua_vm_run(ngx_http_zoom_lua_thread_t *thread,
    int nargs);

/* Whatever has become of it; harmless if it is over. */
void ngx_http_zoom_lua_vm_end(ngx_http_zoom_lua_thread_t *thread);

/* What a C function did that took "n" steps; an error if they were too many. */
void ngx_http_zoom_lua_vm_spend(lua_State *L, int64_t n);


#endif /* _NGX_HTTP_ZOOM_LUA_VM_H_INCLUDED_ */
