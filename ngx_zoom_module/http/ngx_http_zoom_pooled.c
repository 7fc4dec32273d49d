#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_lease.h"
#include "ngx_http_zoom_pooled.h"
#include "ngx_http_zoom_user.h"
#include "ngx_http_zoom_user_conf.h"


static zoom_error_e ngx_http_zoom_pooled_find(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const char **why);
static zoom_error_e ngx_http_zoom_pooled_pick(ngx_http_request_t *r,
    ngx_http_zoom_pooled_t *pooled, const ngx_http_zoom_pick_t *whose,
    const char **why);


static ngx_int_t ngx_http_zoom_pooled_share(ngx_http_request_t *r,
    ngx_http_zoom_pooled_t *pooled);


static const ngx_str_t  ngx_http_zoom_pooled_statuses[] = {
    ngx_string("PICKED"),
    ngx_string("RETRIED"),
    ngx_string("EXHAUSTED")
};


const ngx_str_t *
ngx_http_zoom_pooled_status(const ngx_http_zoom_pooled_t *pooled)
{
    return pooled ? &ngx_http_zoom_pooled_statuses[pooled->status] : NULL;
}


zoom_error_e
ngx_http_zoom_pooled_next(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const ngx_http_zoom_pick_t *whose,
    const char **why)
{
    ngx_str_t                        user;
    zoom_error_e                     error;
    ngx_http_zoom_pooled_t          *pooled;
    const ngx_http_zoom_loc_conf_t  *zlcf;

    if (target->pooled == NULL) {
        error = ngx_http_zoom_pooled_find(r, target, why);

        if (error != ZOOM_OK) {
            return error;
        }
    }

    pooled = target->pooled;

    error = ngx_http_zoom_pooled_pick(r, pooled, whose, why);

    if (error != ZOOM_OK) {
        return error;
    }

    user.data = pooled->picked.name;
    user.len = pooled->picked.len;

    target->user = user;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    return zlcf->allow ? ngx_http_zoom_user_named(r, &user, why) : ZOOM_OK;
}


static zoom_error_e
ngx_http_zoom_pooled_find(ngx_http_request_t *r,
    ngx_http_zoom_target_t *target, const char **why)
{
    ngx_str_t                         name;
    ngx_http_zoom_pooled_t           *pooled;
    const ngx_http_zoom_loc_conf_t   *zlcf;
    const ngx_http_zoom_pool_conf_t  *conf;

    zlcf = ngx_http_get_module_loc_conf(r, ngx_http_zoom_module);

    conf = zlcf->pool;

    if (conf == NULL) {

        if (ngx_http_complex_value(r, zlcf->user, &name) != NGX_OK) {
            *why = "\"zoom_user\" could not be evaluated";
            return ZOOM_E_INTERNAL;
        }

        name.data += sizeof(NGX_HTTP_ZOOM_USER_POOL) - 1;
        name.len -= sizeof(NGX_HTTP_ZOOM_USER_POOL) - 1;

        conf = ngx_http_zoom_pool_find(ngx_http_get_module_main_conf(r,
                                                     ngx_http_zoom_module),
                                       &name);
        if (conf == NULL) {
            *why = name.len ? "there is no such pool"
                            : "the pool's name came out empty";
            return ZOOM_E_NO_USER;
        }
    }

    if (!ngx_http_zoom_account_same(conf->account, target->account)) {
        *why = "the pool is of another account";
        return ZOOM_E_NO_USER;
    }

    pooled = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_pooled_t));
    if (pooled == NULL) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    pooled->conf = conf;
    target->pooled = pooled;

    return ZOOM_OK;
}


static zoom_error_e
ngx_http_zoom_pooled_pick(ngx_http_request_t *r,
    ngx_http_zoom_pooled_t *pooled, const ngx_http_zoom_pick_t *whose,
    const char **why)
{
    ngx_http_zoom_pick_t             *pick;
    const ngx_http_zoom_pool_conf_t  *conf;

    pick = &pooled->pick;
    conf = pooled->conf;

    *pick = *whose;

    if (pooled->suspects) {
        pick->avoid = pooled->suspect.member + 1;
    }

    if ((conf->hash
         && ngx_http_complex_value(r, conf->hash, &pick->key) != NGX_OK)
        || (conf->distinct
            && ngx_http_complex_value(r, conf->distinct, &pick->distinct)
               != NGX_OK))
    {
        *why = "\"hash\" or \"distinct\" of the pool could not be evaluated";
        return ZOOM_E_INTERNAL;
    }

    if (pick->distinct.len && ngx_http_zoom_claim_used()) {
        pick->known = ngx_http_zoom_shared_lease_bot(&pick->caller,
                                                     &pick->bot);
    }

    if (ngx_http_zoom_pool_take(conf, pick, &pooled->picked,
                                &pooled->after)
        != NGX_OK)
    {
        pooled->status = NGX_HTTP_ZOOM_POOLED_EXHAUSTED;
        *why = "nobody in the pool is left";
        return ZOOM_E_POOL_EXHAUSTED;
    }

    pooled->status = pooled->tries ? NGX_HTTP_ZOOM_POOLED_RETRIED
                                   : NGX_HTTP_ZOOM_POOLED_PICKED;
    pooled->tries++;
    pooled->held = 1;

    if (ngx_http_zoom_pooled_share(r, pooled) != NGX_OK) {
        *why = "no memory";
        return ZOOM_E_INTERNAL;
    }

    return ZOOM_OK;
}


