/*
 * What lua/resty/zoom.lua calls through LuaJIT's FFI, under lua-nginx-module.
 * That file declares the same types and functions: whatever changes here
 * changes there, and raises the version.
 *
 * Strings of the caller's are copied.  Strings that are handed out are good
 * until the object is released, or for ever where there is none.
 */

#ifndef _NGX_HTTP_ZOOM_FFI_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FFI_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


#define NGX_HTTP_ZOOM_FFI_VERSION  1


/* A Lua VM, and whatever its code waits for. */
typedef struct ngx_http_zoom_ffi_vm_s    ngx_http_zoom_ffi_vm_t;

/* A call that was made, done or not. */
typedef struct ngx_http_zoom_ffi_call_s  ngx_http_zoom_ffi_call_t;

/*
 * lua-nginx-module's ngx_http_lua_ffi_sema_post() and ..._sema_count(): it is
 * Lua that knows where they are.
 */

typedef int (*ngx_http_zoom_ffi_post_pt)(void *sema, int n);
typedef int (*ngx_http_zoom_ffi_count_pt)(void *sema);


typedef struct {
    ngx_str_t                    account;
    ngx_str_t                    type;
    ngx_str_t                    user;
    ngx_str_t                    meeting;
    int64_t                      ttl;        /* seconds; of these two */
    int64_t                      timeout;    /* milliseconds; -1: default */
    int                          fresh;      /* nothing from the store */
    int                          webinar;    /* "meeting" is one */
    int                          bypass;     /* the waiting room */
} ngx_http_zoom_ffi_want_t;


typedef struct {
    ngx_str_t                    error;      /* empty: there is a token */
    ngx_str_t                    token;
    ngx_str_t                    status;
    ngx_str_t                    tracking_id;
    int64_t                      expires;
    int64_t                      retry_after;
    int                          code;
    int                          http;
} ngx_http_zoom_ffi_result_t;


int ngx_http_zoom_ffi_version(void);

/* NULL: no memory. */
ngx_http_zoom_ffi_vm_t *ngx_http_zoom_ffi_vm_create(
    ngx_http_zoom_ffi_post_pt post, ngx_http_zoom_ffi_count_pt count);
void ngx_http_zoom_ffi_vm_destroy(ngx_http_zoom_ffi_vm_t *vm);

/*
 * A token of a user, or with "access" the account's own.  NGX_OK: the result
 * is there.  NGX_AGAIN: wait for it.  NGX_ERROR: "error" is a sentence that
 * says which argument is bad, and there is no call; else "*call" has to be
 * released.
 */

int ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_http_zoom_ffi_want_t *want, int access,
    ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);

/*
 * The semaphore that is posted when the call is done, on which its coroutine
 * waits from now on.  Should that be killed, or its request end, the call is
 * cancelled and "slot", which is above zero, comes back from
 * ngx_http_zoom_ffi_orphan().
 */

void ngx_http_zoom_ffi_wait(ngx_http_zoom_ffi_call_t *call, void *sema,
    int slot);

/* NGX_OK, or NGX_AGAIN: it is not done. */
int ngx_http_zoom_ffi_result(ngx_http_zoom_ffi_call_t *call,
    ngx_http_zoom_ffi_result_t *result);

/* Cancels it, if it is not done. */
void ngx_http_zoom_ffi_release(ngx_http_zoom_ffi_call_t *call);

/* How many calls with a semaphore there are. */
int ngx_http_zoom_ffi_waiting(ngx_http_zoom_ffi_vm_t *vm);

/* The slot of a semaphore that nobody waits on any more; 0: there is none. */
int ngx_http_zoom_ffi_orphan(ngx_http_zoom_ffi_vm_t *vm);


#endif /* _NGX_HTTP_ZOOM_FFI_H_INCLUDED_ */
