/*
 * The directive zoom_webhook, what goes with it, and what "nginx -t" says.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_secret.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_webhook_conf.h"
#include "zoom_event.h"
#include "zoom_webhook.h"


static char *ngx_http_zoom_webhook_known(ngx_conf_t *cf, ngx_str_t *pattern);
static char *ngx_http_zoom_webhook_check(ngx_conf_t *cf,
    ngx_http_core_loc_conf_t *clcf, ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_webhook_account(ngx_conf_t *cf,
    ngx_http_zoom_webhook_use_t *webhook);


char *
ngx_http_zoom_set_webhook_secret(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_zoom_account_t  *account = conf;

    size_t        i;
    ngx_str_t    *value, secret;
    zoom_hmac_t  *key;

    if (account->nwebhook_keys == NGX_HTTP_ZOOM_WEBHOOK_SECRETS) {
        return "is there more than twice";
    }

    value = cf->args->elts;

    if (ngx_http_zoom_secret(cf, (char *) cmd->name.data, &value[1], 0,
                             &secret)
        != NGX_OK)
    {
        return NGX_CONF_ERROR;
    }

    for (i = 0; i < secret.len; i++) {
        if (secret.data[i] <= ' ' || secret.data[i] >= 0x7f) {
            return "has a value with spaces or characters outside ASCII";
        }
    }

    if (account->webhook_keys == NULL) {
        account->webhook_keys = ngx_http_zoom_secret_alloc(cf,
                           NGX_HTTP_ZOOM_WEBHOOK_SECRETS * sizeof(zoom_hmac_t));
        if (account->webhook_keys == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    key = &account->webhook_keys[account->nwebhook_keys];

    if (zoom_hmac_key(key, ngx_http_zoom_str(&secret)) != 0) {
        return "has a value that can't be used";
    }

    if (account->nwebhook_keys == 1
        && ngx_memcmp(&key[-1], key, sizeof(zoom_hmac_t)) == 0)
    {
        return "has the same value twice";
    }

    account->nwebhook_keys++;

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_webhook(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t                    *value;
    ngx_http_zoom_main_conf_t    *zmcf;
    ngx_http_zoom_webhook_use_t  *webhook;

    if (zlcf->webhook != NGX_CONF_UNSET_PTR) {
        return "is duplicate";
    }

    value = cf->args->elts;

    if (ngx_strcmp(value[1].data, "off") == 0) {
        zlcf->webhook = NULL;
        return NGX_CONF_OK;
    }

    webhook = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_webhook_use_t));
    if (webhook == NULL) {
        return NGX_CONF_ERROR;
    }

    webhook->name = value[1];
    webhook->place.file = cf->conf_file->file.name.data;
    webhook->place.line = cf->conf_file->line;

    zlcf->webhook = webhook;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);
    zmcf->webhooks = 1;

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_set_webhook_events(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t   *value, *pattern;
    ngx_uint_t   i;

    if (zlcf->webhook_events == NGX_CONF_UNSET_PTR) {
        zlcf->webhook_events = ngx_array_create(cf->pool, cf->args->nelts - 1,
                                                sizeof(ngx_str_t));
        if (zlcf->webhook_events == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    value = cf->args->elts;

    for (i = 1; i < cf->args->nelts; i++) {

        if (value[i].len == 0) {
            return "has an empty pattern";
        }

        if (ngx_http_zoom_webhook_known(cf, &value[i]) != NGX_CONF_OK) {
            return NGX_CONF_ERROR;
        }

        pattern = ngx_array_push(zlcf->webhook_events);
        if (pattern == NULL) {
            return NGX_CONF_ERROR;
        }

        *pattern = value[i];
    }

    return NGX_CONF_OK;
}


/* Zoom publishes new ones now and then, so that these are warnings. */

static char *
ngx_http_zoom_webhook_known(ngx_conf_t *cf, ngx_str_t *pattern)
{
    const char  *nearest;
    zoom_str_t   name;

    name = ngx_http_zoom_str(pattern);

    if (pattern->len > ZOOM_EVENT_NAME_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "pattern \"%V\" of \"zoom_webhook_events\" is too "
                           "long, an event has at most %d characters",
                           pattern, ZOOM_EVENT_NAME_MAX);
        return NGX_CONF_ERROR;
    }

    if (ngx_strlchr(pattern->data, pattern->data + pattern->len, '*')) {

        if (!zoom_event_matches(name)) {
            ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                               "pattern \"%V\" of \"zoom_webhook_events\" "
                               "matches no event that Zoom has published",
                               pattern);
        }

        return NGX_CONF_OK;
    }

    if (zoom_event_known(name)) {
        return NGX_CONF_OK;
    }

    nearest = zoom_event_nearest(name);

    ngx_conf_log_error(NGX_LOG_WARN, cf, 0,
                       "unknown event \"%V\" of \"zoom_webhook_events\"%s%s%s",
                       pattern, nearest ? ", is it \"" : "",
                       nearest ? nearest : "", nearest ? "\"?" : "");

    return NGX_CONF_OK;
}


