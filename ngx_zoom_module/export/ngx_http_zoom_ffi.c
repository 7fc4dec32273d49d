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

#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_ffi.h"
#include "ngx_http_zoom_want.h"


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


struct ngx_http_zoom_ffi_call_s {
    ngx_queue_t                  queue;      /* of the vm */
    ngx_queue_t                  mates;      /* of the request */
    ngx_http_zoom_ffi_vm_t      *vm;
    ngx_pool_t                  *pool;
    void                        *sema;       /* NULL: nobody waits yet */
    int                          slot;
    ngx_http_zoom_ask_t          ask;
    ngx_http_zoom_api_call_t    *request;    /* NULL: it is an ask */
    unsigned                     done:1;
};


static ngx_http_zoom_ffi_call_t *ngx_http_zoom_ffi_create(
    ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r);
static const char *ngx_http_zoom_ffi_want(ngx_http_zoom_ffi_call_t *call,
    ngx_http_request_t *r, const ngx_http_zoom_ffi_want_t *args, int access);
static ngx_queue_t *ngx_http_zoom_ffi_mates(ngx_http_request_t *r);
static void ngx_http_zoom_ffi_request_ends(void *data);
static const char *ngx_http_zoom_ffi_order(ngx_http_zoom_ffi_call_t *call,
    ngx_http_request_t *r, const ngx_http_zoom_ffi_order_t *order);
