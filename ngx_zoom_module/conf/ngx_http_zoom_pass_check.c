/*
 * What "nginx -t" says about a location with zoom_pass.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_pass_conf.h"
#include "ngx_http_zoom_str.h"
#include "zoom_rule.h"


/* Kinds of rules, as bits of zoom_rule_e. */

#define NGX_HTTP_ZOOM_PASS_PLAIN                                              \
    (1u << ZOOM_RULE_ALL|1u << ZOOM_RULE_READ|1u << ZOOM_RULE_WRITE)

#define NGX_HTTP_ZOOM_PASS_ANY                                                \
    (NGX_HTTP_ZOOM_PASS_PLAIN|1u << ZOOM_RULE_SCOPE|1u << ZOOM_RULE_PATH)


typedef struct {
    const char                  *name;
    ngx_uint_t                   rules;      /* that can match */
    ngx_uint_t                   least;      /* that it takes together */
    const char                  *takes;
} ngx_http_zoom_pass_kind_info_t;


static char *ngx_http_zoom_pass_check_auth(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_pass_check_grants(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_pass_check_granted(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf, const ngx_http_zoom_granted_t *granted);
static char *ngx_http_zoom_pass_check_kind(ngx_conf_t *cf,
    const ngx_http_zoom_loc_conf_t *conf,
    const ngx_http_zoom_granted_t *granted, const zoom_rule_t *rule);
static ngx_uint_t ngx_http_zoom_pass_unknown(
    const ngx_http_zoom_loc_conf_t *conf, const zoom_rule_t *rule);
static ngx_uint_t ngx_http_zoom_pass_has_caller(
    const ngx_http_zoom_loc_conf_t *conf, const ngx_str_t *caller);
static void ngx_http_zoom_pass_check_callers(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_pass_check_keys(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_pass_check_user(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_pass_check_redirects(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static ngx_uint_t ngx_http_zoom_pass_given(
    const ngx_http_zoom_loc_conf_t *conf, const ngx_str_t *caller);


/* By ngx_http_zoom_pass_kind_e. */

static const ngx_http_zoom_pass_kind_info_t  ngx_http_zoom_pass_kinds[] = {

    { "rest", NGX_HTTP_ZOOM_PASS_ANY, 0, "any rule" },

    { "graphql", NGX_HTTP_ZOOM_PASS_PLAIN, 0,
      "\"read\", \"write\" or \"*\"" },

    { "mcp", NGX_HTTP_ZOOM_PASS_PLAIN,
      1u << ZOOM_RULE_READ|1u << ZOOM_RULE_WRITE,
      "\"*\", or \"read\" and \"write\"" },

    { "download", 1u << ZOOM_RULE_ALL|1u << ZOOM_RULE_READ, 0,
      "\"read\" or \"*\"" }
};


char *
ngx_http_zoom_pass_check(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (ngx_http_zoom_pass_check_auth(cf, conf) != NGX_CONF_OK
        || ngx_http_zoom_pass_check_grants(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_http_zoom_pass_check_callers(cf, conf);
    ngx_http_zoom_pass_check_keys(cf, conf);
    ngx_http_zoom_pass_check_user(cf, conf);
    ngx_http_zoom_pass_check_redirects(cf, conf);

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_pass_check_grants(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t                i;
    ngx_http_zoom_granted_t  *granted;

    if (conf->grants == NULL) {
        return NGX_CONF_OK;
    }

    granted = conf->grants->elts;

    for (i = 0; i < conf->grants->nelts; i++) {
        if (ngx_http_zoom_pass_check_granted(cf, conf, &granted[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


/* A body is on its way to Zoom before a signature of it could be checked. */

static char *
ngx_http_zoom_pass_check_auth(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (!ngx_http_zoom_auth_has_body(conf->auth)) {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"zoom_pass\" takes no \"zoom_authenticate\" that signs a "
                  "body, only \"header=\" and \"arg=\", in %s:%ui",
                  conf->use.place.file, conf->use.place.line);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_pass_check_granted(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf, const ngx_http_zoom_granted_t *granted)
{
    ngx_uint_t    i;
    zoom_buf_t    b;
    zoom_rule_t  *rule;
    ngx_str_t     text;
    u_char        nearest[ZOOM_RULE_MAX];

    if (!ngx_http_zoom_pass_has_caller(conf, &granted->caller)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown caller \"%V\" of \"zoom_allow\" in %s:%ui, it "
                      "must be a name that \"zoom_authenticate\" gives with "
                      "\"as=\"", &granted->caller, granted->place.file,
                      granted->place.line);
        return NGX_CONF_ERROR;
    }

    rule = granted->rules.elts;

    for (i = 0; i < granted->rules.nelts; i++) {

        if (ngx_http_zoom_pass_check_kind(cf, conf, granted, &rule[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }

        if (zoom_rule_matches(&rule[i], ngx_http_zoom_pass_whose(conf))
            || ngx_http_zoom_pass_unknown(conf, &rule[i]))
        {
            continue;
        }

        zoom_buf_init(&b, nearest, sizeof(nearest));
        zoom_rule_nearest(&b, &rule[i], ngx_http_zoom_pass_whose(conf));

        text = ngx_http_zoom_ngx_str(rule[i].text);

        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "rule \"%V\" of \"zoom_allow\" in %s:%ui matches no "
                      "endpoint that Zoom has published for such an app"
                      "%s%*s%s%s",
                      &text, granted->place.file, granted->place.line,
                      b.len ? ", did you mean \"" : "", b.len, b.data,
                      b.len ? "\"?" : "",
                      (rule[i].kind == ZOOM_RULE_PATH)
                      ? "; see \"zoom_allow_unknown\" for what is new" : "");
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/*
 * Of MCP and the like no scope and no path is known, while "write" of what is
 * only read does no harm.  What a level above says may be meant for other
 * locations.
 */

static char *
ngx_http_zoom_pass_check_kind(ngx_conf_t *cf,
    const ngx_http_zoom_loc_conf_t *conf,
    const ngx_http_zoom_granted_t *granted, const zoom_rule_t *rule)
{
    ngx_str_t  text;

    if (conf->grants_inherited
        || (ngx_http_zoom_pass_kinds[conf->pass->kind].rules
            | NGX_HTTP_ZOOM_PASS_PLAIN) & 1u << rule->kind)
    {
        return NGX_CONF_OK;
    }

    text = ngx_http_zoom_ngx_str(rule->text);

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "rule \"%V\" of \"zoom_allow\" in %s:%ui permits nothing "
                  "where \"zoom_pass\" is of the kind \"%s\", which takes %s",
                  &text, granted->place.file, granted->place.line,
                  ngx_http_zoom_pass_kinds[conf->pass->kind].name,
                  ngx_http_zoom_pass_kinds[conf->pass->kind].takes);

    return NGX_CONF_ERROR;
}


static ngx_uint_t
ngx_http_zoom_pass_unknown(const ngx_http_zoom_loc_conf_t *conf,
    const zoom_rule_t *rule)
{
    ngx_str_t   *prefix;
    ngx_uint_t   i;

    if (rule->kind != ZOOM_RULE_PATH || conf->unknown == NULL) {
        return 0;
    }

    prefix = conf->unknown->elts;

    for (i = 0; i < conf->unknown->nelts; i++) {
        if (rule->path.len >= prefix[i].len
            && ngx_memcmp(rule->path.data, prefix[i].data, prefix[i].len) == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_zoom_pass_has_caller(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *caller)
{
    ngx_uint_t                  i;
    ngx_http_zoom_auth_line_t  *line;

    line = conf->auth->elts;

    for (i = 0; i < conf->auth->nelts; i++) {
        if (ngx_http_zoom_same(&line[i].caller, caller)) {
            return 1;
        }
    }

    return 0;
}


/* Whoever may come in and do nothing is likely forgotten. */

static void
ngx_http_zoom_pass_check_callers(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t                             i, given;
    ngx_http_zoom_auth_line_t             *line;
    const ngx_http_zoom_pass_kind_info_t  *info;

    info = &ngx_http_zoom_pass_kinds[conf->pass->kind];

    line = conf->auth->elts;

    for (i = 0; i < conf->auth->nelts; i++) {

        given = ngx_http_zoom_pass_given(conf, &line[i].caller);

        if (given == 0) {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "caller \"%V\" of \"zoom_pass\" in %s:%ui is denied "
                          "everything, as no \"zoom_allow\" names it",
                          &line[i].caller, conf->use.place.file,
                          conf->use.place.line);

        } else if (!(given & info->rules)
                   || (given & info->least) != info->least)
        {
            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "caller \"%V\" of \"zoom_pass\" in %s:%ui is denied "
                          "everything, as its \"zoom_allow\" has none of what "
                          "the kind \"%s\" takes: %s",
                          &line[i].caller, conf->use.place.file,
                          conf->use.place.line, info->name, info->takes);
        }
    }
}


/* Whoever has the key of two callers is the first of them. */

static void
ngx_http_zoom_pass_check_keys(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t                  i, k;
    ngx_http_zoom_proof_t      *a, *b;
    ngx_http_zoom_auth_line_t  *line;

    line = conf->auth->elts;

    for (i = 1; i < conf->auth->nelts; i++) {
        for (k = 0; k < i; k++) {

            a = line[k].proofs.elts;
            b = line[i].proofs.elts;

            if (line[k].proofs.nelts != 1 || line[i].proofs.nelts != 1
                || a->scheme != b->scheme
                || ngx_http_zoom_same(&line[k].caller, &line[i].caller)
                || !ngx_http_zoom_same(&a->name, &b->name)
                || !ngx_http_zoom_same(&a->secret, &b->secret))
            {
                continue;
            }

            ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                          "callers \"%V\" and \"%V\" of \"zoom_pass\" in "
                          "%s:%ui have the same key, so that both are the "
                          "first", &line[k].caller, &line[i].caller,
                          conf->use.place.file, conf->use.place.line);
        }
    }
}


/* An app asks for itself, whoever is named. */

static void
ngx_http_zoom_pass_check_user(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (conf->user == NULL || conf->user_inherited
        || ngx_http_zoom_account_of_users(conf->account))
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"zoom_user\" in %s:%ui has no effect on \"zoom_pass\", as "
                  "account \"%V\" has no grants of users: the caller's path "
                  "names the user",
                  conf->user_place.file, conf->user_place.line,
                  &conf->account->name);
}


/* A recording is at a CDN, whose name is not known before. */

static void
ngx_http_zoom_pass_check_redirects(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf)
{
    const ngx_http_zoom_client_conf_t  *client;

    client = &conf->account->client;

    if (conf->pass->kind == NGX_HTTP_ZOOM_PASS_DOWNLOAD
        && client->resolver == NULL && client->proxy.len == 0)
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"zoom_pass\" in %s:%ui can't follow redirects of "
                      "recordings to other names without a \"resolver\"",
                      conf->use.place.file, conf->use.place.line);
    }
}


/* Which kinds of rules it has, as bits of zoom_rule_e; "*" is all of them. */

static ngx_uint_t
ngx_http_zoom_pass_given(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *caller)
{
    ngx_uint_t                      i, k, given;
    const zoom_rule_t              *rule;
    const ngx_http_zoom_granted_t  *granted;

    if (conf->grants == NULL) {
        return 0;
    }

    given = 0;
    granted = conf->grants->elts;

    for (i = 0; i < conf->grants->nelts; i++) {

        if (!ngx_http_zoom_same(&granted[i].caller, caller)) {
            continue;
        }

        rule = granted[i].rules.elts;

        for (k = 0; k < granted[i].rules.nelts; k++) {
            given |= (rule[k].kind == ZOOM_RULE_ALL)
                     ? NGX_HTTP_ZOOM_PASS_ANY : 1u << rule[k].kind;
        }
    }

    return given;
}
