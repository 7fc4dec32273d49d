#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_flight.h"
#include "ngx_http_zoom_flight_entry.h"
#include "ngx_http_zoom_flight_claim.h"
#include "ngx_http_zoom_claim.h"
#include "ngx_http_zoom_store.h"


/* its name, two numbers' worth of digits, and a tracking id */

#define NGX_HTTP_ZOOM_FLIGHT_REFUSAL                                          \
    (64 + NGX_INT_T_LEN + ZOOM_TRACKING_ID_MAX)


static void ngx_http_zoom_flight_claim_taken(void *data,
    ngx_http_zoom_claim_e outcome, const ngx_http_zoom_claim_value_t *value);
static ngx_uint_t ngx_http_zoom_flight_claim_usable(
    const ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_claim_value_t *value);
static void ngx_http_zoom_flight_claim_refused(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_claim_value_t *value);
static ngx_uint_t ngx_http_zoom_flight_claim_final(
    const ngx_http_zoom_result_t *result);
static void ngx_http_zoom_flight_claim_alone(ngx_http_zoom_flight_t *flight);
static void ngx_http_zoom_flight_claim_fail(ngx_http_zoom_flight_t *flight);


static const zoom_error_e  ngx_http_zoom_flight_finals[] = {
    ZOOM_E_USER_UNKNOWN,
    ZOOM_E_MEETING_UNKNOWN,
    ZOOM_E_USER_NOT_IN_MEETING
};

#define NGX_HTTP_ZOOM_FLIGHT_FINALS                                           \
    (sizeof(ngx_http_zoom_flight_finals) / sizeof(zoom_error_e))


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

    if (flight->claim == NULL && flight->job->never_alone) {
        ngx_http_zoom_flight_claim_fail(flight);
        return NGX_AGAIN;
    }

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

    case NGX_HTTP_ZOOM_CLAIM_REFUSED:
        ngx_http_zoom_flight_claim_refused(flight, value);
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
        && rec.sum == ngx_http_zoom_flight_claim_sum(&value->token))
    {
        return 0;
    }

    left = value->expires - ngx_time();
    life = value->expires - value->minted;

    return left > 0
           && left >= ngx_min(flight->job->min_left, life - life / 20);
}


uint32_t
ngx_http_zoom_flight_claim_sum(const ngx_str_t *value)
{
    return ngx_http_zoom_claim_used() ? ngx_crc32_long(value->data, value->len)
                                      : 0;
}


/*
 * What Zoom has answered another host it would answer us as well.  All else, a
 * connection or the app's credentials, may be that host's own trouble.
 */

static ngx_uint_t
ngx_http_zoom_flight_claim_final(const ngx_http_zoom_result_t *result)
{
    ngx_uint_t  i;

    if (result->hold == 0 || result->dropped) {
        return 0;
    }

    for (i = 0; i < NGX_HTTP_ZOOM_FLIGHT_FINALS; i++) {
        if (result->error == ngx_http_zoom_flight_finals[i]) {
            return 1;
        }
    }

    return 0;
}


/* Error, Zoom's code, and tracking id. */

static void
ngx_http_zoom_flight_claim_refused(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_claim_value_t *value)
{
    u_char                  *p, *last, *code;
    ngx_uint_t               i;
    zoom_str_t               name;
    ngx_http_zoom_result_t   result;

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = ZOOM_E_ZOOM_REFUSED;
    result.hold = value->left;
    result.retry_after = (time_t) (result.hold + 999) / 1000;
    result.foreign = 1;

    p = value->refusal.data;
    last = p + value->refusal.len;

    code = ngx_strlchr(p, last, ' ');

    if (code) {
        name.data = p;
        name.len = code - p;

        for (i = 0; i < NGX_HTTP_ZOOM_FLIGHT_FINALS; i++) {
            if (zoom_str_eq(zoom_error_info(ngx_http_zoom_flight_finals[i])
                            ->name, name))
            {
                result.error = ngx_http_zoom_flight_finals[i];
            }
        }

        p = ngx_strlchr(++code, last, ' ');
    }

    if (code && p) {
        result.code = ngx_max(ngx_atoi(code, p - code), 0);
        p++;

        ngx_cpystrn(result.tracking_id, p,
                    ngx_min((size_t) (last - p) + 1,
                            sizeof(result.tracking_id)));
    }

    /* it goes into headers and logs */

    for (p = (u_char *) result.tracking_id; *p > ' ' && *p < 0x7f; p++) {
        /* void */
    }

    *p = '\0';

    ngx_http_zoom_flight_land(flight, &result);
}


static void
ngx_http_zoom_flight_claim_alone(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_claim_land(flight->claim, NULL);
    flight->claim = NULL;

    if (flight->job->never_alone) {
        ngx_http_zoom_flight_claim_fail(flight);
        return;
    }

    flight->job->ops->run(flight);
}


/* The store is away, and who else may be at it is not known. */

static void
ngx_http_zoom_flight_claim_fail(ngx_http_zoom_flight_t *flight)
{
    ngx_http_zoom_result_t  result;

    ngx_memzero(&result, sizeof(ngx_http_zoom_result_t));

    result.error = ZOOM_E_STORE_UNAVAILABLE;
    result.retry_after = 1;

    ngx_http_zoom_flight_land(flight, &result);
}


void
ngx_http_zoom_flight_claim_land(ngx_http_zoom_flight_t *flight,
    const ngx_http_zoom_result_t *result)
{
    ngx_http_zoom_claim_t        *claim;
    ngx_http_zoom_claim_value_t   value;
    u_char                        text[NGX_HTTP_ZOOM_FLIGHT_REFUSAL];

    claim = flight->claim;

    if (claim == NULL) {
        return;
    }

    flight->claim = NULL;

    ngx_memzero(&value, sizeof(ngx_http_zoom_claim_value_t));

    if (result && ngx_http_zoom_flight_claim_final(result)) {
        value.left = result->hold;
        value.refusal.data = text;
        value.refusal.len = ngx_slprintf(text, text + sizeof(text), "%s %d %s",
                                         zoom_error_info(result->error)
                                         ->name.data,
                                         result->code, result->tracking_id)
                            - text;

        ngx_http_zoom_claim_land(claim, &value);
        return;
    }

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
