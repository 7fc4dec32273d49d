/*
 * What lua/resty/zoom.lua calls through LuaJIT's FFI about the request that
 * its caller handles.  Lua has read the body.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_auth_once.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_ffi.h"
#include "ngx_http_zoom_ffi_call.h"
#include "ngx_http_zoom_proven.h"
#include "ngx_http_zoom_query.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"
#include "zoom_callback.h"


/* One proof, given by Lua, as a line of zoom_authenticate. */

typedef struct {
    ngx_array_t                  auth;
    ngx_http_zoom_auth_line_t    line;
    ngx_http_zoom_proof_t        proof;
    zoom_hmac_t                  key;
} ngx_http_zoom_ffi_proof_t;


static const char *ngx_http_zoom_ffi_proof(ngx_http_request_t *r,
    ngx_http_zoom_ffi_proof_t *p, const ngx_str_t *scheme,
    const ngx_str_t *secret, const ngx_str_t *as);
static zoom_error_e ngx_http_zoom_ffi_prove(ngx_http_request_t *r,
    const ngx_array_t *auth, const ngx_str_t *body, const char **why);
static zoom_error_e ngx_http_zoom_ffi_prove_body(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
static ngx_int_t ngx_http_zoom_ffi_share(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_ffi_call_t **callp);
static void ngx_http_zoom_ffi_shared(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);
static int ngx_http_zoom_ffi_authenticated(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why,
    ngx_http_zoom_ffi_verdict_t *verdict);
static const zoom_json_doc_t *ngx_http_zoom_ffi_scan(
    const ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_ffi_body(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_str_t *body);
static zoom_error_e ngx_http_zoom_ffi_read(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const ngx_str_t *body, const char **why);
static int ngx_http_zoom_ffi_verdict(ngx_http_zoom_ffi_verdict_t *verdict,
    zoom_error_e error, const char *why);


int
ngx_http_zoom_ffi_authenticate(ngx_http_zoom_ffi_vm_t *vm,
    ngx_http_request_t *r, const ngx_str_t *scheme, const ngx_str_t *secret,
    const ngx_str_t *as, const ngx_str_t *body,
    ngx_http_zoom_ffi_verdict_t *verdict, ngx_http_zoom_ffi_call_t **callp)
{
    ngx_int_t                        rc;
    const char                      *why;
    zoom_error_e                     error;
    const ngx_array_t               *auth;
    ngx_http_zoom_ctx_t             *ctx;
    ngx_http_zoom_ffi_proof_t        p;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    ngx_memzero(verdict, sizeof(ngx_http_zoom_ffi_verdict_t));
    ngx_memzero(&p, sizeof(ngx_http_zoom_ffi_proof_t));

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ctx = ngx_http_zoom_ctx_get(r);

    if (r != r->main) {
        why = "a subrequest proves nothing";

    } else if (ctx && ctx->proving.handler) {
        why = "another coroutine is authenticating the request";

    } else if (scheme->len) {
        auth = &p.auth;
        why = ngx_http_zoom_ffi_proof(r, &p, scheme, secret, as);

    } else {
        auth = zlcf->auth;
        why = auth ? NULL : "the location has no \"zoom_authenticate\"";
    }

    if (why) {
        ngx_explicit_memzero(&p, sizeof(ngx_http_zoom_ffi_proof_t));
        ngx_http_zoom_ffi_text(&verdict->error, why);
        return NGX_ERROR;
    }

    why = NULL;
    error = ngx_http_zoom_ffi_prove(r, auth, body, &why);

    ctx = ngx_http_zoom_ctx_get(r);

    rc = NGX_OK;

    if (error == ZOOM_OK && ngx_http_zoom_proven_due(ctx)) {

        /* what stands on the stack is for now */

        if (auth == &p.auth) {
            ctx->auth.lines = NULL;
        }

        rc = ngx_http_zoom_ffi_share(vm, r, ctx, callp);

        if (rc == NGX_ERROR) {
            error = ZOOM_E_INTERNAL;
            why = "no memory";
        }
    }

    if (rc != NGX_AGAIN) {
        rc = ngx_http_zoom_ffi_authenticated(r, ctx, error, why, verdict);
    }

    ngx_explicit_memzero(&p, sizeof(ngx_http_zoom_ffi_proof_t));

    return (int) rc;
}


/* NGX_AGAIN, NGX_OK: the store is away, or NGX_ERROR. */

static ngx_int_t
ngx_http_zoom_ffi_share(ngx_http_zoom_ffi_vm_t *vm, ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_ffi_call_t **callp)
{
    ngx_http_zoom_ffi_call_t  *call;

    call = ngx_http_zoom_ffi_create(vm, r);
    if (call == NULL) {
        return NGX_ERROR;
    }

    ctx->proving.data = call;

    if (ngx_http_zoom_proven_ask(ctx, ngx_http_zoom_ffi_prove_body,
                                 ngx_http_zoom_ffi_shared)
        != NGX_AGAIN)
    {
        ngx_http_zoom_ffi_release(call);
        return NGX_OK;
    }

    call->proving = ctx;
    *callp = call;

    return NGX_AGAIN;
}


static void
ngx_http_zoom_ffi_shared(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    ngx_http_zoom_ffi_call_t  *call;

    call = ctx->proving.data;

    (void) ngx_http_zoom_ffi_authenticated(r, ctx, error, why, &call->verdict);

    ngx_http_zoom_ffi_done(call);
}


/* From the store nobody is called then; what was reserved is given back. */

void
ngx_http_zoom_ffi_proving_end(ngx_http_zoom_ffi_call_t *call)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = call->proving;

    if (ctx && ctx->proving.handler && ctx->proving.data == call) {
        ctx->proving.handler = NULL;
        ngx_http_zoom_auth_settle(&ctx->auth, 0);
    }
}


static int
ngx_http_zoom_ffi_authenticated(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why,
    ngx_http_zoom_ffi_verdict_t *verdict)
{
    if (ctx) {

        if (error == ZOOM_OK) {
            ngx_http_zoom_refuse_not(ctx);

            ctx->ready = 1;
            verdict->caller = ctx->auth.caller;
            verdict->scheme = ctx->auth.scheme;

        } else {
            ngx_http_zoom_refuse_later(r, ctx, error, why);
        }

        ctx->auth.lines = NULL;
        ctx->auth.alive = NULL;
        ctx->auth.checked = NULL;
    }

    return ngx_http_zoom_ffi_verdict(verdict, error, why);
}


void
ngx_http_zoom_ffi_proven(ngx_http_zoom_ffi_result_t *result,
    const ngx_http_zoom_ffi_verdict_t *verdict)
{
    result->error = verdict->error;
    result->reason = verdict->reason;
    result->http = verdict->http;
    result->token = verdict->caller;
}


/* NULL, or what is wrong. */

static const char *
ngx_http_zoom_ffi_proof(ngx_http_request_t *r, ngx_http_zoom_ffi_proof_t *p,
    const ngx_str_t *scheme, const ngx_str_t *secret, const ngx_str_t *as)
{
    ngx_str_t                   text;
    const char                 *why;
    ngx_http_zoom_auth_line_t  *line;

    /* names stay with the request, secrets do not */

    text.len = scheme->len;
    text.data = ngx_pstrdup(r->pool, (ngx_str_t *) scheme);

    if (text.data == NULL) {
        return "no memory";
    }

    why = ngx_http_zoom_proof_scheme(&p->proof, &text);

    if (why) {
        return *why ? "the scheme has an invalid name"
                    : "there is no such scheme";
    }

    if (ngx_http_zoom_proof_secret(&p->proof, secret, &p->key)) {
        return "the secret is too short, or none for this scheme";
    }

    line = &p->line;

    line->proofs.elts = &p->proof;
    line->proofs.nelts = 1;
    line->caller = ngx_http_zoom_schemes[p->proof.scheme];
    line->attendee = (p->proof.scheme == NGX_HTTP_ZOOM_AUTH_ATTENDEE);
    line->webhooks = (p->proof.scheme == NGX_HTTP_ZOOM_AUTH_WEBHOOKS);

    if (as->len) {
        line->caller.len = as->len;
        line->caller.data = ngx_pstrdup(r->pool, (ngx_str_t *) as);

        if (line->caller.data == NULL) {
            return "no memory";
        }

        if (!ngx_http_zoom_name(&line->caller, ".@-",
                                NGX_HTTP_ZOOM_AUTH_NAME_MAX))
        {
            return "the name in \"as\" is invalid";
        }
    }

    line->who = ngx_http_zoom_who(&line->caller);

    p->auth.elts = line;
    p->auth.nelts = 1;

    return NULL;
}


/* The steps of zoom_tokens, for any body: only some proofs need a callback. */

static zoom_error_e
ngx_http_zoom_ffi_prove(ngx_http_request_t *r, const ngx_array_t *auth,
    const ngx_str_t *body, const char **why)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_start(r, auth);

    if (ctx == NULL || ngx_http_zoom_ffi_body(r, ctx, body) != NGX_OK) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    switch (ctx->auth.verdict) {

    case NGX_OK:
        break;

    case NGX_DECLINED:
        *why = ctx->auth.why ? ctx->auth.why : "the proof does not hold";
        return ZOOM_E_UNAUTHENTICATED;

    case NGX_ABORT:
        *why = "a proof was sent twice";
        return ZOOM_E_UNAUTHENTICATED;

    default:
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    return ngx_http_zoom_ffi_prove_body(r, ctx, why);
}


static zoom_error_e
ngx_http_zoom_ffi_prove_body(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_str_t              *body;
    zoom_error_e            error;
    const zoom_json_doc_t  *doc;

    /* a proof of Lua's own is gone, and there is no other */

    if (ctx->auth.lines == NULL) {
        *why = NULL;
        return ZOOM_E_UNAUTHENTICATED;
    }

    body = &ctx->callback.body;

    error = ngx_http_zoom_auth_raw(r, &ctx->auth, body, why);

    if (error != ZOOM_OK) {
        return error;
    }

    doc = ngx_http_zoom_ffi_scan(ctx);

    error = ngx_http_zoom_auth_body(r, &ctx->auth, body, doc, why);

    if (error != ZOOM_OK) {
        return error;
    }

    error = ngx_http_zoom_callback_parse(r, &ctx->callback,
                                         ctx->auth.signed_body ? doc : NULL,
                                         why);

    if (error != ZOOM_OK) {
        return error;
    }

    *why = NULL;

    /* the same key signs the platform's webhooks */

    if (ctx->auth.signed_body && !ctx->callback.parsed->typed) {
        *why = "a signed callback has no \"callback_type\"";
        return ZOOM_E_BAD_CALLBACK;
    }

    return ZOOM_OK;
}


/* NULL where no line that may hold is about JSON, or the body is none. */

static const zoom_json_doc_t *
ngx_http_zoom_ffi_scan(const ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_auth_line_t  *line;

    line = ctx->auth.lines->elts;

    for (i = 0; i < ctx->auth.lines->nelts; i++) {

        if (!ctx->auth.alive[i] || !line[i].attendee) {
            continue;
        }

        return zoom_json_scan(&ngx_http_zoom_callback_doc,
                              ngx_http_zoom_str(&ctx->callback.body))
               ? NULL : &ngx_http_zoom_callback_doc;
    }

    return NULL;
}


/* A copy that lives as long as the request, for all calls of one handler. */

static ngx_int_t
ngx_http_zoom_ffi_body(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_str_t *body)
{
    if (ngx_http_zoom_same(&ctx->callback.body, body)) {
        return NGX_OK;
    }

    ctx->callback.body.len = 0;

    if (body->len == 0) {
        return NGX_OK;
    }

    ctx->callback.body.data = ngx_pnalloc(r->pool, body->len);
    if (ctx->callback.body.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(ctx->callback.body.data, body->data, body->len);
    ctx->callback.body.len = body->len;

    return NGX_OK;
}


int
ngx_http_zoom_ffi_callback(ngx_http_request_t *r, const ngx_str_t *body,
    ngx_http_zoom_ffi_callback_t *callback,
    ngx_http_zoom_ffi_verdict_t *verdict)
{
    const char             *why;
    zoom_error_e            error;
    const zoom_callback_t  *parsed;
    ngx_http_zoom_ctx_t    *ctx;

    ngx_memzero(callback, sizeof(ngx_http_zoom_ffi_callback_t));
    ngx_memzero(verdict, sizeof(ngx_http_zoom_ffi_verdict_t));

    ctx = ngx_http_zoom_ctx_make(r);

    if (ctx == NULL) {
        return ngx_http_zoom_ffi_verdict(verdict, ZOOM_E_INTERNAL,
                                         "no memory");
    }

    why = NULL;
    error = ngx_http_zoom_ffi_read(r, ctx, body, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_refuse_later(r, ctx, error, why);

        /* nothing useful was read, but the variables need a callback */

        if (ngx_http_zoom_callback_parse(r, &ctx->callback, NULL, &why)
            != ZOOM_OK)
        {
            ctx->ready = 0;
        }

        return ngx_http_zoom_ffi_verdict(verdict, error, why);
    }

    parsed = ctx->callback.parsed;

    callback->bot_id = ctx->callback.bot_id;
    callback->meeting_url = ngx_http_zoom_ngx_str(parsed->meeting_url);
    callback->nmetadata = (int) parsed->nmetadata;

    if (ctx->ready) {
        verdict->caller = ctx->auth.caller;
        verdict->scheme = ctx->auth.scheme;
    }

    return NGX_OK;
}


static zoom_error_e
ngx_http_zoom_ffi_read(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const ngx_str_t *body, const char **why)
{
    zoom_error_e               error;
    zoom_json_doc_t           *doc;
    ngx_http_zoom_callback_t  *cb;

    cb = &ctx->callback;
    doc = &ngx_http_zoom_callback_doc;

    if (ngx_http_zoom_ffi_body(r, ctx, body) != NGX_OK
        || ngx_http_zoom_callback_keep_args(r, cb) != NGX_OK)
    {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    if (r->method == NGX_HTTP_GET) {
        return ngx_http_zoom_query_read(r, cb, doc, why);
    }

    if (r->method != NGX_HTTP_POST) {
        return ZOOM_E_METHOD;
    }

    *why = zoom_json_scan(doc, ngx_http_zoom_str(&cb->body));

    if (*why) {
        return ZOOM_E_BAD_CALLBACK;
    }

    error = ngx_http_zoom_callback_parse(r, cb, doc, why);

    if (error == ZOOM_OK) {
        cb->bot_id = ngx_http_zoom_ngx_str(cb->parsed->bot_id);
    }

    return error;
}


void
ngx_http_zoom_ffi_metadata(ngx_http_request_t *r, int n, ngx_str_t *name,
    ngx_str_t *value)
{
    ngx_http_zoom_ctx_t    *ctx;
    const zoom_metadata_t  *member;

    ctx = ngx_http_zoom_ctx_get(r);

    member = &ctx->callback.parsed->metadata[n];

    *name = ngx_http_zoom_ngx_str(member->name);
    *value = ngx_http_zoom_ngx_str(member->value);
}


static int
ngx_http_zoom_ffi_verdict(ngx_http_zoom_ffi_verdict_t *verdict,
    zoom_error_e error, const char *why)
{
    const zoom_error_info_t  *info;

    if (error == ZOOM_OK) {
        return NGX_OK;
    }

    info = zoom_error_info(error);

    ngx_http_zoom_ffi_text(&verdict->error, info->name.data);
    ngx_http_zoom_ffi_text(&verdict->reason, why);

    verdict->http = info->status;

    return NGX_DECLINED;
}
