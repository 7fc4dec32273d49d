#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_pool_lease.h"
#include "ngx_http_zoom_pool_member.h"
#include "ngx_http_zoom_search.h"
#include "ngx_http_zoom_shared_lease.h"
#include "ngx_http_zoom_str.h"
#include "zoom_user.h"


static void ngx_http_zoom_pool_tell(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_exhausted_t *exhausted);
static void ngx_http_zoom_pool_search(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_str_t *email);
static ngx_uint_t ngx_http_zoom_pool_user(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_shared_user_t *user);
static void ngx_http_zoom_pool_out_elsewhere(
    const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_shared_user_t *user);


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


ngx_int_t
ngx_http_zoom_pool_take(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_pick_t *pick, ngx_http_zoom_picked_t *picked,
    time_t *after)
{
    ngx_http_zoom_exhausted_t  exhausted;

    if (ngx_http_zoom_pool_pick(ngx_http_zoom_pool_of(conf), pick, picked,
                                &exhausted)
        == NGX_OK)
    {
        return NGX_OK;
    }

    *after = exhausted.after;

    if (exhausted.told) {
        ngx_http_zoom_pool_tell(conf, &exhausted);
    }

    return NGX_DECLINED;
}


static void
ngx_http_zoom_pool_tell(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_exhausted_t *exhausted)
{
    const char  *why;

    switch (exhausted->why) {

    case NGX_HTTP_ZOOM_POOL_EMPTY:
        why = "none of its users can be used, see \"zoom_status\" for why, "
              "and activate them at Zoom or add others";
        break;

    case NGX_HTTP_ZOOM_POOL_ALL_LEASED:
        why = "all of its users that can be used are in that meeting already: "
              "add users, or let Zoom's \"meeting.ended\" webhooks end leases";
        break;

    default:
        why = "its caller has half of the leases there is room for: increase "
              "the pool's \"zone\", or shorten the time of \"distinct\"";
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "zoom: pool \"%V\" is exhausted for %uL callback%s, as %s",
                  &conf->name, exhausted->told,
                  ngx_http_zoom_s(exhausted->told), why);
}


void
ngx_http_zoom_pool_use(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_picked_t *picked)
{
    ngx_http_zoom_shared_user_t  user;

    if (!ngx_http_zoom_pool_used(ngx_http_zoom_pool_of(conf), picked)
        || !ngx_http_zoom_claim_used())
    {
        return;
    }

    ngx_memzero(&user, sizeof(ngx_http_zoom_shared_user_t));

    user.what = NGX_HTTP_ZOOM_SHARED_USER_WORKS;
    user.pool = conf->name;
    user.name.data = (u_char *) picked->name;
    user.name.len = picked->len;

    ngx_http_zoom_shared_user_tell(&user);
}


void
ngx_http_zoom_pool_blame(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_picked_t *picked, zoom_error_e error, int code)
{
    ngx_msec_t                    out;
    const char                   *what;
    ngx_http_zoom_shared_user_t   user;

    ngx_memzero(&user, sizeof(ngx_http_zoom_shared_user_t));

    out = ngx_http_zoom_pool_failed(ngx_http_zoom_pool_of(conf), picked, code,
                                    &user.fails);

    if (out == 0) {
        return;
    }

    if (ngx_http_zoom_claim_used()) {
        user.what = NGX_HTTP_ZOOM_SHARED_USER_FAILED;
        user.pool = conf->name;
        user.name.data = (u_char *) picked->name;
        user.name.len = picked->len;
        user.code = code;
        user.left = out;

        ngx_http_zoom_shared_user_tell(&user);
    }

    switch (error) {

    case ZOOM_E_USER_UNKNOWN:
        what = "activate the user at Zoom, or take it out of the pool";
        break;

    case ZOOM_E_NOT_CONNECTED:
    case ZOOM_E_GRANT_EXPIRED:
        what = "let the user connect the account";
        break;

    default:
        what = "Zoom gave another user a token that it refused this one: see "
               "whether Zoom has blocked the user";
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "zoom: user \"%*s\" of pool \"%V\" is out for %M seconds "
                  "with \"%s\", Zoom's code is %d: %s",
                  picked->len, picked->name, &conf->name, out / 1000,
                  zoom_error_info(error)->name.data, code, what);
}


ngx_uint_t
ngx_http_zoom_pools_user(const ngx_http_zoom_account_t *account,
    const ngx_str_t *id, const ngx_str_t *email, ngx_uint_t gone)
{
    ngx_uint_t                    i, n;
    ngx_http_zoom_main_conf_t    *zmcf;
    ngx_http_zoom_pool_conf_t   **conf;
    ngx_http_zoom_shared_user_t   user;

    n = 0;

    ngx_memzero(&user, sizeof(ngx_http_zoom_shared_user_t));

    user.what = gone ? NGX_HTTP_ZOOM_SHARED_USER_GONE
                     : NGX_HTTP_ZOOM_SHARED_USER_BACK;
    user.name = *email;
    user.id = *id;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);
    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {

        if (!ngx_http_zoom_account_same(conf[i]->account, account)) {
            continue;
        }

        n += ngx_http_zoom_pool_user(ngx_http_zoom_pool_of(conf[i]), &user);

        if (ngx_http_zoom_claim_used()) {
            user.pool = conf[i]->name;
            ngx_http_zoom_shared_user_tell(&user);
        }
    }

    return n;
}


