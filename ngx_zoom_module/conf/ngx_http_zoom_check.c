/*
 * What "nginx -t" says about a location.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_check.h"
#include "ngx_http_zoom_grants_conf.h"
#include "ngx_http_zoom_pass_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types_conf.h"
#include "ngx_http_zoom_user_conf.h"
#include "zoom_join.h"


static char *ngx_http_zoom_check_account(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_check_needs(ngx_conf_t *cf,
    const ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_check_tokens(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static ngx_uint_t ngx_http_zoom_check_of_user(
    const ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_check_pass(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_check_user(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_check_join(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static char *ngx_http_zoom_check_join_token(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_check_guarded(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf, const char *type);


char *
ngx_http_zoom_check(ngx_conf_t *cf, ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    if (clcf->handler != conf->use.handler) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" directive conflicts with another handler of "
                      "the location in %s:%ui",
                      conf->use.name, conf->use.place.file,
                      conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    if (conf->auth == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" must have \"zoom_authenticate\" or "
                      "\"zoom_authenticate off\" in %s:%ui",
                      conf->use.name, conf->use.place.file,
                      conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    if (zmcf->zone == NULL && ngx_http_zoom_auth_remembers(conf->auth)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" must have a \"zoom_account\" somewhere, as "
                      "\"standard_webhooks\" needs shared memory, in %s:%ui",
                      conf->use.name, conf->use.place.file,
                      conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    if (conf->use.what == NGX_HTTP_ZOOM_STATUS) {
        return NGX_CONF_OK;
    }

    if (ngx_http_zoom_check_account(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_grants_check(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    ngx_http_zoom_check_needs(cf, conf);

    if (conf->use.what == NGX_HTTP_ZOOM_TOKENS) {
        return ngx_http_zoom_check_tokens(cf, conf);
    }

    if (conf->use.what == NGX_HTTP_ZOOM_JOIN) {
        return ngx_http_zoom_check_join(cf, conf);
    }

    if (conf->use.what == NGX_HTTP_ZOOM_PASS) {
        return ngx_http_zoom_check_pass(cf, conf);
    }

    if (!ngx_http_zoom_auth_without_body(conf->auth)) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%s\" answers nobody, as every "
                      "\"zoom_authenticate\" needs a signed body, in %s:%ui",
                      conf->use.name, conf->use.place.file,
                      conf->use.place.line);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_check_account(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_http_zoom_main_conf_t  *zmcf;

    if (conf->variable) {
        return NGX_CONF_OK;
    }

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    conf->account = ngx_http_zoom_account_find(zmcf, &conf->use.account);

    if (conf->account == NULL) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown account \"%V\" of \"%s\" in %s:%ui",
                      &conf->use.account, conf->use.name,
                      conf->use.place.file, conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


/* Tells the account of a location, or all that it may have, what it gives. */

static void
ngx_http_zoom_check_needs(ngx_conf_t *cf,
    const ngx_http_zoom_loc_conf_t *conf)
{
    unsigned                   *needs;
    ngx_uint_t                  i;
    zoom_token_type_e          *type;
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_zoom_module);

    needs = conf->account ? &conf->account->needs : &zmcf->needs;

    if ((conf->account == NULL && conf->variable == NULL)
        || (conf->use.what != NGX_HTTP_ZOOM_TOKENS
            && conf->use.what != NGX_HTTP_ZOOM_JOIN))
    {
        return;
    }

    type = conf->types->elts;

    for (i = 0; i < conf->types->nelts; i++) {

        /* what is never given needs no scope */

        if (zoom_token_type_guarded(type[i])
            && (conf->allow_meeting == NULL
                || (conf->use.what == NGX_HTTP_ZOOM_JOIN
                    && type[i] != ZOOM_LOCAL_RECORDING)))
        {
            continue;
        }

        *needs |= 1u << type[i];
    }
}


static char *
ngx_http_zoom_check_tokens(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (conf->types->nelts == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_tokens\" must have another \"zoom_types\" than "
                      "\"none\" in %s:%ui",
                      conf->use.place.file, conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    ngx_http_zoom_check_guarded(cf, conf,
                                ngx_http_zoom_types_guarded(conf->types));

    return ngx_http_zoom_check_user(cf, conf);
}


static void
ngx_http_zoom_check_guarded(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf,
    const char *type)
{
    if (type && conf->allow_meeting == NULL) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"%s\" never gives \"%s\" without "
                      "\"zoom_allow_meeting\" in %s:%ui",
                      conf->use.name, type, conf->use.place.file,
                      conf->use.place.line);
    }
}


/*
 * With users' own grants every type is minted as that user, and an OBF token
 * in another's name makes no sense.
 */

