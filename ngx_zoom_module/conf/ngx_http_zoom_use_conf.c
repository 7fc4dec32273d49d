/*
 * What answers in a location, when it has been merged.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_check.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_loc_conf.h"
#include "ngx_http_zoom_pass_conf.h"
#include "ngx_http_zoom_use_conf.h"
#include "zoom_callback.h"
#include "zoom_graphql.h"


static char *ngx_http_zoom_use_merge_one(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *prev, ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_use_pass(ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *conf);
static void ngx_http_zoom_use_inherit(ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *prev, ngx_http_zoom_loc_conf_t *conf);


char *
ngx_http_zoom_use_merge(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_zoom_loc_conf_t  *prev = parent;
    ngx_http_zoom_loc_conf_t  *conf = child;

    if (ngx_http_zoom_loc_conf_merge(cf, prev, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_use_merge_one(cf, prev, conf);
}


/* What answers here, and what that wants of nginx. */

static char *
ngx_http_zoom_use_merge_one(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *prev,
    ngx_http_zoom_loc_conf_t *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

    if (conf->use.name == NULL) {
        ngx_http_zoom_use_inherit(clcf, prev, conf);

    } else if (ngx_http_zoom_check(cf, clcf, conf) != NGX_CONF_OK) {
        return NGX_CONF_ERROR;
    }

    if (conf->route && conf->use.what != NGX_HTTP_ZOOM_TOKENS) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "a routing script must have \"zoom_tokens\" in location "
                      "\"%V\"", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->allow_route
        && (conf->pass == NULL || conf->pass->kind != NGX_HTTP_ZOOM_PASS_REST))
    {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "\"zoom_allow_by_lua_file\" must have \"zoom_pass\" of "
                      "kind \"rest\" in location \"%V\"", &clcf->name);
        return NGX_CONF_ERROR;
    }

    if (conf->use.name == NULL) {
        return NGX_CONF_OK;
    }

    if (conf->pass) {
        ngx_http_zoom_use_pass(clcf, conf);
        return NGX_CONF_OK;
    }

    /* we keep to the ceiling, so that the 413 is ours as well */

    conf->body_max = ZOOM_CALLBACK_BODY_MAX;

    if (clcf->client_max_body_size) {
        conf->body_max = ngx_min(clcf->client_max_body_size, conf->body_max);
    }

    clcf->client_max_body_size = 0;

    /* what HTTP/2 has read ahead still fits a buffer */

    clcf->client_body_buffer_size = ngx_max(clcf->client_body_buffer_size,
                                            ZOOM_CALLBACK_BODY_MAX);

    return NGX_CONF_OK;
}


/* Bodies are streamed, and nginx's own bound holds for them. */

static void
ngx_http_zoom_use_pass(ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *conf)
{
    size_t  held;

    conf->body_max = NGX_MAX_OFF_T_VALUE;

    /* what is held to be sent again stays in memory */

    held = (conf->pass->kind == NGX_HTTP_ZOOM_PASS_GRAPHQL)
           ? ZOOM_GRAPHQL_MAX : NGX_HTTP_ZOOM_PASS_HELD;

    clcf->client_body_buffer_size = ngx_max(clcf->client_body_buffer_size,
                                            held);
}


/* "if" and "limit_except" blocks have a configuration of their own. */

static void
ngx_http_zoom_use_inherit(ngx_http_core_loc_conf_t *clcf,
    ngx_http_zoom_loc_conf_t *prev, ngx_http_zoom_loc_conf_t *conf)
{
    if (prev->use.name == NULL || clcf->handler
        || !(clcf->noname || clcf->lmt_excpt))
    {
        return;
    }

    conf->use = prev->use;
    conf->account = prev->account;
    conf->variable = prev->variable;
    conf->fixed_user = prev->fixed_user;
    conf->pool = prev->pool;
    conf->route = prev->route;
    conf->pass = prev->pass;
    conf->allow_route = prev->allow_route;

    if (clcf->lmt_excpt) {
        clcf->handler = prev->use.handler;
    }
}
