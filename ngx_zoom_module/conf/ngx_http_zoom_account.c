/*
 * zoom_account: one Zoom account plus its app's credentials, once its block
 * has been read.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include <openssl/evp.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_ca.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_consent_conf.h"
#include "ngx_http_zoom_resolver.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"
#include "zoom_shape.h"


#define NGX_HTTP_ZOOM_OAUTH_URL     "https://zoom.us/oauth/token"
#define NGX_HTTP_ZOOM_API_URL       "https://api.zoom.us/v2"
#define NGX_HTTP_ZOOM_MCP_URL       "https://mcp.zoom.us/mcp/zoom/streamable"
#define NGX_HTTP_ZOOM_DOWNLOAD_URL  "https://zoom.us"


static char *ngx_http_zoom_account_required(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);
static char *ngx_http_zoom_account_lacks(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account, const char *name);
static char *ngx_http_zoom_account_urls(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);
static char *ngx_http_zoom_account_url(ngx_conf_t *cf,
    ngx_http_zoom_origin_t *origin, const char *url);
static void ngx_http_zoom_account_version(ngx_conf_t *cf,
    const ngx_http_zoom_account_t *account);
static char *ngx_http_zoom_account_agree(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account, ngx_http_zoom_account_t *other);
static void ngx_http_zoom_account_store_free(void *data);


ngx_str_t  ngx_http_zoom_labels[ZOOM_NLABELS] = {
    ngx_string("light"),
    ngx_string("medium"),
    ngx_string("heavy"),
    ngx_string("resource")
};


char *
ngx_http_zoom_account_end(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    ngx_uint_t                   i;
    ngx_http_zoom_account_t    **other;
    ngx_http_zoom_main_conf_t   *zmcf;

    ngx_conf_init_uint_value(account->grant,
                             NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS);

    if (ngx_http_zoom_account_required(cf, account) != NGX_CONF_OK
        || ngx_http_zoom_account_urls(cf, account) != NGX_CONF_OK
        || ngx_http_zoom_consent_conf(cf, account) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    ngx_crc32_init(account->whose);
    ngx_crc32_update(&account->whose, account->account_id.data,
                     account->account_id.len);
    ngx_crc32_update(&account->whose, account->consent.app.data,
                     account->consent.app.len);

    ngx_http_zoom_account_version(cf, account);

    ngx_conf_init_uint_value(account->plan, 1);
    ngx_conf_init_uint_value(account->share, 100);
    ngx_conf_init_value(account->dry_run, 0);

    account->client.name = account->name;

    ngx_conf_init_uint_value(account->client.connections, 0);
    ngx_conf_init_msec_value(account->client.connect_timeout, 3000);
    ngx_conf_init_msec_value(account->client.request_timeout, 5000);
    ngx_conf_init_value(account->client.http2, 0);

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    other = zmcf->accounts.elts;

    for (i = 0; i < zmcf->accounts.nelts; i++) {
        if (ngx_http_zoom_account_agree(cf, account, other[i])
            != NGX_CONF_OK)
        {
            return NGX_CONF_ERROR;
        }
    }

    return ngx_http_zoom_account_store(cf, account);
}


static char *
ngx_http_zoom_account_required(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account)
{
    ngx_uint_t   users;
    const char  *name;

    users = ngx_http_zoom_account_of_users(account);

    if (!users && account->account_id.data == NULL) {
        name = "account_id";

    } else if (account->credential.client_id.data == NULL) {
        name = "client_id";

    } else if (!users && account->credential.client_secret.data == NULL) {
        name = "client_secret";

    } else if (account->sdk_key.data && account->sdk_secret.data == NULL) {
        name = "sdk_secret";

    } else if (account->sdk_secret.data && account->sdk_key.data == NULL) {
        name = "sdk_key";

    } else {
        return NGX_CONF_OK;
    }

    return ngx_http_zoom_account_lacks(cf, account, name);
}


static char *
ngx_http_zoom_account_lacks(ngx_conf_t *cf, ngx_http_zoom_account_t *account,
    const char *name)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"zoom_account\" \"%V\" must have \"%s\" in %s:%ui",
                  &account->name, name, account->file, account->line);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_account_urls(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    if (ngx_http_zoom_account_url(cf, &account->credential.oauth,
                                  NGX_HTTP_ZOOM_OAUTH_URL)
        != NGX_CONF_OK
        || ngx_http_zoom_account_url(cf, &account->api, NGX_HTTP_ZOOM_API_URL)
           != NGX_CONF_OK
        || ngx_http_zoom_account_url(cf, &account->mcp, NGX_HTTP_ZOOM_MCP_URL)
           != NGX_CONF_OK
        || ngx_http_zoom_account_url(cf, &account->download,
                                     NGX_HTTP_ZOOM_DOWNLOAD_URL)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_account_url(ngx_conf_t *cf, ngx_http_zoom_origin_t *origin,
    const char *url)
{
    ngx_str_t  s;

    if (origin->url.data) {
        return NGX_CONF_OK;
    }

    s.data = (u_char *) url;
    s.len = ngx_strlen(url);

    return ngx_http_zoom_url(cf->pool, &s, origin) ? NGX_CONF_ERROR
                                                   : NGX_CONF_OK;
}


/*
 * Zoom's answer to OAuth has an "api_url" without a version, which is copied
 * from there.  Behind another host the path is the operator's.
 */

