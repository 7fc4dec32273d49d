#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_kind.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_types.h"
#include "zoom_error.h"
#include "zoom_meeting.h"


static ngx_int_t ngx_http_zoom_types_find(const ngx_str_t *name,
    ngx_http_zoom_kind_e *kind);
static ngx_uint_t ngx_http_zoom_types_guard(ngx_http_zoom_kind_e kind);
static ngx_uint_t ngx_http_zoom_types_bit(ngx_http_zoom_kind_e kind);
static ngx_str_t *ngx_http_zoom_types_brought(const ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_kind_e kind);
static zoom_error_e ngx_http_zoom_types_ask(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, ngx_http_zoom_ask_t *ask, const char **why);
static zoom_error_e ngx_http_zoom_types_meeting(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_meeting_t *meeting, const char **why);
static zoom_error_e ngx_http_zoom_types_allowed(ngx_http_request_t *r,
    const char **why);


/* By kind: in the answer, and in that to MeetStream. */

static const struct {
    const char  *name;
    const char  *plain;
} ngx_http_zoom_type_members[NGX_HTTP_ZOOM_NKINDS] = {
    { NULL, NULL },
    { "zak_token", "zak" },
    { "onbehalf_token", "obf" },
    { "app_privilege_token", NULL },
    { "live_streaming_token", NULL },
    { "local_archiving_token", NULL }
};


char *
ngx_http_zoom_set_types(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t             *value;
    ngx_uint_t             i;
    ngx_http_zoom_kind_e   kind, *type;

    if (zlcf->types != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    zlcf->types = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                   sizeof(ngx_http_zoom_kind_e));
    if (zlcf->types == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "none") == 0) {
        return NGX_CONF_OK;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (ngx_http_zoom_types_find(&value[i], &kind) != NGX_OK) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown token type \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        if (ngx_http_zoom_types_have(zlcf->types, kind)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate token type \"%V\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        type = ngx_array_push(zlcf->types);
        if (type == NULL) {
            return NGX_CONF_ERROR;
        }

        *type = kind;
    }

    return NGX_CONF_OK;
}


ngx_array_t *
ngx_http_zoom_types_default(ngx_conf_t *cf)
{
    ngx_array_t           *types;
    ngx_http_zoom_kind_e  *type;

    types = ngx_array_create(cf->pool, 1, sizeof(ngx_http_zoom_kind_e));
    if (types == NULL) {
        return NULL;
    }

    type = ngx_array_push(types);
    if (type == NULL) {
        return NULL;
    }

    *type = NGX_HTTP_ZOOM_ZAK;

    return types;
}


ngx_http_zoom_kind_e
ngx_http_zoom_types_kind(const ngx_str_t *name)
{
    ngx_http_zoom_kind_e  kind;

    return (ngx_http_zoom_types_find(name, &kind) == NGX_OK)
           ? kind : NGX_HTTP_ZOOM_NKINDS;
}


/* The access token is none that a bot could join with. */

static ngx_int_t
ngx_http_zoom_types_find(const ngx_str_t *name, ngx_http_zoom_kind_e *kind)
{
    ngx_uint_t   i;
    const char  *p;

    for (i = NGX_HTTP_ZOOM_ZAK; i < NGX_HTTP_ZOOM_NKINDS; i++) {
        p = ngx_http_zoom_kind_names[i];

        if (ngx_strlen(p) == name->len
            && ngx_strncmp(p, name->data, name->len) == 0)
        {
            *kind = i;
            return NGX_OK;
        }
    }

    return NGX_DECLINED;
}


ngx_uint_t
ngx_http_zoom_types_of_user(const ngx_array_t *types)
{
    ngx_uint_t             i;
    ngx_http_zoom_kind_e  *type;

    type = types->elts;

    for (i = 0; i < types->nelts; i++) {
        if (ngx_http_zoom_kind_of_user(type[i])) {
            return 1;
        }
    }

    return 0;
}


ngx_uint_t
ngx_http_zoom_types_have(const ngx_array_t *types, ngx_http_zoom_kind_e kind)
{
    ngx_uint_t             i;
    ngx_http_zoom_kind_e  *type;

    type = types->elts;

    for (i = 0; i < types->nelts; i++) {
        if (type[i] == kind) {
            return 1;
        }
    }

    return 0;
}


const char *
ngx_http_zoom_types_guarded(const ngx_array_t *types)
{
    ngx_uint_t             i;
    ngx_http_zoom_kind_e  *type;

    type = types->elts;

    for (i = 0; i < types->nelts; i++) {
        if (ngx_http_zoom_types_guard(type[i])) {
            return ngx_http_zoom_kind_names[type[i]];
        }
    }

    return NULL;
}


