#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_status_fleet.h"


const ngx_http_zoom_fleet_row_t  ngx_http_zoom_fleet_rows[] = {

    { "away", "zoom_store_away", "gauge",
      "1 while the store does not answer, or can't.",
      offsetof(ngx_http_zoom_fleet_t, away) },

    { "incidents", "zoom_store_incidents_total", "counter",
      "How often it went away.",
      offsetof(ngx_http_zoom_fleet_t, incidents) },

    { "answers", "zoom_store_answers_total", "counter",
      "Answers of the store.",
      offsetof(ngx_http_zoom_fleet_t, trips) },

    { "failures", "zoom_store_failures_total", "counter",
      "Questions that it did not answer in time, or with an error.",
      offsetof(ngx_http_zoom_fleet_t, failures) },

    { "errors", "zoom_store_errors_total", "counter",
      "Of these, errors of one key or one script, though the store is there.",
      offsetof(ngx_http_zoom_fleet_t, errors) },

    { "deaf", "zoom_store_deaf", "gauge",
      "1 while the store does not let this host hear its news.",
      offsetof(ngx_http_zoom_fleet_t, deaf) },

    { "unopened", "zoom_store_unopened_total", "counter",
      "Tokens in the store that none of this host's keys opens.",
      offsetof(ngx_http_zoom_fleet_t, unopened) },

    { "hosts", "zoom_fleet_hosts", "gauge",
      "Hosts that divide the limits, seen lately.",
      offsetof(ngx_http_zoom_fleet_t, hosts) },

    { "missing", "zoom_fleet_missing", "gauge",
      "Of these, hosts not seen for ten seconds.",
      offsetof(ngx_http_zoom_fleet_t, missing) },

    { "leases", "zoom_fleet_leases", "gauge",
      "Tokens that this host is bringing for all.",
      offsetof(ngx_http_zoom_fleet_t, leases) },

    { "claims", "zoom_fleet_claims_total", "counter",
      "Tokens that this host brought for all.",
      offsetof(ngx_http_zoom_fleet_t, claims) },

    { "waits", "zoom_fleet_waits_total", "counter",
      "Tokens that another host was about to bring.",
      offsetof(ngx_http_zoom_fleet_t, waits) },

    { "shared", "zoom_fleet_shared_total", "counter",
      "Tokens that other hosts brought.",
      offsetof(ngx_http_zoom_fleet_t, shared) },

    { "alone", "zoom_fleet_alone_total", "counter",
      "Tokens that this host brought for itself, without the store.",
      offsetof(ngx_http_zoom_fleet_t, alone) },

    { "replays", "zoom_fleet_replays_total", "counter",
      "Webhooks and proofs that another host had already had.",
      offsetof(ngx_http_zoom_fleet_t, replays) },

    { "slot_questions", "zoom_fleet_slot_questions_total", "counter",
      "How often the clock of a limit was asked for slots, or told of some.",
      offsetof(ngx_http_zoom_fleet_t, asks) },

    { "slots", "zoom_fleet_slots_total", "counter",
      "Slots of limits that were handed out to this host.",
      offsetof(ngx_http_zoom_fleet_t, slots) },

    { "slots_lapsed", "zoom_fleet_slots_lapsed_total", "counter",
      "Slots that were handed out, and not used in time.",
      offsetof(ngx_http_zoom_fleet_t, lapsed) },

    { NULL, NULL, NULL, NULL, 0 }
};


ngx_atomic_uint_t
ngx_http_zoom_fleet_get(const ngx_http_zoom_fleet_row_t *row,
    const ngx_http_zoom_fleet_t *fleet)
{
    const ngx_atomic_t  *n;

    n = (const ngx_atomic_t *) ((const u_char *) fleet + row->offset);

    /* of these it is a time */

    return (n == &fleet->away || n == &fleet->deaf) ? (*n != 0) : *n;
}


time_t
ngx_http_zoom_fleet_seen(const ngx_http_zoom_fleet_host_t *host)
{
    ngx_msec_int_t  age;

    age = (ngx_msec_int_t) (ngx_current_msec - host->seen);

    return ngx_max(age, 0) / 1000;
}
