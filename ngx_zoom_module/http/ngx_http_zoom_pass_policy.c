/*
 * What a caller of the gateway asks for, and whether zoom_allow lets it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_worker_account.h"
#include "zoom_rule.h"


static zoom_error_e ngx_http_zoom_pass_decide_rest(ngx_http_zoom_pass_t *pass,
    const char **why);
static zoom_error_e ngx_http_zoom_pass_read(ngx_http_zoom_pass_t *pass,
    const char **why);
static const char *ngx_http_zoom_pass_me(ngx_http_zoom_pass_t *pass);
static ngx_uint_t ngx_http_zoom_pass_permits(ngx_http_zoom_pass_t *pass,
    const ngx_http_zoom_loc_conf_t *zlcf);
static zoom_error_e ngx_http_zoom_pass_deny(ngx_http_zoom_pass_t *pass,
    zoom_whose_e whose);
static void ngx_http_zoom_pass_args(ngx_http_zoom_pass_t *pass, zoom_buf_t *b);
static ngx_uint_t ngx_http_zoom_pass_secret_arg(
    const ngx_http_zoom_loc_conf_t *zlcf, const u_char *arg, size_t len);


/* until the next request */

static zoom_path_t  ngx_http_zoom_pass_path;


zoom_error_e
ngx_http_zoom_pass_decide(ngx_http_zoom_pass_t *pass, const char **why)
{
    pass->method = zoom_method(ngx_http_zoom_str(&pass->request->method_name));

    switch (pass->conf->kind) {

    case NGX_HTTP_ZOOM_PASS_GRAPHQL:
        return (pass->method == ZOOM_POST) ? ZOOM_OK : ZOOM_E_METHOD;

    case NGX_HTTP_ZOOM_PASS_MCP:
        return ngx_http_zoom_pass_decide_mcp(pass);

    case NGX_HTTP_ZOOM_PASS_DOWNLOAD:
        return ngx_http_zoom_pass_decide_download(pass, why);

    default: /* NGX_HTTP_ZOOM_PASS_REST */
        return ngx_http_zoom_pass_decide_rest(pass, why);
    }
}


static zoom_error_e
ngx_http_zoom_pass_decide_rest(ngx_http_zoom_pass_t *pass, const char **why)
{
    zoom_error_e                     error;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(pass->request, ngx_http_zoom_module);

    error = ngx_http_zoom_pass_read(pass, why);

    if (error != ZOOM_OK) {
        return error;
    }

    if (!ngx_http_zoom_pass_permits(pass, zlcf)) {
        pass->policy = NGX_HTTP_ZOOM_POLICY_DENY;
        return ngx_http_zoom_pass_deny(pass, ngx_http_zoom_pass_whose(zlcf));
    }

    pass->policy = NGX_HTTP_ZOOM_POLICY_ALLOW;

    return ngx_http_zoom_pass_write(pass, &ngx_http_zoom_pass_path, why);
}


static zoom_error_e
ngx_http_zoom_pass_read(ngx_http_zoom_pass_t *pass, const char **why)
{
    zoom_str_t  raw;

    *why = ngx_http_zoom_pass_raw(pass, &raw);

    if (*why == NULL) {
        *why = zoom_path_read(&ngx_http_zoom_pass_path, raw);
    }

    if (*why == NULL) {
        *why = ngx_http_zoom_pass_me(pass);
    }

    if (*why) {
        return ZOOM_E_BAD_PATH;
    }

    pass->raw = ngx_http_zoom_ngx_str(raw);

    pass->endpoint = zoom_endpoint_find(pass->method,
                                        &ngx_http_zoom_pass_path);

    pass->label = pass->endpoint ? pass->endpoint->label : ZOOM_HEAVY;

    if (!zoom_endpoint_fits(pass->endpoint, &ngx_http_zoom_pass_path)) {
        *why = "has an encoded slash where there is no UUID of a meeting";
        return ZOOM_E_BAD_PATH;
    }

    return ZOOM_OK;
}


/*
 * Of the request line: nginx's own form has lost which slashes were encoded,
 * and has taken dot segments away.
 */

