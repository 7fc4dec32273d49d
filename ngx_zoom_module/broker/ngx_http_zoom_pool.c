#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_lease.h"
#include "ngx_http_zoom_pool_member.h"


static ngx_uint_t ngx_http_zoom_pool_user(ngx_http_zoom_pool_t *pool,
    const ngx_str_t *name, ngx_uint_t gone);


void
ngx_http_zoom_pools_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                   i;
    ngx_http_zoom_main_conf_t   *zmcf;
    ngx_http_zoom_pool_conf_t  **pool;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    pool = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        ngx_http_zoom_pool_zone_enter(ngx_http_zoom_pool_of(pool[i]));
    }
}


ngx_uint_t
ngx_http_zoom_pools_user(const ngx_http_zoom_account_t *account,
    const ngx_str_t *id, const ngx_str_t *email, ngx_uint_t gone)
{
    ngx_uint_t                   i, n;
    ngx_http_zoom_pool_t        *pool;
    ngx_http_zoom_main_conf_t   *zmcf;
    ngx_http_zoom_pool_conf_t  **conf;

    n = 0;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);
    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {

        if (!ngx_http_zoom_account_same(conf[i]->account, account)) {
            continue;
        }

        pool = ngx_http_zoom_pool_of(conf[i]);

        if (ngx_http_zoom_pool_user(pool, email, gone)
            || ngx_http_zoom_pool_user(pool, id, gone))
        {
            n++;
        }
    }

    return n;
}


static ngx_uint_t
ngx_http_zoom_pool_user(ngx_http_zoom_pool_t *pool, const ngx_str_t *name,
    ngx_uint_t gone)
{
    return gone ? ngx_http_zoom_pool_gone(pool, name)
                : ngx_http_zoom_pool_back(pool, name);
}


ngx_uint_t
ngx_http_zoom_pools_ended(const ngx_http_zoom_account_t *account,
    const ngx_str_t *meeting)
{
    ngx_str_t                    all;
    ngx_uint_t                   i, n;
    ngx_http_zoom_main_conf_t   *zmcf;
    ngx_http_zoom_pool_conf_t  **conf;

    n = 0;
    ngx_str_null(&all);

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);
    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        if (ngx_http_zoom_account_same(conf[i]->account, account)) {
            n += ngx_http_zoom_pool_release(ngx_http_zoom_pool_of(conf[i]),
                                            meeting, &all);
        }
    }

    return n;
}
