#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_broker.h"
#include "ngx_http_zoom_fetch.h"
#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_key.h"
#include "ngx_http_zoom_mint.h"
#include "ngx_http_zoom_module.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_timer.h"
#include "ngx_http_zoom_zone.h"


/* how often the store may change under an ask before it just joins */

#define NGX_HTTP_ZOOM_ASK_TRIES    4

/* an access token with less left is not worth a request */

#define NGX_HTTP_ZOOM_ACCESS_LEFT  60

#define NGX_HTTP_ZOOM_FIRST_WAIT   12000


/* what a worker has of an account */

typedef struct {
    ngx_http_zoom_client_t      *client;
    ngx_http_zoom_ask_t          first;
} ngx_http_zoom_peer_t;


static ngx_int_t ngx_http_zoom_broker_key(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_key_t *key);
static ngx_int_t ngx_http_zoom_broker_look(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec);
static ngx_uint_t ngx_http_zoom_broker_usable(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec);
static ngx_http_zoom_flight_t *ngx_http_zoom_broker_join(
    ngx_http_zoom_ask_t *ask, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec, ngx_uint_t *again);
static void ngx_http_zoom_broker_wait(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_broker_timeout(ngx_event_t *ev);
static void ngx_http_zoom_broker_done(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result);
static void ngx_http_zoom_broker_take(ngx_http_zoom_ask_t *ask,
    ngx_str_t *value);
static ngx_int_t ngx_http_zoom_broker_fail(ngx_http_zoom_ask_t *ask,
    zoom_error_e error);
static void ngx_http_zoom_broker_first(ngx_event_t *ev);
static void ngx_http_zoom_broker_first_done(ngx_http_zoom_ask_t *ask);


static const ngx_http_zoom_flight_ops_t  ngx_http_zoom_broker_ops = {
    ngx_http_zoom_mint_run,
    ngx_http_zoom_broker_done
};


static ngx_http_zoom_zone_t       *ngx_http_zoom_broker_zone;
static ngx_http_zoom_main_conf_t  *ngx_http_zoom_broker_conf;
static ngx_http_zoom_peer_t       *ngx_http_zoom_broker_peers;
static ngx_event_t                 ngx_http_zoom_broker_start;


ngx_int_t
ngx_http_zoom_broker_ask(ngx_http_zoom_ask_t *ask)
{
    ngx_uint_t               i, again;
    ngx_http_zoom_key_t      key;
    ngx_http_zoom_record_t   rec;
    ngx_http_zoom_flight_t  *flight;
    u_char                   buf[NGX_HTTP_ZOOM_KEY_MAX];

    ask->flight = NULL;
    ask->error = ZOOM_OK;
    ask->status = NGX_HTTP_ZOOM_STATUS_NONE;
    ask->retry_after = 0;
    ask->mint_time = 0;
    ask->tracking_id[0] = '\0';
    ngx_str_null(&ask->token);

    key.data = buf;

    if (ngx_http_zoom_broker_key(ask, &key) != NGX_OK) {
        return ngx_http_zoom_broker_fail(ask, ZOOM_E_INTERNAL);
    }

    for (i = 0; i <= NGX_HTTP_ZOOM_ASK_TRIES; i++) {

        if (ngx_http_zoom_broker_look(ask, &key, &rec) == NGX_OK) {
            return NGX_OK;
        }

        flight = ngx_http_zoom_broker_join(ask, &key,
                                           i < NGX_HTTP_ZOOM_ASK_TRIES
                                           ? &rec : NULL, &again);

        if (flight) {
            ngx_http_zoom_broker_wait(ask, flight);
            return NGX_AGAIN;
        }

        if (!again) {
            break;
        }
    }

    ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                  "zoom: no room for another flight, increase \"zoom_zone\"");

    ask->retry_after = 1;

    return ngx_http_zoom_broker_fail(ask, ZOOM_E_OVERLOADED);
}


static ngx_int_t
ngx_http_zoom_broker_key(ngx_http_zoom_ask_t *ask, ngx_http_zoom_key_t *key)
{
    if (ask->kind == NGX_HTTP_ZOOM_ACCESS) {
        return ngx_http_zoom_key_access(key, ask->account);
    }

    return ngx_http_zoom_key_zak(key, ask->account, &ask->user, ask->ttl);
}


/* NGX_OK: the store had the answer, good or bad */

