/*
 * zoom_join: everything that join() of the Meeting SDK takes.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_again.h"
#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_auth.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_leased.h"
#include "ngx_http_zoom_proven.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types.h"
#include "ngx_http_zoom_types_conf.h"
#include "zoom_join.h"
#include "zoom_uri.h"


static void ngx_http_zoom_join_post(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_join_get(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_join_arg(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_join_e what, const char **why);
static void ngx_http_zoom_join_bad(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *why);
static const char *ngx_http_zoom_join_no_key(ngx_http_request_t *r,
    const ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_join_start(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static void ngx_http_zoom_join_ready(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_join_route(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
static zoom_error_e ngx_http_zoom_join_choose(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
static zoom_error_e ngx_http_zoom_join_choice(ngx_http_request_t *r,
    zoom_join_choice_e *choice, const char **why);
static zoom_error_e ngx_http_zoom_join_plan(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, const char **why);
static void ngx_http_zoom_join_done(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_join_lacking(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static ngx_int_t ngx_http_zoom_join_answer(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static const char *ngx_http_zoom_join_write(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_str_t signature);
static zoom_sdk_role_e ngx_http_zoom_join_role(ngx_http_request_t *r,
    const zoom_join_t *join);


ngx_int_t
ngx_http_zoom_join_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_callback(r, ngx_http_zoom_join_get,
                                        ngx_http_zoom_join_post);
}


static void
ngx_http_zoom_join_post(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    u_char        *p;
    zoom_buf_t     b;
    const char    *why;
    zoom_error_e   error;

    error = ngx_http_zoom_prove(r, ctx, &why);

    if (error == ZOOM_E_BAD_CALLBACK) {
        ngx_http_zoom_join_bad(r, ctx, error, why);
        return;
    }

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    if (ngx_http_zoom_join_start(r, ctx) != NGX_OK) {
        return;
    }

    p = ngx_pnalloc(r->pool, ctx->callback.body.len);

    if (p == NULL) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    zoom_buf_init(&b, p, ctx->callback.body.len);

    why = zoom_join_read(ctx->callback.join, &ngx_http_zoom_callback_doc, &b);

    if (why) {
        ngx_http_zoom_join_bad(r, ctx, ZOOM_E_BAD_CALLBACK, why);
        return;
    }

    ngx_http_zoom_proven(r, ctx, ngx_http_zoom_prove,
                         ngx_http_zoom_join_ready);
}


static void
ngx_http_zoom_join_get(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t     i;
    const char    *why;
    zoom_error_e   error;

    if (!ngx_http_zoom_auth_distrust_webhooks(&ctx->auth)) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_UNAUTHENTICATED,
                           "a webhook's signature does not cover what a GET "
                           "asks for: send a POST, or another proof");
        return;
    }

    error = ngx_http_zoom_prove_bodiless(r, ctx, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    if (ngx_http_zoom_join_start(r, ctx) != NGX_OK) {
        return;
    }

    for (i = 0; i < ZOOM_JOIN_LAST; i++) {
        error = ngx_http_zoom_join_arg(r, ctx, i, &why);

        if (error != ZOOM_OK) {
            ngx_http_zoom_join_bad(r, ctx, error, why);
            return;
        }
    }

    ngx_http_zoom_proven(r, ctx, ngx_http_zoom_prove_bodiless,
                         ngx_http_zoom_join_ready);
}


/* Arguments are those of a form, as pages encode them. */

static zoom_error_e
ngx_http_zoom_join_arg(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_join_e what, const char **why)
{
    u_char      *p;
    size_t       i;
    ngx_str_t    name, value;
    ngx_uint_t   n;
    zoom_str_t   plain;
    zoom_buf_t   b;

    name.data = (u_char *) zoom_join_name(what);
    name.len = ngx_strlen(name.data);

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value);

    if (n > 1) {
        *why = "has an argument twice";
        return ZOOM_E_BAD_CALLBACK;
    }

    if (n == 0) {
        return ZOOM_OK;
    }

    p = ngx_pnalloc(r->pool, 2 * value.len + 1);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    for (i = 0; i < value.len; i++) {
        p[i] = (value.data[i] == '+') ? ' ' : value.data[i];
    }

    value.data = p;

    zoom_buf_init(&b, p + value.len, value.len);

    if (zoom_uri_unescape(&b, ngx_http_zoom_str(&value)) != 0) {
        *why = "has an argument that is not percent-encoded";
        return ZOOM_E_BAD_CALLBACK;
    }

    plain.data = b.data;
    plain.len = b.len;

    *why = zoom_join_set(ctx->callback.join, what, plain);

    return *why ? ZOOM_E_BAD_CALLBACK : ZOOM_OK;
}


