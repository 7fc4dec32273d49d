/*
 * The gateway's variables.  They are for logs, where a path of the caller's is
 * read once more: no request pays for what no log has.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_variables.h"
#include "zoom_audit.h"


/* Of a sentence, beside what its parts are long. */

#define NGX_HTTP_ZOOM_AUDIT_WORDS  256


static ngx_int_t ngx_http_zoom_variable_policy(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_endpoint(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_scope(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_label(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static ngx_int_t ngx_http_zoom_variable_audit(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data);
static const ngx_http_zoom_pass_t *ngx_http_zoom_variable_pass(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_zoom_audit_alloc(ngx_http_request_t *r,
    zoom_buf_t *b, size_t size);
static void ngx_http_zoom_audit_stranger(zoom_buf_t *b, zoom_error_e error);
static void ngx_http_zoom_audit_asked(zoom_buf_t *b,
    const ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_audit_what(zoom_buf_t *b,
    const ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_audit_end(zoom_buf_t *b,
    const ngx_http_zoom_pass_t *pass);
static void ngx_http_zoom_audit_error(zoom_buf_t *b, zoom_error_e error);


static const ngx_str_t  ngx_http_zoom_policies[] = {
    ngx_null_string,
    ngx_string("ALLOW"),
    ngx_string("DENY")
};


/* as Zoom's documentation has them */

static const ngx_str_t  ngx_http_zoom_pass_labels[] = {
    ngx_string("light"),
    ngx_string("medium"),
    ngx_string("heavy"),
    ngx_string("resource-intensive")
};


/* What stands for an endpoint, by ngx_http_zoom_pass_kind_e. */

static const char *const  ngx_http_zoom_pass_places[] = {
    " -", " graphql", " mcp", " download"
};


static ngx_http_variable_t  ngx_http_zoom_pass_variables[] = {

    { ngx_string("zoom_policy"), NULL, ngx_http_zoom_variable_policy,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_endpoint"), NULL, ngx_http_zoom_variable_endpoint,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_scope"), NULL, ngx_http_zoom_variable_scope,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_label"), NULL, ngx_http_zoom_variable_label,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

    { ngx_string("zoom_audit"), NULL, ngx_http_zoom_variable_audit,
      0, NGX_HTTP_VAR_NOCACHEABLE, 0 },

      ngx_http_null_variable
};


/* until the next one */

static zoom_path_t  ngx_http_zoom_audit_path;


ngx_int_t
ngx_http_zoom_pass_variables_add(ngx_conf_t *cf)
{
    return ngx_http_zoom_variables_of(cf, ngx_http_zoom_pass_variables);
}


/* NULL: nothing has been decided. */

static const ngx_http_zoom_pass_t *
ngx_http_zoom_variable_pass(ngx_http_request_t *r)
{
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_pass_get(r);

    return (pass && pass->policy != NGX_HTTP_ZOOM_POLICY_NONE) ? pass : NULL;
}


static ngx_int_t
ngx_http_zoom_variable_policy(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    ngx_str_t                    word;
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_variable_pass(r);

    if (pass == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    ngx_http_zoom_pass_word(pass, &word);
    ngx_http_zoom_variable_set(v, word.data, word.len);

    return NGX_OK;
}


void
ngx_http_zoom_pass_word(const ngx_http_zoom_pass_t *pass, ngx_str_t *policy)
{
    *policy = ngx_http_zoom_policies[pass->policy];
}


static ngx_int_t
ngx_http_zoom_variable_endpoint(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    zoom_buf_t                   b;
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_variable_pass(r);

    if (pass == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (ngx_http_zoom_audit_alloc(r, &b, ZOOM_ENDPOINT_MAX) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pass->endpoint) {
        zoom_endpoint_name(&b, pass->endpoint);

    } else {
        zoom_buf_c(&b, zoom_method_name(pass->method));
        zoom_buf_c(&b, ngx_http_zoom_pass_places[pass->conf->kind]);
    }

    ngx_http_zoom_variable_set(v, b.data, b.len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_scope(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    zoom_buf_t                   b;
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_variable_pass(r);

    if (pass == NULL || pass->endpoint == NULL) {
        v->not_found = 1;
        return NGX_OK;
    }

    if (ngx_http_zoom_audit_alloc(r, &b, NGX_HTTP_ZOOM_PASS_SCOPES) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_zoom_pass_scopes(&b, pass, ", ");

    ngx_http_zoom_variable_set(v, b.data, b.len);
    v->not_found = (b.len == 0);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_variable_label(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    const ngx_str_t             *word;
    const ngx_http_zoom_pass_t  *pass;

    pass = ngx_http_zoom_variable_pass(r);

    if (pass == NULL || pass->label >= ZOOM_NLABELS) {
        v->not_found = 1;
        return NGX_OK;
    }

    word = ngx_http_zoom_pass_label(pass);

    ngx_http_zoom_variable_set(v, word->data, word->len);

    return NGX_OK;
}


const ngx_str_t *
ngx_http_zoom_pass_label(const ngx_http_zoom_pass_t *pass)
{
    return &ngx_http_zoom_pass_labels[pass->label];
}


static ngx_int_t
ngx_http_zoom_variable_audit(ngx_http_request_t *r,
    ngx_http_variable_value_t *v, uintptr_t data)
{
    size_t                           size;
    zoom_buf_t                       b;
    ngx_http_zoom_ctx_t             *ctx;
    const ngx_http_zoom_pass_t      *pass;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    ctx = ngx_http_zoom_ctx_get(r);
    pass = ngx_http_zoom_pass_get(r);
    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    if (pass == NULL
        && (ctx == NULL || ctx->reply.error == ZOOM_OK || zlcf->pass == NULL))
    {
        v->not_found = 1;
        return NGX_OK;
    }

    size = NGX_HTTP_ZOOM_AUDIT_WORDS;

    if (pass) {
        size += ctx->auth.caller.len
                + zoom_audit_endpoint_size(pass->raw.len)
                + zoom_audit_text_size(ctx->target.user.len)
                + NGX_HTTP_ZOOM_PASS_SCOPES;
    }

    if (ngx_http_zoom_audit_alloc(r, &b, size) != NGX_OK) {
        return NGX_ERROR;
    }

    if (pass) {
        ngx_http_zoom_audit_asked(&b, pass);
        ngx_http_zoom_audit_end(&b, pass);

    } else {
        ngx_http_zoom_audit_stranger(&b, ctx->reply.error);
    }

    ngx_http_zoom_variable_set(v, b.data, b.len);

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_audit_alloc(ngx_http_request_t *r, zoom_buf_t *b, size_t size)
{
    u_char  *p;

    p = ngx_pnalloc(r->pool, size);
    if (p == NULL) {
        return NGX_ERROR;
    }

    zoom_buf_init(b, p, size);

    return NGX_OK;
}


static void
ngx_http_zoom_audit_stranger(zoom_buf_t *b, zoom_error_e error)
{
    zoom_buf_c(b, "an unknown caller was refused with ");
    ngx_http_zoom_audit_error(b, error);
    zoom_buf_c(b, ".");
}


/* Who, and what. */

static void
ngx_http_zoom_audit_asked(zoom_buf_t *b, const ngx_http_zoom_pass_t *pass)
{
    const ngx_http_zoom_ctx_t  *ctx;

    ctx = pass->ctx;

    zoom_buf_str(b, ngx_http_zoom_str(&ctx->auth.caller));

    switch (pass->policy) {

    case NGX_HTTP_ZOOM_POLICY_ALLOW:
        zoom_buf_c(b, " was allowed to ");
        break;

    case NGX_HTTP_ZOOM_POLICY_DENY:
        zoom_buf_c(b, " was not allowed to ");
        break;

    default: /* NGX_HTTP_ZOOM_POLICY_NONE */
        zoom_buf_c(b, " sent a ");
        zoom_buf_c(b, zoom_method_name(pass->method));
        return;
    }

    ngx_http_zoom_audit_what(b, pass);

    if (ctx->target.user.len) {
        zoom_buf_c(b, " on behalf of ");
        zoom_audit_text(b, ngx_http_zoom_str(&ctx->target.user));
    }
}


static void
ngx_http_zoom_audit_what(zoom_buf_t *b, const ngx_http_zoom_pass_t *pass)
{
    zoom_path_t  *path;

    if (pass->what) {
        zoom_buf_c(b, pass->what);
        return;
    }

    path = &ngx_http_zoom_audit_path;

    if (pass->endpoint
        && zoom_path_read(path, ngx_http_zoom_str(&pass->raw)) == NULL)
    {
        zoom_audit_endpoint(b, pass->endpoint, path);
        return;
    }

    zoom_buf_c(b, zoom_method_name(pass->method));
    zoom_buf_c(b, " a path that Zoom has not published");
}


/* What became of it. */

static void
ngx_http_zoom_audit_end(zoom_buf_t *b, const ngx_http_zoom_pass_t *pass)
{
    zoom_error_e  error;

    error = pass->ctx->reply.error;

    if (pass->policy == NGX_HTTP_ZOOM_POLICY_DENY && pass->scripted) {
        zoom_buf_c(b, (error == ZOOM_E_DENIED) ? " by a script: "
                                               : ", as a script failed: ");
        ngx_http_zoom_audit_error(b, error);

    } else if (pass->policy == NGX_HTTP_ZOOM_POLICY_DENY) {

        if (pass->endpoint && pass->endpoint->scopes[0]) {
            zoom_buf_c(b, ", which takes ");
            ngx_http_zoom_pass_scopes(b, pass, " or ");
        }

    } else if (error) {
        zoom_buf_c(b, (pass->policy == NGX_HTTP_ZOOM_POLICY_ALLOW)
                      ? ": it failed with " : " that was refused with ");
        ngx_http_zoom_audit_error(b, error);

    } else if (pass->status) {
        zoom_buf_c(b, ": Zoom answered ");
        zoom_buf_int(b, (int64_t) pass->status);

        if (pass->cut) {
            zoom_buf_c(b, ", but not to the end");
        }

    } else {
        zoom_buf_c(b, ": it ended before Zoom had answered");
    }

    zoom_buf_c(b, ".");
}


static void
ngx_http_zoom_audit_error(zoom_buf_t *b, zoom_error_e error)
{
    const zoom_error_info_t  *info;

    info = zoom_error_info(error);

    zoom_buf_int(b, info->status);
    zoom_buf_c(b, " ");
    zoom_buf_str(b, info->name);
}


void
ngx_http_zoom_pass_scopes(zoom_buf_t *b, const ngx_http_zoom_pass_t *pass,
    const char *divider)
{
    size_t        at, start;
    zoom_str_t    scope;
    zoom_whose_e  whose;

    whose = ngx_http_zoom_account_of_users(pass->ctx->target.account)
            ? ZOOM_OF_USER : ZOOM_OF_ACCOUNT;

    at = 0;
    start = b->len;

    for ( ;; ) {
        scope = zoom_endpoint_scope(pass->endpoint, whose, &at);

        if (scope.len == 0) {
            break;
        }

        if (b->len != start) {
            zoom_buf_c(b, divider);
        }

        zoom_buf_str(b, scope);
    }
}
