#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_account_credentials.h"
#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_claim_purge.h"
#include "ngx_http_zoom_connect.h"
#include "ngx_http_zoom_create.h"
#include "ngx_http_zoom_failure.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_forget.h"
#include "ngx_http_zoom_grants.h"
#include "ngx_http_zoom_heap.h"
#include "ngx_http_zoom_http_client.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_members.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_publish.h"
#include "ngx_http_zoom_purges.h"
#include "ngx_http_zoom_renew.h"
#include "ngx_http_zoom_reseal.h"
#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_store_conf.h"
#include "ngx_http_zoom_str.h"
#include "ngx_http_zoom_user_grant.h"
#include "ngx_http_zoom_worker.h"
#include "ngx_http_zoom_worker_account.h"
#include "ngx_http_zoom_zone.h"
#include "zoom_hash.h"
#include "zoom_json.h"
#include "zoom_user.h"


/* milliseconds */

#define NGX_HTTP_ZOOM_PURGE_EVERY  1000

#define NGX_HTTP_ZOOM_HOST_ID      16


static ngx_uint_t ngx_http_zoom_broker_purge_key(
    const ngx_http_zoom_key_t *key);
static void ngx_http_zoom_broker_purged(const ngx_str_t *prefix,
    ngx_uint_t number, int64_t age);
static ngx_int_t ngx_http_zoom_broker_fleet(
    const ngx_http_zoom_store_conf_t *store, ngx_log_t *log);
static void ngx_http_zoom_broker_listed(
    const ngx_http_zoom_fleet_roster_t *roster);
static void ngx_http_zoom_broker_recount(void);
static void ngx_http_zoom_broker_counted(
    const ngx_http_zoom_grant_count_t *counts, ngx_uint_t n);
static ngx_uint_t ngx_http_zoom_broker_user(const ngx_str_t *user);
static ngx_int_t ngx_http_zoom_broker_drop(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *user, ngx_uint_t *n);


static const ngx_http_zoom_claim_hears_t  ngx_http_zoom_broker_hears = {
    ngx_http_zoom_broker_purged,
    ngx_http_zoom_worker_accounts_divide,
    ngx_http_zoom_broker_listed,
    ngx_http_zoom_pools_released,
    ngx_http_zoom_pools_told
};


static ngx_http_zoom_zone_t  *ngx_http_zoom_broker_zone;