/* Whoever writes a page wants to know what is wrong with its request. */

static void
ngx_http_zoom_join_bad(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_error_e error, const char *why)
{
    u_char  *p;

    if (error == ZOOM_E_INTERNAL) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    p = ngx_pnalloc(r->pool, sizeof("The request .") + ngx_strlen(why));
    if (p == NULL) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    ngx_sprintf(p, "The request %s.%Z", why);

    ngx_http_finalize_request(r, ngx_http_zoom_reply_words(r, ctx, error,
                                                           (char *) p));
}


/* the name of an account is for the log alone */

static const char *
ngx_http_zoom_join_no_key(ngx_http_request_t *r,
    const ngx_http_zoom_ctx_t *ctx)
{
    u_char           *p;
    const ngx_str_t  *name;

    static const char  format[] = "account \"%V\" has no \"sdk_key\" and "
                                  "\"sdk_secret\": add them to its "
                                  "\"zoom_account\", or keep callers of "
                                  "\"zoom_join\" from naming it%Z";

    name = &ctx->target.account->name;

    p = ngx_pnalloc(r->pool, sizeof(format) + name->len);
    if (p == NULL) {
        return "no memory";
    }

    ngx_sprintf(p, format, name);

    return (const char *) p;
}


static ngx_int_t
ngx_http_zoom_join_start(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ctx->callback.parsed = ngx_pcalloc(r->pool, sizeof(zoom_callback_t));
    ctx->callback.join = ngx_palloc(r->pool, sizeof(zoom_join_t));

    if (ctx->callback.parsed == NULL || ctx->callback.join == NULL) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return NGX_ERROR;
    }

    zoom_join_init(ctx->callback.join);

    return NGX_OK;
}


/* All is said: which meeting it is, and what there is to ask Zoom for. */

static void
ngx_http_zoom_join_ready(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    u_char        *p;
    zoom_buf_t     b;
    const char    *why;
    zoom_join_t   *join;
    zoom_error_e   error;

    p = ngx_pnalloc(r->pool, ZOOM_JOIN_URL_MAX);
    if (p == NULL) {
        ngx_http_zoom_fail(r, ctx, ZOOM_E_INTERNAL, "no memory");
        return;
    }

    zoom_buf_init(&b, p, ZOOM_JOIN_URL_MAX);

    error = zoom_join_end(ctx->callback.join, &b, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_join_bad(r, ctx, error, why);
        return;
    }

    /* what the variables know of it */

    join = ctx->callback.join;

    ctx->callback.parsed->meeting_url = join->sent[ZOOM_JOIN_URL].len
                                        ? join->sent[ZOOM_JOIN_URL]
                                        : join->meeting;

    if (ngx_http_zoom_ready(r, ctx) != NGX_OK) {
        return;
    }

    error = ngx_http_zoom_join_route(r, ctx, &why);

    if (error != ZOOM_OK) {
        ngx_http_zoom_fail(r, ctx, error, why);
        return;
    }

    if (ctx->target.ntypes == 0) {
        ngx_http_zoom_join_done(r, ctx);
        return;
    }

    ngx_http_zoom_leased_ask(r, ctx, ngx_http_zoom_join_plan,
                             ngx_http_zoom_join_done);
}


