/*
 * The gateway's directives: zoom_pass, zoom_allow, zoom_allow_unknown,
 * zoom_download_hosts and zoom_download_redirects.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_pass_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"
#include "zoom_glob.h"
#include "zoom_rule.h"


/* between two pieces of a body, either way, milliseconds */

#define NGX_HTTP_ZOOM_PASS_QUIET   60000

/* and of a stream of events, in which there may be none for long */

#define NGX_HTTP_ZOOM_PASS_LISTEN  3600000

#define NGX_HTTP_ZOOM_PASS_BUFFER  16384


static char *ngx_http_zoom_pass_kind(ngx_conf_t *cf,
    ngx_http_zoom_pass_conf_t *pass, ngx_str_t *value);
static char *ngx_http_zoom_pass_place(ngx_conf_t *cf,
    ngx_http_zoom_pass_conf_t *pass);
static char *ngx_http_zoom_pass_rule(ngx_conf_t *cf,
    ngx_http_zoom_granted_t *granted, ngx_str_t *text);
static const char *ngx_http_zoom_pass_no_host(const ngx_str_t *host);
static ngx_uint_t ngx_http_zoom_pass_listed(const ngx_array_t *hosts,
    const ngx_str_t *host);
static void ngx_http_zoom_pass_addrs(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf, ngx_http_zoom_origin_t *origin);
static char *ngx_http_zoom_pass_upstream(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);


static ngx_str_t  ngx_http_zoom_pass_hide[] = {
    ngx_string("X-Accel-Redirect"),
    ngx_null_string
};


char *
ngx_http_zoom_set_pass(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *zlcf,
    ngx_http_upstream_srv_conf_t *server)
{
    ngx_str_t                  *value;
    ngx_http_zoom_pass_conf_t  *pass;

    pass = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_pass_conf_t));
    if (pass == NULL) {
        return NGX_CONF_ERROR;
    }

    zlcf->pass = pass;

    pass->upstream.upstream = server;

    value = cf->args->elts;

    if (cf->args->nelts == 3
        && ngx_http_zoom_pass_kind(cf, pass, &value[2]) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_pass_place(cf, pass);
}


static char *
ngx_http_zoom_pass_kind(ngx_conf_t *cf, ngx_http_zoom_pass_conf_t *pass,
    ngx_str_t *value)
{
    ngx_uint_t  i;

    static const char *const  kinds[] = {
        "rest", "graphql", "mcp", "download"
    };

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (ngx_strcmp(value->data, kinds[i]) == 0) {
            pass->kind = (ngx_http_zoom_pass_kind_e) i;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid value \"%V\" in \"zoom_pass\", it must be "
                       "\"rest\", \"graphql\", \"mcp\" or \"download\"", value);

    return NGX_CONF_ERROR;
}


/* Where Zoom's path is what follows, it must be known what it follows. */

static char *
ngx_http_zoom_pass_place(ngx_conf_t *cf, ngx_http_zoom_pass_conf_t *pass)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

#if (NGX_PCRE)
    if (clcf->regex) {
        return "must not be in a location of a regular expression";
    }
#endif

    if (clcf->noname || clcf->named || clcf->name.len == 0
        || (clcf->exact_match && pass->kind == NGX_HTTP_ZOOM_PASS_REST))
    {
        return "must be in a location with a prefix, such as \"/zoom/\"";
    }

    pass->prefix = clcf->name;

    if (pass->prefix.data[pass->prefix.len - 1] == '/') {
        pass->prefix.len--;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_hosts(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t    *value, *host;
    ngx_uint_t    i;
    const char   *why;
    ngx_array_t  **hosts;

    hosts = (ngx_array_t **) (p + cmd->offset);

    if (*hosts != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    *hosts = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (*hosts == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        why = ngx_http_zoom_pass_no_host(&value[i]);

        if (why) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "host \"%V\" of \"%V\" %s, it must be a name "
                               "alone, such as \"*.zoom.us\"",
                               &value[i], &cmd->name, why);
            return NGX_CONF_ERROR;
        }

        host = ngx_array_push(*hosts);
        if (host == NULL) {
            return NGX_CONF_ERROR;
        }

        *host = value[i];
    }

    return NGX_CONF_OK;
}


/* NULL, or what keeps it from ever being the host of a link. */

