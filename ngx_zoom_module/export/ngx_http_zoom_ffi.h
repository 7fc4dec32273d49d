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

#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_state.h"


#define NGX_HTTP_ZOOM_FFI_VERSION  8


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
    ngx_str_t                    error;      /* empty: there is a token */
    ngx_str_t                    token;
    ngx_str_t                    status;
    ngx_str_t                    tracking_id;
    int64_t                      expires;
    int64_t                      retry_after;
    int                          code;
    int                          http;       /* of a request's answer its own */
    ngx_str_t                    head;       /* of a request: the answer's */
    ngx_str_t                    reason;     /* for a log, or nothing */
} ngx_http_zoom_ffi_result_t;


typedef struct {
    ngx_str_t                    user;       /* Zoom's id */
    ngx_str_t                    email;
    ngx_str_t                    state;
    int64_t                      connected;
    int64_t                      refreshed;
} ngx_http_zoom_ffi_grant_t;


int ngx_http_zoom_ffi_version(void);

/* NULL: no memory. */
ngx_http_zoom_ffi_vm_t *ngx_http_zoom_ffi_vm_create(
    ngx_http_zoom_ffi_post_pt post, ngx_http_zoom_ffi_count_pt count);
void ngx_http_zoom_ffi_vm_destroy(ngx_http_zoom_ffi_vm_t *vm);

/* The type of that name, or of an empty one; below 0: there is none. */
int ngx_http_zoom_ffi_type(const ngx_str_t *name);

/*
 * A token of a user; the account's own; or what Zoom answers to a request.
 * "timeout" is in milliseconds, -1: as the location says.  NGX_OK: the result
 * is there.  NGX_AGAIN: wait for it.  NGX_ERROR: "error" is a sentence that
 * says which argument is bad, and there is no call; else "*call" has to be
 * released.
 */

int ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *account, const ngx_http_zoom_token_req_t *req,
    int64_t timeout, int fresh, ngx_http_zoom_ffi_call_t **call,
    ngx_http_zoom_ffi_result_t *result);
int ngx_http_zoom_ffi_access(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *account, int64_t timeout,
    ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);
int ngx_http_zoom_ffi_request(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *account,
    const ngx_http_zoom_api_req_t *req, int64_t timeout,
    ngx_http_zoom_ffi_call_t **call, ngx_http_zoom_ffi_result_t *result);

/*
 * Likewise, in ngx_http_zoom_ffi_grants.c: a page of those who have connected,
 * after the id "user" or from the start; or the end of a user's grant.
 */

int ngx_http_zoom_ffi_grants(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *account, const ngx_str_t *user,
    int64_t timeout, ngx_http_zoom_ffi_call_t **call,
    ngx_http_zoom_ffi_result_t *result);
int ngx_http_zoom_ffi_disconnect(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *account, const ngx_str_t *user,
    int64_t timeout, ngx_http_zoom_ffi_call_t **call,
    ngx_http_zoom_ffi_result_t *result);

/* The i-th of that page, and its j-th alias; NGX_OK, or NGX_DECLINED: none. */

int ngx_http_zoom_ffi_grant(ngx_http_zoom_ffi_call_t *call, int i,
    ngx_http_zoom_ffi_grant_t *grant);
int ngx_http_zoom_ffi_alias(ngx_http_zoom_ffi_call_t *call, int i, int j,
    ngx_str_t *alias);

/* Whether the list goes on after it. */
int ngx_http_zoom_ffi_grants_more(ngx_http_zoom_ffi_call_t *call);

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


/* What waits for nobody, in ngx_http_zoom_ffi_account.c. */

typedef struct {
    int64_t                      rate;       /* requests in 1000 seconds */
    int64_t                      day;        /* and in a day; 0: no limit */
    int64_t                      used;       /* today */
    int64_t                      wait;       /* milliseconds, of one made now */
} ngx_http_zoom_ffi_limit_t;


typedef struct {
    int64_t                      expires;    /* of the access token; 0: none */
    ngx_str_t                    errors[NGX_HTTP_ZOOM_NSERVICES];
    ngx_http_zoom_ffi_limit_t    limits[ZOOM_NLABELS];
    int64_t                      last_time;  /* of the last failure; 0: none */
    ngx_str_t                    last_error;
    int                          last_code;
    u_char                       last_message[ZOOM_MESSAGE_MAX + 1];
    u_char                       last_tracking_id[ZOOM_TRACKING_ID_MAX + 1];
} ngx_http_zoom_ffi_report_t;


typedef struct {
    ngx_str_t                    id;
    ngx_str_t                    passcode;
    ngx_str_t                    tk;
    int                          webinar;
} ngx_http_zoom_ffi_meeting_t;


