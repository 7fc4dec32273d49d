#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_grants_conf.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types.h"
#include "ngx_http_zoom_types_conf.h"
#include "zoom_error.h"
#include "zoom_meeting.h"
#include "zoom_user.h"


static ngx_str_t *ngx_http_zoom_types_brought(const ngx_http_zoom_ctx_t *ctx,
    zoom_token_type_e type);
static ngx_str_t ngx_http_zoom_types_first(const ngx_str_t *list);
static const ngx_str_t *ngx_http_zoom_types_join_token(
    const ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_types_ask(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_ask_t *ask, const char **why);
static ngx_int_t ngx_http_zoom_types_add(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_types_onbehalf(ngx_http_zoom_ask_t *ask,
    const char **why);
static ngx_uint_t ngx_http_zoom_types_next(const ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t i);
static void ngx_http_zoom_types_list(zoom_buf_t *b,
    const ngx_http_zoom_ctx_t *ctx, ngx_uint_t i, ngx_uint_t end);
static const ngx_str_t *ngx_http_zoom_types_any(
    const ngx_http_zoom_ctx_t *ctx, ngx_uint_t i, ngx_uint_t end);
static zoom_error_e ngx_http_zoom_types_meeting(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_meeting_t *meeting, const char **why);
static zoom_error_e ngx_http_zoom_types_allowed(ngx_http_request_t *r,
    const char **why);
static ngx_uint_t ngx_http_zoom_types_wrap(ngx_http_zoom_ctx_t *ctx);
static size_t ngx_http_zoom_types_json_size(const ngx_http_zoom_ctx_t *ctx,
    const ngx_str_t *join);
static void ngx_http_zoom_types_member(zoom_buf_t *b, const char *name,
    const ngx_str_t *token);


zoom_error_e
ngx_http_zoom_types_choose(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t single)
{
    ngx_str_t                        value;
    ngx_uint_t                       i, n;
    zoom_token_type_e                type, *list;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    static ngx_str_t  name = ngx_string("type");

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    list = zlcf->types->elts;

    if (!single) {
        for (i = 0; i < zlcf->types->nelts; i++) {
            ctx->target.types[i] = list[i];
        }

        ctx->target.ntypes = zlcf->types->nelts;

        return ZOOM_OK;
    }

    type = list[0];

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value);

    if (n > 1) {
        return ZOOM_E_BAD_TYPE;
    }

    if (n) {
        type = zoom_token_type_find(ngx_http_zoom_str(&value));

        /* a token of no type is in no list */

        if (!ngx_http_zoom_types_have(zlcf->types, type)) {
            return ZOOM_E_BAD_TYPE;
        }
    }

    ctx->target.types[0] = type;
    ctx->target.ntypes = 1;

    return ZOOM_OK;
}


zoom_error_e
ngx_http_zoom_types_routed(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t single, const char **why)
{
    ngx_str_t                        value;
    ngx_uint_t                       i, n, chosen;
    zoom_token_type_e                list[ZOOM_NTOKEN_TYPES];
    const ngx_http_zoom_loc_conf_t  *zlcf;

    static ngx_str_t  name = ngx_string("type");

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    n = 0;

    for (i = 0; i < ZOOM_NTOKEN_TYPES; i++) {

        chosen = (ctx->target.route->types >> i) & 1;

        if (chosen && !ngx_http_zoom_types_have(zlcf->types, i)) {
            *why = "the route chose a type that is not in \"zoom_types\"";
            return ZOOM_E_ROUTE_FAILED;
        }

        if (chosen || ngx_http_zoom_types_brought(ctx, i)) {
            list[n++] = i;
        }
    }

    if (n == 0 && ngx_http_zoom_types_join_token(ctx) == NULL) {
        return ZOOM_OK;
    }

    if (!single) {
        ngx_memcpy(ctx->target.types, list, n * sizeof(zoom_token_type_e));
        ctx->target.ntypes = n;
        return ZOOM_OK;
    }

    if (n && ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value)
             == 0)
    {
        ctx->target.types[0] = list[0];
        return ZOOM_OK;
    }

    for (i = 0; i < n; i++) {
        if (list[i] == ctx->target.types[0]) {
            return ZOOM_OK;
        }
    }

    *why = "the route gives no token of this type";

    return ZOOM_E_BAD_TYPE;
}