const char *
ngx_http_zoom_pass_raw(ngx_http_zoom_pass_t *pass, zoom_str_t *raw)
{
    u_char              *p, *last;
    ngx_str_t           *uri;
    const ngx_str_t     *prefix;
    ngx_http_request_t  *r;

    r = pass->request;
    uri = &r->unparsed_uri;
    prefix = &pass->conf->prefix;

    if (r->request_line.len <= r->method_name.len + 1
        || r->request_line.data[r->method_name.len + 1] != '/')
    {
        return "has a scheme and a host before it, or no slash";
    }

    if (uri->len < prefix->len
        || ngx_memcmp(uri->data, prefix->data, prefix->len) != 0
        || (uri->len > prefix->len && uri->data[prefix->len] != '/'
            && uri->data[prefix->len] != '?'))
    {
        return "is not spelled as the location is";
    }

    last = uri->data + uri->len;

    for (p = uri->data + prefix->len; p < last && *p != '?'; p++) {
        /* void */
    }

    raw->data = uri->data + prefix->len;
    raw->len = p - raw->data;

    if (ngx_strlchr(uri->data, last, '#')) {
        return "has a fragment, which no client sends";
    }

    for ( /* void */ ; p < last; p++) {
        if (*p <= ' ' || *p >= 0x7f) {
            return "has a character in its arguments that must be encoded";
        }
    }

    return NULL;
}


/* "me" is whoever has the access token, which for an app is nobody. */

static const char *
ngx_http_zoom_pass_me(ngx_http_zoom_pass_t *pass)
{
    return (!ngx_http_zoom_account_of_users(pass->ctx->target.account)
            && zoom_path_has_me(&ngx_http_zoom_pass_path))
           ? "has \"me\", which is nobody where an app asks: name the user"
           : NULL;
}


static ngx_uint_t
ngx_http_zoom_pass_permits(ngx_http_zoom_pass_t *pass,
    const ngx_http_zoom_loc_conf_t *zlcf)
{
    ngx_uint_t                      i, k;
    zoom_rule_t                    *rule;
    zoom_asked_t                    asked;
    const ngx_http_zoom_granted_t  *granted;

    if (pass->consent && pass->endpoint) {
        return 1;
    }

    if (zlcf->grants == NULL) {
        return 0;
    }

    asked.method = pass->method;
    asked.path = &ngx_http_zoom_pass_path;
    asked.endpoint = pass->endpoint;
    asked.whose = ngx_http_zoom_pass_whose(zlcf);

    granted = zlcf->grants->elts;

    for (i = 0; i < zlcf->grants->nelts; i++) {

        if (!ngx_http_zoom_same(&granted[i].caller, &pass->ctx->auth.caller)) {
            continue;
        }

        rule = granted[i].rules.elts;

        for (k = 0; k < granted[i].rules.nelts; k++) {
            if (zoom_rule_permits(&rule[k], &asked)) {
                return 1;
            }
        }
    }

    return 0;
}


zoom_error_e
ngx_http_zoom_pass_take(ngx_http_zoom_pass_t *pass)
{
    ngx_http_zoom_ctx_t  *ctx;

    ctx = pass->ctx;

    if (pass->endpoint == NULL) {
        return ZOOM_OK;
    }

    /* a script may have waited, and others have been read meanwhile */

    if (zoom_path_read(&ngx_http_zoom_pass_path, ngx_http_zoom_str(&pass->raw))
        != NULL)
    {
        return ZOOM_E_BAD_PATH;
    }

    ngx_http_zoom_writes_init(&pass->writes,
                              ngx_http_zoom_worker_account(ctx->target.account),
                              pass->endpoint, &ngx_http_zoom_pass_path,
                              &ctx->target.user);

    ctx->reply.after = ngx_http_zoom_writes_take(&pass->writes);

    return ctx->reply.after ? ZOOM_E_USER_DAILY_LIMIT : ZOOM_OK;
}


/* Nothing of what the caller sent is in it. */