static void ngx_http_zoom_ffi_minted(ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ffi_requested(ngx_http_zoom_api_call_t *req);
static void ngx_http_zoom_ffi_done(ngx_http_zoom_ffi_call_t *call);
static void ngx_http_zoom_ffi_abandon(ngx_http_zoom_ffi_call_t *call);
static void ngx_http_zoom_ffi_end(ngx_http_zoom_ffi_call_t *call);
static void ngx_http_zoom_ffi_look(ngx_http_zoom_ffi_vm_t *vm);
static void ngx_http_zoom_ffi_fill(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_ask_t *ask);
static void ngx_http_zoom_ffi_fill_answer(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_api_call_t *req);


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
 * With "lua_code_cache off" a VM ends after its request, whose calls are gone
 * by then; else a worker does, and nobody is there to be told.
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
ngx_http_zoom_ffi_mint(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_http_zoom_ffi_want_t *want, int access,
    ngx_http_zoom_ffi_call_t **callp, ngx_http_zoom_ffi_result_t *result)
{
    const char                *why;
    ngx_http_zoom_ffi_call_t  *call;

    *callp = NULL;

    ngx_memzero(result, sizeof(ngx_http_zoom_ffi_result_t));

    call = ngx_http_zoom_ffi_create(vm, r);

    why = call ? ngx_http_zoom_ffi_want(call, r, want, access)
               : "no memory";

    if (why) {
        ngx_http_zoom_ffi_text(&result->error, why);

        if (call) {
            ngx_http_zoom_ffi_release(call);
        }

        return NGX_ERROR;
    }

    *callp = call;

    if (ngx_http_zoom_broker_ask(&call->ask) == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    call->done = 1;

    ngx_http_zoom_ffi_fill(result, &call->ask);

    return NGX_OK;
}


static ngx_http_zoom_ffi_call_t *
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


/* NULL, or what is wrong. */

static const char *
ngx_http_zoom_ffi_want(ngx_http_zoom_ffi_call_t *call, ngx_http_request_t *r,
    const ngx_http_zoom_ffi_want_t *args, int access)
{
    ngx_http_zoom_ask_t   *ask;
    ngx_http_zoom_want_t   want;

    ask = &call->ask;

    ask->account = ngx_http_zoom_ffi_account(&args->account);
    ask->pool = call->pool;
    ask->handler = ngx_http_zoom_ffi_minted;
    ask->data = call;

    if (ask->account == NULL) {
        return "there is no such account";
    }

    if (args->timeout == 0 || args->timeout > NGX_HTTP_ZOOM_FFI_TIMEOUT_MAX) {
        return "the timeout is not above 0 and at most 60 seconds";
    }

    ngx_memzero(&want, sizeof(ngx_http_zoom_want_t));

    want.type = args->type;
    want.ttl = (args->ttl < 0) ? NGX_CONF_UNSET
                               : (time_t) ngx_min(args->ttl, INT32_MAX);
    want.timeout = (args->timeout < 0) ? NGX_CONF_UNSET_MSEC
                                       : (ngx_msec_t) args->timeout;
    want.fresh = (args->fresh != 0);
    want.webinar = (args->webinar != 0);
    want.bypass = (args->bypass != 0);

    if (access) {
        ngx_http_zoom_want_access(r, &want, ask);
        return NULL;
    }

    if (ngx_http_zoom_want_copy(call->pool, &want.user, &args->user) != NGX_OK
        || ngx_http_zoom_want_copy(call->pool, &want.meeting, &args->meeting)
           != NGX_OK)
    {
        return "no memory";
    }

    return ngx_http_zoom_want(r, &want, ask);
}


int
ngx_http_zoom_ffi_request(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    const ngx_http_zoom_ffi_order_t *order, ngx_http_zoom_ffi_call_t **callp,
    ngx_http_zoom_ffi_result_t *result)
{
    const char                *why;
    ngx_http_zoom_ffi_call_t  *call;

    *callp = NULL;

    ngx_memzero(result, sizeof(ngx_http_zoom_ffi_result_t));

    call = ngx_http_zoom_ffi_create(vm, r);

    why = call ? ngx_http_zoom_ffi_order(call, r, order) : "no memory";

    if (why) {
        ngx_http_zoom_ffi_text(&result->error, why);

        if (call) {
            ngx_http_zoom_ffi_release(call);
        }

        return NGX_ERROR;
    }

    *callp = call;

    ngx_http_zoom_api_call(call->request);

    return NGX_AGAIN;
}


/* NULL, or what is wrong. */

static const char *
ngx_http_zoom_ffi_order(ngx_http_zoom_ffi_call_t *call, ngx_http_request_t *r,
    const ngx_http_zoom_ffi_order_t *order)
{
    const char                    *why;
    ngx_http_zoom_api_call_t      *req;
    ngx_http_zoom_want_request_t   want;

    req = ngx_pcalloc(call->pool, sizeof(ngx_http_zoom_api_call_t));
    if (req == NULL) {
        return "no memory";
    }

    req->pool = call->pool;
    req->handler = ngx_http_zoom_ffi_requested;
    req->data = call;

    want.account = ngx_http_zoom_ffi_account(&order->account);
    want.method = order->method;
    want.path = order->path;
    want.body = order->body;
    want.label = order->label;
    want.timeout = (order->timeout < 0) ? NGX_CONF_UNSET_MSEC
                                        : (ngx_msec_t) order->timeout;

    why = ngx_http_zoom_want_request(r, &want, req);

    if (why == NULL) {
        call->request = req;
    }

    return why;
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


/* From the event loop: the result has come, or time is over. */

static void
ngx_http_zoom_ffi_minted(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_ffi_done(ask->data);
}


static void
ngx_http_zoom_ffi_requested(ngx_http_zoom_api_call_t *req)
{
    ngx_http_zoom_ffi_done(req->data);
}


static void
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
        ngx_http_zoom_ffi_fill_answer(result, call->request);

    } else {
        ngx_http_zoom_ffi_fill(result, &call->ask);
    }

    return NGX_OK;
}


void
ngx_http_zoom_ffi_release(ngx_http_zoom_ffi_call_t *call)
{
    ngx_http_zoom_ffi_end(call);
    ngx_free(call);
}


/* Nobody in Lua has it any more: of its semaphore the number is kept. */

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
    ngx_str_t  *token;

    token = &call->ask.token;

    if (call->request) {
        ngx_http_zoom_api_call_cancel(call->request);
        token = &call->request->answer;

    } else {
        ngx_http_zoom_broker_cancel(&call->ask);
    }

    if (token->len) {
        ngx_explicit_memzero(token->data, token->len);
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
ngx_http_zoom_ffi_fill(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_ask_t *ask)
{
    zoom_error_e              error;
    const zoom_error_info_t  *info;

    error = ask->error;

    if (error == ZOOM_OK && ask->token.len == 0) {
        error = ZOOM_E_INTERNAL;
    }

    if (error == ZOOM_OK) {
        result->token = ask->token;
        result->status = ngx_http_zoom_token_statuses[ask->status];
        result->expires = ask->expires;

    } else {
        info = zoom_error_info(error);

        ngx_http_zoom_ffi_text(&result->error, info->name.data);

        result->http = info->status;
        result->retry_after = ask->retry_after;
        result->code = ask->code;
    }

    ngx_http_zoom_ffi_text(&result->tracking_id, ask->tracking_id);
}


static void
ngx_http_zoom_ffi_fill_answer(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_api_call_t *req)
{
    const zoom_error_info_t  *info;

    if (req->error == ZOOM_OK) {
        result->token = req->answer;
        result->head = req->head;
        result->http = req->status;

    } else {
        info = zoom_error_info(req->error);

        ngx_http_zoom_ffi_text(&result->error, info->name.data);
        ngx_http_zoom_ffi_text(&result->reason, req->reason);

        result->http = info->status;
        result->retry_after = req->retry_after;
    }

    ngx_http_zoom_ffi_text(&result->tracking_id, req->tracking_id);
}


void
ngx_http_zoom_ffi_text(ngx_str_t *s, const void *text)
{
    if (text) {
        s->data = (u_char *) text;
        s->len = ngx_strlen(text);
    }
}
