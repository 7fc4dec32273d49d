/*
 * The zoom_account block, and what may be said in it.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_block.h"
#include "ngx_http_zoom_choice.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_consent_conf.h"
#include "ngx_http_zoom_limit_conf.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_url.h"
#include "ngx_http_zoom_webhook_conf.h"
#include "zoom_sdk.h"
#include "zoom_secret.h"


#define NGX_HTTP_ZOOM_SECRET_MAX   ZOOM_SECRET_FILE_MAX
#define NGX_HTTP_ZOOM_TIMEOUT_MAX  60000
#define NGX_HTTP_ZOOM_CONNECT_MAX  1024
#define NGX_HTTP_ZOOM_DAY_MAX      100000000

#define NGX_HTTP_ZOOM_NO_COLON     0x01
#define NGX_HTTP_ZOOM_SDK_KEY      0x02


static ngx_http_zoom_account_t *ngx_http_zoom_account_create(ngx_conf_t *cf,
    ngx_str_t *name);

static char *ngx_http_zoom_set_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_url(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_trusted(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_proxy(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_connections(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_share(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_set_rate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_zoom_bad_rate(ngx_conf_t *cf, ngx_str_t *value);
static char *ngx_http_zoom_check_timeout(ngx_conf_t *cf, void *post,
    void *data);


static ngx_conf_enum_t  ngx_http_zoom_plans[] = {
    { ngx_string("free"), 0 },
    { ngx_string("pro"), 1 },
    { ngx_string("business"), 2 },
    { ngx_null_string, 0 }
};


static ngx_conf_enum_t  ngx_http_zoom_grants[] = {
    { ngx_string("account_credentials"), NGX_HTTP_ZOOM_ACCOUNT_CREDENTIALS },
    { ngx_string("authorization_code"), NGX_HTTP_ZOOM_AUTHORIZATION_CODE },
    { ngx_string("device_code"), NGX_HTTP_ZOOM_DEVICE_CODE },
    { ngx_null_string, 0 }
};


static ngx_conf_post_t  ngx_http_zoom_timeout_post = {
    ngx_http_zoom_check_timeout
};


/* A table of our own: these names mean nothing outside the block. */

