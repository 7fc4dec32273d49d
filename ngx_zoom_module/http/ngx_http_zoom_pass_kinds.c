/*
 * What of the gateway is no path of the REST API: GraphQL, MCP, recordings.  No
 * scope is known of it, so it takes the rules "read", "write" and "*".
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_pass.h"
#include "ngx_http_zoom_str.h"
#include "zoom_graphql.h"
#include "zoom_path.h"
#include "zoom_rule.h"


/* more of a query is as much as a heavy request */

#define NGX_HTTP_ZOOM_PASS_FIELDS  1


static ngx_uint_t ngx_http_zoom_pass_has_rule(ngx_http_zoom_pass_t *pass,
    zoom_rule_e kind);
static zoom_error_e ngx_http_zoom_pass_deny_kind(ngx_http_zoom_pass_t *pass,
    const char *rule);
static ngx_int_t ngx_http_zoom_pass_gather(ngx_http_zoom_pass_t *pass,
    zoom_str_t *body);


static const zoom_path_t  ngx_http_zoom_pass_no_path;

/* until the next request */

static zoom_path_t  ngx_http_zoom_pass_recording;
static u_char       ngx_http_zoom_pass_document[ZOOM_GRAPHQL_MAX];


zoom_error_e
ngx_http_zoom_pass_decide_mcp(ngx_http_zoom_pass_t *pass)
{
    const char  *why;

    if (pass->method != ZOOM_GET && pass->method != ZOOM_POST
        && pass->method != ZOOM_DELETE)
    {
        return ZOOM_E_METHOD;
    }

    pass->what = "use MCP";

    /* what a tool does is not known here */

    if (!ngx_http_zoom_pass_has_rule(pass, ZOOM_RULE_READ)
        || !ngx_http_zoom_pass_has_rule(pass, ZOOM_RULE_WRITE))
    {
        return ngx_http_zoom_pass_deny_kind(pass, "*");
    }

    pass->policy = NGX_HTTP_ZOOM_POLICY_ALLOW;
    pass->label = ZOOM_MEDIUM;

    return ngx_http_zoom_pass_write(pass, &ngx_http_zoom_pass_no_path, &why);
}


zoom_error_e
ngx_http_zoom_pass_decide_graphql(ngx_http_zoom_pass_t *pass,
    const char **why)
{
    zoom_str_t      body;
    zoom_graphql_t  g;

    if (ngx_http_zoom_pass_gather(pass, &body) != NGX_OK) {
        return ZOOM_E_TOO_LARGE;
    }

    *why = zoom_graphql_read(&g, body);

    if (*why) {
        return ZOOM_E_BAD_CALLBACK;
    }

    pass->what = g.writes ? "change something by GraphQL" : "query by GraphQL";

    if (!ngx_http_zoom_pass_has_rule(pass, g.writes ? ZOOM_RULE_WRITE
                                                    : ZOOM_RULE_READ))
    {
        return ngx_http_zoom_pass_deny_kind(pass, g.writes ? "write"
                                                           : "read");
    }

    pass->policy = NGX_HTTP_ZOOM_POLICY_ALLOW;
    pass->label = (g.fields > NGX_HTTP_ZOOM_PASS_FIELDS) ? ZOOM_HEAVY
                                                         : ZOOM_MEDIUM;

    pass->reads = !g.writes;

    ngx_str_set(&pass->uri, "/v3/graphql");

    return ZOOM_OK;
}


/* NGX_ERROR: it is too large. */

static ngx_int_t
ngx_http_zoom_pass_gather(ngx_http_zoom_pass_t *pass, zoom_str_t *body)
{
    zoom_buf_t    b;
    ngx_chain_t  *cl;

    zoom_buf_init(&b, ngx_http_zoom_pass_document, ZOOM_GRAPHQL_MAX);

    cl = pass->request->request_body ? pass->request->request_body->bufs
                                     : NULL;

    for ( /* void */ ; cl; cl = cl->next) {
        zoom_buf_add(&b, cl->buf->pos, cl->buf->last - cl->buf->pos);
    }

    body->data = b.data;
    body->len = b.len;

    return b.overflow ? NGX_ERROR : NGX_OK;
}


/* The path below the location, or a whole link in "?url=". */

zoom_error_e
ngx_http_zoom_pass_decide_download(ngx_http_zoom_pass_t *pass,
    const char **why)
{
    ngx_str_t   url;
    ngx_uint_t  n;
    zoom_str_t  raw;

    static const ngx_str_t  name = ngx_string("url");

    if (pass->method != ZOOM_GET) {
        return ZOOM_E_METHOD;
    }

    pass->what = "download a recording";

    if (!ngx_http_zoom_pass_has_rule(pass, ZOOM_RULE_READ)) {
        return ngx_http_zoom_pass_deny_kind(pass, "read");
    }

    pass->policy = NGX_HTTP_ZOOM_POLICY_ALLOW;
    pass->label = ZOOM_NLABELS;

    *why = ngx_http_zoom_pass_raw(pass, &raw);

    if (*why) {
        return ZOOM_E_BAD_PATH;
    }

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(pass->request, pass->ctx),
                          &name, &url);

    if (n == 1) {
        return ngx_http_zoom_pass_link(pass, &url, why);
    }

    *why = n ? "has \"url\" twice in its arguments"
             : zoom_path_read(&ngx_http_zoom_pass_recording, raw);

    if (*why) {
        return ZOOM_E_BAD_PATH;
    }

    return ngx_http_zoom_pass_write(pass, &ngx_http_zoom_pass_recording, why);
}


/* Or "*", which is all of them. */

static ngx_uint_t
ngx_http_zoom_pass_has_rule(ngx_http_zoom_pass_t *pass, zoom_rule_e kind)
{
    ngx_uint_t                       i, k;
    const zoom_rule_t               *rule;
    const ngx_http_zoom_granted_t   *granted;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    zlcf = ngx_http_get_module_loc_conf(pass->request, ngx_http_zoom_module);

    granted = zlcf->grants ? zlcf->grants->elts : NULL;

    for (i = 0; granted && i < zlcf->grants->nelts; i++) {

        if (!ngx_http_zoom_same(&granted[i].caller, &pass->ctx->auth.caller)) {
            continue;
        }

        rule = granted[i].rules.elts;

        for (k = 0; k < granted[i].rules.nelts; k++) {
            if (rule[k].kind == ZOOM_RULE_ALL || rule[k].kind == kind) {
                return 1;
            }
        }
    }

    return 0;
}


static zoom_error_e
ngx_http_zoom_pass_deny_kind(ngx_http_zoom_pass_t *pass, const char *rule)
{
    u_char     *p;
    ngx_str_t  *caller;

    pass->policy = NGX_HTTP_ZOOM_POLICY_DENY;

    caller = &pass->ctx->auth.caller;

    p = ngx_pnalloc(pass->request->pool, caller->len
                                         + ngx_strlen(pass->what)
                                         + ngx_strlen(rule)
                                         + sizeof(" may not , which takes the "
                                                  "rule "));
    if (p == NULL) {
        return ZOOM_E_INTERNAL;
    }

    pass->denial.data = p;
    pass->denial.len = ngx_sprintf(p, "%V may not %s, which takes the rule "
                                   "%s%Z", caller, pass->what, rule) - p - 1;

    return ZOOM_E_DENIED;
}
