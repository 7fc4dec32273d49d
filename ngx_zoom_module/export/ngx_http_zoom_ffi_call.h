/*
 * A call of lua/resty/zoom.lua's that is waited for: what all kinds of them
 * have in common.
 */

#ifndef _NGX_HTTP_ZOOM_FFI_CALL_H_INCLUDED_
#define _NGX_HTTP_ZOOM_FFI_CALL_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_access.h"
#include "ngx_http_zoom_api.h"
#include "ngx_http_zoom_api_call.h"
#include "ngx_http_zoom_ask.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_ffi.h"


struct ngx_http_zoom_ffi_call_s {
    ngx_queue_t                  queue;      /* of the vm */
    ngx_queue_t                  mates;      /* of the request */
    ngx_http_zoom_ffi_vm_t      *vm;
    ngx_pool_t                  *pool;
    ngx_http_zoom_account_t     *account;
    ngx_msec_t                   deadline;
    void                        *sema;       /* NULL: nobody waits yet */
    int                          slot;
    ngx_http_zoom_ask_t          ask;        /* one of these is in use */
    ngx_http_zoom_access_t       access;
    ngx_http_zoom_api_call_t    *request;
    ngx_http_zoom_grants_t       grants;
    ngx_http_zoom_ctx_t         *proving;
    ngx_http_zoom_ffi_verdict_t  verdict;
    unsigned                     done:1;
};


/* Of no account, and for as long as it takes.  NULL: no memory. */

ngx_http_zoom_ffi_call_t *ngx_http_zoom_ffi_create(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r);

/* NULL: "error" of the result says why. */

ngx_http_zoom_ffi_call_t *ngx_http_zoom_ffi_start(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *name, int64_t timeout,
    ngx_http_zoom_ffi_result_t *result);

/* NGX_OK where "why" is NULL; else NGX_ERROR, and the call is gone. */

int ngx_http_zoom_ffi_bad(ngx_http_zoom_ffi_call_t **callp,
    ngx_http_zoom_ffi_result_t *result, const char *why);

/* Of one of each kind that stands elsewhere. */

void ngx_http_zoom_ffi_granted(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_grants_t *grants);
void ngx_http_zoom_ffi_proven(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_ffi_verdict_t *verdict);

/* Nobody waits for it any more. */
void ngx_http_zoom_ffi_proving_end(ngx_http_zoom_ffi_call_t *call);

/* From the event loop: the result has come, or time is over. */

void ngx_http_zoom_ffi_done(ngx_http_zoom_ffi_call_t *call);


#endif /* _NGX_HTTP_ZOOM_FFI_CALL_H_INCLUDED_ */