static ngx_command_t  ngx_http_zoom_account_commands[] = {

    { ngx_string("account_id"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_secret,
      0,
      offsetof(ngx_http_zoom_account_t, account_id),
      NULL },

    { ngx_string("client_id"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_secret,
      NGX_HTTP_ZOOM_NO_COLON,
      offsetof(ngx_http_zoom_account_t, credential.client_id),
      NULL },

    { ngx_string("client_secret"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_secret,
      0,
      offsetof(ngx_http_zoom_account_t, credential.client_secret),
      NULL },

    { ngx_string("grant"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_enum,
      0,
      offsetof(ngx_http_zoom_account_t, grant),
      &ngx_http_zoom_grants },

    { ngx_string("authorize_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, consent.authorize),
      NULL },

    { ngx_string("device_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, consent.device),
      NULL },

    { ngx_string("revoke_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, consent.revoke),
      NULL },

    { ngx_string("redirect_uri"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_redirect,
      0,
      0,
      NULL },

    { ngx_string("scopes"),
      NGX_CONF_1MORE,
      ngx_http_zoom_set_scopes,
      0,
      0,
      NULL },

    { ngx_string("sdk_key"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_secret,
      NGX_HTTP_ZOOM_SDK_KEY,
      offsetof(ngx_http_zoom_account_t, sdk_key),
      NULL },

    { ngx_string("sdk_secret"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_secret,
      0,
      offsetof(ngx_http_zoom_account_t, sdk_secret),
      NULL },

    { ngx_string("webhook_secret"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_webhook_secret,
      0,
      0,
      NULL },

    { ngx_string("oauth_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, credential.oauth),
      NULL },

    { ngx_string("api_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, api),
      NULL },

    { ngx_string("mcp_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, mcp),
      NULL },

    { ngx_string("download_url"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_url,
      0,
      offsetof(ngx_http_zoom_account_t, download),
      NULL },

    { ngx_string("trusted_certificate"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_trusted,
      0,
      offsetof(ngx_http_zoom_account_t, trusted_certificate),
      NULL },

    { ngx_string("proxy"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_proxy,
      0,
      0,
      NULL },

    { ngx_string("plan"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_enum,
      0,
      offsetof(ngx_http_zoom_account_t, plan),
      &ngx_http_zoom_plans },

    { ngx_string("share"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_share,
      0,
      offsetof(ngx_http_zoom_account_t, share),
      NULL },

    { ngx_string("rate"),
      NGX_CONF_TAKE12,
      ngx_http_zoom_set_rate,
      0,
      0,
      NULL },

    { ngx_string("dry_run"),
      NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_http_zoom_account_t, dry_run),
      NULL },

    { ngx_string("connections"),
      NGX_CONF_TAKE1,
      ngx_http_zoom_set_connections,
      0,
      offsetof(ngx_http_zoom_account_t, client.connections),
      NULL },

    { ngx_string("connect_timeout"),
      NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      0,
      offsetof(ngx_http_zoom_account_t, client.connect_timeout),
      &ngx_http_zoom_timeout_post },

    { ngx_string("request_timeout"),
      NGX_CONF_TAKE1,
      ngx_conf_set_msec_slot,
      0,
      offsetof(ngx_http_zoom_account_t, client.request_timeout),
      &ngx_http_zoom_timeout_post },

    { ngx_string("http2"),
      NGX_CONF_FLAG,
      ngx_conf_set_flag_slot,
      0,
      offsetof(ngx_http_zoom_account_t, client.http2),
      NULL },

      ngx_null_command
};


char *
ngx_http_zoom_account_block(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf = conf;

    ngx_str_t                *value;
    ngx_http_zoom_account_t  *account;

    value = cf->args->elts;

    if (!ngx_http_zoom_name(&value[1], ".-", NGX_HTTP_ZOOM_NAME_MAX)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid account name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    account = ngx_http_zoom_account_find(zmcf, &value[1]);

    if (account) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate \"zoom_account\" \"%V\", the first is "
                           "in %s:%ui",
                           &value[1], account->file, account->line);
        return NGX_CONF_ERROR;
    }

    account = ngx_http_zoom_account_create(cf, &value[1]);
    if (account == NULL) {
        return NGX_CONF_ERROR;
    }

    account->index = zmcf->accounts.nelts;

    if (ngx_http_zoom_block(cf, ngx_http_zoom_account_commands, account)
        != NGX_CONF_OK
        || ngx_http_zoom_account_end(cf, account) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_account_add(zmcf, account) == NGX_OK
           ? NGX_CONF_OK : NGX_CONF_ERROR;
}


static ngx_http_zoom_account_t *
ngx_http_zoom_account_create(ngx_conf_t *cf, ngx_str_t *name)
{
    ngx_uint_t                i;
    ngx_http_zoom_account_t  *account;

    account = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_account_t));
    if (account == NULL) {
        return NULL;
    }

    account->name = *name;
    account->file = cf->conf_file->file.name.data;
    account->line = cf->conf_file->line;

    account->grant = NGX_CONF_UNSET_UINT;
    account->plan = NGX_CONF_UNSET_UINT;
    account->share = NGX_CONF_UNSET_UINT;
    account->dry_run = NGX_CONF_UNSET;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        account->rates[i].rate = NGX_CONF_UNSET_UINT;
    }

    account->client.connections = NGX_CONF_UNSET_UINT;
    account->client.connect_timeout = NGX_CONF_UNSET_MSEC;
    account->client.request_timeout = NGX_CONF_UNSET_MSEC;
    account->client.http2 = NGX_CONF_UNSET;

    return account;
}


static char *
ngx_http_zoom_set_secret(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    size_t       i, max;
    ngx_str_t   *field, *value;
    ngx_uint_t   flags;

    field = (ngx_str_t *) (p + cmd->offset);

    if (field->data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strstr(cmd->name.data, "secret") == NULL) {
        flags = NGX_HTTP_ZOOM_SECRET_ID;
        max = NGX_HTTP_ZOOM_ID_MAX;

    } else {
        flags = 0;
        max = NGX_HTTP_ZOOM_SECRET_MAX;
    }

    if (ngx_http_zoom_secret(cf, (char *) cmd->name.data, &value[1], flags,
                             field)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (field->len > max) {
        return "has a value that is too long";
    }

    for (i = 0; i < field->len; i++) {

        if (field->data[i] <= ' ' || field->data[i] >= 0x7f) {
            return "has a value with spaces or characters outside ASCII";
        }

        /* it ends the user's name in Basic authentication */

        if (cmd->conf == NGX_HTTP_ZOOM_NO_COLON && field->data[i] == ':') {
            return "has a value with a colon";
        }
    }

    /* it goes into JSON as it is */

    if (cmd->conf == NGX_HTTP_ZOOM_SDK_KEY
        && zoom_sdk_key(ngx_http_zoom_str(field)) != NULL)
    {
        return "has a value with a quote or a backslash";
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_url(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    char  *p = conf;

    ngx_str_t               *value;
    const char              *why;
    ngx_http_zoom_origin_t  *origin;

    origin = (ngx_http_zoom_origin_t *) (p + cmd->offset);

    if (origin->url.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    why = ngx_http_zoom_url(cf->pool, &value[1], origin);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of \"%V\" %s", &cmd->name, why);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_trusted(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    char       *rv;
    ngx_str_t  *file;

    rv = ngx_conf_set_str_slot(cf, cmd, conf);

    if (rv != NGX_CONF_OK) {
        return rv;
    }

    file = &account->trusted_certificate;

    if (file->len == 0) {
        return "has no file";
    }

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_account_store(cf, account);
}


static char *
ngx_http_zoom_set_proxy(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    ngx_str_t               *value;
    const char              *why;
    ngx_http_zoom_origin_t   origin;

    if (account->client.proxy.data) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        ngx_str_set(&account->client.proxy, "");
        return NGX_CONF_OK;
    }

    why = ngx_http_zoom_proxy_url(cf->pool, &value[1], &origin);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the URL of \"%V\" %s", &cmd->name, why);
        return NGX_CONF_ERROR;
    }

    account->client.proxy = origin.url;
    account->client.proxy_host = origin.host;
    account->client.proxy_port = origin.port;

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_connections(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (account->client.connections != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "auto") == 0) {
        account->client.connections = 0;
        return NGX_CONF_OK;
    }

    n = ngx_atoi(value[1].data, value[1].len);

    if (n < 1 || n > NGX_HTTP_ZOOM_CONNECT_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"connections\", it must "
                           "be \"auto\" or a number from 1 to %d", &value[1],
                           NGX_HTTP_ZOOM_CONNECT_MAX);
        return NGX_CONF_ERROR;
    }

    account->client.connections = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_share(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    ngx_int_t   n;
    ngx_str_t  *value;

    if (account->share != NGX_CONF_UNSET_UINT) {
        return "is duplicate";
    }

    value = cf->args->elts;

    n = NGX_ERROR;

    if (value[1].len > 1 && value[1].data[value[1].len - 1] == '%') {
        n = ngx_atoi(value[1].data, value[1].len - 1);
    }

    if (n < 1 || n > 100) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid value \"%V\" of \"share\", it must be "
                           "from 1%% to 100%%", &value[1]);
        return NGX_CONF_ERROR;
    }

    account->share = n;

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_set_rate(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    u_char                *p, *last;
    ngx_int_t              n;
    ngx_str_t             *value, label;
    ngx_uint_t             i;
    ngx_http_zoom_rate_t  *rate;

    value = cf->args->elts;

    last = value[1].data + value[1].len;

    for (p = value[1].data; p < last && *p != '='; p++) { /* void */ }

    label.data = value[1].data;
    label.len = p - label.data;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        if (ngx_http_zoom_same(&label, &ngx_http_zoom_labels[i])) {
            break;
        }
    }

    n = (p < last) ? ngx_http_zoom_rate(p + 1, last) : NGX_ERROR;

    if (i == ZOOM_NLABELS || n == NGX_ERROR) {
        return ngx_http_zoom_bad_rate(cf, &value[1]);
    }

    rate = &account->rates[i];

    if (rate->rate != NGX_CONF_UNSET_UINT) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"rate\" directive of \"%V\" is duplicate",
                           &label);
        return NGX_CONF_ERROR;
    }

    rate->rate = n;

    if (cf->args->nelts == 2) {
        return NGX_CONF_OK;
    }

    if (ngx_strncmp(value[2].data, "day=", 4) == 0) {
        n = ngx_atoi(value[2].data + 4, value[2].len - 4);

        if (n >= 1 && n <= NGX_HTTP_ZOOM_DAY_MAX) {
            rate->day = n;
            return NGX_CONF_OK;
        }
    }

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid parameter \"%V\" of \"rate\", it must be "
                       "\"day=\" and a number from 1 to %d", &value[2],
                       NGX_HTTP_ZOOM_DAY_MAX);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_bad_rate(ngx_conf_t *cf, ngx_str_t *value)
{
    size_t  len;
    u_char  text[NGX_HTTP_ZOOM_CHOICE_MAX];

    len = ngx_http_zoom_choice(text, ngx_http_zoom_labels, sizeof(ngx_str_t),
                               ZOOM_NLABELS);

    ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                       "invalid rate \"%V\", it must be %*s, \"=\" and a "
                       "number from 1 to %d with \"r/s\" or \"r/m\", such "
                       "as \"light=24r/s\"",
                       value, len, text, NGX_HTTP_ZOOM_RATE_MAX);

    return NGX_CONF_ERROR;
}


static char *
ngx_http_zoom_check_timeout(ngx_conf_t *cf, void *post, void *data)
{
    ngx_msec_t  *timeout = data;

    if (*timeout == 0 || *timeout > NGX_HTTP_ZOOM_TIMEOUT_MAX) {
        return "must be above 0 and at most 60s";
    }

    return NGX_CONF_OK;
}