/*
 * A proof that is wanted for a location is wanted for all below it, as with
 * "auth_basic", and for its "if" and "limit_except" blocks.
 */

char *
ngx_http_zoom_webhook_merge(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *prev,
    ngx_http_zoom_loc_conf_t *conf, ngx_uint_t guarded)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    ngx_conf_merge_sec_value(conf->webhook_window, prev->webhook_window,
                             ZOOM_WEBHOOK_REDELIVERS);
    ngx_conf_merge_value(conf->webhook_act, prev->webhook_act, 1);
    ngx_conf_merge_ptr_value(conf->webhook_events, prev->webhook_events, NULL);

    if (conf->webhook == NGX_CONF_UNSET_PTR) {

        conf->webhook = NULL;

        if (prev->webhook && prev->webhook != NGX_CONF_UNSET_PTR
            && conf->use.name == NULL)
        {
            conf->webhook = prev->webhook;

            if (conf->webhook_route == NULL) {
                conf->webhook_route = prev->webhook_route;
            }

            conf->webhook_guarded = prev->webhook_guarded || guarded;
        }

    } else {
        conf->webhook_guarded = guarded;
    }

    if (conf->webhook == NULL && conf->webhook_route) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_webhook_by_lua_file\" must have "
                      "\"zoom_webhook\" in location \"%V\"", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->webhook == NULL) {
        return NGX_CONF_OK;
    }

    return ngx_http_zoom_webhook_check(cf, clcf, conf);
}


static char *
ngx_http_zoom_webhook_check(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *conf)
{
    ngx_http_zoom_webhook_use_t  *webhook;

    webhook = conf->webhook;

    if (conf->use.name) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_webhook\" directive conflicts with \"%s\" in "
                      "%s:%ui",
                      conf->use.name, webhook->place.file,
                      webhook->place.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_webhook_account(cf, webhook) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->webhook_guarded && ngx_http_zoom_auth_has_body(conf->auth)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_webhook\" can't have \"attendee\" or "
                      "\"standard_webhooks\", which Zoom's webhooks never "
                      "are, in %s:%ui",
                      webhook->place.file, webhook->place.line);
        return NGX_CONF_ERROR;
    }

    /* we keep to the ceiling, so that the 413 is ours */

    conf->body_max = NGX_HTTP_ZOOM_WEBHOOK_BODY_MAX;

    if (clcf->client_max_body_size) {
        conf->body_max = ngx_min(clcf->client_max_body_size, conf->body_max);
    }

    clcf->client_max_body_size = 0;

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_webhook_account(ngx_conf_t *cf,
    ngx_http_zoom_webhook_use_t *webhook)
{
    ngx_http_zoom_account_t    *account;
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    account = ngx_http_zoom_account_find(zmcf, &webhook->name);

    if (account == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown account \"%V\" of \"zoom_webhook\" in %s:%ui",
                      &webhook->name, webhook->place.file,
                      webhook->place.line);
        return NGX_CONF_ERROR;
    }

    if (account->nwebhook_keys == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "account \"%V\" of \"zoom_webhook\" must have "
                      "\"webhook_secret\" in %s:%ui",
                      &account->name, webhook->place.file,
                      webhook->place.line);
        return NGX_CONF_ERROR;
    }

    webhook->account = account;

    return NGX_CONF_OK;
}


ngx_uint_t
ngx_http_zoom_webhook_wants(const ngx_http_zoom_loc_conf_t *conf,
    const ngx_str_t *name)
{
    ngx_str_t   *pattern;
    ngx_uint_t   i;

    if (conf->webhook_events == NULL) {
        return 1;
    }

    pattern = conf->webhook_events->elts;

    for (i = 0; i < conf->webhook_events->nelts; i++) {
        if (zoom_event_match(ngx_http_zoom_str(&pattern[i]),
                             ngx_http_zoom_str(name)))
        {
            return 1;
        }
    }

    return 0;
}
