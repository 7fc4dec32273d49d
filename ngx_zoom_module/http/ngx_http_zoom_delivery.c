#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_conf.h"
#include "ngx_http_zoom_delivery.h"
#include "ngx_http_zoom_events.h"
#include "ngx_http_zoom_proof.h"
#include "ngx_http_zoom_str.h"


/*
 * A request that hangs lapses after so many seconds.  Zoom waits for three and
 * comes again after five minutes.
 */
#define NGX_HTTP_ZOOM_DELIVERY_LASTS  240

#define NGX_HTTP_ZOOM_DELIVERY_PARTS  5


static ngx_int_t ngx_http_zoom_delivery_mark(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, ngx_uint_t n, const char *kind,
    const ngx_str_t *value, time_t until);


const char *
ngx_http_zoom_delivery_header(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, time_t window)
{
    ngx_str_t  signature, timestamp;

    static const ngx_str_t  names[] = {
        ngx_string("x-zm-signature"),
        ngx_string("x-zm-request-timestamp"),
        ngx_string("x-zm-request-id")
    };

    ngx_str_null(&signature);
    ngx_str_null(&timestamp);
    ngx_str_null(&d->id);

    if (ngx_http_zoom_proof_find(r, &names[0], &signature) > 1
        || ngx_http_zoom_proof_find(r, &names[1], &timestamp) > 1
        || ngx_http_zoom_proof_find(r, &names[2], &d->id) > 1)
    {
        return "a header was sent twice";
    }

    d->sent.signature = ngx_http_zoom_str(&signature);
    d->sent.timestamp = ngx_http_zoom_str(&timestamp);

    return zoom_webhook_check(&d->sent, ngx_time(), window, &d->at);
}


ngx_int_t
ngx_http_zoom_delivery_verify(ngx_http_zoom_delivery_t *d,
    const ngx_str_t *body)
{
    ngx_uint_t          i;
    const zoom_hmac_t  *key;

    for (i = 0; i < d->account->nwebhook_keys; i++) {
        key = &d->account->webhook_keys[i];

        switch (zoom_webhook_verify(key, &d->sent, ngx_http_zoom_str(body))) {

        case 1:
            d->key = key;
            return NGX_OK;

        case 0:
            break;

        default:
            return NGX_ERROR;
        }
    }

    return NGX_DECLINED;
}


ngx_int_t
ngx_http_zoom_delivery_reserve(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, time_t window)
{
    ngx_int_t  rc;
    ngx_str_t  signature;

    signature = ngx_http_zoom_ngx_str(d->sent.signature);

    if (ngx_http_zoom_claim_used()) {
        d->once = ngx_http_zoom_once_create(r->pool,
                                            NGX_HTTP_ZOOM_DELIVERY_NMARKS,
                                            NGX_HTTP_ZOOM_DELIVERY_LASTS,
                                            ngx_cycle->log);
        if (d->once == NULL) {
            return NGX_ERROR;
        }
    }

    rc = ngx_http_zoom_delivery_mark(r, d, 0, "signature", &signature,
                                     (time_t) d->at + window);
    if (rc != NGX_OK) {
        return rc;
    }

    /* by then Zoom has given up, however short the window */

    if (d->id.len) {
        rc = ngx_http_zoom_delivery_mark(r, d, 1, "id", &d->id,
                                         ngx_time()
                                         + ngx_max(window,
                                                   ZOOM_WEBHOOK_REDELIVERS));
    }

    if (rc != NGX_OK) {
        ngx_http_zoom_delivery_yield(d);
        return rc;
    }

    d->reserved = 1;

    return NGX_OK;
}


/* Several locations may have the same event, each from a delivery of its own */

static ngx_int_t
ngx_http_zoom_delivery_mark(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, ngx_uint_t n, const char *kind,
    const ngx_str_t *value, time_t until)
{
    ngx_int_t                   rc;
    ngx_str_t                   parts[NGX_HTTP_ZOOM_DELIVERY_PARTS];
    ngx_http_core_loc_conf_t   *clcf;
    ngx_http_core_srv_conf_t   *cscf;
    ngx_http_zoom_once_mark_t   mark;

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);
    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    parts[0].data = (u_char *) kind;
    parts[0].len = ngx_strlen(kind);
    parts[1] = d->account->name;
    parts[2] = cscf->server_name;
    parts[3] = clcf->name;
    parts[4] = *value;

    if (ngx_http_zoom_replay_digest(&d->marks[n].digest, parts,
                                    NGX_HTTP_ZOOM_DELIVERY_PARTS)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    d->marks[n].lasts = NGX_HTTP_ZOOM_DELIVERY_LASTS;

    rc = ngx_http_zoom_replay_reserve_delivery(&d->marks[n], until);

    if (rc != NGX_OK || d->once == NULL) {
        return rc;
    }

    ngx_memzero(&mark, sizeof(ngx_http_zoom_once_mark_t));

    mark.kind = NGX_HTTP_ZOOM_ONCE_UNTIL;
    mark.lasts = until - ngx_time() + 1;
    mark.count = 1;

    return ngx_http_zoom_once_add(d->once, &mark, parts,
                                  NGX_HTTP_ZOOM_DELIVERY_PARTS);
}


void
ngx_http_zoom_delivery_yield(ngx_http_zoom_delivery_t *d)
{
    ngx_uint_t  i;

    d->reserved = 0;

    if (d->once) {
        ngx_http_zoom_once_end(d->once, 0);
        d->once = NULL;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_DELIVERY_NMARKS; i++) {
        ngx_http_zoom_replay_release(&d->marks[i]);
    }
}


void
ngx_http_zoom_delivery_end(ngx_http_request_t *r, ngx_http_zoom_delivery_t *d,
    ngx_uint_t done)
{
    ngx_uint_t  i;

    if (!d->reserved) {
        return;
    }

    if (!done) {
        ngx_http_zoom_delivery_count(r, d, NGX_HTTP_ZOOM_EVENT_FAILED);
        ngx_http_zoom_delivery_yield(d);
        return;
    }

    d->reserved = 0;

    if (d->once) {
        ngx_http_zoom_once_end(d->once, 1);
        d->once = NULL;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_DELIVERY_NMARKS; i++) {
        ngx_http_zoom_replay_commit(&d->marks[i]);
    }
}


void
ngx_http_zoom_delivery_count(ngx_http_request_t *r,
    ngx_http_zoom_delivery_t *d, ngx_http_zoom_event_e result)
{
    ngx_str_t                   name;
    ngx_http_zoom_main_conf_t  *zmcf;

    d->result = result;

    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    name = ngx_http_zoom_ngx_str(d->event.name);

    ngx_http_zoom_events_count(zmcf->zone->data, &d->account->name, &name,
                               result);
}