/* The token of that type that the route brings, or NULL. */

static ngx_str_t *
ngx_http_zoom_types_brought(const ngx_http_zoom_ctx_t *ctx,
    zoom_token_type_e type)
{
    ngx_str_t  *token;

    if (ctx->target.route == NULL) {
        return NULL;
    }

    token = &ctx->target.route->tokens[type];

    return token->len ? token : NULL;
}


/* Only Attendee tries several; what has room for one gets the first. */

static ngx_str_t
ngx_http_zoom_types_first(const ngx_str_t *list)
{
    u_char     *comma;
    ngx_str_t   first;

    first = *list;
    comma = ngx_strlchr(first.data, first.data + first.len, ',');

    if (comma) {
        first.len = comma - first.data;
    }

    return first;
}


/* A token that only scripts have, and no type of ours; or NULL. */

static const ngx_str_t *
ngx_http_zoom_types_join_token(const ngx_http_zoom_ctx_t *ctx)
{
    const ngx_str_t  *token;

    if (ctx->target.route == NULL) {
        return NULL;
    }

    token = &ctx->target.route->tokens[ZOOM_NTOKEN_TYPES];

    return token->len ? token : NULL;
}


ngx_uint_t
ngx_http_zoom_types_need_user(const ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t                       i, all;
    zoom_token_type_e                type;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_zoom_module);

    /* with a user's own access token every type is that user's */

    all = ctx->target.account
          && ngx_http_zoom_account_of_users(ctx->target.account);

    for (i = 0; i < ctx->target.ntypes; i++) {
        type = ctx->target.types[i];

        if (ngx_http_zoom_types_brought(ctx, type)
            || (type == ZOOM_ONBEHALF && zlcf->onbehalf))
        {
            continue;
        }

        if (all || zoom_token_types[type].of_user) {
            return 1;
        }
    }

    return 0;
}


zoom_error_e
ngx_http_zoom_types_plan(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_uint_t                       i, n, any;
    const char                      *reason;
    zoom_error_e                     first;
    ngx_http_zoom_ask_t             *ask;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    n = ctx->target.ntypes + (zlcf->onbehalf ? zlcf->onbehalf->n : 0);

    if (ngx_http_zoom_batch_init(&ctx->batch, r->pool, n) != NGX_OK) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    if (ngx_http_zoom_types_add(r, ctx) != NGX_OK) {
        *why = "\"zoom_onbehalf\" could not be evaluated";
        return ZOOM_E_INTERNAL;
    }

    any = 0;
    first = ZOOM_OK;
    reason = NULL;

    for (i = 0; i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];

        if (ctx->target.ntypes == 1) {
            ask->before = ngx_strlen(zoom_token_types[ask->req.type].member)
                          + sizeof("{\"\":\"") - 1;
            ask->after = sizeof("\"}") - 1;
        }

        ask->error = ngx_http_zoom_types_ask(r, ctx, ask, &reason);

        if (ask->error == ZOOM_OK) {
            any = 1;

        } else if (first == ZOOM_OK || ask->error == ZOOM_E_INTERNAL) {
            first = ask->error;
            *why = reason;
        }
    }

    return (any && first != ZOOM_E_INTERNAL) ? ZOOM_OK : first;
}


/* An ask for each type, and for each in whose name there is an OBF token. */

