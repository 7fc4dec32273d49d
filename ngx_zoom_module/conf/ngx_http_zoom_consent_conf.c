/* What a zoom_account says of users' grants, once its block has been read. */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_consent_conf.h"
#include "ngx_http_zoom_url.h"


#define NGX_HTTP_ZOOM_AUTHORIZE_URL  "https://zoom.us/oauth/authorize"

#define NGX_HTTP_ZOOM_SCOPE_MAX      128
#define NGX_HTTP_ZOOM_SCOPES_MAX     2048


static char *ngx_http_zoom_consent_none(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);
static char *ngx_http_zoom_consent_beside(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account, const char *name, const char *last,
    ngx_http_zoom_origin_t *origin);
static char *ngx_http_zoom_consent_app(ngx_conf_t *cf,
    ngx_http_zoom_account_t *account);


/* Zoom compares it byte by byte, so it stays as it is. */

char *
ngx_http_zoom_set_redirect(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    ngx_str_t               *value, copy;
    const char              *why;
    ngx_http_zoom_origin_t   origin;

    if (account->consent.redirect_uri.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    copy.len = value[1].len;
    copy.data = ngx_pstrdup(cf->pool, &value[1]);

    if (copy.data == NULL) {
        return NGX_CONF_ERROR;
    }

    why = ngx_http_zoom_url(cf->pool, &copy, &origin);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of \"%V\" %s", &cmd->name, why);
        return NGX_CONF_ERROR;
    }

    account->consent.redirect_uri = value[1];

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_scopes(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    u_char      *p;
    size_t       size;
    ngx_str_t   *value;
    ngx_uint_t   i;

    if (account->consent.scopes.data) {
        return "is duplicate";
    }

    value = cf->args->elts;
    size = 0;

    for (i = 1; i < cf->args->nelts; i++) {

        if (!ngx_http_zoom_name(&value[i], ":-.", NGX_HTTP_ZOOM_SCOPE_MAX)) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid scope \"%V\", such as "
                               "\"user:read:token\"", &value[i]);
            return NGX_CONF_ERROR;
        }

        size += value[i].len + 1;
    }

    if (size > NGX_HTTP_ZOOM_SCOPES_MAX) {
        return "has too many scopes";
    }

    p = ngx_pnalloc(cf->pool, size);
    if (p == NULL) {
        return NGX_CONF_ERROR;
    }

    account->consent.scopes.data = p;
    account->consent.scopes.len = size - 1;

    for (i = 1; i < cf->args->nelts; i++) {
        p = ngx_cpymem(p, value[i].data, value[i].len);
        *p++ = ' ';
    }

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_consent_conf(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    ngx_http_zoom_consent_conf_t  *consent;

    ngx_str_t  authorize = ngx_string(NGX_HTTP_ZOOM_AUTHORIZE_URL);

    consent = &account->consent;

    if (!ngx_http_zoom_account_of_users(account)) {
        return ngx_http_zoom_consent_none(cf, account);
    }

    if (account->account_id.data) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_account\" \"%V\" with the grants of users has "
                      "no \"account_id\" in %s:%ui", &account->name,
                      account->file, account->line);
        return NGX_CONF_ERROR;
    }

    if (account->grant == NGX_HTTP_ZOOM_AUTHORIZATION_CODE
        && consent->redirect_uri.data == NULL)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_account\" \"%V\" must have \"redirect_uri\", "
                      "the URL of its \"zoom_connected\", in %s:%ui",
                      &account->name, account->file, account->line);
        return NGX_CONF_ERROR;
    }

    if (consent->authorize.url.data == NULL
        && ngx_http_zoom_url(cf->pool, &authorize, &consent->authorize)
           != NULL)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_consent_beside(cf, account, "revoke_url", "/revoke",
                                     &consent->revoke)
        != NGX_CONF_OK
        || ngx_http_zoom_consent_beside(cf, account, "device_url",
                                        "/devicecode", &consent->device)
           != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_consent_app(cf, account);
}


static char *
ngx_http_zoom_consent_none(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    const char                          *name;
    const ngx_http_zoom_consent_conf_t  *consent;

    consent = &account->consent;

    name = consent->authorize.url.data ? "authorize_url"
           : consent->device.url.data ? "device_url"
           : consent->revoke.url.data ? "revoke_url"
           : consent->redirect_uri.data ? "redirect_uri"
           : consent->scopes.data ? "scopes" : NULL;

    if (name == NULL) {
        return NGX_CONF_OK;
    }

    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "\"%s\" of \"zoom_account\" \"%V\" must have \"grant\" "
                  "\"authorization_code\" or \"device_code\" in %s:%ui",
                  name, &account->name, account->file, account->line);

    return NGX_CONF_ERROR;
}


/* By default beside the token endpoint, with another last part. */

static char *
ngx_http_zoom_consent_beside(ngx_conf_t *cf, ngx_http_zoom_account_t *account,
    const char *name, const char *last, ngx_http_zoom_origin_t *origin)
{
    u_char     *p;
    size_t      len;
    ngx_str_t   url, *token;

    if (origin->url.data) {
        return NGX_CONF_OK;
    }

    token = &account->credential.oauth.url;
    len = sizeof("/token") - 1;

    if (token->len < len
        || ngx_memcmp(token->data + token->len - len, "/token", len) != 0)
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_account\" \"%V\" must have \"%s\", as its "
                      "\"oauth_url\" does not end with \"/token\", in %s:%ui",
                      &account->name, name, account->file, account->line);
        return NGX_CONF_ERROR;
    }

    url.data = ngx_pnalloc(cf->pool, token->len + ngx_strlen(last) + 1);
    if (url.data == NULL) {
        return NGX_CONF_ERROR;
    }

    p = ngx_cpymem(url.data, token->data, token->len - len);
    url.len = ngx_sprintf(p, "%s%Z", last) - url.data - 1;

    return (ngx_http_zoom_url(cf->pool, &url, origin) == NULL)
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


/* The same app under another name of ours has the same grants. */

static char *
ngx_http_zoom_consent_app(ngx_conf_t *cf, ngx_http_zoom_account_t *account)
{
    ngx_str_t  *app, *url, *id;

    app = &account->consent.app;
    url = &account->credential.oauth.url;
    id = &account->credential.client_id;

    app->data = ngx_pnalloc(cf->pool, url->len + id->len + 2);
    if (app->data == NULL) {
        return NGX_CONF_ERROR;
    }

    app->len = ngx_sprintf(app->data, "%V %V%Z", url, id) - app->data - 1;

    return NGX_CONF_OK;
}
