/*
 * What lua/resty/zoom.lua calls through LuaJIT's FFI.
 *
 * A coroutine that waits may be killed, and its request may end, without a
 * line of Lua being run.  So a call belongs to whoever lets go of it last: the
 * end of a request cancels its calls, and of a call whose coroutine is gone
 * the semaphore tells, since nobody waits on it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_ffi.h"
#include "ngx_http_zoom_ffi_call.h"
#include "ngx_http_zoom_script.h"
#include "ngx_http_zoom_script_grants.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_error.h"
#include "zoom_token_type.h"


#define NGX_HTTP_ZOOM_FFI_POOL         1024

/* at most so many are looked at each time that a semaphore is wanted */

#define NGX_HTTP_ZOOM_FFI_LOOK         64

#define NGX_HTTP_ZOOM_FFI_TIMEOUT_MAX  60000


struct ngx_http_zoom_ffi_vm_s {
    ngx_http_zoom_ffi_post_pt    post;
    ngx_http_zoom_ffi_count_pt   count;
    ngx_queue_t                  calls;      /* with a semaphore */
    ngx_uint_t                   ncalls;
    ngx_queue_t                  orphans;    /* of which that is left */
};


static ngx_queue_t *ngx_http_zoom_ffi_mates(ngx_http_request_t *r);
static void ngx_http_zoom_ffi_request_ends(void *data);
static void ngx_http_zoom_ffi_minted(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ffi_accessed(ngx_http_zoom_access_t *a);
static void ngx_http_zoom_ffi_requested(ngx_http_zoom_api_call_t *request);
static void ngx_http_zoom_ffi_abandon(ngx_http_zoom_ffi_call_t *call);
static void ngx_http_zoom_ffi_look(ngx_http_zoom_ffi_vm_t *vm);
static void ngx_http_zoom_ffi_end(ngx_http_zoom_ffi_call_t *call);
static void ngx_http_zoom_ffi_answered(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ffi_opened(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_access_t *a);
static void ngx_http_zoom_ffi_token(ngx_http_zoom_ffi_result_t *result,
    zoom_error_e error);
static void ngx_http_zoom_ffi_error(ngx_http_zoom_ffi_result_t *result,
    zoom_error_e error);
static void ngx_http_zoom_ffi_responded(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_api_call_t *request);


int
ngx_http_zoom_ffi_version(void)
{
    return NGX_HTTP_ZOOM_FFI_VERSION;
}


ngx_http_zoom_ffi_vm_t *
ngx_http_zoom_ffi_vm_create(ngx_http_zoom_ffi_post_pt post,
    ngx_http_zoom_ffi_count_pt count)
{
    ngx_http_zoom_ffi_vm_t  *vm;

    vm = ngx_calloc(sizeof(ngx_http_zoom_ffi_vm_t), ngx_cycle->log);
    if (vm == NULL) {
        return NULL;
    }

    vm->post = post;
    vm->count = count;

    ngx_queue_init(&vm->calls);
    ngx_queue_init(&vm->orphans);

    return vm;
}


/*
 * With "lua_code_cache off" a VM ends after its request, whose calls are over
 * by then; otherwise it ends with its worker, and nobody has to be told.
 */

void
ngx_http_zoom_ffi_vm_destroy(ngx_http_zoom_ffi_vm_t *vm)
{
    ngx_queue_t               *q, *next;
    ngx_http_zoom_ffi_call_t  *call;

    for (q = ngx_queue_head(&vm->calls);
         q != ngx_queue_sentinel(&vm->calls);
         q = ngx_queue_next(q))
    {
        call = ngx_queue_data(q, ngx_http_zoom_ffi_call_t, queue);
        call->vm = NULL;
        call->sema = NULL;
    }

    for (q = ngx_queue_head(&vm->orphans);
         q != ngx_queue_sentinel(&vm->orphans);
         q = next)
    {
        next = ngx_queue_next(q);
        ngx_free(ngx_queue_data(q, ngx_http_zoom_ffi_call_t, queue));
    }

    ngx_free(vm);
}


int
ngx_http_zoom_ffi_type(const ngx_str_t *name)
{
    zoom_token_type_e  type;

    if (name->len == 0) {
        return ZOOM_ZAK;
    }

    type = zoom_token_type_find(ngx_http_zoom_str(name));

    return (type == ZOOM_NTOKEN_TYPES) ? NGX_DECLINED : (int) type;
}


int
ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *account, const ngx_http_zoom_token_req_t *req,
    int64_t timeout, int fresh, ngx_http_zoom_ffi_call_t **callp,
    ngx_http_zoom_ffi_result_t *result)
{
    ngx_http_zoom_ask_t        *ask;
    ngx_http_zoom_ffi_call_t   *call;
    ngx_http_zoom_token_req_t   copy;

    call = ngx_http_zoom_ffi_start(vm, r, account, timeout, result);
    *callp = call;

    if (call == NULL) {
        return NGX_ERROR;
    }

    copy = *req;

    if (ngx_http_zoom_script_copy(call->pool, &copy.user, &req->user)
        != NGX_OK
        || ngx_http_zoom_script_copy(call->pool, &copy.meeting, &req->meeting)
           != NGX_OK)
    {
        return ngx_http_zoom_ffi_bad(callp, result, "no memory");
    }

    ask = &call->ask;

    ask->account = call->account;
    ask->deadline = call->deadline;
    ask->pool = call->pool;
    ask->handler = ngx_http_zoom_ffi_minted;
    ask->data = call;

    if (ngx_http_zoom_ffi_bad(callp, result,
                              ngx_http_zoom_script_ask(r, &copy, fresh != 0,
                                                       ask))
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    if (ngx_http_zoom_ask(ask) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    call->done = 1;

    return ngx_http_zoom_ffi_result(call, result);
}


int
ngx_http_zoom_ffi_access(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *account, int64_t timeout,
    ngx_http_zoom_ffi_call_t **callp, ngx_http_zoom_ffi_result_t *result)
{
    ngx_http_zoom_access_t    *a;
    ngx_http_zoom_ffi_call_t  *call;

    call = ngx_http_zoom_ffi_start(vm, r, account, timeout, result);
    *callp = call;

    if (call == NULL) {
        return NGX_ERROR;
    }

    a = &call->access;

    a->wa = ngx_http_zoom_worker_account(call->account);
    a->deadline = call->deadline;
    a->stale_after = ngx_http_zoom_script_stale_after(r);
    a->pool = call->pool;
    a->handler = ngx_http_zoom_ffi_accessed;
    a->data = call;

    if (a->wa == NULL) {
        return ngx_http_zoom_ffi_bad(callp, result,
                                     "there is no such account");
    }

    if (ngx_http_zoom_access_get(a) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    call->done = 1;

    return ngx_http_zoom_ffi_result(call, result);
}


int
ngx_http_zoom_ffi_request(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *account, const ngx_http_zoom_api_req_t *req,
    int64_t timeout, ngx_http_zoom_ffi_call_t **callp,
    ngx_http_zoom_ffi_result_t *result)
{
    ngx_http_zoom_ffi_call_t  *call;
    ngx_http_zoom_api_call_t  *request;

    call = ngx_http_zoom_ffi_start(vm, r, account, timeout, result);
    *callp = call;

    if (call == NULL) {
        return NGX_ERROR;
    }

    request = ngx_pcalloc(call->pool, sizeof(ngx_http_zoom_api_call_t));
    if (request == NULL) {
        return ngx_http_zoom_ffi_bad(callp, result, "no memory");
    }

    request->account = call->account;
    request->caller = ngx_http_zoom_script_who(r);
    request->deadline = call->deadline;
    request->stale_after = ngx_http_zoom_script_stale_after(r);
    request->pool = call->pool;
    request->handler = ngx_http_zoom_ffi_requested;
    request->data = call;

    if (ngx_http_zoom_ffi_bad(callp, result,
                              ngx_http_zoom_script_request(req, request))
        == NGX_ERROR)
    {
        return NGX_ERROR;
    }

    call->request = request;

    ngx_http_zoom_api_call(request);

    return NGX_AGAIN;
}


ngx_http_zoom_ffi_call_t *
ngx_http_zoom_ffi_start(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_str_t *name, int64_t timeout, ngx_http_zoom_ffi_result_t *result)
{
    ngx_http_zoom_account_t   *account;
    ngx_http_zoom_ffi_call_t  *call;

    ngx_memzero(result, sizeof(ngx_http_zoom_ffi_result_t));

    account = ngx_http_zoom_ffi_account(name);

    if (account == NULL) {
        ngx_http_zoom_ffi_text(&result->error, "there is no such account");
        return NULL;
    }

    if (timeout == 0 || timeout > NGX_HTTP_ZOOM_FFI_TIMEOUT_MAX) {
        ngx_http_zoom_ffi_text(&result->error, "the timeout is not above 0 "
                               "and at most 60 seconds");
        return NULL;
    }

    call = ngx_http_zoom_ffi_create(vm, r);

    if (call == NULL) {
        ngx_http_zoom_ffi_text(&result->error, "no memory");
        return NULL;
    }

    call->account = account;
    call->deadline = ngx_http_zoom_script_deadline(r, (timeout < 0)
                                                   ? NGX_CONF_UNSET_MSEC
                                                   : (ngx_msec_t) timeout);
    return call;
}


ngx_http_zoom_ffi_call_t *
ngx_http_zoom_ffi_create(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r)
{
    ngx_queue_t               *mates;
    ngx_http_zoom_ffi_call_t  *call;

    mates = ngx_http_zoom_ffi_mates(r);
    if (mates == NULL) {
        return NULL;
    }

    call = ngx_calloc(sizeof(ngx_http_zoom_ffi_call_t), ngx_cycle->log);
    if (call == NULL) {
        return NULL;
    }

    call->pool = ngx_create_pool(NGX_HTTP_ZOOM_FFI_POOL, ngx_cycle->log);
    if (call->pool == NULL) {
        ngx_free(call);
        return NULL;
    }

    call->vm = vm;

    ngx_queue_insert_tail(mates, &call->mates);

    return call;
}


/* NGX_OK where "why" is NULL; else NGX_ERROR, and the call is gone. */

int
ngx_http_zoom_ffi_bad(ngx_http_zoom_ffi_call_t **callp,
    ngx_http_zoom_ffi_result_t *result, const char *why)
{
    if (why == NULL) {
        return NGX_OK;
    }

    ngx_http_zoom_ffi_text(&result->error, why);

    ngx_http_zoom_ffi_release(*callp);
    *callp = NULL;

    return NGX_ERROR;
}


/* The calls of a request: it may make many, and lives on with one cleanup. */

static ngx_queue_t *
ngx_http_zoom_ffi_mates(ngx_http_request_t *r)
{
    ngx_queue_t         *mates;
    ngx_http_cleanup_t  *cln;

    for (cln = r->main->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_zoom_ffi_request_ends) {
            return cln->data;
        }
    }

    mates = ngx_palloc(r->main->pool, sizeof(ngx_queue_t));
    if (mates == NULL) {
        return NULL;
    }

    cln = ngx_http_cleanup_add(r->main, 0);
    if (cln == NULL) {
        return NULL;
    }

    ngx_queue_init(mates);

    cln->handler = ngx_http_zoom_ffi_request_ends;
    cln->data = mates;

    return mates;
}


static void
ngx_http_zoom_ffi_request_ends(void *data)
{
    ngx_queue_t  *mates = data;

    ngx_queue_t  *q, *next;

    for (q = ngx_queue_head(mates); q != ngx_queue_sentinel(mates); q = next) {
        next = ngx_queue_next(q);

        ngx_http_zoom_ffi_abandon(ngx_queue_data(q, ngx_http_zoom_ffi_call_t,
                                                 mates));
    }
}


void
ngx_http_zoom_ffi_wait(ngx_http_zoom_ffi_call_t *call, void *sema, int slot)
{
    call->sema = sema;
    call->slot = slot;

    ngx_queue_insert_tail(&call->vm->calls, &call->queue);
    call->vm->ncalls++;
}


static void
ngx_http_zoom_ffi_minted(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_ffi_done(ask->data);
}


static void
ngx_http_zoom_ffi_accessed(ngx_http_zoom_access_t *a)
{
    ngx_http_zoom_ffi_done(a->data);
}


static void
ngx_http_zoom_ffi_requested(ngx_http_zoom_api_call_t *request)
{
    ngx_http_zoom_ffi_done(request->data);
}


void
ngx_http_zoom_ffi_done(ngx_http_zoom_ffi_call_t *call)
{
    ngx_http_zoom_ffi_vm_t  *vm;

    vm = call->vm;

    call->done = 1;

    if (vm == NULL || call->sema == NULL || vm->count(call->sema) >= 0) {

        /* its coroutine was killed */

        ngx_http_zoom_ffi_abandon(call);
        return;
    }

    /* this resumes nobody yet, the event loop does */

    (void) vm->post(call->sema, 1);
}


int
ngx_http_zoom_ffi_result(ngx_http_zoom_ffi_call_t *call,
    ngx_http_zoom_ffi_result_t *result)
{
    ngx_memzero(result, sizeof(ngx_http_zoom_ffi_result_t));

    if (!call->done) {
        return NGX_AGAIN;
    }

    if (call->request) {
        ngx_http_zoom_ffi_responded(result, call->request);

    } else if (call->access.wa) {
        ngx_http_zoom_ffi_opened(result, &call->access);

    } else if (call->grants.handler) {
        ngx_http_zoom_ffi_granted(result, &call->grants);

    } else if (call->proving) {
        ngx_http_zoom_ffi_proven(result, &call->verdict);

    } else {
        ngx_http_zoom_ffi_answered(result, &call->ask);
    }

    return NGX_OK;
}


void
ngx_http_zoom_ffi_release(ngx_http_zoom_ffi_call_t *call)
{
    ngx_http_zoom_ffi_end(call);
    ngx_free(call);
}


/* Lua has dropped the object: of its semaphore the number is kept. */

static void
ngx_http_zoom_ffi_abandon(ngx_http_zoom_ffi_call_t *call)
{
    ngx_http_zoom_ffi_vm_t  *vm;

    vm = call->vm;

    ngx_http_zoom_ffi_end(call);

    if (vm == NULL || call->sema == NULL) {
        ngx_free(call);
        return;
    }

    call->sema = NULL;

    ngx_queue_insert_tail(&vm->orphans, &call->queue);
}


/* What is left is the object itself. */

static void
ngx_http_zoom_ffi_end(ngx_http_zoom_ffi_call_t *call)
{
    ngx_http_zoom_api_call_t  *request;

    ngx_http_zoom_ask_cancel(&call->ask);
    ngx_http_zoom_access_cancel(&call->access);
    ngx_http_zoom_access_wipe(&call->access);
    ngx_http_zoom_script_grants_end(&call->grants);
    ngx_http_zoom_ffi_proving_end(call);

    if (call->ask.token.len) {
        ngx_explicit_memzero(call->ask.token.data, call->ask.token.len);
    }

    request = call->request;

    if (request) {
        ngx_http_zoom_api_call_cancel(request);

        if (request->response.len) {
            ngx_explicit_memzero(request->response.data,
                                 request->response.len);
        }
    }

    if (call->vm && call->sema) {
        ngx_queue_remove(&call->queue);
        call->vm->ncalls--;
    }

    ngx_queue_remove(&call->mates);
    ngx_destroy_pool(call->pool);
}


int
ngx_http_zoom_ffi_waiting(ngx_http_zoom_ffi_vm_t *vm)
{
    return (int) vm->ncalls;
}


int
ngx_http_zoom_ffi_orphan(ngx_http_zoom_ffi_vm_t *vm)
{
    int                        slot;
    ngx_queue_t               *q;
    ngx_http_zoom_ffi_call_t  *call;

    if (ngx_queue_empty(&vm->orphans)) {
        ngx_http_zoom_ffi_look(vm);
    }

    if (ngx_queue_empty(&vm->orphans)) {
        return 0;
    }

    q = ngx_queue_head(&vm->orphans);
    ngx_queue_remove(q);

    call = ngx_queue_data(q, ngx_http_zoom_ffi_call_t, queue);
    slot = call->slot;

    ngx_free(call);

    return slot;
}


/*
 * A coroutine that waits counts as -1 in its semaphore, and a post as 1.  The
 * calls are looked at in turn, so that all of them are in the long run.
 */

static void
ngx_http_zoom_ffi_look(ngx_http_zoom_ffi_vm_t *vm)
{
    ngx_uint_t                 n;
    ngx_queue_t               *q, *next;
    ngx_http_zoom_ffi_call_t  *call;

    n = ngx_min(vm->ncalls, NGX_HTTP_ZOOM_FFI_LOOK);

    for (q = ngx_queue_head(&vm->calls); n; n--, q = next) {
        next = ngx_queue_next(q);

        call = ngx_queue_data(q, ngx_http_zoom_ffi_call_t, queue);

        if (vm->count(call->sema) >= (call->done ? 1 : 0)) {
            ngx_http_zoom_ffi_abandon(call);

        } else {
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&vm->calls, q);
        }
    }
}


static void
ngx_http_zoom_ffi_answered(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_ask_t *ask)
{
    result->expires = ask->expires;
    result->retry_after = ask->retry_after;
    result->code = ask->code;
    result->token = ask->token;
    result->status = ngx_http_zoom_token_statuses[ask->status];
    ngx_http_zoom_ffi_text(&result->tracking_id, ask->tracking_id);

    ngx_http_zoom_ffi_token(result, ask->error);
}


static void
ngx_http_zoom_ffi_opened(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_access_t *a)
{
    result->expires = a->expires;
    result->retry_after = a->retry_after;
    result->code = a->code;
    result->token = a->token;
    result->status = ngx_http_zoom_token_statuses[a->status];
    ngx_http_zoom_ffi_text(&result->tracking_id, a->tracking_id);

    ngx_http_zoom_ffi_token(result, a->error);
}


/* A result is a token or an error: fields of the other are cleared. */

static void
ngx_http_zoom_ffi_token(ngx_http_zoom_ffi_result_t *result, zoom_error_e error)
{
    if (error == ZOOM_OK && result->token.len == 0) {
        error = ZOOM_E_INTERNAL;
    }

    if (error == ZOOM_OK) {
        result->retry_after = 0;
        result->code = 0;
        return;
    }

    result->expires = 0;
    ngx_str_null(&result->token);
    ngx_str_null(&result->status);

    ngx_http_zoom_ffi_error(result, error);
}


static void
ngx_http_zoom_ffi_error(ngx_http_zoom_ffi_result_t *result, zoom_error_e error)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    ngx_http_zoom_ffi_text(&result->error, info->name.data);

    result->http = info->status;
}


static void
ngx_http_zoom_ffi_responded(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_api_call_t *request)
{
    ngx_http_zoom_ffi_text(&result->tracking_id, request->tracking_id);

    if (request->error == ZOOM_OK) {
        result->token = request->response;
        result->head = request->head;
        result->http = request->status;
        return;
    }

    result->retry_after = request->retry_after;
    ngx_http_zoom_ffi_text(&result->reason, request->reason);
    ngx_http_zoom_ffi_error(result, request->error);
}


void
ngx_http_zoom_ffi_text(ngx_str_t *s, const void *text)
{
    if (text) {
        s->data = (u_char *) text;
        s->len = ngx_strlen(text);
    }
}