static void
ngx_http_zoom_account_version(ngx_conf_t *cf,
    const ngx_http_zoom_account_t *account)
{
    const ngx_http_zoom_origin_t  *api;

    static ngx_str_t  version = ngx_string("/v2");

    api = &account->api;

    if (!zoom_shape_host(ngx_http_zoom_str(&api->host))
        || ngx_http_zoom_same(&api->path, &version))
    {
        return;
    }

    ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                  "\"api_url\" \"%V\" of \"zoom_account\" \"%V\" in %s:%ui is "
                  "not where Zoom's API is: the path must be \"/v2\", as in "
                  "\"https://%V/v2\"",
                  &api->url, &account->name, account->file, account->line,
                  &api->host);
}


/*
 * Blocks of one Zoom account share its limits, whatever host they ask, so they
 * must mean the same.
 */

static char *
ngx_http_zoom_account_agree(ngx_conf_t *cf, ngx_http_zoom_account_t *account,
    ngx_http_zoom_account_t *other)
{
    ngx_uint_t   i;
    const char  *name;

    if (!ngx_http_zoom_account_same(account, other)) {
        return NGX_CONF_OK;
    }

    if (account->plan != other->plan) {
        name = "plan";
        goto differ;
    }

    if (account->share != other->share) {
        name = "share";
        goto differ;
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        if (account->rates[i].rate != other->rates[i].rate
            || account->rates[i].day != other->rates[i].day)
        {
            name = "rate";
            goto differ;
        }
    }

    return NGX_CONF_OK;

differ:

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"zoom_account\" \"%V\" and \"%V\" have one \"%s\" "
                  "and must have the same \"%s\" in %s:%ui and %s:%ui",
                  &other->name, &account->name,
                  account->consent.app.len ? "client_id" : "account_id",
                  name, other->file,
                  other->line, account->file, account->line);

    return NGX_CONF_ERROR;
}


ngx_uint_t
ngx_http_zoom_account_same(const ngx_http_zoom_account_t *a,
    const ngx_http_zoom_account_t *b)
{
    return a->whose == b->whose
           && ngx_http_zoom_same(&a->account_id, &b->account_id)
           && ngx_http_zoom_same(&a->consent.app, &b->consent.app);
}


/* Reading a CA bundle takes long: once per file is enough. */

char *
ngx_http_zoom_account_store(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    ngx_str_t                   *file;
    ngx_uint_t                   i;
    ngx_pool_cleanup_t          *cln;
    ngx_http_zoom_account_t    **other;
    ngx_http_zoom_main_conf_t   *zmcf;

    if (account->client.store) {
        return NGX_CONF_OK;
    }

    file = account->trusted_certificate.len ? &account->trusted_certificate
                                            : NULL;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    other = zmcf->accounts.elts;

    for (i = 0; i < zmcf->accounts.nelts; i++) {
        if (ngx_http_zoom_same(&other[i]->trusted_certificate,
                               &account->trusted_certificate))
        {
            account->client.store = other[i]->client.store;
            return NGX_CONF_OK;
        }
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        return NGX_CONF_ERROR;
    }

    account->client.store = ngx_http_zoom_ca_store(cf, file);
    if (account->client.store == NULL) {
        return NGX_CONF_ERROR;
    }

    cln->handler = ngx_http_zoom_account_store_free;
    cln->data = account->client.store;

    return NGX_CONF_OK;
}


static void
ngx_http_zoom_account_store_free(void *data)
{
    X509_STORE  *store = data;

    X509_STORE_free(store);
}


char *
ngx_http_zoom_account_finish(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    if (zmcf->store == NULL && ngx_http_zoom_account_of_users(account)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_account\" \"%V\" must have a \"zoom_store\" "
                      "in the http block, where its users' grants are kept, "
                      "in %s:%ui", &account->name, account->file,
                      account->line);
        return NGX_CONF_ERROR;
    }

    if (EVP_Digest(account->credential.client_secret.data,
                   account->credential.client_secret.len,
                   account->credential.sum, NULL, EVP_sha256(), NULL) != 1)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0, "EVP_Digest() failed");
        return NGX_CONF_ERROR;
    }

    account->client.resolver =
        ngx_http_zoom_resolver(cf, &account->client.resolver_timeout);

    return NGX_CONF_OK;
}


ngx_http_zoom_account_t *
ngx_http_zoom_account_find(const ngx_http_zoom_main_conf_t *zmcf,
    const ngx_str_t *name)
{
    ngx_str_t        s;
    ngx_rbtree_t    *names;
    ngx_str_node_t  *node;

    /* the look-up of nginx changes nothing, but does not say so */

    names = (ngx_rbtree_t *) &zmcf->account_names;
    s = *name;

    node = ngx_str_rbtree_lookup(names, &s, ngx_crc32_short(s.data, s.len));

    return node ? ngx_queue_data(node, ngx_http_zoom_account_t, names) : NULL;
}


ngx_int_t
ngx_http_zoom_account_add(ngx_http_zoom_main_conf_t *zmcf,
    ngx_http_zoom_account_t *account)
{
    ngx_http_zoom_account_t  **accountp;

    accountp = ngx_array_push(&zmcf->accounts);
    if (accountp == NULL) {
        return NGX_ERROR;
    }

    *accountp = account;

    account->names.str = account->name;
    account->names.node.key = ngx_crc32_short(account->name.data,
                                              account->name.len);

    ngx_rbtree_insert(&zmcf->account_names, &account->names.node);

    return NGX_OK;
}
