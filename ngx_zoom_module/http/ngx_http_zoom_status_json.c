#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_events.h"
#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_status_fleet.h"
#include "ngx_http_zoom_status_pools.h"
#include "ngx_http_zoom_version.h"


static void ngx_http_zoom_json_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_json_counter(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_counter_t *counter,
    const ngx_http_zoom_state_t *state);
static void ngx_http_zoom_json_limits(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_json_access(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_json_trouble(ngx_http_zoom_writer_t *w,
    const char *name, const ngx_http_zoom_trouble_t *trouble);
static void ngx_http_zoom_json_histogram(ngx_http_zoom_writer_t *w,
    const char *name, const ngx_http_zoom_histogram_t *h);
static void ngx_http_zoom_json_last(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state);
static void ngx_http_zoom_json_zone(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_zone_report_t *zone);
static void ngx_http_zoom_json_fleet(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_zone_report_t *zone);
static void ngx_http_zoom_json_roster(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_roster_t *roster);
static void ngx_http_zoom_json_refusals(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row);

static void ngx_http_zoom_json_events(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_events_t *row);

static void ngx_http_zoom_json_next(ngx_http_zoom_writer_t *w);
static void ngx_http_zoom_json_key(ngx_http_zoom_writer_t *w,
    const char *name);
static void ngx_http_zoom_json_open(ngx_http_zoom_writer_t *w,
    const char *name);
static void ngx_http_zoom_json_close(ngx_http_zoom_writer_t *w);
static void ngx_http_zoom_json_number(ngx_http_zoom_writer_t *w,
    const char *name, uint64_t n);
static void ngx_http_zoom_json_string(ngx_http_zoom_writer_t *w,
    const char *name, const u_char *value);


void
ngx_http_zoom_status_json(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                       i;
    const ngx_http_zoom_events_t    *event;
    const ngx_http_zoom_refusals_t  *row;

    ngx_http_zoom_writes(w, "{");

    ngx_http_zoom_json_string(w, "version", (u_char *) NGX_HTTP_ZOOM_VERSION);
    ngx_http_zoom_json_string(w, "nginx", (u_char *) NGINX_VERSION);
    ngx_http_zoom_json_number(w, "time", snap->now);
    ngx_http_zoom_json_number(w, "pid", ngx_pid);
    ngx_http_zoom_json_number(w, "worker", ngx_worker);

    ngx_http_zoom_json_open(w, "accounts");

    for (i = 0; i < snap->nfares; i++) {
        ngx_http_zoom_json_account(w, &snap->fares[i]);
    }

    ngx_http_zoom_json_close(w);

    ngx_http_zoom_json_zone(w, &snap->zone);

    if (snap->zone.fleet) {
        ngx_http_zoom_json_fleet(w, &snap->zone);
    }

    ngx_http_zoom_json_open(w, "errors");

    for (i = 1; i < ZOOM_E_LAST; i++) {
        ngx_http_zoom_json_number(w,
                                  (char *) zoom_error_info(i)->name.data,
                                  snap->errors[i]);
    }

    ngx_http_zoom_json_close(w);

    ngx_http_zoom_json_key(w, "refused");
    ngx_http_zoom_writes(w, "[");

    row = snap->refusals.elts;

    for (i = 0; i < snap->refusals.nelts; i++) {
        ngx_http_zoom_json_refusals(w, &row[i]);
    }

    ngx_http_zoom_writes(w, "]");

    ngx_http_zoom_json_key(w, "webhooks");
    ngx_http_zoom_writes(w, "[");

    event = snap->events.elts;

    for (i = 0; i < snap->events.nelts; i++) {
        ngx_http_zoom_json_events(w, &event[i]);
    }

    ngx_http_zoom_writes(w, "]");

    ngx_http_zoom_json_pools(w, snap->pools);

    ngx_http_zoom_writes(w, "}\n");
}


static void
ngx_http_zoom_json_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t                      i;
    const ngx_http_zoom_counter_t  *counter;

    ngx_http_zoom_json_next(w);
    ngx_http_zoom_writes(w, "\"");
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, fare->name.data,
                                fare->name.len);
    ngx_http_zoom_writes(w, "\":{");

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {
        ngx_http_zoom_json_counter(w, counter, &fare->state);
    }

    ngx_http_zoom_json_limits(w, fare);
    ngx_http_zoom_json_access(w, fare);

    ngx_http_zoom_json_trouble(w, "oauth",
                               &fare->troubles[NGX_HTTP_ZOOM_OAUTH]);
    ngx_http_zoom_json_trouble(w, "minting",
                               &fare->troubles[NGX_HTTP_ZOOM_ZAK]);

    for (i = NGX_HTTP_ZOOM_ZAK + 1; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        ngx_http_zoom_json_trouble(w, ngx_http_zoom_service_names[i],
                                   &fare->troubles[i]);
    }

    ngx_http_zoom_json_histogram(w, "mint_time", &fare->state.mint_time);
    ngx_http_zoom_json_histogram(w, "wait_time",
                                 &fare->state.tallies[0].wait_time);

    ngx_http_zoom_json_last(w, &fare->state);

    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_counter(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_counter_t *counter, const ngx_http_zoom_state_t *state)
{
    ngx_uint_t  i;

    if (counter->label == NULL) {
        ngx_http_zoom_json_number(w, counter->name,
                                  ngx_http_zoom_counter_get(counter, state,
                                                            0));
        return;
    }

    ngx_http_zoom_json_open(w, counter->name);

    for (i = counter->first; i < counter->last; i++) {
        ngx_http_zoom_json_number(w, ngx_http_zoom_counter_value(counter, i),
                                  ngx_http_zoom_counter_get(counter, state,
                                                            i));
    }

    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_limits(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t                           i;
    const ngx_http_zoom_label_report_t  *label;

    ngx_http_zoom_json_open(w, "limits");

    for (i = 0; i < ZOOM_NLABELS; i++) {
        label = &fare->labels[i];

        ngx_http_zoom_json_open(w, ngx_http_zoom_label_names[i]);

        ngx_http_zoom_json_key(w, "rate");
        ngx_http_zoom_write_milli(w, label->rate.rate);

        if (label->rate.day) {
            ngx_http_zoom_json_number(w, "day", label->rate.day);
            ngx_http_zoom_json_number(w, "used", label->used);
        }

        ngx_http_zoom_json_number(w, "wait_ms", label->wait);

        ngx_http_zoom_json_close(w);
    }

    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_access(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_http_zoom_json_open(w, "access_token");

    ngx_http_zoom_json_key(w, "present");
    ngx_http_zoom_writes(w, fare->left ? "true" : "false");

    if (fare->left) {
        ngx_http_zoom_json_number(w, "age", fare->age);
        ngx_http_zoom_json_number(w, "left", fare->left);
    }

    ngx_http_zoom_json_close(w);

    if (ngx_http_zoom_status_grants(fare) == 0) {
        return;
    }

    ngx_http_zoom_json_open(w, "grants");
    ngx_http_zoom_json_number(w, "active",
                              fare->state.grants[ZOOM_GRANT_ACTIVE]);
    ngx_http_zoom_json_number(w, "expired",
                              fare->state.grants[ZOOM_GRANT_EXPIRED]);
    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_trouble(ngx_http_zoom_writer_t *w, const char *name,
    const ngx_http_zoom_trouble_t *trouble)
{
    ngx_http_zoom_json_open(w, name);

    ngx_http_zoom_json_string(w, "condition",
                  (u_char *) ngx_http_zoom_health_names[trouble->health]);

    if (trouble->health != NGX_HTTP_ZOOM_OK) {
        ngx_http_zoom_json_string(w, "error",
                                  zoom_error_info(trouble->error)->name.data);
        ngx_http_zoom_json_number(w, "since", trouble->age / 1000);
        ngx_http_zoom_json_number(w, "failed", trouble->count);
        ngx_http_zoom_json_number(w, "next_probe_ms", trouble->probe);
    }

    ngx_http_zoom_json_close(w);
}


/* Buckets are cumulative, as Prometheus has them. */

static void
ngx_http_zoom_json_histogram(ngx_http_zoom_writer_t *w, const char *name,
    const ngx_http_zoom_histogram_t *h)
{
    uint64_t    count;
    ngx_uint_t  i;

    ngx_http_zoom_json_open(w, name);

    ngx_http_zoom_json_number(w, "count", ngx_http_zoom_histogram_count(h));
    ngx_http_zoom_json_number(w, "sum_ms", h->sum);
    ngx_http_zoom_json_key(w, "buckets");
    ngx_http_zoom_writes(w, "[");

    count = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_NTIMES; i++) {
        count += h->buckets[i];

        ngx_http_zoom_json_next(w);
        ngx_http_zoom_writef(w, "{\"le_ms\":%M,\"count\":%uL}",
                             ngx_http_zoom_times[i], count);
    }

    ngx_http_zoom_writes(w, "]");
    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_last(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state)
{
    if (state->last_time == 0) {
        ngx_http_zoom_json_key(w, "last_error");
        ngx_http_zoom_writes(w, "null");
        return;
    }

    ngx_http_zoom_json_open(w, "last_error");

    ngx_http_zoom_json_string(w, "error",
                              zoom_error_info(state->last_error)->name.data);
    ngx_http_zoom_json_key(w, "code");
    ngx_http_zoom_writef(w, "%D", state->last_code);
    ngx_http_zoom_json_number(w, "time", state->last_time);
    ngx_http_zoom_json_string(w, "tracking_id", state->last_tracking_id);

    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_zone(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_zone_report_t *zone)
{
    const ngx_http_zoom_zone_gauge_t  *gauge;

    ngx_http_zoom_json_open(w, "zone");

    for (gauge = ngx_http_zoom_zone_gauges; gauge->name; gauge++) {
        ngx_http_zoom_json_number(w, gauge->name,
                                  ngx_http_zoom_zone_gauge_get(gauge, zone));
    }

    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_fleet(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_zone_report_t *zone)
{
    const ngx_http_zoom_fleet_row_t  *row;

    ngx_http_zoom_json_open(w, "fleet");

    for (row = ngx_http_zoom_fleet_rows; row->name; row++) {
        ngx_http_zoom_json_number(w, row->name,
                                  ngx_http_zoom_fleet_get(row, zone->fleet));
    }

    ngx_http_zoom_json_roster(w, &zone->roster);
    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_roster(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_roster_t *roster)
{
    ngx_uint_t                         i;
    const ngx_http_zoom_fleet_host_t  *host;

    ngx_http_zoom_json_key(w, "seen");
    ngx_http_zoom_writes(w, "[");

    for (i = 0; i < roster->n; i++) {
        host = &roster->hosts[i];

        ngx_http_zoom_writes(w, i ? ",{\"host\":\"" : "{\"host\":\"");
        ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, host->name,
                                    host->len);
        ngx_http_zoom_writef(w, "\",\"seconds\":%T}",
                             ngx_http_zoom_fleet_seen(host));
    }

    ngx_http_zoom_writes(w, "]");
}


static void
ngx_http_zoom_json_refusals(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row)
{
    ngx_uint_t  i;

    ngx_http_zoom_json_next(w);
    ngx_http_zoom_writes(w, "{");

    for (i = 0; i < NGX_HTTP_ZOOM_REFUSAL_NNAMES; i++) {
        ngx_http_zoom_json_key(w, ngx_http_zoom_refusal_names[i]);
        ngx_http_zoom_writes(w, "\"");
        ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON,
                                    row->names[i].data, row->names[i].len);
        ngx_http_zoom_writes(w, "\"");
    }

    ngx_http_zoom_json_open(w, "errors");

    for (i = 1; i < NGX_HTTP_ZOOM_NREFUSALS; i++) {

        if (row->errors[i]) {
            ngx_http_zoom_json_number(w,
                                      (char *) zoom_error_info(i)->name.data,
                                      row->errors[i]);
        }
    }

    ngx_http_zoom_json_close(w);
    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_events(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_events_t *row)
{
    ngx_uint_t  i;

    ngx_http_zoom_json_next(w);
    ngx_http_zoom_writes(w, "{\"account\":\"");
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, row->account,
                                row->account_len);
    ngx_http_zoom_writes(w, "\",\"event\":\"");
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, row->name,
                                row->name_len);
    ngx_http_zoom_writes(w, "\"");

    for (i = NGX_HTTP_ZOOM_EVENT_NEW; i < NGX_HTTP_ZOOM_NEVENTS; i++) {
        ngx_http_zoom_json_number(w, ngx_http_zoom_event_labels[i],
                                  row->counts[i]);
    }

    ngx_http_zoom_json_number(w, "last", row->last);
    ngx_http_zoom_json_close(w);
}


static void
ngx_http_zoom_json_next(ngx_http_zoom_writer_t *w)
{
    if (w->last != '{' && w->last != '[') {
        ngx_http_zoom_writes(w, ",");
    }
}


/* Names of ours need no escape. */

static void
ngx_http_zoom_json_key(ngx_http_zoom_writer_t *w, const char *name)
{
    ngx_http_zoom_json_next(w);
    ngx_http_zoom_writef(w, "\"%s\":", name);
}


static void
ngx_http_zoom_json_open(ngx_http_zoom_writer_t *w, const char *name)
{
    ngx_http_zoom_json_key(w, name);
    ngx_http_zoom_writes(w, "{");
}


static void
ngx_http_zoom_json_close(ngx_http_zoom_writer_t *w)
{
    ngx_http_zoom_writes(w, "}");
}


static void
ngx_http_zoom_json_number(ngx_http_zoom_writer_t *w, const char *name,
    uint64_t n)
{
    ngx_http_zoom_json_key(w, name);
    ngx_http_zoom_writef(w, "%uL", n);
}


static void
ngx_http_zoom_json_string(ngx_http_zoom_writer_t *w, const char *name,
    const u_char *value)
{
    ngx_http_zoom_json_key(w, name);
    ngx_http_zoom_writes(w, "\"");
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON, value,
                                ngx_strlen(value));
    ngx_http_zoom_writes(w, "\"");
}