static zoom_error_e
ngx_http_zoom_join_route(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    zoom_error_e  error;

    error = ngx_http_zoom_join_choose(r, ctx, why);

    if (error != ZOOM_OK) {
        return error;
    }

    error = ngx_http_zoom_route(r, ctx, why);

    if (error != ZOOM_OK) {
        return error;
    }

    if (ctx->target.account->sdk_key.len == 0) {
        *why = ngx_http_zoom_join_no_key(r, ctx);
        return ZOOM_E_NO_ACCOUNT;
    }

    if (ctx->target.ntypes == 0) {
        return ZOOM_OK;
    }

    return ngx_http_zoom_join_plan(r, ctx, why);
}


/* Those of zoom_types that join() takes, and one of a user's. */

static zoom_error_e
ngx_http_zoom_join_choose(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_uint_t                       i;
    zoom_error_e                     error;
    zoom_sdk_role_e                  role;
    zoom_token_type_e               *type;
    zoom_join_choice_e               choice;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    choice = ZOOM_JOIN_AUTO;

    if (ngx_http_zoom_types_have(zlcf->types, ZOOM_ZAK)
        && ngx_http_zoom_types_have(zlcf->types, ZOOM_ONBEHALF))
    {
        error = ngx_http_zoom_join_choice(r, &choice, why);

        if (error != ZOOM_OK) {
            return error;
        }

        role = ngx_http_zoom_join_role(r, ctx->callback.join);
        choice = zoom_join_choose(choice, role);
    }

    type = zlcf->types->elts;

    for (i = 0; i < zlcf->types->nelts; i++) {

        if ((type[i] == ZOOM_ZAK && choice != ZOOM_JOIN_ONBEHALF)
            || (type[i] == ZOOM_ONBEHALF && choice != ZOOM_JOIN_ZAK)
            || type[i] == ZOOM_LOCAL_RECORDING)
        {
            ctx->target.types[ctx->target.ntypes++] = type[i];
        }
    }

    return ZOOM_OK;
}


static zoom_error_e
ngx_http_zoom_join_choice(ngx_http_request_t *r, zoom_join_choice_e *choice,
    const char **why)
{
    ngx_str_t                        value;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (zlcf->join_token == NULL) {
        return ZOOM_OK;
    }

    if (ngx_http_complex_value(r, zlcf->join_token, &value) != NGX_OK) {
        *why = "\"zoom_join_token\" could not be evaluated";
        return ZOOM_E_INTERNAL;
    }

    if (value.len == 0) {
        return ZOOM_OK;
    }

    *choice = zoom_join_choice(ngx_http_zoom_str(&value));

    if (*choice == ZOOM_JOIN_NO_CHOICE) {
        *why = "\"zoom_join_token\" is none of \"zak\", \"onbehalf\" and "
               "\"auto\"";
        return ZOOM_E_INTERNAL;
    }

    return ZOOM_OK;
}


static zoom_error_e
ngx_http_zoom_join_plan(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_uint_t            i, users;
    zoom_error_e          error;
    ngx_http_zoom_ask_t  *ask;

    error = ngx_http_zoom_types_plan(r, ctx, why);

    if (error == ZOOM_E_INTERNAL) {
        return error;
    }

    users = 0;

    for (i = 0; i < ctx->target.ntypes; i++) {
        users += zoom_token_types[ctx->target.types[i]].of_user;
    }

    if (users == 0 && error != ZOOM_OK) {

        /* a recording that is not allowed keeps nobody from joining */

        ctx->target.ntypes = 0;
        return ZOOM_OK;
    }

    /* either will do where both are asked for */

    for (i = 0; users > 1 && i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];
        ask->vital = 0;
    }

    return error;
}


static void
ngx_http_zoom_join_done(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    zoom_error_e  error;

    error = ngx_http_zoom_join_lacking(r, ctx);

    if (error != ZOOM_OK) {

        if (!ngx_http_zoom_again(r, ctx, error, ngx_http_zoom_join_plan,
                                 ngx_http_zoom_join_done))
        {
            ngx_http_zoom_fail(r, ctx, error, NULL);
        }

        return;
    }

    ngx_http_finalize_request(r, ngx_http_zoom_join_answer(r, ctx));
}


/* One token of a user's is enough, and none is needed if none was asked for. */

