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

    { "hosts", "zoom_fleet_hosts", "gauge",
      "Hosts that divide the limits, seen lately.",
      offsetof(ngx_http_zoom_fleet_t, hosts) },

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

    { NULL, NULL, NULL, NULL, 0 }
};


ngx_atomic_uint_t
ngx_http_zoom_fleet_get(const ngx_http_zoom_fleet_row_t *row,
    const ngx_http_zoom_fleet_t *fleet)
{
    const ngx_atomic_t  *n;

    n = (const ngx_atomic_t *) ((const u_char *) fleet + row->offset);

    /* of this one it is a time */

    return (n == &fleet->away) ? (*n != 0) : *n;
}
