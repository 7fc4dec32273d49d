/*
 * A location's configuration: what it begins with, and what it inherits.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_auth_conf.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_loc_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_types_conf.h"
#include "ngx_http_zoom_webhook_conf.h"


static ngx_int_t ngx_http_zoom_loc_conf_hide(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *conf);


void *
ngx_http_zoom_loc_conf_create(ngx_conf_t *cf)
{
    ngx_http_zoom_loc_conf_t  *conf;

    conf = ngx_pcalloc(cf->pool, sizeof(ngx_http_zoom_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    /*
     * set by ngx_pcalloc():
     *
     *     conf->use = { NULL };
     *     conf->account = NULL;
     *     conf->variable = NULL;
     *     conf->user = NULL;
     *     conf->allow_meeting = NULL;
     *     conf->join_token = NULL;
     *     conf->connect_as = NULL;
     *     conf->connect_return = NULL;
     *     conf->onbehalf = NULL;
     *     conf->pass = NULL;
     */

    conf->allow = NGX_CONF_UNSET_PTR;
    conf->auth = NGX_CONF_UNSET_PTR;
    conf->replay = NGX_CONF_UNSET;
    conf->replay_count = NGX_CONF_UNSET_UINT;
    conf->types = NGX_CONF_UNSET_PTR;
    conf->bypass = NGX_CONF_UNSET;
    conf->ttl = NGX_CONF_UNSET;
    conf->reuse = NGX_CONF_UNSET;
    conf->min_left = NGX_CONF_UNSET;
    conf->use_stale = NGX_CONF_UNSET;
    conf->stale_after = NGX_CONF_UNSET_MSEC;
    conf->timeout = NGX_CONF_UNSET_MSEC;
    conf->response = NGX_CONF_UNSET_UINT;
    conf->join_role = NGX_CONF_UNSET_UINT;
    conf->join_sdk_key = NGX_CONF_UNSET;
    conf->limits = NGX_CONF_UNSET_PTR;
    conf->grants = NGX_CONF_UNSET_PTR;
    conf->unknown = NGX_CONF_UNSET_PTR;
    conf->download_hosts = NGX_CONF_UNSET_PTR;
    conf->download_redirects = NGX_CONF_UNSET_PTR;
    conf->webhook = NGX_CONF_UNSET_PTR;
    conf->webhook_window = NGX_CONF_UNSET;
    conf->webhook_act = NGX_CONF_UNSET;
    conf->webhook_events = NGX_CONF_UNSET_PTR;

    return conf;
}


char *
ngx_http_zoom_loc_conf_merge(ngx_conf_t *cf,
    ngx_http_zoom_loc_conf_t *prev, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t  guarded;

    guarded = (conf->auth != NGX_CONF_UNSET_PTR);

    ngx_conf_merge_ptr_value(conf->allow, prev->allow, NULL);
    ngx_conf_merge_ptr_value(conf->auth, prev->auth, NULL);
    ngx_conf_merge_sec_value(conf->replay, prev->replay, 0);
    ngx_conf_merge_uint_value(conf->replay_count, prev->replay_count, 1);
    ngx_conf_merge_ptr_value(conf->types, prev->types, NULL);
    ngx_conf_merge_value(conf->bypass, prev->bypass, 0);
    ngx_conf_merge_sec_value(conf->ttl, prev->ttl, 7200);
    ngx_conf_merge_sec_value(conf->reuse, prev->reuse, 60);
    ngx_conf_merge_sec_value(conf->min_left, prev->min_left, 1800);
    ngx_conf_merge_value(conf->use_stale, prev->use_stale, 1);
    ngx_conf_merge_msec_value(conf->stale_after, prev->stale_after, 1000);
    ngx_conf_merge_msec_value(conf->timeout, prev->timeout, 12000);
    ngx_conf_merge_uint_value(conf->response, prev->response,
                              NGX_HTTP_ZOOM_RESPONSE_AUTO);
    ngx_conf_merge_uint_value(conf->join_role, prev->join_role,
                              NGX_HTTP_ZOOM_JOIN_PARTICIPANT);
    ngx_conf_merge_value(conf->join_sdk_key, prev->join_sdk_key, 0);

    ngx_conf_merge_ptr_value(conf->limits, prev->limits, NULL);
    conf->grants_inherited = (conf->grants == NGX_CONF_UNSET_PTR);
    ngx_conf_merge_ptr_value(conf->grants, prev->grants, NULL);
    ngx_conf_merge_ptr_value(conf->unknown, prev->unknown, NULL);
    ngx_conf_merge_ptr_value(conf->download_hosts, prev->download_hosts, NULL);
    ngx_conf_merge_ptr_value(conf->download_redirects,
                             prev->download_redirects, NULL);

    if (conf->user == NULL) {
        conf->user_inherited = 1;
        conf->user = prev->user;
        conf->user_pool = prev->user_pool;
        conf->user_place = prev->user_place;
    }

    if (conf->allow_meeting == NULL) {
        conf->allow_meeting = prev->allow_meeting;
    }

    if (conf->join_token == NULL) {
        conf->join_token = prev->join_token;
    }

    if (conf->connect_as == NULL) {
        conf->connect_as = prev->connect_as;
    }

    if (conf->connect_return == NULL) {
        conf->connect_return = prev->connect_return;
    }

    if (conf->onbehalf == NULL) {
        conf->onbehalf = prev->onbehalf;
    }

    if (conf->types == NULL) {
        conf->types = ngx_http_zoom_types_default(cf);

        if (conf->types == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    if (ngx_http_zoom_loc_conf_hide(cf, conf) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_zoom_webhook_merge(cf, prev, conf, guarded);
}


/* What the logs must not show: the handler's arguments, and proofs. */

static ngx_int_t
ngx_http_zoom_loc_conf_hide(ngx_conf_t *cf, ngx_http_zoom_loc_conf_t *conf)
{
    ngx_uint_t                        i, k;
    ngx_array_t                       hidden;
    zoom_hidden_t                    *h;
    const zoom_hidden_t              *own;
    const ngx_http_zoom_proof_t      *proof;
    const ngx_http_zoom_auth_line_t  *line;

    if (ngx_array_init(&hidden, cf->pool, 8, sizeof(zoom_hidden_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (own = conf->use.hidden; own && own->name.len; own++) {
        h = ngx_array_push(&hidden);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = *own;
    }

    conf->hidden.own = hidden.nelts;

    for (i = 0; conf->auth && i < conf->auth->nelts; i++) {

        line = (ngx_http_zoom_auth_line_t *) conf->auth->elts + i;
        proof = line->proofs.elts;

        for (k = 0; k < line->proofs.nelts; k++) {

            if (proof[k].scheme != NGX_HTTP_ZOOM_AUTH_ARG) {
                continue;
            }

            h = ngx_array_push(&hidden);
            if (h == NULL) {
                return NGX_ERROR;
            }

            h->name = ngx_http_zoom_str(&proof[k].name);
            h->number = 0;
        }
    }

    conf->hidden.names = hidden.elts;
    conf->hidden.n = hidden.nelts;

    return NGX_OK;
}