/* Gone, or back. */

static ngx_uint_t
ngx_http_zoom_pool_user(ngx_http_zoom_pool_t *pool,
    const ngx_http_zoom_shared_user_t *user)
{
    if (user->what == NGX_HTTP_ZOOM_SHARED_USER_GONE) {
        return ngx_http_zoom_pool_gone(pool, &user->name, user->age)
               || ngx_http_zoom_pool_gone(pool, &user->id, user->age);
    }

    return ngx_http_zoom_pool_back(pool, &user->name)
           || ngx_http_zoom_pool_back(pool, &user->id);
}


/* Each worker is told, and the one who tells as well: it must do no harm. */

void
ngx_http_zoom_pools_told(const ngx_http_zoom_shared_user_t *user)
{
    ngx_http_zoom_main_conf_t        *zmcf;
    const ngx_http_zoom_pool_conf_t  *conf;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);

    conf = ngx_http_zoom_pool_find(zmcf, &user->pool);

    if (conf == NULL) {
        return;
    }

    if (user->what == NGX_HTTP_ZOOM_SHARED_USER_FAILED) {
        ngx_http_zoom_pool_out_elsewhere(conf, user);
        return;
    }

    if (user->what == NGX_HTTP_ZOOM_SHARED_USER_WORKS) {
        ngx_http_zoom_pool_works(ngx_http_zoom_pool_of(conf), &user->name);
        return;
    }

    /* one who has left the pool since is looked for */

    if (!ngx_http_zoom_pool_user(ngx_http_zoom_pool_of(conf), user)
        && user->what == NGX_HTTP_ZOOM_SHARED_USER_BACK)
    {
        ngx_http_zoom_pool_search(conf, &user->name);
    }
}


static void
ngx_http_zoom_pool_out_elsewhere(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_http_zoom_shared_user_t *user)
{
    if (ngx_http_zoom_pool_failed_elsewhere(ngx_http_zoom_pool_of(conf),
                                            &user->name, user->code,
                                            user->fails, user->left))
    {
        ngx_log_error(NGX_LOG_NOTICE, ngx_cycle->log, 0,
                      "zoom: user \"%V\" of pool \"%V\" is out for %M "
                      "seconds, as it failed on another host, Zoom's code is "
                      "%d",
                      &user->name, &conf->name, (user->left + 999) / 1000,
                      user->code);
    }
}


void
ngx_http_zoom_pools_search(const ngx_http_zoom_account_t *account,
    const ngx_str_t *email)
{
    ngx_uint_t                   i;
    ngx_http_zoom_main_conf_t   *zmcf;
    ngx_http_zoom_pool_conf_t  **conf;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);
    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        if (ngx_http_zoom_account_same(conf[i]->account, account)) {
            ngx_http_zoom_pool_search(conf[i], email);
        }
    }
}


static void
ngx_http_zoom_pool_search(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_str_t *email)
{
    ngx_uint_t                   i, may;
    ngx_http_zoom_pool_found_t  *line;

    line = conf->found.elts;

    for (i = 0; i < conf->found.nelts; i++) {

        may = email->len && line[i].email.len
              ? zoom_user_match(ngx_http_zoom_str(&line[i].email),
                                ngx_http_zoom_str(email))
              : email->len == 0 && line[i].group.len;

        if (may) {
            ngx_http_zoom_search_hurry(ngx_http_zoom_pool_of(conf),
                                       NGX_HTTP_ZOOM_POOL_FOUND + i);
        }
    }
}


ngx_uint_t
ngx_http_zoom_pool_unlease(const ngx_http_zoom_pool_conf_t *conf,
    const ngx_str_t *distinct, const ngx_str_t *user)
{
    if (distinct->len && ngx_http_zoom_claim_used()) {
        ngx_http_zoom_shared_lease_end(&conf->name, distinct, user);
    }

    return ngx_http_zoom_pool_release(ngx_http_zoom_pool_of(conf), distinct,
                                      user);
}


void
ngx_http_zoom_pools_released(const ngx_str_t *pool, const ngx_str_t *distinct,
    const ngx_str_t *user)
{
    ngx_http_zoom_main_conf_t        *zmcf;
    const ngx_http_zoom_pool_conf_t  *conf;

    zmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                               ngx_http_zoom_module);

    conf = ngx_http_zoom_pool_find(zmcf, pool);

    if (conf) {
        (void) ngx_http_zoom_pool_release(ngx_http_zoom_pool_of(conf),
                                          distinct, user);
    }
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
            n += ngx_http_zoom_pool_unlease(conf[i], meeting, &all);
        }
    }

    return n;
}
