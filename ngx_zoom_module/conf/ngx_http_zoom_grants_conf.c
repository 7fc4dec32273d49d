/* Directives of a location that has to do with users' grants. */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_grants_conf.h"
#include "ngx_http_zoom_user_conf.h"
#include "zoom_consent.h"


static const char *ngx_http_zoom_return_prefix(const ngx_str_t *value);
static char *ngx_http_zoom_onbehalf_check(ngx_conf_t *cf,
    ngx_http_zoom_onbehalf_t *onbehalf);
static char *ngx_http_zoom_grants_wrong(ngx_conf_t *cf,
    const ngx_http_zoom_loc_conf_t *conf, const char *grant);


char *
ngx_http_zoom_set_connect_as(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return ngx_http_set_complex_value_slot(cf, cmd, conf);
}


/* Where it begins has to stand in the configuration. */

char *
ngx_http_zoom_set_connect_return(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    char        *rv;
    ngx_str_t   *value;
    const char  *why;

    value = cf->args->elts;

    why = ngx_http_zoom_return_prefix(&value[1]);

    if (why) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the place \"%V\" of \"%V\" %s", &value[1],
                           &cmd->name, why);
        return NGX_CONF_ERROR;
    }

    rv = ngx_http_set_complex_value_slot(cf, cmd, conf);

    if (rv == NGX_CONF_OK && ngx_http_zoom_user_foreign(zlcf->connect_return))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "the place \"%V\" of \"%V\" must not be what a "
                           "caller sends", &value[1], &cmd->name);
        return NGX_CONF_ERROR;
    }

    return rv;
}


static const char *
ngx_http_zoom_return_prefix(const ngx_str_t *value)
{
    u_char      *p, *last, *slash;
    zoom_str_t   fixed;

    last = value->data + value->len;
    p = ngx_strlchr(value->data, last, '$');

    fixed.data = value->data;
    fixed.len = (p ? p : last) - value->data;

    if (!zoom_consent_place(fixed) || (p && fixed.len == 1)) {
        return "must be a path such as \"/done\", or begin with \"https://\" "
               "and a host";
    }

    if (p == NULL || fixed.data[0] == '/') {
        return NULL;
    }

    slash = ngx_strlchr(value->data + sizeof("https://") - 1, p, '/');

    return slash ? NULL : "must have all of its host before a variable";
}


char *
ngx_http_zoom_set_onbehalf(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_zoom_loc_conf_t  *zlcf = conf;

    ngx_str_t                         *value;
    ngx_uint_t                         i;
    ngx_http_zoom_onbehalf_t          *onbehalf;
    ngx_http_compile_complex_value_t   ccv;

    if (zlcf->onbehalf) {
        return "is duplicate";
    }

    if (cf->args->nelts - 2 > NGX_HTTP_ZOOM_ONBEHALF_MAX) {
        return "has more than 8 users";
    }

    onbehalf = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_onbehalf_t));
    if (onbehalf == NULL) {
        return NGX_CONF_ERROR;
    }

    value = cf->args->elts;

    onbehalf->name = value[1];
    onbehalf->place.file = cf->conf_file->file.name.data;
    onbehalf->place.line = cf->conf_file->line;

    for (i = 2; i < cf->args->nelts; i++) {

        ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

        ccv.cf = cf;
        ccv.value = &value[i];
        ccv.complex_value = &onbehalf->values[onbehalf->n++];

        if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
            return NGX_CONF_ERROR;
        }
    }

    zlcf->onbehalf = onbehalf;

    return NGX_CONF_OK;
}


char *
ngx_http_zoom_grants_check(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (conf->onbehalf
        && ngx_http_zoom_onbehalf_check(cf, conf->onbehalf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    switch (conf->use.what) {

    case NGX_HTTP_ZOOM_CONNECT:
    case NGX_HTTP_ZOOM_DISCONNECT:
    case NGX_HTTP_ZOOM_GRANTS:

        if (!ngx_http_zoom_account_of_users(conf->account)) {
            return ngx_http_zoom_grants_wrong(cf, conf,
                             "\"authorization_code\" or \"device_code\"");
        }

        break;

    case NGX_HTTP_ZOOM_CONNECTED:

        if (conf->account->grant != NGX_HTTP_ZOOM_AUTHORIZATION_CODE) {
            return ngx_http_zoom_grants_wrong(cf, conf,
                                              "\"authorization_code\"");
        }

        break;

    default:
        break;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_onbehalf_check(ngx_conf_t *cf,
    ngx_http_zoom_onbehalf_t *onbehalf)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    onbehalf->account = ngx_http_zoom_account_find(zmcf, &onbehalf->name);

    if (onbehalf->account == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown account \"%V\" of \"zoom_onbehalf\" in %s:%ui",
                      &onbehalf->name, onbehalf->place.file,
                      onbehalf->place.line);
        return NGX_CONF_ERROR;
    }

    if (!ngx_http_zoom_account_of_users(onbehalf->account)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "account \"%V\" of \"zoom_onbehalf\" must have \"grant\""
                      " \"authorization_code\" or \"device_code\" in %s:%ui",
                      &onbehalf->name, onbehalf->place.file,
                      onbehalf->place.line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_grants_wrong(ngx_conf_t *cf,
    const ngx_http_zoom_loc_conf_t *conf, const char *grant)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                  "account \"%V\" of \"%s\" must have \"grant\" %s in %s:%ui",
                  &conf->account->name, conf->use.name, grant,
                  conf->use.place.file, conf->use.place.line);

    return NGX_CONF_ERROR;
}