static ngx_int_t
ngx_http_zoom_types_add(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_str_t                        user;
    ngx_uint_t                       i, j;
    zoom_token_type_e                type;
    ngx_http_zoom_ask_t             *ask;
    ngx_http_zoom_onbehalf_t        *onbehalf;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    onbehalf = zlcf->onbehalf;

    for (i = 0; i < ctx->target.ntypes; i++) {
        type = ctx->target.types[i];

        if (type != ZOOM_ONBEHALF || onbehalf == NULL
            || ngx_http_zoom_types_brought(ctx, type))
        {
            (void) ngx_http_zoom_batch_add(&ctx->batch, r->pool, type);
            continue;
        }

        for (j = 0; j < onbehalf->n; j++) {
            if (ngx_http_complex_value(r, &onbehalf->values[j], &user)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            ask = ngx_http_zoom_batch_add(&ctx->batch, r->pool, type);

            ask->account = onbehalf->account;
            ask->req.user = user;
        }
    }

    return NGX_OK;
}


static zoom_error_e
ngx_http_zoom_types_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_ask_t *ask, const char **why)
{
    ngx_str_t                       *token;
    zoom_error_e                     error;
    zoom_meeting_t                   meeting;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (ask->account) {
        error = ngx_http_zoom_types_onbehalf(ask, why);

        if (error != ZOOM_OK) {
            return error;
        }

    } else {
        ask->account = ctx->target.account;

        if (zoom_token_types[ask->req.type].of_user
            || ngx_http_zoom_account_of_users(ask->account))
        {
            ask->req.user = ctx->target.user;
        }
    }

    token = ngx_http_zoom_types_brought(ctx, ask->req.type);

    if (token) {
        ask->token = ngx_http_zoom_types_first(token);
        return ZOOM_OK;
    }

    if (zoom_token_types[ask->req.type].of_user) {
        ask->req.ttl = (ctx->target.route && ctx->target.route->ttl)
                       ? ctx->target.route->ttl : zlcf->ttl;
    }

    if (ask->req.type == ZOOM_ZAK) {
        ask->reuse = zlcf->reuse;
        ask->min_left = zlcf->min_left;
        ask->use_stale = zlcf->use_stale;
        ask->stale_after = zlcf->stale_after;
        ask->vital = 1;
    }

    if (!zoom_token_types[ask->req.type].of_meeting) {
        return ZOOM_OK;
    }

    error = ngx_http_zoom_types_meeting(r, ctx, &meeting, why);

    if (error == ZOOM_OK) {
        ask->req.meeting = ngx_http_zoom_ngx_str(meeting.id);
    }

    /* Zoom demands a meeting only for types that no user answers for */

    if (!zoom_token_type_guarded(ask->req.type)) {
        return (error == ZOOM_E_NO_MEETING) ? ZOOM_OK : error;
    }

    if (error != ZOOM_OK) {
        return error;
    }

    ask->req.webinar = (meeting.webinar != 0);
    ask->req.bypass = (ask->req.type == ZOOM_LOCAL_RECORDING
                   && zlcf->bypass);

    return ngx_http_zoom_types_allowed(r, why);
}


static zoom_error_e
ngx_http_zoom_types_onbehalf(ngx_http_zoom_ask_t *ask, const char **why)
{
    switch (zoom_user_check(ngx_http_zoom_str(&ask->req.user))) {

    case ZOOM_USER_ID:
    case ZOOM_USER_EMAIL:
        return ZOOM_OK;

    case ZOOM_USER_EMPTY:
        *why = "a user of \"zoom_onbehalf\" is empty";
        return ZOOM_E_NO_USER;

    default:
        *why = "a user of \"zoom_onbehalf\" is neither a name nor an e-mail";
        ask->req.user.len = 0;
        return ZOOM_E_DENIED;
    }
}


static zoom_error_e
ngx_http_zoom_types_meeting(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_meeting_t *meeting, const char **why)
{
    u_char      *p;
    zoom_buf_t   b;
    zoom_str_t   link;

    link = ctx->callback.parsed->meeting_url;

    if (link.len == 0) {
        *why = ctx->callback.parsed->no_meeting;

        if (*why == NULL) {
            *why = "the callback names no meeting";
        }

        return ZOOM_E_NO_MEETING;
    }

    p = ngx_pnalloc(r->pool, link.len);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, link.len);

    if (zoom_meeting_read(meeting, link, &b) != 0) {
        *why = "the callback's meeting has no number that Zoom's have";
        return ZOOM_E_NO_MEETING;
    }

    /* nobody asks for the passcode, which stands behind the id */

    ngx_explicit_memzero(p + meeting->id.len, b.len - meeting->id.len);

    return ZOOM_OK;
}