typedef struct {
    ngx_str_t                    user;       /* in "text" */
    int64_t                      leases;
    int64_t                      wait;
    int                          up;
    int                          backup;
    int                          weight;
    int                          code;
    u_char                       text[128];
} ngx_http_zoom_ffi_member_t;


/* NULL if there is none of that name. */
ngx_http_zoom_account_t *ngx_http_zoom_ffi_account(const ngx_str_t *name);

void ngx_http_zoom_ffi_report(ngx_http_zoom_account_t *account,
    ngx_http_zoom_ffi_report_t *report);

/*
 * How many tokens went, those of all users without "user".  NGX_ERROR: "error"
 * is a code of docs/errors.md, NGX_DECLINED: a sentence about the arguments.
 */

int ngx_http_zoom_ffi_purge(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_str_t *error);

/* A user was deleted or deactivated ("gone"), or brought back. */
void ngx_http_zoom_ffi_user(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, int gone);

/* NULL if there is none of that name. */
const ngx_http_zoom_pool_conf_t *ngx_http_zoom_ffi_pool(const ngx_str_t *name);

/*
 * As of ngx_http_zoom_api.h, "r" may be NULL: NGX_OK, NGX_DECLINED and when to
 * come again in "*after", or NGX_ERROR; "buf" has room for any user.
 */

int ngx_http_zoom_ffi_pool_pick(const ngx_http_zoom_pool_conf_t *pool,
    ngx_http_request_t *r, const ngx_str_t *key, const ngx_str_t *distinct,
    const ngx_str_t *bot, u_char *buf, ngx_str_t *user, int64_t *after);

/* How many there were. */
int ngx_http_zoom_ffi_pool_release(const ngx_http_zoom_pool_conf_t *pool,
    const ngx_str_t *distinct, const ngx_str_t *user);

/* Where the next one is looked for, at first 0; NGX_DONE: there is none. */
int ngx_http_zoom_ffi_pool_member(const ngx_http_zoom_pool_conf_t *pool,
    int at, ngx_http_zoom_ffi_member_t *member);

/* NGX_OK or NGX_DECLINED; "buf" has room for the length of the link. */
int ngx_http_zoom_ffi_meeting(const ngx_str_t *link, u_char *buf,
    ngx_http_zoom_ffi_meeting_t *meeting);

/*
 * NGX_OK, or NGX_DECLINED and a sentence about the arguments.  "buf" has room
 * for ZOOM_SDK_SIGNATURE_MAX bytes, which is 1024.
 */

int ngx_http_zoom_ffi_sdk_signature(ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting, int host, int64_t life, u_char *buf,
    ngx_str_t *signature, ngx_str_t *sdk_key, int64_t *expires,
    ngx_str_t *error);


/* The current request, in ngx_http_zoom_ffi_request.c. */

typedef struct {
    ngx_str_t                    error;      /* of docs/errors.md; or empty */
    ngx_str_t                    reason;     /* for a log, or nothing */
    ngx_str_t                    caller;
    ngx_str_t                    scheme;
    int                          http;
} ngx_http_zoom_ffi_verdict_t;


typedef struct {
    ngx_str_t                    bot_id;
    ngx_str_t                    meeting_url;
    int                          nmetadata;
} ngx_http_zoom_ffi_callback_t;


/*
 * Whether the request is from whom it should be: by "scheme" and "secret", or
 * where "scheme" is empty by the zoom_authenticate of the location.  NGX_OK,
 * NGX_DECLINED, or NGX_ERROR with a sentence about the arguments.  NGX_AGAIN:
 * other hosts are asked for a proof that is good once; "*call" is to be waited
 * for, and its token will be the caller.
 */

int ngx_http_zoom_ffi_authenticate(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *scheme, const ngx_str_t *secret,
    const ngx_str_t *as, const ngx_str_t *body,
    ngx_http_zoom_ffi_verdict_t *verdict, ngx_http_zoom_ffi_call_t **call);

/* NGX_OK or NGX_DECLINED. */
int ngx_http_zoom_ffi_callback(ngx_http_request_t *r, const ngx_str_t *body,
    ngx_http_zoom_ffi_callback_t *callback,
    ngx_http_zoom_ffi_verdict_t *verdict);

/* The n-th member of its metadata. */
void ngx_http_zoom_ffi_metadata(ngx_http_request_t *r, int n, ngx_str_t *name,
    ngx_str_t *value);


/* For the other files of this. */
void ngx_http_zoom_ffi_text(ngx_str_t *s, const void *text);


#endif /* _NGX_HTTP_ZOOM_FFI_H_INCLUDED_ */
