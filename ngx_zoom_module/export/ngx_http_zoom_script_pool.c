#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_script_pool.h"
#include "ngx_http_zoom_shared_lease.h"


/* What a script has picked, until its request has been answered. */

typedef struct {
    ngx_http_request_t               *request;
    const ngx_http_zoom_pool_conf_t  *conf;
    ngx_http_zoom_picked_t            picked;
    ngx_http_zoom_shared_lease_t     *shared;    /* for all hosts, or NULL */
} ngx_http_zoom_script_pick_t;


static ngx_http_zoom_shared_lease_t *ngx_http_zoom_script_share(
    ngx_pool_t *pool, const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_pick_t *pick, const ngx_str_t *user);
static void ngx_http_zoom_script_answered(void *data);


const ngx_http_zoom_pool_conf_t *
ngx_http_zoom_script_pool(const ngx_str_t *name, ngx_str_t *account)
{
    ngx_http_zoom_main_conf_t        *zmcf;
    const ngx_http_zoom_pool_conf_t  *conf;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);

    conf = zmcf ? ngx_http_zoom_pool_find(zmcf, name) : NULL;

    if (conf) {
        *account = conf->account->name;
    }

    return conf;
}


ngx_int_t
ngx_http_zoom_script_pick(const ngx_http_zoom_pool_conf_t *conf,
    ngx_http_request_t *r, ngx_http_zoom_pool_req_t *req)
{
    ngx_pool_cleanup_t           *cln;
    ngx_http_zoom_ctx_t          *ctx;
    ngx_http_zoom_pick_t          pick;
    ngx_http_zoom_picked_t        picked;
    ngx_http_zoom_script_pick_t  *data;

    ngx_memzero(&pick, sizeof(ngx_http_zoom_pick_t));

    pick.key = req->key;
    pick.distinct = req->distinct;
    pick.bot = req->bot;

    ctx = r ? ngx_http_zoom_ctx_get(r) : NULL;

    if (ctx && ctx->ready) {
        pick.caller = ctx->auth.caller;
        pick.bot = pick.bot.len ? pick.bot : ctx->callback.bot_id;
    }

    if (pick.distinct.len && ngx_http_zoom_claim_used()) {
        pick.known = ngx_http_zoom_shared_lease_bot(&pick.caller, &pick.bot);
    }

    cln = r ? ngx_pool_cleanup_add(r->pool,
                                   sizeof(ngx_http_zoom_script_pick_t))
            : NULL;

    if (r && cln == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_zoom_pool_take(conf, &pick, &picked, &req->after) != NGX_OK) {
        return NGX_DECLINED;
    }

    req->user.data = req->text;
    req->user.len = picked.len;
    ngx_memcpy(req->text, picked.name, picked.len);

    /* scripts may take their time */

    (void) ngx_http_zoom_pool_used(ngx_http_zoom_pool_of(conf), &picked);

    if (cln && picked.lease) {
        data = cln->data;

        data->request = r->main;
        data->conf = conf;
        data->picked = picked;
        data->shared = ngx_http_zoom_script_share(r->pool, conf, &pick,
                                                  &req->user);

        cln->handler = ngx_http_zoom_script_answered;
    }

    return NGX_OK;
}


/*
 * A script is not kept waiting for what others say: they are told what it has,
 * if they have not let it already.
 */

static ngx_http_zoom_shared_lease_t *
ngx_http_zoom_script_share(ngx_pool_t *pool,
    const ngx_http_zoom_pool_conf_t *conf, const ngx_http_zoom_pick_t *pick,
    const ngx_str_t *user)
{
    ngx_http_zoom_shared_lease_t   *lease;
    ngx_http_zoom_shared_lessee_t   lessee;

    if (!ngx_http_zoom_claim_used()) {
        return NULL;
    }

    lessee.pool = conf->name;
    lessee.meeting = pick->distinct;
    lessee.user = *user;
    lessee.bot = pick->bot;
    lessee.caller = pick->caller;

    lease = ngx_http_zoom_shared_lease_create(pool, &lessee);

    if (lease) {
        ngx_http_zoom_shared_lease_hold(lease, conf->lease);
    }

    return lease;
}


/* What a bot had before is not given back. */

static void
ngx_http_zoom_script_answered(void *data)
{
    ngx_http_zoom_script_pick_t  *pick = data;

    ngx_uint_t  status;

    status = pick->request->headers_out.status;

    if (status < NGX_HTTP_OK || status >= NGX_HTTP_SPECIAL_RESPONSE) {
        ngx_http_zoom_pool_drop(ngx_http_zoom_pool_of(pick->conf),
                                &pick->picked);

        if (pick->shared && !pick->picked.again) {
            ngx_http_zoom_shared_lease_drop(pick->shared);
        }
    }
}


ngx_uint_t
ngx_http_zoom_script_unlease(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_str_t *distinct, const ngx_str_t *user)
{
    return ngx_http_zoom_pool_unlease(conf, distinct, user);
}


ngx_int_t
ngx_http_zoom_script_member(const ngx_http_zoom_pool_conf_t *conf,
    ngx_uint_t *at, ngx_http_zoom_member_report_t *user)
{
    ngx_http_zoom_member_row_t  row;

    if (ngx_http_zoom_pool_list(ngx_http_zoom_pool_of(conf), at, &row)
        != NGX_OK)
    {
        return NGX_DONE;
    }

    user->user.data = user->text;
    user->user.len = row.name.len;
    ngx_memcpy(user->text, row.name.data, row.name.len);

    user->up = row.up;
    user->backup = row.backup;
    user->weight = row.weight;
    user->leases = row.leases;
    user->code = row.up ? 0 : row.code;
    user->wait = (time_t) ((row.wait + 999) / 1000);

    return NGX_OK;
}