static const char *
ngx_http_zoom_pass_no_host(const ngx_str_t *host)
{
    u_char  *p, *last;

    if (ngx_http_zoom_url_literal(host)) {
        return NULL;
    }

    last = host->data + host->len;

    if (ngx_strlcasestrn(host->data, last, (u_char *) "://", 2)) {
        return "has a scheme";
    }

    if (ngx_strlchr(host->data, last, '/')) {
        return "has a path";
    }

    if (ngx_strlchr(host->data, last, ':')) {
        return "has a port or brackets";
    }

    for (p = host->data; p < last; p++) {
        if (!((*p >= '0' && *p <= '9')
              || ((*p | 0x20) >= 'a' && (*p | 0x20) <= 'z')
              || *p == '.' || *p == '-' || *p == '_' || *p == '*'))
        {
            return "has a character that no name has";
        }
    }

    return host->len ? NULL : "is empty";
}


ngx_uint_t
ngx_http_zoom_pass_trusts(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *host)
{
    static ngx_str_t  zoom[] = {
        ngx_string("zoom.us"), ngx_string("*.zoom.us")
    };

    static const ngx_array_t  zooms = { zoom, 2, sizeof(ngx_str_t), 2, NULL };

    return ngx_http_zoom_pass_listed(conf->download_hosts
                                     ? conf->download_hosts : &zooms, host);
}


ngx_uint_t
ngx_http_zoom_pass_follows(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *host)
{
    return ngx_http_zoom_pass_trusts(conf, host)
           || (conf->download_redirects
               && ngx_http_zoom_pass_listed(conf->download_redirects, host));
}


static ngx_uint_t
ngx_http_zoom_pass_listed(const ngx_array_t *hosts, const ngx_str_t *host)
{
    ngx_uint_t        i;
    const ngx_str_t  *pattern;

    pattern = hosts->elts;

    for (i = 0; i < hosts->nelts; i++) {
        if (zoom_glob(ngx_http_zoom_str(&pattern[i]), ngx_http_zoom_str(host),
                      1))
        {
            return 1;
        }
    }

    return 0;
}