static zoom_error_e
ngx_http_zoom_types_allowed(ngx_http_request_t *r, const char **why)
{
    ngx_str_t                        value;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ngx_str_null(&value);

    if (zlcf->allow_meeting
        && ngx_http_complex_value(r, zlcf->allow_meeting, &value) != NGX_OK)
    {
        *why = "\"zoom_allow_meeting\" could not be evaluated";
        return ZOOM_E_INTERNAL;
    }

    if (value.len == 0 || (value.len == 1 && value.data[0] == '0')) {
        *why = "\"zoom_allow_meeting\" does not allow it";
        return ZOOM_E_DENIED;
    }

    return ZOOM_OK;
}


/* Tokens that failed are left out, unless it is the ZAK, or the only one. */

zoom_error_e
ngx_http_zoom_types_lacking(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t            i, n;
    zoom_error_e          first;
    ngx_http_zoom_ask_t  *ask;

    n = 0;
    first = ZOOM_OK;

    for (i = 0; i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];

        if (ask->error == ZOOM_OK && ask->token.len == 0) {
            ask->error = ZOOM_E_INTERNAL;
        }

        if (ask->error == ZOOM_OK) {
            n++;
            continue;
        }

        if (ask->vital) {
            return ask->error;
        }

        first = first ? first : ask->error;
    }

    if (n == 0) {
        return first;
    }

    for (i = 0; first && i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];

        if (ask->error) {
            ngx_http_zoom_info(r, "zoom: the answer goes without \"%s\": %s",
                               zoom_token_types[ask->req.type].name,
                               zoom_error_info(ask->error)->name.data);
        }
    }

    return ZOOM_OK;
}


ngx_int_t
ngx_http_zoom_types_json(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t plain)
{
    size_t                      size;
    zoom_buf_t                  b;
    ngx_uint_t                  i, next;
    const ngx_str_t            *join, *list;
    const ngx_http_zoom_ask_t  *ask;

    join = ngx_http_zoom_types_join_token(ctx);

    if (join == NULL && !plain && ngx_http_zoom_types_wrap(ctx)) {
        return NGX_OK;
    }

    size = ngx_http_zoom_types_json_size(ctx, join);

    ctx->reply.answer.data = ngx_pnalloc(r->pool, size);
    if (ctx->reply.answer.data == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, ctx->reply.answer.data, size);

    zoom_buf_c(&b, "{");

    for (i = 0; i < ctx->batch.n; i = next) {
        ask = &ctx->batch.asks[i];
        next = ngx_http_zoom_types_next(ctx, i);
        list = ngx_http_zoom_types_brought(ctx, ask->req.type);

        if (list) {
            ngx_http_zoom_types_member(&b,
                                       zoom_token_types[ask->req.type].member,
                                       list);

        } else {
            ngx_http_zoom_types_list(&b, ctx, i, next);
        }

        if (plain) {
            ngx_http_zoom_types_member(&b,
                                       zoom_token_types[ask->req.type].plain,
                                       ngx_http_zoom_types_any(ctx, i, next));
        }
    }

    ngx_http_zoom_types_member(&b, "join_token", join);

    zoom_buf_c(&b, "}");

    ctx->reply.answer.len = b.len;

    return b.overflow ? NGX_ERROR : NGX_OK;
}


/*
 * One token that has come from the broker becomes the answer where it lies: a
 * copy would have to be wiped as well.  0: it is not that simple.
 */

