/*
 * The variables.  None of them ever holds a token.
 *
 * A callback variable that is read before the callback is authenticated and
 * parsed is empty, and marks the request: what was decided on it (a map keeps
 * its result) was decided on nothing.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_events.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_pooled.h"
#include "ngx_http_zoom_variables.h"
#include "zoom_meeting.h"


#define NGX_HTTP_ZOOM_METADATA  "zoom_metadata_"

#define NGX_HTTP_ZOOM_WORD_MAX  ZOOM_TRACKING_ID_MAX


/* What stands where a word is missing. */

typedef enum {
    NGX_HTTP_ZOOM_LIST_ALWAYS = 0,   /* "-" */
    NGX_HTTP_ZOOM_LIST_FULL,         /* "-", unless all are missing */
    NGX_HTTP_ZOOM_LIST_SPARSE        /* nothing */
} ngx_http_zoom_list_e;


/* Writes what there is to tell of an ask; NULL: nothing. */

typedef u_char *(*ngx_http_zoom_word_pt)(u_char *p,
    const ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_ask_t *ask);


static ngx_http_zoom_ctx_t *ngx_http_zoom_variable_ctx(ngx_http_request_t *r,
    const ngx_str_t *name);
static ngx_int_t ngx_http_zoom_variable_callback(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_meeting_url(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_meeting_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_metadata(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_pool_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_pool_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_token_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_limit_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_mint_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_tracking_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_event(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_event_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_webhook_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_list(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_http_zoom_word_pt word,
    ngx_http_zoom_list_e list);
static u_char *ngx_http_zoom_word_status(u_char *p,
    const ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_ask_t *ask);
static u_char *ngx_http_zoom_word_limit(u_char *p,
    const ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_ask_t *ask);
static u_char *ngx_http_zoom_word_error(u_char *p,
    const ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_ask_t *ask);
static u_char *ngx_http_zoom_word_time(u_char *p,
    const ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_ask_t *ask);
static u_char *ngx_http_zoom_word_tracking_id(u_char *p,
    const ngx_http_zoom_ctx_t *ctx, const ngx_http_zoom_ask_t *ask);


/* "data" of the first ones is where the string is in the context. */

/* by ngx_http_zoom_limit_e */

static ngx_str_t  ngx_http_zoom_quota[] = {
    ngx_null_string,
    ngx_string("PASSED"),
    ngx_string("DELAYED"),
    ngx_string("REJECTED"),
    ngx_string("DELAYED_DRY_RUN"),
    ngx_string("REJECTED_DRY_RUN")
};


static ngx_http_variable_t  ngx_http_zoom_variables[] = {

    { ngx_string("zoom_caller"), NULL, ngx_http_zoom_variable_callback,
      offsetof(ngx_http_zoom_ctx_t, auth.caller),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_scheme"), NULL, ngx_http_zoom_variable_callback,
      offsetof(ngx_http_zoom_ctx_t, auth.scheme),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_bot_id"), NULL, ngx_http_zoom_variable_callback,
      offsetof(ngx_http_zoom_ctx_t, callback.bot_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_meeting_url"), NULL,
      ngx_http_zoom_variable_meeting_url,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_meeting_id"), NULL, ngx_http_zoom_variable_meeting_id,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string(NGX_HTTP_ZOOM_METADATA), NULL,
      ngx_http_zoom_variable_metadata,
      0, NGX_HTTP_VAR_NOCACHEABLE|NGX_HTTP_VAR_PREFIX, 0 },

    { ngx_string("zoom_user"), NULL, ngx_http_zoom_variable_user,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_pool_user"), NULL, ngx_http_zoom_variable_pool_user,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_pool_status"), NULL, ngx_http_zoom_variable_pool_status,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_token_status"), NULL,
      ngx_http_zoom_variable_token_status,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_limit_status"), NULL,
      ngx_http_zoom_variable_limit_status,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_error"), NULL, ngx_http_zoom_variable_error,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_mint_time"), NULL, ngx_http_zoom_variable_mint_time,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_tracking_id"), NULL,
      ngx_http_zoom_variable_tracking_id,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_event"), NULL, ngx_http_zoom_variable_event,
      offsetof(zoom_event_t, name),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_event_id"), NULL, ngx_http_zoom_variable_event_id,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_event_meeting_id"), NULL,
      ngx_http_zoom_variable_event,
      offsetof(zoom_event_t, meeting_id),
      NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_webhook_status"), NULL,
      ngx_http_zoom_variable_webhook_status,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


ngx_int_t
ngx_http_zoom_variables_add(ngx_conf_t *cf)
{
    return ngx_http_zoom_variables_of(cf, ngx_http_zoom_variables);
}


ngx_int_t
ngx_http_zoom_variables_of(ngx_conf_t *cf, ngx_http_variable_t *v)
{
    ngx_http_variable_t  *var;

    for ( /* void */ ; v->name.len; v++) {

        var = ngx_http_add_variable(cf, &v->name, v->flags);
        if (var == NULL) {
            return NGX_ERROR;
        }

        var->get_handler = v->get_handler;

        /* a prefix variable gets the name that was asked for instead */

        var->data = (uintptr_t) v;
    }

    return NGX_OK;
}


/* NULL, and the request marked, if it is too soon to tell. */

static ngx_http_zoom_ctx_t *
ngx_http_zoom_variable_ctx(ngx_http_request_t *r, const ngx_str_t *name)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx && ctx->ready) {
        return ctx;
    }

    /* an answer is on its way, as when a log is written */

    if (r->main->header_sent) {
        return NULL;
    }

    if (ctx == NULL) {
        ctx = ngx_http_zoom_ctx_make(r);
    }

    if (ctx && ctx->early.len == 0) {
        ctx->early = *name;
    }

    return NULL;
}


static ngx_int_t
ngx_http_zoom_variable_callback(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_variable_t  *var = (ngx_http_variable_t *) data;

    ngx_str_t            *s;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_variable_ctx(r, &var->name);

    if (ctx == NULL) {
        ngx_http_zoom_variable_set(v, "", 0);
        return NGX_OK;
    }

    s = (ngx_str_t *) ((u_char *) ctx + var->data);

    ngx_http_zoom_variable_set(v, s->data, s->len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_meeting_url(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_variable_t  *var = (ngx_http_variable_t *) data;

    u_char               *p;
    size_t                size;
    zoom_buf_t            b;
    ngx_http_zoom_ctx_t  *ctx;

    ngx_http_zoom_variable_set(v, "", 0);

    ctx = ngx_http_zoom_variable_ctx(r, &var->name);

    if (ctx == NULL || ctx->callback.parsed->meeting_url.len == 0) {
        return NGX_OK;
    }

    size = zoom_meeting_mask_size(ctx->callback.parsed->meeting_url.len);

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, p, size);
    zoom_meeting_mask(&b, ctx->callback.parsed->meeting_url);

    if (!b.overflow) {
        ngx_http_zoom_variable_set(v, b.data, b.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_meeting_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_variable_t  *var = (ngx_http_variable_t *) data;

    u_char               *p;
    zoom_buf_t            b;
    ngx_http_zoom_ctx_t  *ctx;

    ngx_http_zoom_variable_set(v, "", 0);

    ctx = ngx_http_zoom_variable_ctx(r, &var->name);

    if (ctx == NULL || ctx->callback.parsed->meeting_url.len == 0) {
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, ZOOM_MEETING_ID_MAX);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(&b, p, ZOOM_MEETING_ID_MAX);

    if (zoom_meeting_id(ctx->callback.parsed->meeting_url, &b) == 0) {
        ngx_http_zoom_variable_set(v, b.data, b.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_metadata(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t  *name = (ngx_str_t *) data;

    zoom_str_t            member;
    const zoom_str_t     *value;
    ngx_http_zoom_ctx_t  *ctx;

    ngx_http_zoom_variable_set(v, "", 0);

    ctx = ngx_http_zoom_variable_ctx(r, name);

    if (ctx == NULL) {
        return NGX_OK;
    }

    member.data = name->data + sizeof(NGX_HTTP_ZOOM_METADATA) - 1;
    member.len = name->len - (sizeof(NGX_HTTP_ZOOM_METADATA) - 1);

    value = zoom_callback_metadata(ctx->callback.parsed, member);

    if (value) {
        ngx_http_zoom_variable_set(v, value->data, value->len);
    }

    return NGX_OK;
}


/* The rest is for the log. */

static ngx_int_t
ngx_http_zoom_variable_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx == NULL || ctx->target.user.len == 0) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_zoom_variable_set(v, ctx->target.user.data, ctx->target.user.len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_pool_user(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx && ctx->target.pooled) {
        ngx_http_zoom_variable_set(v, ctx->target.user.data,
                                   ctx->target.user.len);
    } else {
        ngx_http_zoom_variable_set(v, "", 0);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_pool_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_str_t      *status;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);
    status = ctx ? ngx_http_zoom_pooled_status(ctx->target.pooled) : NULL;

    if (status) {
        ngx_http_zoom_variable_set(v, status->data, status->len);

    } else {
        ngx_http_zoom_variable_set(v, "-", 1);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_token_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    return ngx_http_zoom_variable_list(r, v, ngx_http_zoom_word_status,
                                       NGX_HTTP_ZOOM_LIST_ALWAYS);
}


/* As nginx's own limiters do it: nothing where nothing was limited. */

static ngx_int_t
ngx_http_zoom_variable_limit_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_str_t             *word;
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    if (pass) {
        word = &ngx_http_zoom_quota[pass->call.slot.limit];

        ngx_http_zoom_variable_set(v, word->data, word->len);
        v->not_found = (word->len == 0);

        return NGX_OK;
    }

    return ngx_http_zoom_variable_list(r, v, ngx_http_zoom_word_limit,
                                       NGX_HTTP_ZOOM_LIST_FULL);
}


/* Why the request failed, else what its answer lacks. */

static ngx_int_t
ngx_http_zoom_variable_error(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_zoom_ctx_t      *ctx;
    const zoom_error_info_t  *info;

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx && ctx->reply.error) {
        info = zoom_error_info(ctx->reply.error);
        ngx_http_zoom_variable_set(v, info->name.data, info->name.len);
        return NGX_OK;
    }

    return ngx_http_zoom_variable_list(r, v, ngx_http_zoom_word_error,
                                       NGX_HTTP_ZOOM_LIST_SPARSE);
}


static ngx_int_t
ngx_http_zoom_variable_mint_time(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    return ngx_http_zoom_variable_list(r, v, ngx_http_zoom_word_time,
                                       NGX_HTTP_ZOOM_LIST_ALWAYS);
}


static ngx_int_t
ngx_http_zoom_variable_tracking_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                       len;
    const u_char                *id;
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    if (pass) {
        id = pass->call.verdict.tracking_id;
        len = ngx_strlen(id);

        ngx_http_zoom_variable_set(v, id, len);
        v->not_found = (len == 0);

        return NGX_OK;
    }

    return ngx_http_zoom_variable_list(r, v, ngx_http_zoom_word_tracking_id,
                                       NGX_HTTP_ZOOM_LIST_FULL);
}


/* Of a webhook whose signature holds. */

static ngx_int_t
ngx_http_zoom_variable_event(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_variable_t  *var = (ngx_http_variable_t *) data;

    zoom_str_t           *s;
    ngx_http_zoom_ctx_t  *ctx;

    ngx_http_zoom_variable_set(v, "", 0);

    ctx = ngx_http_zoom_variable_ctx(r, &var->name);

    if (ctx && ctx->delivery && ctx->delivery->read) {
        s = (zoom_str_t *) ((u_char *) &ctx->delivery->event + var->data);

        ngx_http_zoom_variable_set(v, s->data, s->len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_event_id(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_http_variable_t  *var = (ngx_http_variable_t *) data;

    ngx_http_zoom_ctx_t  *ctx;

    ngx_http_zoom_variable_set(v, "", 0);

    ctx = ngx_http_zoom_variable_ctx(r, &var->name);

    if (ctx && ctx->delivery && ctx->delivery->read) {
        ngx_http_zoom_variable_set(v, ctx->delivery->id.data,
                                   ctx->delivery->id.len);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_webhook_status(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_str_t            *word;
    ngx_http_zoom_ctx_t        *ctx;

    ctx = ngx_http_zoom_ctx_get(r);

    if (ctx == NULL || ctx->delivery == NULL
        || ctx->delivery->result == NGX_HTTP_ZOOM_EVENT_NONE)
    {
        v->not_found = 1;
        return NGX_OK;
    }

    word = &ngx_http_zoom_event_words[ctx->delivery->result];

    ngx_http_zoom_variable_set(v, word->data, word->len);

    return NGX_OK;
}


/* One word for each type of token, separated as those of upstreams are. */

static ngx_int_t
ngx_http_zoom_variable_list(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, ngx_http_zoom_word_pt word,
    ngx_http_zoom_list_e list)
{
    u_char               *p, *q, *start;
    ngx_uint_t            i, any;
    ngx_http_zoom_ctx_t  *ctx;

    ctx = ngx_http_zoom_ctx_get(r);
    any = (list == NGX_HTTP_ZOOM_LIST_ALWAYS);

    if (ctx == NULL || !ctx->asked || ctx->batch.waiting) {
        ngx_http_zoom_variable_set(v, "-", 1);
        v->not_found = !any;
        return NGX_OK;
    }

    p = ngx_pnalloc(r->pool, ctx->batch.n * (NGX_HTTP_ZOOM_WORD_MAX + 2));
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_variable_set(v, p, 0);

    for (i = 0; i < ctx->batch.n; i++) {
        start = p;

        if (p != v->data) {
            *p++ = ',';
            *p++ = ' ';
        }

        q = word(p, ctx, &ctx->batch.asks[i]);

        if (q) {
            any = 1;
            p = q;

        } else if (list == NGX_HTTP_ZOOM_LIST_SPARSE) {
            p = start;

        } else {
            *p++ = '-';
        }
    }

    v->len = p - v->data;
    v->not_found = !any;

    return NGX_OK;
}


static u_char *
ngx_http_zoom_word_status(u_char *p, const ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask)
{
    ngx_str_t  *s;

    if (ctx->reply.error || ask->status == NGX_HTTP_ZOOM_STATUS_NONE) {
        return NULL;
    }

    s = &ngx_http_zoom_token_statuses[ask->status];

    return ngx_cpymem(p, s->data, s->len);
}


static u_char *
ngx_http_zoom_word_limit(u_char *p, const ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask)
{
    ngx_str_t  *s;

    if (ask->limit == NGX_HTTP_ZOOM_LIMIT_NONE) {
        return NULL;
    }

    s = &ngx_http_zoom_quota[ask->limit];

    return ngx_cpymem(p, s->data, s->len);
}


static u_char *
ngx_http_zoom_word_error(u_char *p, const ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask)
{
    const zoom_error_info_t  *info;

    if (ask->error == ZOOM_OK) {
        return NULL;
    }

    info = zoom_error_info(ask->error);

    return ngx_cpymem(p, info->name.data, info->name.len);
}


static u_char *
ngx_http_zoom_word_time(u_char *p, const ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask)
{
    if (ask->status != NGX_HTTP_ZOOM_STATUS_MISS
        && ask->status != NGX_HTTP_ZOOM_STATUS_SHARED)
    {
        return NULL;
    }

    return ngx_sprintf(p, "%T.%03M", (time_t) ask->mint_time / 1000,
                       ask->mint_time % 1000);
}


static u_char *
ngx_http_zoom_word_tracking_id(u_char *p, const ngx_http_zoom_ctx_t *ctx,
    const ngx_http_zoom_ask_t *ask)
{
    if (ask->tracking_id[0] == '\0') {
        return NULL;
    }

    return ngx_cpymem(p, ask->tracking_id, ngx_strlen(ask->tracking_id));
}


void
ngx_http_zoom_variable_set(ngx_http_variable_value_t *v, const void *data,
    size_t len)
{
    v->data = (u_char *) data;
    v->len = len;
    v->valid = 1;
    v->no_cacheable = 1;
    v->not_found = 0;
}