ngx_int_t
ngx_http_zoom_broker_purge(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t *n)
{
    ngx_uint_t                       busy;
    ngx_http_zoom_key_t              key;
    ngx_http_zoom_worker_account_t  *wa;
    ngx_http_zoom_state_t           *state;
    u_char                           buf[NGX_HTTP_ZOOM_KEY_MAX];

    *n = 0;

    if (user && !ngx_http_zoom_broker_user(user)) {
        return NGX_DECLINED;
    }

    key.data = buf;
    wa = ngx_http_zoom_worker_account(account);

    if (wa == NULL) {
        return NGX_ERROR;
    }

    state = wa->state;

    ngx_http_zoom_zone_lock(wa->zone);

    busy = (state->purged
            && ngx_current_msec - state->purged < NGX_HTTP_ZOOM_PURGE_EVERY);

    if (!busy) {
        state->purged = ngx_current_msec;
        ngx_http_zoom_state_forgive(state);
    }

    ngx_http_zoom_zone_unlock(wa->zone);

    if (busy) {
        return NGX_BUSY;
    }

    ngx_http_zoom_failure_forget(wa);

    if (ngx_http_zoom_broker_drop(wa, user, n) != NGX_OK) {
        return NGX_ERROR;
    }

    if (user) {
        return NGX_OK;
    }

    if (ngx_http_zoom_key_access(&key, wa) != NGX_OK) {
        return NGX_ERROR;
    }

    *n += ngx_http_zoom_broker_purge_key(&key);

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_broker_forget(ngx_http_zoom_account_t *account,
    const ngx_str_t *user, ngx_uint_t *n)
{
    ngx_http_zoom_worker_account_t  *wa;

    *n = 0;

    if (!ngx_http_zoom_broker_user(user)) {
        return NGX_DECLINED;
    }

    wa = ngx_http_zoom_worker_account(account);

    return wa ? ngx_http_zoom_broker_drop(wa, user, n) : NGX_ERROR;
}


static ngx_uint_t
ngx_http_zoom_broker_user(const ngx_str_t *user)
{
    zoom_user_e  type;

    type = zoom_user_check(ngx_http_zoom_str(user));

    return type == ZOOM_USER_ID || type == ZOOM_USER_EMAIL;
}


static ngx_int_t
ngx_http_zoom_broker_drop(ngx_http_zoom_worker_account_t *wa,
    const ngx_str_t *user, ngx_uint_t *n)
{
    ngx_http_zoom_key_t  key;
    u_char               buf[NGX_HTTP_ZOOM_KEY_MAX];

    key.data = buf;

    if (ngx_http_zoom_key_prefix(&key, wa, user) != NGX_OK) {
        return NGX_ERROR;
    }

    *n = ngx_http_zoom_broker_purge_key(&key);

    return NGX_OK;
}


/* Here, and at all hosts that share what they mint. */

static ngx_uint_t
ngx_http_zoom_broker_purge_key(const ngx_http_zoom_key_t *key)
{
    ngx_str_t   prefix;
    ngx_uint_t  number;

    prefix.data = key->data;
    prefix.len = key->len;

    number = ngx_http_zoom_claim_purge(&prefix);

    if (number) {
        (void) ngx_http_zoom_forget_heard(ngx_http_zoom_broker_zone, number);
    }

    return ngx_http_zoom_publish_purge(ngx_http_zoom_broker_zone, key);
}


/* Another host's, which one worker of this one sees to. */

static void
ngx_http_zoom_broker_purged(const ngx_str_t *prefix, ngx_uint_t number,
    int64_t age)
{
    ngx_http_zoom_key_t  key;

    if (!ngx_http_zoom_forget_heard(ngx_http_zoom_broker_zone, number)) {
        return;
    }

    if (age) {
        ngx_http_zoom_purges_add(prefix, age);
        return;
    }

    ngx_memzero(&key, sizeof(ngx_http_zoom_key_t));

    key.data = prefix->data;
    key.len = prefix->len;

    (void) ngx_http_zoom_publish_purge(ngx_http_zoom_broker_zone, &key);
}


void
ngx_http_zoom_broker_count(zoom_error_e error)
{
    if (ngx_http_zoom_broker_zone && error < ZOOM_E_LAST) {
        ngx_http_zoom_count(&ngx_http_zoom_broker_zone->sh->errors[error]);
    }
}


ngx_int_t
ngx_http_zoom_broker_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                       i;
    ngx_http_zoom_main_conf_t       *zmcf;
    ngx_http_zoom_worker_account_t  *wa;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    if (zmcf == NULL || zmcf->zone == NULL) {
        return NGX_OK;
    }

    ngx_http_zoom_broker_zone = zmcf->zone->data;

    ngx_http_zoom_pools_init_process(cycle);

    ngx_http_zoom_key_init_process(ngx_http_zoom_broker_zone->sh->seed);

    zoom_json_free_by(ngx_http_zoom_heap_free);

    if (ngx_http_zoom_http_client_init_process(cycle) != NGX_OK
        || ngx_http_zoom_flight_init_process(ngx_http_zoom_broker_zone,
                                             cycle->log)
           != NGX_OK
        || ngx_http_zoom_worker_accounts_create(cycle) != NGX_OK
        || ngx_http_zoom_broker_fleet(zmcf->store,
                                      zmcf->log ? zmcf->log : cycle->log)
           != NGX_OK
        || ngx_http_zoom_grants_init_process(zmcf->store,
                                             ngx_http_zoom_broker_counted,
                                     &ngx_http_zoom_broker_zone->sh->unwritten,
                                             zmcf->log ? zmcf->log
                                                       : cycle->log)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; /* void */ ; i++) {
        wa = ngx_http_zoom_worker_account_nth(i);

        if (wa == NULL) {
            break;
        }

        if (ngx_http_zoom_account_of_users(wa->account)) {
            wa->user_grant = ngx_http_zoom_user_grant;
            continue;
        }

        wa->grant = ngx_http_zoom_account_credentials(cycle->pool, wa);

        if (wa->grant == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_http_zoom_broker_recount();

    ngx_http_zoom_renew_start(cycle->log);
    ngx_http_zoom_reseal_start(zmcf->store, zmcf->log ? zmcf->log
                                                      : cycle->log);

    if (ngx_http_zoom_members_init_process(cycle) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_zoom_create_init_process(cycle);
}


/* What one host is to others: workers of it come and go. */

static ngx_int_t
ngx_http_zoom_broker_fleet(const ngx_http_zoom_store_conf_t *store,
    ngx_log_t *log)
{
    u_char                   text[NGX_HTTP_ZOOM_HOST_ID];
    ngx_str_t                id;
    ngx_atomic_t            *held;
    ngx_http_zoom_shared_t  *sh;

    ngx_http_zoom_purges_init_process(ngx_http_zoom_broker_zone, log);

    sh = ngx_http_zoom_broker_zone->sh;

    id.data = text;
    id.len = ngx_sprintf(text, "%016xL",
                         (int64_t) zoom_hash(sh->seed, zoom_str_c("host")))
             - text;

    /* as many as there were when the store was there last */

    if (store && store->redis && sh->fleet.hosts) {
        ngx_http_zoom_worker_accounts_divide(sh->fleet.hosts);
    }

    held = ngx_http_zoom_worker_claims(ngx_http_zoom_broker_zone);

    return ngx_http_zoom_claim_init_process(store, &id, &sh->fleet, held,
                                            &ngx_http_zoom_broker_hears, log);
}


static void
ngx_http_zoom_broker_listed(const ngx_http_zoom_fleet_roster_t *roster)
{
    ngx_http_zoom_zone_lock(ngx_http_zoom_broker_zone);

    ngx_http_zoom_broker_zone->sh->roster = *roster;

    ngx_http_zoom_zone_unlock(ngx_http_zoom_broker_zone);
}


/* Where the store tells only who asks. */

static void
ngx_http_zoom_broker_recount(void)
{
    ngx_uint_t                       i;
    ngx_http_zoom_grants_ask_t      *ask;
    ngx_http_zoom_worker_account_t  *wa;

    for (i = 0; ngx_http_zoom_grants_shared(); i++) {
        wa = ngx_http_zoom_worker_account_nth(i);

        if (wa == NULL) {
            return;
        }

        if (!ngx_http_zoom_account_of_users(wa->account)) {
            continue;
        }

        ask = ngx_http_zoom_grants_ask(NGX_HTTP_ZOOM_GRANT_COUNT);

        if (ask) {
            ngx_cpystrn(ask->query.app, wa->account->consent.app.data,
                        sizeof(ask->query.app));
            (void) ngx_http_zoom_grants_post(ask);
        }
    }
}


/* How many grants there are, for the status page. */

static void
ngx_http_zoom_broker_counted(const ngx_http_zoom_grant_count_t *counts,
    ngx_uint_t n)
{
    ngx_str_t                       *app;
    ngx_uint_t                       i, j;
    ngx_http_zoom_worker_account_t  *wa;

    for (i = 0; /* void */ ; i++) {
        wa = ngx_http_zoom_worker_account_nth(i);

        if (wa == NULL) {
            return;
        }

        app = &wa->account->consent.app;

        for (j = 0; app->len && j < n; j++) {
            if (ngx_strcmp(app->data, counts[j].app) == 0
                && counts[j].state < ZOOM_NGRANT_STATES)
            {
                wa->state->grants[counts[j].state] = counts[j].n;
            }
        }
    }
}


void
ngx_http_zoom_broker_exit_process(ngx_cycle_t *cycle)
{
    if (ngx_http_zoom_broker_zone == NULL) {
        return;
    }

    ngx_http_zoom_create_exit_process();
    ngx_http_zoom_members_exit_process();
    ngx_http_zoom_renew_stop();
    ngx_http_zoom_reseal_stop();
    ngx_http_zoom_connect_exit_process();
    ngx_http_zoom_grants_exit_process();
    ngx_http_zoom_claim_exit_process(
                    !ngx_http_zoom_zone_outdated(ngx_http_zoom_broker_zone));
    ngx_http_zoom_worker_accounts_destroy();
    ngx_http_zoom_flight_exit_process();
    ngx_http_zoom_http_client_exit_process(cycle);

    ngx_http_zoom_broker_zone = NULL;
}