/* A lease is one for all hosts. */

static ngx_int_t
ngx_http_zoom_pooled_share(ngx_http_request_t *r,
    ngx_http_zoom_pooled_t *pooled)
{
    ngx_http_zoom_shared_lessee_t  lessee;

    pooled->shared = NULL;

    if (pooled->picked.lease == 0 || !ngx_http_zoom_claim_used()) {
        return NGX_OK;
    }

    lessee.pool = pooled->conf->name;
    lessee.meeting = pooled->pick.distinct;
    lessee.user.data = pooled->picked.name;
    lessee.user.len = pooled->picked.len;
    lessee.bot = pooled->pick.bot;
    lessee.caller = pooled->pick.caller;

    pooled->shared = ngx_http_zoom_shared_lease_create(r->pool, &lessee);

    return pooled->shared ? NGX_OK : NGX_ERROR;
}


/* If it has none of the users that the bot is said to have, the bot moves. */

ngx_int_t
ngx_http_zoom_pooled_take(ngx_http_zoom_pooled_t *pooled,
    ngx_http_zoom_shared_lease_pt handler, void *data)
{
    return ngx_http_zoom_shared_lease_take(pooled->shared,
                                           NGX_HTTP_ZOOM_POOL_RESERVE,
                                           pooled->moves, handler, data);
}


void
ngx_http_zoom_pooled_yield(ngx_http_zoom_pooled_t *pooled, ngx_uint_t own,
    const ngx_http_zoom_shared_taken_t *taken, ngx_uint_t n)
{
    ngx_str_t              user;
    ngx_uint_t             i;
    ngx_http_zoom_pool_t  *pool;

    pool = ngx_http_zoom_pool_of(pooled->conf);

    user.data = pooled->picked.name;
    user.len = pooled->picked.len;

    /* whoever had it here, before they told each other */

    (void) ngx_http_zoom_pool_release(pool, &pooled->pick.distinct, &user);

    for (i = 0; i < n; i++) {
        ngx_http_zoom_pool_taken_elsewhere(pool, &pooled->pick,
                                           &taken[i].user, taken[i].bot,
                                           taken[i].left);
    }

    pooled->held = 0;
    pooled->shared = NULL;
    pooled->moves = own;
    pooled->yields++;
    pooled->tries--;
}


void
ngx_http_zoom_pooled_leave(ngx_http_zoom_pooled_t *pooled)
{
    if (pooled && pooled->shared) {
        ngx_http_zoom_shared_lease_leave(pooled->shared);
    }
}


void
ngx_http_zoom_pooled_drop(ngx_http_zoom_pooled_t *pooled)
{
    pooled->held = 0;

    if (pooled->shared) {
        ngx_http_zoom_shared_lease_drop(pooled->shared);
        pooled->shared = NULL;
    }
}


void
ngx_http_zoom_pooled_settle(ngx_http_zoom_pooled_t *pooled, ngx_uint_t good)
{
    if (pooled == NULL || !pooled->held) {
        return;
    }

    if (!good) {
        ngx_http_zoom_pool_give_back(pooled->conf, &pooled->picked);
        ngx_http_zoom_pooled_drop(pooled);
        return;
    }

    pooled->held = 0;

    ngx_http_zoom_pool_use(pooled->conf, &pooled->picked);

    if (pooled->shared) {
        ngx_http_zoom_shared_lease_hold(pooled->shared, pooled->conf->lease);
        pooled->shared = NULL;
    }

    if (pooled->suspects) {
        ngx_http_zoom_pool_blame(pooled->conf, &pooled->suspect,
                                 ZOOM_E_ZOOM_REFUSED, pooled->code);
    }
}