/* No user stands for it: it opens any meeting of the account. */

static ngx_uint_t
ngx_http_zoom_types_guard(ngx_http_zoom_kind_e kind)
{
    return ngx_http_zoom_kind_of_meeting(kind)
           && !ngx_http_zoom_kind_of_user(kind);
}


zoom_error_e
ngx_http_zoom_types_choose(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t single)
{
    ngx_str_t                        value;
    ngx_uint_t                       i, n;
    ngx_http_zoom_kind_e             kind, *type;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    static ngx_str_t  name = ngx_string("type");

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    type = zlcf->types->elts;

    if (!single) {
        for (i = 0; i < zlcf->types->nelts; i++) {
            ctx->types[i] = type[i];
        }

        ctx->ntypes = zlcf->types->nelts;

        return ZOOM_OK;
    }

    kind = type[0];

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value);

    if (n > 1) {
        return ZOOM_E_BAD_TYPE;
    }

    if (n && (ngx_http_zoom_types_find(&value, &kind) != NGX_OK
              || !ngx_http_zoom_types_have(zlcf->types, kind)))
    {
        return ZOOM_E_BAD_TYPE;
    }

    ctx->types[0] = kind;
    ctx->ntypes = 1;

    return ZOOM_OK;
}


void
ngx_http_zoom_types_choose_users(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t                       i;
    ngx_http_zoom_kind_e            *type;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    type = zlcf->types->elts;

    for (i = 0; i < zlcf->types->nelts; i++) {
        if (ngx_http_zoom_kind_of_user(type[i])) {
            ctx->types[ctx->ntypes++] = type[i];
        }
    }
}


zoom_error_e
ngx_http_zoom_types_routed(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t single, const char **why)
{
    ngx_str_t                        value;
    ngx_uint_t                       i, n, chosen;
    ngx_http_zoom_kind_e             list[NGX_HTTP_ZOOM_NKINDS];
    const ngx_http_zoom_loc_conf_t  *zlcf;

    static ngx_str_t  name = ngx_string("type");

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    n = 0;

    for (i = NGX_HTTP_ZOOM_ZAK; i < NGX_HTTP_ZOOM_NKINDS; i++) {

        chosen = (ctx->route->types >> ngx_http_zoom_types_bit(i)) & 1;

        if (chosen && !ngx_http_zoom_types_have(zlcf->types, i)) {
            *why = "the route chose a type that is not in \"zoom_types\"";
            return ZOOM_E_ROUTE_FAILED;
        }

        if (chosen || ngx_http_zoom_types_brought(ctx, i)) {
            list[n++] = i;
        }
    }

    if (n == 0) {
        return ZOOM_OK;
    }

    if (!single) {
        ngx_memcpy(ctx->types, list, n * sizeof(ngx_http_zoom_kind_e));
        ctx->ntypes = n;
        return ZOOM_OK;
    }

    if (ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value) == 0)
    {
        ctx->types[0] = list[0];
        return ZOOM_OK;
    }

    for (i = 0; i < n; i++) {
        if (list[i] == ctx->types[0]) {
            return ZOOM_OK;
        }
    }

    *why = "the route gives no token of this type";

    return ZOOM_E_BAD_TYPE;
}


/* The bits of a route are those of all kinds but the access token. */

static ngx_uint_t
ngx_http_zoom_types_bit(ngx_http_zoom_kind_e kind)
{
    return kind - NGX_HTTP_ZOOM_ZAK;
}


/* The token of that kind that the route brings, or NULL. */

static ngx_str_t *
ngx_http_zoom_types_brought(const ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_kind_e kind)
{
    ngx_str_t  *token;

    if (ctx->route == NULL) {
        return NULL;
    }

    token = &ctx->route->tokens[ngx_http_zoom_types_bit(kind)];

    return token->len ? token : NULL;
}


ngx_uint_t
ngx_http_zoom_types_need_user(const ngx_http_zoom_ctx_t *ctx)
{
    ngx_uint_t  i;

    for (i = 0; i < ctx->ntypes; i++) {
        if (ngx_http_zoom_kind_of_user(ctx->types[i])
            && ngx_http_zoom_types_brought(ctx, ctx->types[i]) == NULL)
        {
            return 1;
        }
    }

    return 0;
}


