#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_breaker.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_outlook.h"
#include "ngx_http_zoom_quota.h"
#include "ngx_http_zoom_runs.h"
#include "ngx_http_zoom_store.h"


/* entries that are looked at, under the zone's lock */

#define NGX_HTTP_ZOOM_OUTLOOK_STEPS  256


static void ngx_http_zoom_outlook_limits(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label, ngx_msec_t budget, ngx_http_zoom_outlook_t *outlook);


void
ngx_http_zoom_outlook_mint(ngx_http_zoom_worker_account_t *wa,
    zoom_token_type_e type, unsigned lacks, ngx_msec_t budget,
    ngx_http_zoom_outlook_t *outlook)
{
    ngx_http_zoom_state_t    *state;
    ngx_http_zoom_service_e   service;

    ngx_memzero(outlook, sizeof(ngx_http_zoom_outlook_t));

    state = wa->state;
    service = ngx_http_zoom_service(type);

    if (lacks & (1u << type)) {
        outlook->error = ZOOM_E_SCOPE_MISSING;
        outlook->part = "scopes";
        return;
    }

    if (ngx_http_zoom_breaker_known(state, service)) {
        outlook->error = state->breakers[service].error;
        outlook->part = "minting";
        return;
    }

    ngx_http_zoom_outlook_limits(wa, zoom_token_types[type].label, budget,
                                 outlook);
}


static void
ngx_http_zoom_outlook_limits(ngx_http_zoom_worker_account_t *wa,
    zoom_label_e label, ngx_msec_t budget, ngx_http_zoom_outlook_t *outlook)
{
    uint32_t            used;
    ngx_msec_t          wait;
    const zoom_rate_t  *rate;

    rate = ngx_http_zoom_runs_rate(wa, label);

    ngx_http_zoom_quota_look(wa->zone, wa->quota, label, rate, &used, &wait);

    if (wa->account->dry_run
        || (wait <= budget && (rate->day == 0 || used < rate->day)))
    {
        return;
    }

    outlook->error = ZOOM_E_RATE_LIMITED;
    outlook->part = "limits";
    outlook->retry_after = wait / 1000 + 1;
}


ngx_uint_t
ngx_http_zoom_outlook_stored(ngx_http_zoom_worker_account_t *wa, time_t left)
{
    time_t                  last;
    uint32_t                i, n;
    ngx_uint_t              found;
    ngx_http_zoom_key_t     key;
    ngx_http_zoom_zone_t   *zone;
    ngx_http_zoom_entry_t  *e;
    u_char                  buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_key_prefix(&key, wa, NULL) != NGX_OK) {
        return 0;
    }

    zone = wa->zone;
    last = ngx_time() + ngx_max(left, 1);
    found = 0;

    ngx_http_zoom_zone_lock(zone);

    n = zone->sh->carved;

    for (i = 0; !found && i < ngx_min(n, NGX_HTTP_ZOOM_OUTLOOK_STEPS); i++) {
        e = &zone->entries[(wa->state->latest + i) % n];

        found = e->published && e->expires >= last
                && ngx_http_zoom_store_prefix(zone, e, key.data, key.len);
    }

    ngx_http_zoom_zone_unlock(zone);

    return found;
}
