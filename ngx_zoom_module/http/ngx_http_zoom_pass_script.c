/*
 * What a script says of a request that the gateway is to pass: zoom_allow has
 * decided by then, and nothing of a body has been read.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_route.h"
#include "ngx_http_zoom_str.h"


#define NGX_HTTP_ZOOM_PASS_REASON  200

/* the names of an endpoint and its scopes */

#define NGX_HTTP_ZOOM_PASS_WORDS                                              \
    (ZOOM_ENDPOINT_MAX + NGX_HTTP_ZOOM_PASS_SCOPES)


static void ngx_http_zoom_pass_scripted(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static zoom_error_e ngx_http_zoom_pass_verdict(ngx_http_zoom_pass_t *pass,
    const char **why);
static zoom_error_e ngx_http_zoom_pass_forbid(ngx_http_zoom_pass_t *pass,
    const ngx_str_t *reason);


/* until the next one */

static zoom_path_t  ngx_http_zoom_pass_script_path;


ngx_int_t
ngx_http_zoom_pass_script(ngx_http_zoom_pass_t *pass)
{
    ngx_http_request_t  *r;

    r = pass->request;

    /* a script that sees only part of it might allow the rest */

    pass->words = ngx_pnalloc(r->pool, NGX_HTTP_ZOOM_PASS_WORDS);

    if (pass->words == NULL) {
        return ngx_http_zoom_reply_error(r, pass->ctx, ZOOM_E_INTERNAL,
                                         "no memory");
    }

    r->main->count++;

    ngx_http_zoom_route_find(r, pass->ctx, ngx_http_zoom_pass_scripted);

    return NGX_DONE;
}


/* At once, or later from the event loop. */

static void
ngx_http_zoom_pass_scripted(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    const char    *why;
    zoom_error_e   error;

    why = NULL;

    error = ngx_http_zoom_pass_verdict(ctx->pass, &why);

    ngx_http_finalize_request(r, ngx_http_zoom_pass_decided(ctx->pass, error,
                                                            why));
}


static zoom_error_e
ngx_http_zoom_pass_verdict(ngx_http_zoom_pass_t *pass, const char **why)
{
    const ngx_http_zoom_target_t  *target;

    target = &pass->ctx->target;

    if (target->route_error == ZOOM_OK) {

        if (pass->policy == NGX_HTTP_ZOOM_POLICY_ALLOW) {
            return ZOOM_OK;
        }

        if (!target->route->allow) {
            return ZOOM_E_DENIED;
        }

        /* of a path that is not published a script does not know enough */

        pass->consent = 1;
        ngx_str_null(&pass->denial);

        return ngx_http_zoom_pass_decide(pass, why);
    }

    pass->policy = NGX_HTTP_ZOOM_POLICY_DENY;
    pass->scripted = 1;

    if (target->route_error == ZOOM_E_DENIED) {
        return ngx_http_zoom_pass_forbid(pass, &target->route->reason);
    }

    ngx_str_null(&pass->denial);
    *why = "\"zoom_allow_by_lua_file\" failed";

    return target->route_error;
}


/* The reason goes into an answer and a log as it is, so it is made plain. */

static zoom_error_e
ngx_http_zoom_pass_forbid(ngx_http_zoom_pass_t *pass, const ngx_str_t *reason)
{
    size_t       i, size;
    u_char      *p, c;
    zoom_buf_t   b;

    size = pass->ctx->auth.caller.len + ZOOM_ENDPOINT_MAX
           + NGX_HTTP_ZOOM_PASS_REASON + sizeof(" may not : ");

    p = ngx_pnalloc(pass->request->pool, size);
    if (p == NULL) {
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, size - 1);

    zoom_buf_str(&b, ngx_http_zoom_str(&pass->ctx->auth.caller));
    zoom_buf_c(&b, " may not ");

    if (pass->endpoint) {
        zoom_endpoint_name(&b, pass->endpoint);

    } else {
        zoom_buf_c(&b, zoom_method_name(pass->method));
        zoom_buf_c(&b, " this path");
    }

    for (i = 0; i < ngx_min(reason->len, NGX_HTTP_ZOOM_PASS_REASON); i++) {
        c = reason->data[i];

        if (c < ' ' || c > '~' || c == '"' || c == '\\') {
            c = '?';
        }

        zoom_buf_c(&b, i ? "" : ": ");
        zoom_buf_add(&b, &c, 1);
    }

    b.data[b.len] = '\0';

    pass->denial.data = b.data;
    pass->denial.len = b.len;

    return ZOOM_E_DENIED;
}


void
ngx_http_zoom_pass_bot(ngx_http_request_t *r, ngx_http_zoom_bot_t *bot)
{
    zoom_buf_t             b;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    if (pass == NULL || pass->words == NULL) {
        return;
    }

    bot->method.data = (u_char *) zoom_method_name(pass->method);
    bot->method.len = ngx_strlen(bot->method.data);

    ngx_http_zoom_pass_word(pass, &bot->policy);

    if (pass->endpoint == NULL) {
        return;
    }

    bot->label = *ngx_http_zoom_pass_label(pass);

    zoom_buf_init(&b, pass->words, NGX_HTTP_ZOOM_PASS_WORDS);

    zoom_endpoint_name(&b, pass->endpoint);

    bot->endpoint.data = b.data;
    bot->endpoint.len = b.len;

    ngx_http_zoom_pass_scopes(&b, pass, ", ");

    bot->scope.data = bot->endpoint.data + bot->endpoint.len;
    bot->scope.len = b.len - bot->endpoint.len;
}


ngx_int_t
ngx_http_zoom_pass_parameter(ngx_http_request_t *r, ngx_uint_t n,
    ngx_str_t *name, ngx_str_t *value)
{
    size_t                 i;
    zoom_str_t             key, text;
    ngx_uint_t             k;
    zoom_path_t           *path;
    ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);
    path = &ngx_http_zoom_pass_script_path;

    if (pass == NULL || pass->endpoint == NULL
        || zoom_path_read(path, ngx_http_zoom_str(&pass->raw)) != NULL)
    {
        return NGX_DECLINED;
    }

    i = 0;

    for (k = 0; k <= n; k++) {
        if (!zoom_endpoint_parameter(pass->endpoint, path, &i, &key, &text)) {
            return NGX_DECLINED;
        }
    }

    *name = ngx_http_zoom_ngx_str(key);
    *value = ngx_http_zoom_ngx_str(text);

    return NGX_OK;
}