static zoom_error_e
ngx_http_zoom_pass_deny(ngx_http_zoom_pass_t *pass, zoom_whose_e whose)
{
    size_t       at;
    u_char      *p;
    zoom_buf_t   b;
    zoom_str_t   scope;
    ngx_uint_t   n;

    p = ngx_pnalloc(pass->request->pool, NGX_MAX_ERROR_STR / 2);
    if (p == NULL) {
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, NGX_MAX_ERROR_STR / 2 - 1);

    zoom_buf_str(&b, ngx_http_zoom_str(&pass->ctx->auth.caller));
    zoom_buf_c(&b, " may not ");

    if (pass->endpoint == NULL) {
        zoom_buf_c(&b, zoom_method_name(pass->method));
        zoom_buf_c(&b, " this path, which Zoom has not published for this "
                       "method");

    } else {
        zoom_endpoint_name(&b, pass->endpoint);

        at = 0;
        n = 0;

        for ( ;; ) {
            scope = zoom_endpoint_scope(pass->endpoint, whose, &at);

            if (scope.len == 0) {
                break;
            }

            zoom_buf_c(&b, n++ ? " or " : ", which takes ");
            zoom_buf_str(&b, scope);
        }
    }

    b.data[b.len] = '\0';

    pass->denial.data = b.data;
    pass->denial.len = b.len;

    return ZOOM_E_DENIED;
}


/* What Zoom gets, in our spelling. */

zoom_error_e
ngx_http_zoom_pass_write(ngx_http_zoom_pass_t *pass, const zoom_path_t *path,
    const char **why)
{
    size_t            size;
    u_char           *p, *base, *last;
    zoom_buf_t        b;
    const ngx_str_t  *url;

    url = &pass->origin->url;

    last = url->data + url->len;

    base = ngx_strlchr(url->data + sizeof("https://"), last, '/');
    base = base ? base : last;

    size = (last - base) + ZOOM_PATH_SENT_MAX
           + pass->request->unparsed_uri.len + 1;

    p = ngx_pnalloc(pass->request->pool, size);
    if (p == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    zoom_buf_init(&b, p, size);
    zoom_buf_add(&b, base, last - base);
    zoom_path_write(&b, path);

    ngx_http_zoom_pass_args(pass, &b);

    if (b.overflow || b.len == 0) {
        *why = b.overflow ? "is too long" : "is empty";
        return ZOOM_E_BAD_PATH;
    }

    pass->uri.data = b.data;
    pass->uri.len = b.len;

    return ZOOM_OK;
}


/* As they came, but for those that are a proof. */

static void
ngx_http_zoom_pass_args(ngx_http_zoom_pass_t *pass, zoom_buf_t *b)
{
    size_t                           len;
    u_char                          *p, *last, *end;
    ngx_uint_t                       n;
    ngx_http_request_t              *r;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    r = pass->request;
    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    p = ngx_strlchr(r->unparsed_uri.data, last, '?');

    n = 0;

    while (p && p < last) {
        p++;

        end = ngx_strlchr(p, last, '&');
        end = end ? end : last;

        len = end - p;

        if (len && !ngx_http_zoom_pass_secret_arg(zlcf, p, len)) {
            zoom_buf_c(b, n++ ? "&" : "?");
            zoom_buf_add(b, p, len);
        }

        p = end;
    }
}


static ngx_uint_t
ngx_http_zoom_pass_secret_arg(const ngx_http_zoom_loc_conf_t *zlcf,
    const u_char *arg, size_t len)
{
    ngx_uint_t                        i, k;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_auth_line_t  *line;

    line = zlcf->auth->elts;

    for (i = 0; i < zlcf->auth->nelts; i++) {

        proof = line[i].proofs.elts;

        for (k = 0; k < line[i].proofs.nelts; k++) {

            if (proof[k].scheme == NGX_HTTP_ZOOM_AUTH_ARG
                && len >= proof[k].name.len
                && ngx_memcmp(arg, proof[k].name.data, proof[k].name.len) == 0
                && (len == proof[k].name.len
                    || arg[proof[k].name.len] == '='))
            {
                return 1;
            }
        }
    }

    return 0;
}