static ngx_uint_t
ngx_http_zoom_check_of_user(const ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t          i;
    zoom_token_type_e  *type;

    if (conf->account && ngx_http_zoom_account_of_users(conf->account)) {
        return 1;
    }

    type = conf->types->elts;

    for (i = 0; i < conf->types->nelts; i++) {
        if (zoom_token_types[type[i]].of_user
            && !(type[i] == ZOOM_ONBEHALF && conf->onbehalf))
        {
            return 1;
        }
    }

    return 0;
}


/* Where users have grants it must be known whose is used, and by whom. */

static char *
ngx_http_zoom_check_pass(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (conf->user && conf->user_pool) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_user\" of \"zoom_pass\" can't be a pool in "
                      "%s:%ui", conf->user_place.file, conf->user_place.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_account_of_users(conf->account)
        && ngx_http_zoom_check_user(cf, conf) != NGX_CONF_OK)
    {
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_pass_check(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_pass_finish(cf, conf);
}


/* What goes for all that may be a user's. */

static char *
ngx_http_zoom_check_user(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (conf->user == NULL && conf->route == NULL
        && ngx_http_zoom_check_of_user(conf))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" must have \"zoom_user\" in %s:%ui",
                      conf->use.name, conf->use.place.file,
                      conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    if (conf->allow == NULL && conf->user
        && ngx_http_zoom_user_foreign(conf->user))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"%s\" must have \"zoom_allow_user\" in %s:%ui, as "
                      "\"zoom_user\" is \"%V\" in %s:%ui",
                      conf->use.name, conf->use.place.file,
                      conf->use.place.line, &conf->user->value,
                      conf->user_place.file, conf->user_place.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_user_pool(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    /* a script may name another */

    if (!ngx_http_zoom_user_fix(cf, conf) && conf->route == NULL
        && ngx_http_zoom_types_of_user(conf->types))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_user\" \"%V\" in %s:%ui is not in the "
                      "\"zoom_allow_user\" of \"%s\" in %s:%ui",
                      &conf->user->value, conf->user_place.file,
                      conf->user_place.line, conf->use.name,
                      conf->use.place.file, conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    if (conf->ttl <= conf->min_left
        && ngx_http_zoom_types_have(conf->types, ZOOM_ZAK))
    {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "\"zoom_ttl\" of %T seconds is not above "
                      "\"zoom_min_left\" of %T seconds: no token is used "
                      "again in %s:%ui",
                      conf->ttl, conf->min_left, conf->use.place.file,
                      conf->use.place.line);
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_zoom_check_join(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    if (conf->account && conf->account->sdk_key.len == 0) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "account \"%V\" of \"zoom_join\" must have \"sdk_key\" "
                      "and \"sdk_secret\" in %s:%ui",
                      &conf->account->name, conf->use.place.file,
                      conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    /* anybody may collect what the key signs, since it names no recipient */

    if (ngx_http_zoom_auth_attendee_alone(conf->auth)) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_join\" must have another proof beside "
                      "\"attendee\", as any webhook has this one, in %s:%ui",
                      conf->use.place.file, conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    if (ngx_http_zoom_check_join_token(cf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    /* other types that are guarded are not for a page */

    if (ngx_http_zoom_types_have(conf->types, ZOOM_LOCAL_RECORDING)) {
        ngx_http_zoom_check_guarded(cf, conf,
                             zoom_token_types[ZOOM_LOCAL_RECORDING].name);
    }

    return ngx_http_zoom_check_user(cf, conf);
}


/* What a variable chooses is seen at run time. */

static char *
ngx_http_zoom_check_join_token(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t           zak, obf;
    zoom_join_choice_e   choice;

    if (conf->join_token == NULL || conf->join_token->lengths) {
        return NGX_CONF_OK;
    }

    choice = zoom_join_choice(ngx_http_zoom_str(&conf->join_token->value));

    zak = ngx_http_zoom_types_have(conf->types, ZOOM_ZAK);
    obf = ngx_http_zoom_types_have(conf->types, ZOOM_ONBEHALF);

    if ((choice == ZOOM_JOIN_ZAK && obf && !zak)
        || (choice == ZOOM_JOIN_ONBEHALF && zak && !obf))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_join\" must have \"%V\" in \"zoom_types\", as "
                      "\"zoom_join_token\" chooses it, in %s:%ui",
                      &conf->join_token->value, conf->use.place.file,
                      conf->use.place.line);
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


void
ngx_http_zoom_check_accounts(ngx_http_zoom_main_conf_t *zmcf)
{
    ngx_uint_t                 i;
    ngx_http_zoom_account_t  **account;

    account = zmcf->accounts.elts;

    for (i = 0; i < zmcf->accounts.nelts; i++) {

        if (account[i]->needs == 0) {
            account[i]->needs = zmcf->needs;
        }
    }
}