char *
ngx_http_zoom_set_allow(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t                *value;
    ngx_uint_t                i;
    ngx_http_zoom_granted_t  *granted;

    value = cf->args->elts;

    if (zlcf->grants == NGX_CONF_UNSET_PTR) {
        zlcf->grants = ngx_array_create(cf->pool, 2,
                                        sizeof(ngx_http_zoom_granted_t));
        if (zlcf->grants == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    granted = ngx_array_push(zlcf->grants);
    if (granted == NULL) {
        return NGX_CONF_ERROR;
    }

    granted->caller = value[1];
    granted->place.file = cf->conf_file->file.name.data;
    granted->place.line = cf->conf_file->line;

    if (ngx_array_init(&granted->rules, cf->pool, cf->args->nelts,
                       sizeof(zoom_rule_t))
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 2; i < cf->args->nelts; i++) {
        if (ngx_http_zoom_pass_rule(cf, granted, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_pass_rule(ngx_conf_t *cf, ngx_http_zoom_granted_t *granted,
    ngx_str_t *text)
{
    const char   *why;
    zoom_rule_t  *rule;

    rule = ngx_array_push(&granted->rules);
    if (rule == NULL) {
        return NGX_CONF_ERROR;
    }

    why = zoom_rule_read(rule, ngx_http_zoom_str(text));

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "rule \"%V\" of \"zoom_allow\" %s; a rule is \"*\", "
                           "\"read\", \"write\", a scope as "
                           "\"meeting:read:*\", or a method and a path as "
                           "\"GET:/users/{userId}\"", text, why);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_allow_unknown(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t   *value, *prefix;
    ngx_uint_t   i;

    if (zlcf->unknown != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    zlcf->unknown = ngx_array_create(cf->pool, 2, sizeof(ngx_str_t));
    if (zlcf->unknown == NULL) {
        return NGX_CONF_ERROR;
    }

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len < 2 || value[i].data[0] != '/') {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid prefix \"%V\" in "
                               "\"zoom_allow_unknown\", it must be the "
                               "beginning of a path, such as \"/iq/\"",
                               &value[i]);
            return NGX_CONF_ERROR;
        }

        prefix = ngx_array_push(zlcf->unknown);
        if (prefix == NULL) {
            return NGX_CONF_ERROR;
        }

        *prefix = value[i];
    }

    return NGX_CONF_OK;
}


ngx_http_zoom_origin_t *
ngx_http_zoom_pass_origin(ngx_http_zoom_account_t *account,
    ngx_http_zoom_pass_kind_e kind)
{
    switch (kind) {

    case NGX_HTTP_ZOOM_PASS_MCP:
        return &account->mcp;

    case NGX_HTTP_ZOOM_PASS_DOWNLOAD:
        return &account->download;

    default: /* NGX_HTTP_ZOOM_PASS_REST, NGX_HTTP_ZOOM_PASS_GRAPHQL */
        return &account->api;
    }
}


zoom_whose_e
ngx_http_zoom_pass_whose(const ngx_http_zoom_loc_conf_t *conf)
{
    return ngx_http_zoom_account_of_users(conf->account) ? ZOOM_OF_USER
                                                         : ZOOM_OF_ACCOUNT;
}


/*
 * Without a resolver names are looked up once, as those of "proxy_pass"; an
 * address needs none.
 */

static void
ngx_http_zoom_pass_addrs(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf,
    ngx_http_zoom_origin_t *origin)
{
    ngx_str_t                    *host;
    const char                   *why;
    ngx_http_zoom_client_conf_t  *client;

    client = &conf->account->client;

    if (client->proxy.len && origin->https) {
        host = &client->proxy_host;

        why = (client->nproxy_addrs || (client->resolver
                                        && !ngx_http_zoom_url_literal(host)))
              ? NULL
              : ngx_http_zoom_url_addrs(cf->pool, host, client->proxy_port,
                                        &client->proxy_addrs,
                                        &client->nproxy_addrs);

    } else {
        host = &origin->host;

        why = (origin->naddrs || (client->resolver && !origin->literal))
              ? NULL
              : ngx_http_zoom_url_addrs(cf->pool, host, origin->port,
                                        &origin->addrs, &origin->naddrs);
    }

    if (why) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"zoom_pass\" in %s:%ui can't look up \"%V\" (%s): it "
                      "answers 503 until that is so at a reload, or there is "
                      "a \"resolver\"",
                      conf->use.place.file, conf->use.place.line, host, why);
    }
}


char *
ngx_http_zoom_pass_finish(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_http_zoom_pass_addrs(cf, conf,
                             ngx_http_zoom_pass_origin(conf->account,
                                                       conf->pass->kind));

    return ngx_http_zoom_pass_upstream(cf, conf);
}


static char *
ngx_http_zoom_pass_upstream(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_hash_init_t            hash;
    ngx_http_upstream_conf_t  *u, prev;

    u = &conf->pass->upstream;

    /* no answer to a caller is to wait for a connection that is none */

    u->connect_timeout = NGX_HTTP_ZOOM_NEVER;
    u->send_timeout = NGX_HTTP_ZOOM_PASS_QUIET;

    /* tools of MCP and queries of GraphQL may take their time */

    u->read_timeout = (conf->pass->kind == NGX_HTTP_ZOOM_PASS_REST)
                      ? conf->account->client.request_timeout
                      : NGX_HTTP_ZOOM_PASS_QUIET;
    u->buffer_size = NGX_HTTP_ZOOM_PASS_BUFFER;

    /* any end of a connection comes back to us */

    u->next_upstream = NGX_HTTP_UPSTREAM_FT_ERROR
                       |NGX_HTTP_UPSTREAM_FT_TIMEOUT
                       |NGX_HTTP_UPSTREAM_FT_INVALID_HEADER
                       |NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT;

    u->hide_headers = NGX_CONF_UNSET_PTR;
    u->pass_headers = NGX_CONF_UNSET_PTR;

    ngx_memzero(&prev, sizeof(ngx_http_upstream_conf_t));

    prev.hide_headers = NGX_CONF_UNSET_PTR;
    prev.pass_headers = NGX_CONF_UNSET_PTR;

    ngx_memzero(&hash, sizeof(ngx_hash_init_t));

    hash.max_size = 64;
    hash.bucket_size = ngx_align(64, ngx_cacheline_size);
    hash.name = "zoom_pass_headers_hash";

    if (ngx_http_upstream_hide_headers_hash(cf, u, &prev,
                                            ngx_http_zoom_pass_hide, &hash)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_str_set(&u->module, "zoom_pass");

    conf->pass->streaming = *u;
    conf->pass->streaming.read_timeout =
                               (conf->pass->kind == NGX_HTTP_ZOOM_PASS_MCP)
                               ? NGX_HTTP_ZOOM_PASS_LISTEN
                               : NGX_HTTP_ZOOM_PASS_QUIET;

    return NGX_CONF_OK;
}