zoom_error_e
ngx_http_zoom_types_plan(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char **why)
{
    ngx_uint_t            i, any;
    const char           *reason;
    zoom_error_e          first;
    ngx_http_zoom_ask_t  *ask;

    if (ngx_http_zoom_batch_init(&ctx->batch, r->pool, ctx->ntypes)
        != NGX_OK)
    {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    any = 0;
    first = ZOOM_OK;
    reason = NULL;

    for (i = 0; i < ctx->ntypes; i++) {
        ask = ngx_http_zoom_batch_add(&ctx->batch, r->pool, ctx->types[i]);

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


static zoom_error_e
ngx_http_zoom_types_ask(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_http_zoom_ask_t *ask, const char **why)
{
    ngx_str_t                       *token;
    zoom_error_e                     error;
    zoom_meeting_t                   meeting;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    ask->account = ctx->account;

    token = ngx_http_zoom_types_brought(ctx, ask->kind);

    if (token) {
        ask->token = *token;
        return ZOOM_OK;
    }

    if (ngx_http_zoom_kind_of_user(ask->kind)) {
        ask->user = ctx->user;
        ask->ttl = (ctx->route && ctx->route->ttl) ? ctx->route->ttl
                                                   : zlcf->ttl;
    }

    if (ask->kind == NGX_HTTP_ZOOM_ZAK) {
        ask->reuse = zlcf->reuse;
        ask->min_left = zlcf->min_left;
        ask->use_stale = zlcf->use_stale;
        ask->vital = 1;
    }

    if (!ngx_http_zoom_kind_of_meeting(ask->kind)) {
        return ZOOM_OK;
    }

    error = ngx_http_zoom_types_meeting(r, ctx, &meeting, why);

    if (error != ZOOM_OK) {
        return error;
    }

    ask->meeting = ngx_http_zoom_ngx_str(meeting.id);

    if (!ngx_http_zoom_types_guard(ask->kind)) {
        return ZOOM_OK;
    }

    ask->webinar = (meeting.webinar != 0);
    ask->bypass = (ask->kind == NGX_HTTP_ZOOM_LOCAL_RECORDING
                   && zlcf->bypass);

    return ngx_http_zoom_types_allowed(r, why);
}


static zoom_error_e
ngx_http_zoom_types_meeting(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    zoom_meeting_t *meeting, const char **why)
{
    int          rc;
    u_char      *p;
    zoom_buf_t   b;
    zoom_str_t   link;

    link = ctx->callback->meeting_url;

    if (link.len == 0) {
        *why = "the callback names no meeting";
        return ZOOM_E_NO_MEETING;
    }

    p = ngx_pnalloc(r->pool, link.len);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, link.len);

    rc = zoom_meeting_read(meeting, link, &b);

    /* nobody asks for the passcode */

    ngx_explicit_memzero(p, b.len);

    if (rc != 0) {
        *why = "the callback's meeting has no number that Zoom's have";
        return ZOOM_E_NO_MEETING;
    }

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


/* What failed goes without, unless it is the ZAK or all there is. */

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
            ngx_log_error(NGX_LOG_INFO, r->connection->log, 0,
                          "zoom: the answer goes without \"%s\": %s",
                          ngx_http_zoom_kind_names[ask->kind],
                          zoom_error_info(ask->error)->name.data);
        }
    }

    return ZOOM_OK;
}


ngx_int_t
ngx_http_zoom_types_json(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    ngx_uint_t plain)
{
    size_t       size;
    ngx_str_t   *token;
    zoom_buf_t   b;
    ngx_uint_t   i, j;
    const char  *names[2];

    size = sizeof("{}") - 1;

    for (i = 0; i < ctx->batch.n; i++) {
        size += 2 * (ctx->batch.asks[i].token.len
                     + sizeof(",\"live_streaming_token_and_more\":\"\""));
    }

    ctx->answer.data = ngx_pnalloc(r->pool, size);
    if (ctx->answer.data == NULL) {
        return NGX_ERROR;
    }

    /* a token's alphabet needs no escapes */

    zoom_buf_init(&b, ctx->answer.data, size);

    zoom_buf_c(&b, "{");

    for (i = 0; i < ctx->batch.n; i++) {
        token = &ctx->batch.asks[i].token;

        names[0] = ngx_http_zoom_type_members[ctx->types[i]].name;
        names[1] = ngx_http_zoom_type_members[ctx->types[i]].plain;

        for (j = 0; token->len && j < (plain ? 2 : 1); j++) {

            if (names[j] == NULL) {
                continue;
            }

            zoom_buf_c(&b, (b.len > 1) ? ",\"" : "\"");
            zoom_buf_c(&b, names[j]);
            zoom_buf_c(&b, "\":\"");
            zoom_buf_add(&b, token->data, token->len);
            zoom_buf_c(&b, "\"");
        }
    }

    zoom_buf_c(&b, "}");

    ctx->answer.len = b.len;

    return b.overflow ? NGX_ERROR : NGX_OK;
}
