#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_limits.h"
#include "ngx_http_zoom_module.h"
#include "ngx_http_zoom_peer.h"


static ngx_int_t ngx_http_zoom_peer_init(ngx_http_zoom_peer_t *peer,
    ngx_cycle_t *cycle);
static ngx_http_zoom_group_t *ngx_http_zoom_peer_group(
    ngx_http_zoom_peer_t *peer);
static void ngx_http_zoom_peer_rates(ngx_http_zoom_peer_t *peer);


static ngx_http_zoom_peer_t  *ngx_http_zoom_peers;
static ngx_uint_t             ngx_http_zoom_npeers;


ngx_int_t
ngx_http_zoom_peers_create(ngx_cycle_t *cycle)
{
    ngx_uint_t                   i;
    ngx_http_zoom_peer_t        *peer;
    ngx_http_zoom_account_t    **accounts;
    ngx_http_zoom_main_conf_t   *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    accounts = zmcf->accounts.elts;

    ngx_http_zoom_peers = ngx_pcalloc(cycle->pool,
                         zmcf->accounts.nelts * sizeof(ngx_http_zoom_peer_t));
    if (ngx_http_zoom_peers == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_npeers = zmcf->accounts.nelts;

    for (i = 0; i < ngx_http_zoom_npeers; i++) {
        peer = &ngx_http_zoom_peers[i];

        peer->account = accounts[i];
        peer->zone = zmcf->zone->data;
        peer->log = zmcf->log ? zmcf->log : cycle->log;

        if (ngx_http_zoom_peer_init(peer, cycle) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_peer_init(ngx_http_zoom_peer_t *peer, ngx_cycle_t *cycle)
{
    peer->state = ngx_http_zoom_state_attach(peer->zone, &peer->account->name,
                                             cycle->log);
    if (peer->state == NULL) {
        return NGX_ERROR;
    }

    peer->group = ngx_http_zoom_peer_group(peer);
    if (peer->group == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_peer_rates(peer);

    peer->client = ngx_http_zoom_client_create(cycle, &peer->account->client);
    if (peer->client == NULL) {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* Zoom counts by account, whatever apps and blocks spend of it */

static ngx_http_zoom_group_t *
ngx_http_zoom_peer_group(ngx_http_zoom_peer_t *peer)
{
    u_char                   *p;
    ngx_http_zoom_account_t  *account;
    u_char                    key[NGX_HTTP_ZOOM_GROUP_MAX];

    account = peer->account;

    p = ngx_slprintf(key, key + sizeof(key), "%V:%d %V", &account->api.host,
                     (int) account->api.port, &account->account_id);

    return ngx_http_zoom_limits_attach(peer->zone, key, p - key, peer->log);
}


static void
ngx_http_zoom_peer_rates(ngx_http_zoom_peer_t *peer)
{
    ngx_uint_t                i;
    zoom_rate_t               rate;
    ngx_http_zoom_rate_t     *own;
    ngx_http_zoom_account_t  *account;

    account = peer->account;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        rate = zoom_limit_rate(account->plan, i, 100);
        own = &account->rates[i];

        if (own->rate != NGX_CONF_UNSET_UINT) {
            rate.rate = own->rate;

            if (own->day) {
                rate.day = own->day;
            }
        }

        peer->rates[i] = zoom_limit_share(rate, account->share);
    }
}


void
ngx_http_zoom_peers_destroy(void)
{
    ngx_uint_t  i;

    for (i = 0; i < ngx_http_zoom_npeers; i++) {
        if (ngx_http_zoom_peers[i].client) {
            ngx_http_zoom_client_destroy(ngx_http_zoom_peers[i].client);
            ngx_http_zoom_peers[i].client = NULL;
        }
    }

    ngx_http_zoom_npeers = 0;
}


ngx_http_zoom_peer_t *
ngx_http_zoom_peer(const ngx_http_zoom_account_t *account)
{
    return ngx_http_zoom_peer_nth(account->index);
}


ngx_http_zoom_peer_t *
ngx_http_zoom_peer_nth(ngx_uint_t n)
{
    return (n < ngx_http_zoom_npeers) ? &ngx_http_zoom_peers[n] : NULL;
}