static ngx_int_t
ngx_http_zoom_broker_look(ngx_http_zoom_ask_t *ask, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec)
{
    ngx_str_t      token;
    ngx_msec_t     left;
    static u_char  value[NGX_HTTP_ZOOM_VALUE_MAX];

    if (ngx_http_zoom_store_read(ngx_http_zoom_broker_zone, key, rec, value,
                                 sizeof(value))
        != NGX_OK)
    {
        ngx_memzero(rec, sizeof(ngx_http_zoom_record_t));
        return NGX_DECLINED;
    }

    if (ngx_http_zoom_broker_usable(ask, rec)) {
        token.data = value;
        token.len = rec->len;

        ask->status = NGX_HTTP_ZOOM_STATUS_HIT;
        ask->expires = rec->expires;
        ask->published = rec->published;

        ngx_http_zoom_broker_take(ask, &token);
        ngx_explicit_memzero(value, rec->len);

        return NGX_OK;
    }

    ngx_explicit_memzero(value, rec->len);

    left = rec->until - ngx_current_msec;

    if (rec->failed > rec->published && (ngx_msec_int_t) left > 0) {
        ask->retry_after = (left + 999) / 1000;
        ngx_memcpy(ask->tracking_id, rec->tracking_id,
                   sizeof(ask->tracking_id));

        return ngx_http_zoom_broker_fail(ask, rec->error);
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_zoom_broker_usable(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_record_t *rec)
{
    time_t  now, age, left;

    if (rec->published == 0) {
        return 0;
    }

    now = ngx_time();
    age = now - rec->minted;
    left = rec->expires - now;

    if (ask->kind == NGX_HTTP_ZOOM_ACCESS) {

        /* one with a short life is good for nine tenths of it */

        return left > ngx_min(NGX_HTTP_ZOOM_ACCESS_LEFT,
                              (rec->expires - rec->minted) / 10);
    }

    /* a clock that went back makes no token younger */

    return age >= 0 && age < ask->reuse && left > 0 && left >= ask->min_left;
}


static ngx_http_zoom_flight_t *
ngx_http_zoom_broker_join(ngx_http_zoom_ask_t *ask, ngx_http_zoom_key_t *key,
    ngx_http_zoom_record_t *rec, ngx_uint_t *again)
{
    ngx_http_zoom_mint_order_t  order;

    ngx_memzero(&order, sizeof(ngx_http_zoom_mint_order_t));

    order.head.size = sizeof(ngx_http_zoom_mint_order_t);
    order.head.ops = &ngx_http_zoom_broker_ops;
    order.account = ask->account;
    order.client = ngx_http_zoom_broker_peers[ask->account->index].client;
    order.kind = ask->kind;

    if (ask->kind == NGX_HTTP_ZOOM_ZAK) {
        order.ttl = ask->ttl;
        order.len = ngx_min(ask->user.len, ZOOM_USER_MAX);
        ngx_memcpy(order.user, ask->user.data, order.len);
    }

    return ngx_http_zoom_flight_join(key, rec, ask->deadline, &order.head,
                                     again);
}


static void
ngx_http_zoom_broker_wait(ngx_http_zoom_ask_t *ask,
    ngx_http_zoom_flight_t *flight)
{
    ngx_msec_int_t  left;

    ask->status = (flight->owner && ngx_queue_empty(&flight->waiters)
                   && flight->data == NULL)
                  ? NGX_HTTP_ZOOM_STATUS_MISS : NGX_HTTP_ZOOM_STATUS_SHARED;

    ask->flight = flight;
    ngx_queue_insert_tail(&flight->waiters, &ask->queue);

    left = ask->deadline - ngx_current_msec;

    ngx_http_zoom_timer_init(&ask->timer, ngx_http_zoom_broker_timeout,
                             ngx_cycle->log);
    ngx_add_timer(&ask->timer, ngx_max(left, 1));

    ngx_http_zoom_flight_start(flight);
}


void
ngx_http_zoom_broker_cancel(ngx_http_zoom_ask_t *ask)
{
    ngx_http_zoom_flight_t  *flight;

    flight = ask->flight;

    if (flight == NULL) {
        return;
    }

    ask->flight = NULL;
    ngx_queue_remove(&ask->queue);
    ngx_http_zoom_timer_stop(&ask->timer);

    ngx_http_zoom_flight_leave(flight);
}


static void
ngx_http_zoom_broker_timeout(ngx_event_t *ev)
{
    zoom_error_e          error;
    ngx_http_zoom_ask_t  *ask;

    ask = ngx_http_zoom_timer_object(ev, ngx_http_zoom_ask_t, timer);

    /* others may have more time to wait for a Zoom that is down */

    error = ngx_http_zoom_mint_trouble(ask->flight);

    ngx_http_zoom_broker_cancel(ask);

    ask->retry_after = 1;
    (void) ngx_http_zoom_broker_fail(ask, error);

    ask->handler(ask);
}


static void
ngx_http_zoom_broker_done(ngx_http_zoom_flight_t *flight,
    ngx_http_zoom_result_t *result)
{
    ngx_queue_t          *q;
    ngx_http_zoom_ask_t  *ask;

    /* a handler may cancel the asks of others: always take the first */

    while (!ngx_queue_empty(&flight->waiters)) {
        q = ngx_queue_head(&flight->waiters);
        ngx_queue_remove(q);

        ask = ngx_queue_data(q, ngx_http_zoom_ask_t, queue);

        ask->flight = NULL;
        ngx_http_zoom_timer_stop(&ask->timer);

        ask->mint_time = result->time;
        ngx_memcpy(ask->tracking_id, result->tracking_id,
                   sizeof(ask->tracking_id));

        if (result->error == ZOOM_OK) {
            ask->expires = result->expires;
            ask->published = result->published;
            ngx_http_zoom_broker_take(ask, &result->value);

        } else {
            ask->retry_after = result->retry_after;
            (void) ngx_http_zoom_broker_fail(ask, result->error);
        }

        ask->handler(ask);
    }
}


static void
ngx_http_zoom_broker_take(ngx_http_zoom_ask_t *ask, ngx_str_t *value)
{
    if (ask->pool == NULL) {
        return;
    }

    ask->token.data = ngx_pstrdup(ask->pool, value);

    if (ask->token.data == NULL) {
        (void) ngx_http_zoom_broker_fail(ask, ZOOM_E_INTERNAL);
        return;
    }

    ask->token.len = value->len;
}


static ngx_int_t
ngx_http_zoom_broker_fail(ngx_http_zoom_ask_t *ask, zoom_error_e error)
{
    ask->error = error;
    ask->status = NGX_HTTP_ZOOM_STATUS_NONE;

    return NGX_OK;
}


ngx_int_t
ngx_http_zoom_broker_init_process(ngx_cycle_t *cycle)
{
    ngx_uint_t                   i;
    ngx_http_zoom_account_t    **accounts;
    ngx_http_zoom_main_conf_t   *zmcf;

    zmcf = ngx_http_cycle_get_module_main_conf(cycle, ngx_http_zoom_module);

    if (zmcf == NULL || zmcf->zone == NULL) {
        return NGX_OK;
    }

    ngx_http_zoom_broker_conf = zmcf;
    ngx_http_zoom_broker_zone = zmcf->zone->data;

    ngx_http_zoom_broker_peers = ngx_pcalloc(cycle->pool,
                         zmcf->accounts.nelts * sizeof(ngx_http_zoom_peer_t));
    if (ngx_http_zoom_broker_peers == NULL) {
        return NGX_ERROR;
    }

    accounts = zmcf->accounts.elts;

    for (i = 0; i < zmcf->accounts.nelts; i++) {
        ngx_http_zoom_broker_peers[i].client =
                        ngx_http_zoom_client_create(cycle,
                                                    &accounts[i]->client);

        if (ngx_http_zoom_broker_peers[i].client == NULL) {
            return NGX_ERROR;
        }
    }

    if (ngx_http_zoom_flight_init_process(ngx_http_zoom_broker_zone,
                                          cycle->log)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_zoom_timer_init(&ngx_http_zoom_broker_start,
                             ngx_http_zoom_broker_first, cycle->log);

    if (ngx_worker == 0) {
        ngx_http_zoom_broker_start.cancelable = 1;
        ngx_add_timer(&ngx_http_zoom_broker_start, 1);
    }

    return NGX_OK;
}


/* bad credentials show at start, not with the first bot */

static void
ngx_http_zoom_broker_first(ngx_event_t *ev)
{
    ngx_uint_t                 i;
    ngx_http_zoom_ask_t       *ask;
    ngx_http_zoom_account_t  **accounts;

    if (ngx_exiting) {
        return;
    }

    accounts = ngx_http_zoom_broker_conf->accounts.elts;

    for (i = 0; i < ngx_http_zoom_broker_conf->accounts.nelts; i++) {
        ask = &ngx_http_zoom_broker_peers[i].first;

        ask->account = accounts[i];
        ask->kind = NGX_HTTP_ZOOM_ACCESS;
        ask->deadline = ngx_current_msec + NGX_HTTP_ZOOM_FIRST_WAIT;
        ask->handler = ngx_http_zoom_broker_first_done;

        (void) ngx_http_zoom_broker_ask(ask);
    }
}


static void
ngx_http_zoom_broker_first_done(ngx_http_zoom_ask_t *ask)
{
    /* success and failure are in the store, the reason is in the log */
}


void
ngx_http_zoom_broker_exit_process(ngx_cycle_t *cycle)
{
    ngx_uint_t  i;

    if (ngx_http_zoom_broker_peers == NULL) {
        return;
    }

    ngx_http_zoom_timer_stop(&ngx_http_zoom_broker_start);

    for (i = 0; i < ngx_http_zoom_broker_conf->accounts.nelts; i++) {
        ngx_http_zoom_broker_cancel(&ngx_http_zoom_broker_peers[i].first);

        if (ngx_http_zoom_broker_peers[i].client) {
            ngx_http_zoom_client_destroy(ngx_http_zoom_broker_peers[i].client);
        }
    }

    ngx_http_zoom_flight_exit_process();

    ngx_http_zoom_broker_peers = NULL;
}
