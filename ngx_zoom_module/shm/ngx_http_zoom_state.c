#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_state.h"
#include "ngx_http_zoom_zone.h"


static ngx_http_zoom_state_t *ngx_http_zoom_state_find(
    ngx_http_zoom_zone_t *zone, const ngx_str_t *name) ngx_http_zoom_under_lock;


const char *const  ngx_http_zoom_service_names[NGX_HTTP_ZOOM_NSERVICES] = {
    "access", "zak", "onbehalf", "local_recording", "live_streaming",
    "local_archiving", "api", "mcp", "download"
};


ngx_str_t  ngx_http_zoom_token_statuses[NGX_HTTP_ZOOM_NSTATUSES] = {
    ngx_string("-"),
    ngx_string("HIT"),
    ngx_string("MISS"),
    ngx_string("SHARED"),
    ngx_string("STALE")
};


const ngx_msec_t  ngx_http_zoom_times[NGX_HTTP_ZOOM_NTIMES] = {
    5, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000
};


ngx_http_zoom_state_t *
ngx_http_zoom_state_attach(ngx_http_zoom_zone_t *zone, const ngx_str_t *name,
    ngx_log_t *log)
{
    ngx_http_zoom_state_t  *state;

    ngx_http_zoom_zone_lock(zone);

    state = ngx_http_zoom_state_find(zone, name);

    if (state) {
        if (state->len == 0) {
            state->len = ngx_min(name->len, NGX_HTTP_ZOOM_NAME_MAX);
            ngx_memcpy(state->name, name->data, state->len);
        }

        state->config = zone->sh->config;
    }

    ngx_http_zoom_zone_unlock(zone);

    if (state) {
        return state;
    }

    ngx_log_error(NGX_LOG_WARN, log, 0,
                  "zoom: no room to share the state of account \"%V\" between "
                  "workers, restart nginx or increase \"zoom_zone\"", name);

    return ngx_calloc(sizeof(ngx_http_zoom_state_t), log);
}


/*
 * Under lock: the account's own, else a free one, else one that neither this
 * nor the last configuration uses; workers attach one account after another.
 */

static ngx_http_zoom_state_t *
ngx_http_zoom_state_find(ngx_http_zoom_zone_t *zone, const ngx_str_t *name)
{
    uint32_t                 i, entries;
    ngx_http_zoom_state_t   *s, *unused;

    unused = NULL;

    for (i = 0; i < zone->sh->nstates; i++) {
        s = &zone->states[i];

        if (s->len == 0) {
            unused = (unused && unused->len == 0) ? unused : s;
            continue;
        }

        if (s->len == name->len
            && ngx_memcmp(s->name, name->data, s->len) == 0)
        {
            return s;
        }

        if (s->config + 1 < zone->sh->config && unused == NULL) {
            unused = s;
        }
    }

    if (unused && unused->len) {

        /* what the store still holds of the other account counts here */

        entries = unused->entries;
        ngx_memzero(unused, sizeof(ngx_http_zoom_state_t));
        unused->entries = entries;
    }

    return unused;
}


uint32_t
ngx_http_zoom_state_index(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_state_t *state)
{
    if (state < zone->states || state >= zone->states + zone->sh->nstates) {
        return NGX_HTTP_ZOOM_NONE;
    }

    return state - zone->states;
}


void
ngx_http_zoom_state_forgive(ngx_http_zoom_state_t *state)
{
    ngx_uint_t  i;

    ngx_memzero(state->breakers, sizeof(state->breakers));
    ngx_memzero(state->said, sizeof(state->said));
    ngx_memzero(&state->renewal, sizeof(zoom_log_once_t));

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        state->scouts[i].until = ngx_current_msec;
        state->scouts[i].answered = ngx_current_msec
                                    - 2 * NGX_HTTP_ZOOM_ANSWERED;
    }

    state->pace = ngx_current_msec;
    state->refresh = ngx_current_msec;
    state->refresh_hold = 0;
}


void
ngx_http_zoom_state_failed(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_state_t *state, const zoom_verdict_t *v,
    const char *reason)
{
    ngx_http_zoom_zone_lock(zone);

    state->last_time = ngx_time();
    state->last_error = v->error;
    state->last_code = v->code;

    ngx_cpystrn(state->last_message,
                reason ? (u_char *) reason : (u_char *) v->message,
                sizeof(state->last_message));
    ngx_cpystrn(state->last_tracking_id, (u_char *) v->tracking_id,
                sizeof(state->last_tracking_id));

    ngx_http_zoom_zone_unlock(zone);
}


void
ngx_http_zoom_state_sum(ngx_http_zoom_state_t *state)
{
    ngx_uint_t              i, k;
    ngx_http_zoom_tally_t  *t, *sum;

    sum = &state->tallies[0];

    for (i = 1; i < NGX_HTTP_ZOOM_NTALLIES; i++) {
        t = &state->tallies[i];

        for (k = 0; k < NGX_HTTP_ZOOM_NSTATUSES; k++) {
            sum->answers[k] += t->answers[k];
        }

        for (k = 0; k <= NGX_HTTP_ZOOM_NTIMES; k++) {
            sum->wait_time.buckets[k] += t->wait_time.buckets[k];
        }

        sum->wait_time.sum += t->wait_time.sum;
    }
}


void
ngx_http_zoom_histogram_add(ngx_http_zoom_histogram_t *h, ngx_msec_t time)
{
    ngx_uint_t  i;

    for (i = 0; i < NGX_HTTP_ZOOM_NTIMES; i++) {
        if (time <= ngx_http_zoom_times[i]) {
            break;
        }
    }

    (void) ngx_atomic_fetch_add(&h->buckets[i], 1);

    if (time) {
        (void) ngx_atomic_fetch_add(&h->sum, time);
    }
}