static ngx_uint_t
ngx_http_zoom_types_wrap(ngx_http_zoom_ctx_t *ctx)
{
    u_char               *p;
    size_t                len;
    const char           *member;
    ngx_http_zoom_ask_t  *ask;

    ask = &ctx->batch.asks[0];

    if (ctx->batch.n != 1 || ask->before == 0 || ask->token.len == 0
        || ngx_http_zoom_types_brought(ctx, ask->req.type))
    {
        return 0;
    }

    member = zoom_token_types[ask->req.type].member;
    len = ask->before - (sizeof("{\"\":\"") - 1);

    ctx->reply.answer.data = ask->token.data - ask->before;
    ctx->reply.answer.len = ask->before + ask->token.len + ask->after;

    p = ngx_cpymem(ctx->reply.answer.data, "{\"", 2);
    p = ngx_cpymem(p, member, len);
    ngx_memcpy(p, "\":\"", 3);

    ngx_memcpy(ask->token.data + ask->token.len, "\"}", 2);

    ngx_str_null(&ask->token);

    return 1;
}


static size_t
ngx_http_zoom_types_json_size(const ngx_http_zoom_ctx_t *ctx,
    const ngx_str_t *join)
{
    size_t                      size;
    ngx_uint_t                  i;
    const ngx_str_t            *list;
    const ngx_http_zoom_ask_t  *ask;

    size = sizeof("{}") - 1;

    for (i = 0; i < ctx->batch.n; i++) {
        ask = &ctx->batch.asks[i];
        list = ngx_http_zoom_types_brought(ctx, ask->req.type);

        size += ask->token.len + (list ? list->len : ask->token.len)
                + 2 * sizeof(",\"live_streaming_token_and_more\":\"\"");
    }

    return size + (join ? join->len + sizeof(",\"join_token\":\"\"") : 0);
}


/* Where the asks of the next type begin. */

static ngx_uint_t
ngx_http_zoom_types_next(const ngx_http_zoom_ctx_t *ctx, ngx_uint_t i)
{
    zoom_token_type_e  type;

    type = ctx->batch.asks[i].req.type;

    while (i < ctx->batch.n && ctx->batch.asks[i].req.type == type) {
        i++;
    }

    return i;
}


/* All there are, in their order: Attendee tries one after another. */

static void
ngx_http_zoom_types_list(zoom_buf_t *b, const ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t i, ngx_uint_t end)
{
    ngx_uint_t        n;
    const ngx_str_t  *token;

    n = 0;

    for ( /* void */ ; i < end; i++) {
        token = &ctx->batch.asks[i].token;

        if (token->len == 0) {
            continue;
        }

        if (n++) {
            zoom_buf_c(b, ",");

        } else {
            zoom_buf_c(b, (b->len > 1) ? ",\"" : "\"");
            zoom_buf_c(b, zoom_token_types[ctx->batch.asks[i].req.type].member);
            zoom_buf_c(b, "\":\"");
        }

        zoom_buf_add(b, token->data, token->len);
    }

    if (n) {
        zoom_buf_c(b, "\"");
    }
}


static const ngx_str_t *
ngx_http_zoom_types_any(const ngx_http_zoom_ctx_t *ctx, ngx_uint_t i,
    ngx_uint_t end)
{
    for ( /* void */ ; i < end; i++) {
        if (ctx->batch.asks[i].token.len) {
            return &ctx->batch.asks[i].token;
        }
    }

    return NULL;
}


const ngx_str_t *
ngx_http_zoom_types_one(const ngx_http_zoom_ctx_t *ctx)
{
    return ngx_http_zoom_types_any(ctx, 0, ctx->batch.n);
}


/* A token's alphabet needs no escapes. */

static void
ngx_http_zoom_types_member(zoom_buf_t *b, const char *name,
    const ngx_str_t *token)
{
    if (name == NULL || token == NULL || token->len == 0) {
        return;
    }

    zoom_buf_c(b, (b->len > 1) ? ",\"" : "\"");
    zoom_buf_c(b, name);
    zoom_buf_c(b, "\":\"");
    zoom_buf_add(b, token->data, token->len);
    zoom_buf_c(b, "\"");
}
