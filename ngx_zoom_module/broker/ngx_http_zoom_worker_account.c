#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_worker_account.h"


static ngx_int_t ngx_http_zoom_worker_account_init(
    ngx_http_zoom_worker_account_t *wa, ngx_cycle_t *cycle);
static void ngx_http_zoom_worker_account_rates(
    ngx_http_zoom_worker_account_t *wa);
static ngx_uint_t ngx_http_zoom_worker_account_rate(
    const ngx_http_zoom_worker_account_t *wa);


static ngx_http_zoom_worker_account_t  *ngx_http_zoom_worker_accounts;
static ngx_uint_t                       ngx_http_zoom_nworker_accounts;


ngx_int_t
ngx_http_zoom_worker_accounts_create(ngx_cycle_t *cycle)
{
    ngx_uint_t                        i, n;
    ngx_http_zoom_worker_account_t   *wa;
    ngx_http_zoom_account_t         **accounts;
    ngx_http_zoom_main_conf_t        *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    accounts = zmcf->accounts.elts;

    n = zmcf->accounts.nelts;

    ngx_http_zoom_worker_accounts = ngx_pcalloc(cycle->pool,
                                 n * sizeof(ngx_http_zoom_worker_account_t));
    if (ngx_http_zoom_worker_accounts == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_nworker_accounts = n;

    for (i = 0; i < ngx_http_zoom_nworker_accounts; i++) {
        wa = &ngx_http_zoom_worker_accounts[i];

        wa->account = accounts[i];
        wa->zone = zmcf->zone->data;
        wa->log = zmcf->log ? zmcf->log : cycle->log;

        if (ngx_http_zoom_worker_account_init(wa, cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_worker_account_init(ngx_http_zoom_worker_account_t *wa,
    ngx_cycle_t *cycle)
{
    const ngx_str_t  *owner;

    wa->state = ngx_http_zoom_state_attach(wa->zone, &wa->account->name,
                                           cycle->log);
    if (wa->state == NULL) {
        return NGX_ERROR;
    }

    /*
     * Zoom counts by account, whatever apps, hosts and blocks spend of it;
     * to which ones users belong is not known
     */

    owner = ngx_http_zoom_account_of_users(wa->account)
            ? &wa->account->consent.app : &wa->account->account_id;

    wa->quota = ngx_http_zoom_quota_attach(wa->zone, owner->data, owner->len,
                                           wa->log);
    if (wa->quota == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_zoom_key_init_account(wa, cycle->pool) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_http_zoom_worker_account_rates(wa);

    wa->transport = &ngx_http_zoom_http_client;
    wa->client = ngx_http_zoom_http_client_create(cycle, &wa->account->client,
                                    ngx_http_zoom_worker_account_rate(wa));
    if (wa->client == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


static void
ngx_http_zoom_worker_account_rates(ngx_http_zoom_worker_account_t *wa)
{
    ngx_uint_t                i;
    zoom_rate_t               rate;
    ngx_http_zoom_rate_t     *own;
    ngx_http_zoom_account_t  *account;

    account = wa->account;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        rate = zoom_limit_rate(account->plan, i, 100);
        own = &account->rates[i];

        if (own->rate != NGX_CONF_UNSET_UINT) {
            rate.rate = own->rate;

            if (own->day) {
                rate.day = own->day;
            }
        }

        wa->whole[i] = zoom_limit_share(rate, account->share);
        wa->rates[i] = wa->whole[i];
    }
}


void
ngx_http_zoom_worker_accounts_divide(ngx_uint_t n)
{
    ngx_uint_t                       i, k;
    ngx_http_zoom_worker_account_t  *wa;

    n = ngx_max(n, 1);

    for (i = 0; i < ngx_http_zoom_nworker_accounts; i++) {
        wa = &ngx_http_zoom_worker_accounts[i];

        for (k = 0; k < ZOOM_NLABELS; k++) {
            wa->rates[k] = zoom_limit_part(wa->whole[k], (unsigned) n);
        }
    }
}


/* over all labels, each of which has a budget */

static ngx_uint_t
ngx_http_zoom_worker_account_rate(const ngx_http_zoom_worker_account_t *wa)
{
    ngx_uint_t  i, rate;

    rate = 0;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        rate += wa->rates[i].rate;
    }

    return rate;
}


void
ngx_http_zoom_worker_accounts_destroy(void)
{
    ngx_uint_t                       i;
    ngx_http_zoom_worker_account_t  *wa;

    for (i = 0; i < ngx_http_zoom_nworker_accounts; i++) {
        wa = &ngx_http_zoom_worker_accounts[i];

        if (wa->client) {
            ngx_http_zoom_http_client_destroy(wa->client);
            wa->client = NULL;
        }

        if (wa->peers) {
            ngx_http_zoom_peers_destroy(wa->peers);
            wa->peers = NULL;
        }
    }

    ngx_http_zoom_nworker_accounts = 0;
}


ngx_http_zoom_worker_account_t *
ngx_http_zoom_worker_account(const ngx_http_zoom_account_t *account)
{
    return ngx_http_zoom_worker_account_nth(account->index);
}


ngx_http_zoom_worker_account_t *
ngx_http_zoom_worker_account_nth(ngx_uint_t n)
{
    return (n < ngx_http_zoom_nworker_accounts)
        ? &ngx_http_zoom_worker_accounts[n] : NULL;
}