static zoom_error_e
ngx_http_zoom_join_lacking(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t            i;
    zoom_error_e          error, first;
    ngx_http_zoom_ask_t  *ask;

    error = ngx_http_zoom_types_lacking(r, ctx);

    first = ZOOM_OK;

    for (i = 0; i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];

        if (!zoom_token_types[ask->req.type].of_user) {
            continue;
        }

        if (ask->error == ZOOM_OK) {
            return ZOOM_OK;
        }

        first = first ? first : ask->error;
    }

    if (first == ZOOM_OK && error != ZOOM_OK) {
        ngx_http_zoom_info(r, "zoom: the join kit goes without a recording "
                           "token: %s", zoom_error_info(error)->name.data);
    }

    return first;
}


static ngx_int_t
ngx_http_zoom_join_answer(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    zoom_buf_t                      b;
    const char                     *why;
    zoom_str_t                      signature;
    zoom_sdk_claims_t               claims;
    const ngx_http_zoom_account_t  *account;
    u_char                          text[ZOOM_SDK_SIGNATURE_MAX];

    account = ctx->target.account;

    zoom_buf_init(&b, text, sizeof(text));

    claims.meeting = ctx->callback.join->meeting;
    claims.role = ngx_http_zoom_join_role(r, ctx->callback.join);
    claims.iat = ngx_time();
    claims.life = ZOOM_SDK_LIFE_MIN;

    why = zoom_sdk_signature(&b, ngx_http_zoom_str(&account->sdk_key),
                             ngx_http_zoom_str(&account->sdk_secret), &claims);

    if (why == NULL) {
        signature.data = b.data;
        signature.len = b.len;

        why = ngx_http_zoom_join_write(r, ctx, signature);
    }

    ngx_explicit_memzero(text, sizeof(text));

    if (why) {
        return ngx_http_zoom_reply_error(r, ctx, ZOOM_E_INTERNAL, why);
    }

    return ngx_http_zoom_reply(r, ctx, NGX_HTTP_OK, "application/json",
                               &ctx->reply.answer);
}


static const char *
ngx_http_zoom_join_write(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_str_t signature)
{
    size_t                           size;
    zoom_buf_t                       b;
    zoom_str_t                       token[ZOOM_NTOKEN_TYPES];
    ngx_uint_t                       i;
    zoom_join_kit_t                  kit;
    ngx_http_zoom_ask_t             *ask;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ngx_memzero(token, sizeof(token));
    ngx_memzero(&kit, sizeof(zoom_join_kit_t));

    size = ZOOM_JOIN_ANSWER_MAX;

    for (i = 0; i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];

        /* of several in whose name there is one, the first */

        if (ask->error == ZOOM_OK && token[ask->req.type].len == 0) {
            token[ask->req.type] = ngx_http_zoom_str(&ask->token);
            size += ask->token.len;
        }
    }

    kit.signature = signature;
    kit.zak = token[ZOOM_ZAK];
    kit.obf = token[ZOOM_ONBEHALF];
    kit.recording = token[ZOOM_LOCAL_RECORDING];

    if (zlcf->join_sdk_key) {
        kit.sdk_key = ngx_http_zoom_str(&ctx->target.account->sdk_key);
    }

    zoom_join_settle(&kit);

    b.data = ngx_pnalloc(r->pool, size);
    if (b.data == NULL) {
        return "no memory";
    }

    zoom_buf_init(&b, b.data, size);

    zoom_join_answer(&b, ctx->callback.join, &kit);

    ctx->reply.answer.data = b.data;
    ctx->reply.answer.len = b.len;

    return b.overflow ? "the answer has no room" : NULL;
}


/* A role that was asked for where nobody may ask is not looked at. */

static zoom_sdk_role_e
ngx_http_zoom_join_role(ngx_http_request_t *r, const zoom_join_t *join)
{
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    switch (zlcf->join_role) {

    case NGX_HTTP_ZOOM_JOIN_HOST:
        return ZOOM_SDK_HOST;

    case NGX_HTTP_ZOOM_JOIN_CALLER:
        return join->role;

    default: /* NGX_HTTP_ZOOM_JOIN_PARTICIPANT */
        return ZOOM_SDK_PARTICIPANT;
    }
}
