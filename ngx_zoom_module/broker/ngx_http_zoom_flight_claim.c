#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_flight_entry.h"
#include "ngx_http_zoom_flight_claim.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_store.h"


static void ngx_http_zoom_flight_claim_taken(void *data,
    ngx_http_zoom_claim_e outcome, const ngx_http_zoom_claim_value_t *value);
static ngx_uint_t ngx_http_zoom_flight_claim_usable(
    const ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_claim_value_t *value);
static void ngx_http_zoom_flight_claim_alone(ngx_http_zoom_flight_t *flight);


ngx_int_t
ngx_http_zoom_flight_claim(ngx_http_zoom_flight_t *flight)
{
    ngx_str_t  key;

    if (!ngx_http_zoom_claim_used() || !flight->job->shared
        || flight->key.once)
    {
        return NGX_OK;
    }

    key.data = flight->key.data;
    key.len = flight->key.len;

    flight->claim = ngx_http_zoom_claim_take(&key, flight->key.scopes,
                                             flight->job->reuse,
                                             ngx_http_zoom_flight_claim_taken,
                                             flight);

    return flight->claim ? NGX_AGAIN : NGX_OK;
}


static void
ngx_http_zoom_flight_claim_taken(void *data, ngx_http_zoom_claim_e outcome,
    const ngx_http_zoom_claim_value_t *value)
{
    ngx_http_zoom_flight_t  *flight = data;

    ngx_http_zoom_result_t  result;

    switch (outcome) {

    case NGX_HTTP_ZOOM_CLAIM_OURS:
        flight->job->ops->run(flight);
        return;

    case NGX_HTTP_ZOOM_CLAIM_ALONE:
        ngx_http_zoom_flight_claim_alone(flight);
        return;

    default:
        break;
    }

    if (!ngx_http_zoom_flight_claim_usable(flight, value)) {

        if (ngx_http_zoom_claim_again(flight->claim) != NGX_OK) {
            ngx_http_zoom_flight_claim_alone(flight);
        }

        return;
    }

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    ngx_http_zoom_count_fleet(ngx_http_zoom_flight_zone->sh->fleet.shared);

    result.value = value->token;
    result.minted = value->minted;
    result.expires = value->expires;
    result.lacks = value->lacks;
    result.foreign = 1;

    ngx_http_zoom_flight_land(flight, &result);
}


/*
 * What we have had is to be replaced, or Zoom refused it.  One that was just
 * minted is usable whatever its life, as at home.
 */

static ngx_uint_t
ngx_http_zoom_flight_claim_usable(const ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_claim_value_t *value)
{
    time_t                  left, life;
    ngx_http_zoom_record_t  rec;

    if (ngx_http_zoom_store_look(ngx_http_zoom_flight_zone, &flight->key, &rec)
        == NGX_OK
        && rec.sum == ngx_crc32_long(value->token.data, value->token.len))
    {
        return 0;
    }

    left = value->expires - ngx_time();
    life = value->expires - value->minted;

    return left > 0
           && left >= ngx_min(flight->job->min_left, life - life / 20);
}


static void
ngx_http_zoom_flight_claim_alone(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_claim_land(flight->claim, NULL);
    flight->claim = NULL;

    flight->job->ops->run(flight);
}


void
ngx_http_zoom_flight_claim_land(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_claim_t        *claim;
    ngx_http_zoom_claim_value_t   value;

    claim = flight->claim;

    if (claim == NULL) {
        return;
    }

    flight->claim = NULL;

    if (result == NULL || result->error != ZOOM_OK || result->value.len == 0) {
        ngx_http_zoom_claim_land(claim, NULL);
        return;
    }

    value.token = result->value;
    value.minted = result->minted;
    value.expires = result->expires;
    value.lacks = result->lacks;

    ngx_http_zoom_claim_land(claim, &value);
}
