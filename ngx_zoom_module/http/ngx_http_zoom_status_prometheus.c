#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_events.h"
#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_status_fleet.h"
#include "ngx_http_zoom_status_pools.h"
#include "ngx_http_zoom_version.h"
#include "zoom_grant.h"


#define NGX_HTTP_ZOOM_ABSENT  -1


/* A gauge of an account, by one label or none; thousandths. */

typedef int64_t (*ngx_http_zoom_gauge_pt)(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);


typedef struct {
    const char                  *name;
    const char                  *help;
    const char                  *label;      /* NULL: one number */
    const char *const           *values;
    ngx_uint_t                   n;
    ngx_http_zoom_gauge_pt       get;
} ngx_http_zoom_gauge_t;


static void ngx_http_zoom_prometheus_counter(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap,
    const ngx_http_zoom_counter_t *counter);
static void ngx_http_zoom_prometheus_gauge(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, const ngx_http_zoom_gauge_t *gauge);
static void ngx_http_zoom_prometheus_times(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, const char *name, const char *help,
    size_t offset, ngx_uint_t buckets);
static void ngx_http_zoom_prometheus_buckets(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, const char *name,
    const ngx_http_zoom_histogram_t *h);
static void ngx_http_zoom_prometheus_zone(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_zone_report_t *zone);
static void ngx_http_zoom_prometheus_fleet(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_t *fleet);
static void ngx_http_zoom_prometheus_rejected(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);

static void ngx_http_zoom_prometheus_refused(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
static void ngx_http_zoom_prometheus_refusals(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row, ngx_uint_t error);

static void ngx_http_zoom_prometheus_webhooks(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
static void ngx_http_zoom_prometheus_event(ngx_http_zoom_writer_t *w,
    const char *metric, const ngx_http_zoom_events_t *row);

static void ngx_http_zoom_prometheus_about(ngx_http_zoom_writer_t *w,
    const char *name, const char *type, const char *help);
static void ngx_http_zoom_prometheus_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);

static int64_t ngx_http_zoom_gauge_day(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);
static int64_t ngx_http_zoom_gauge_used(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);
static int64_t ngx_http_zoom_gauge_wait(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);
static int64_t ngx_http_zoom_gauge_left(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);
static int64_t ngx_http_zoom_gauge_health(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n, ngx_http_zoom_health_e health);
static int64_t ngx_http_zoom_gauge_outage(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);
static int64_t ngx_http_zoom_gauge_broken(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);
static int64_t ngx_http_zoom_gauge_grants(const ngx_http_zoom_fare_t *fare,
    ngx_uint_t n);


static const ngx_http_zoom_gauge_t  ngx_http_zoom_gauges[] = {

    { "zoom_limit_day_requests", "Requests to Zoom we may send in a UTC day.",
      "label", ngx_http_zoom_label_names, ZOOM_NLABELS,
      ngx_http_zoom_gauge_day },

    { "zoom_limit_day_used", "Requests to Zoom of this UTC day.",
      "label", ngx_http_zoom_label_names, ZOOM_NLABELS,
      ngx_http_zoom_gauge_used },

    { "zoom_limit_wait_seconds", "How long a request made now would wait.",
      "label", ngx_http_zoom_label_names, ZOOM_NLABELS,
      ngx_http_zoom_gauge_wait },

    { "zoom_access_token_expires_seconds",
      "Life the access token has left, 0 if there is none.",
      NULL, NULL, 1, ngx_http_zoom_gauge_left },

    { "zoom_outage", "1 while Zoom does not answer, or not usably.",
      "kind", ngx_http_zoom_service_names, NGX_HTTP_ZOOM_NSERVICES,
      ngx_http_zoom_gauge_outage },

    { "zoom_broken", "1 while something has to be mended: the error log tells.",
      "kind", ngx_http_zoom_service_names, NGX_HTTP_ZOOM_NSERVICES,
      ngx_http_zoom_gauge_broken },

    { "zoom_grants", "Users who have connected an account.",
      "state", zoom_grant_states, ZOOM_NGRANT_STATES,
      ngx_http_zoom_gauge_grants },

    { NULL, NULL, NULL, NULL, 0, NULL }
};


void
ngx_http_zoom_status_prometheus(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    const ngx_http_zoom_gauge_t    *gauge;
    const ngx_http_zoom_counter_t  *counter;

    ngx_http_zoom_prometheus_about(w, "zoom_build_info", "gauge",
                                   "Versions, the value is always 1.");
    ngx_http_zoom_writes(w, "zoom_build_info{version=\""
                            NGX_HTTP_ZOOM_VERSION "\",nginx=\""
                            NGINX_VERSION "\"} 1\n");

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {

        if (counter->metric) {
            ngx_http_zoom_prometheus_counter(w, snap, counter);
        }
    }

    ngx_http_zoom_prometheus_rejected(w, snap);
    ngx_http_zoom_prometheus_refused(w, snap);
    ngx_http_zoom_prometheus_webhooks(w, snap);
    ngx_http_zoom_prometheus_pools(w, snap->pools);

    for (gauge = ngx_http_zoom_gauges; gauge->name; gauge++) {
        ngx_http_zoom_prometheus_gauge(w, snap, gauge);
    }

    ngx_http_zoom_prometheus_times(w, snap, "zoom_mint_duration_seconds",
                                   "How long minting a ZAK took.",
                                   offsetof(ngx_http_zoom_state_t, mint_time),
                                   0);
    ngx_http_zoom_prometheus_times(w, snap, "zoom_wait_duration_seconds",
                                   "How long a callback waited for its token.",
                                   offsetof(ngx_http_zoom_state_t,
                                            tallies[0].wait_time),
                                   1);

    ngx_http_zoom_prometheus_zone(w, &snap->zone);

    if (snap->zone.fleet) {
        ngx_http_zoom_prometheus_fleet(w, snap->zone.fleet);
    }
}


static void
ngx_http_zoom_prometheus_counter(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap,
    const ngx_http_zoom_counter_t *counter)
{
    uint64_t                     value;
    ngx_uint_t                   i, k;
    const ngx_http_zoom_fare_t  *fare;

    ngx_http_zoom_prometheus_about(w, counter->metric, "counter",
                                   counter->help);

    for (i = 0; i < snap->nfares; i++) {
        fare = &snap->fares[i];

        for (k = counter->first; k < counter->last; k++) {
            value = ngx_http_zoom_counter_get(counter, &fare->state, k);

            if (value == 0 && k >= counter->always) {
                continue;
            }

            ngx_http_zoom_writes(w, counter->metric);
            ngx_http_zoom_prometheus_account(w, fare);

            if (counter->label) {
                ngx_http_zoom_writef(w, ",%s=\"%s\"", counter->label,
                                     ngx_http_zoom_counter_value(counter, k));
            }

            ngx_http_zoom_writef(w, "} %uL\n", value);
        }
    }
}


static void
ngx_http_zoom_prometheus_gauge(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, const ngx_http_zoom_gauge_t *gauge)
{
    int64_t                      value;
    ngx_uint_t                   i, k;
    const ngx_http_zoom_fare_t  *fare;

    ngx_http_zoom_prometheus_about(w, gauge->name, "gauge", gauge->help);

    for (i = 0; i < snap->nfares; i++) {
        fare = &snap->fares[i];

        for (k = 0; k < gauge->n; k++) {
            value = gauge->get(fare, k);

            if (value == NGX_HTTP_ZOOM_ABSENT) {
                continue;
            }

            ngx_http_zoom_writes(w, gauge->name);
            ngx_http_zoom_prometheus_account(w, fare);

            if (gauge->label) {
                ngx_http_zoom_writef(w, ",%s=\"%s\"", gauge->label,
                                     gauge->values[k]);
            }

            ngx_http_zoom_writes(w, "} ");
            ngx_http_zoom_write_milli(w, value);
            ngx_http_zoom_writes(w, "\n");
        }
    }
}


/* With "buckets" a histogram, else a summary: how many, and how long. */

static void
ngx_http_zoom_prometheus_times(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, const char *name, const char *help,
    size_t offset, ngx_uint_t buckets)
{
    ngx_uint_t                        i;
    const ngx_http_zoom_fare_t       *fare;
    const ngx_http_zoom_histogram_t  *h;

    ngx_http_zoom_prometheus_about(w, name, buckets ? "histogram" : "summary",
                                   help);

    for (i = 0; i < snap->nfares; i++) {
        fare = &snap->fares[i];
        h = (const ngx_http_zoom_histogram_t *)
                                     ((const u_char *) &fare->state + offset);

        if (buckets) {
            ngx_http_zoom_prometheus_buckets(w, fare, name, h);
        }

        ngx_http_zoom_writef(w, "%s_sum", name);
        ngx_http_zoom_prometheus_account(w, fare);
        ngx_http_zoom_writes(w, "} ");
        ngx_http_zoom_write_milli(w, h->sum);

        ngx_http_zoom_writef(w, "\n%s_count", name);
        ngx_http_zoom_prometheus_account(w, fare);
        ngx_http_zoom_writef(w, "} %uL\n", ngx_http_zoom_histogram_count(h));
    }
}


static void
ngx_http_zoom_prometheus_buckets(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, const char *name,
    const ngx_http_zoom_histogram_t *h)
{
    uint64_t    count;
    ngx_uint_t  k;

    count = 0;

    for (k = 0; k <= NGX_HTTP_ZOOM_NTIMES; k++) {
        count += h->buckets[k];

        ngx_http_zoom_writef(w, "%s_bucket", name);
        ngx_http_zoom_prometheus_account(w, fare);
        ngx_http_zoom_writes(w, ",le=\"");

        if (k < NGX_HTTP_ZOOM_NTIMES) {
            ngx_http_zoom_write_milli(w, ngx_http_zoom_times[k]);

        } else {
            ngx_http_zoom_writes(w, "+Inf");
        }

        ngx_http_zoom_writef(w, "\"} %uL\n", count);
    }
}


static void
ngx_http_zoom_prometheus_zone(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_zone_report_t *zone)
{
    const ngx_http_zoom_zone_gauge_t  *gauge;

    for (gauge = ngx_http_zoom_zone_gauges; gauge->name; gauge++) {
        ngx_http_zoom_prometheus_about(w, gauge->metric, "gauge",
                                       gauge->help);
        ngx_http_zoom_writef(w, "%s %ui\n", gauge->metric,
                             ngx_http_zoom_zone_gauge_get(gauge, zone));
    }
}


static void
ngx_http_zoom_prometheus_fleet(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fleet_t *fleet)
{
    const ngx_http_zoom_fleet_row_t  *row;

    for (row = ngx_http_zoom_fleet_rows; row->name; row++) {
        ngx_http_zoom_prometheus_about(w, row->metric, row->type, row->help);
        ngx_http_zoom_writef(w, "%s %uA\n", row->metric,
                             ngx_http_zoom_fleet_get(row, fleet));
    }
}


static void
ngx_http_zoom_prometheus_rejected(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t  i;

    ngx_http_zoom_prometheus_about(w, "zoom_rejected_total", "counter",
                             "Requests refused before an account was asked.");

    for (i = 1; i < ZOOM_E_LAST; i++) {
        ngx_http_zoom_writef(w, "zoom_rejected_total{error=\"%s\"} %uA\n",
                             zoom_error_info(i)->name.data,
                             (ngx_atomic_uint_t) snap->errors[i]);
    }
}


static void
ngx_http_zoom_prometheus_refused(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                       i, error;
    const ngx_http_zoom_refusals_t  *row;

    ngx_http_zoom_prometheus_about(w, "zoom_refused_total", "counter",
                          "Requests refused, by location and caller.");

    row = snap->refusals.elts;

    for (i = 0; i < snap->refusals.nelts; i++) {

        for (error = 1; error < NGX_HTTP_ZOOM_NREFUSALS; error++) {

            if (row[i].errors[error]) {
                ngx_http_zoom_prometheus_refusals(w, &row[i], error);
            }
        }
    }
}


static void
ngx_http_zoom_prometheus_refusals(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row, ngx_uint_t error)
{
    ngx_uint_t  i;

    ngx_http_zoom_writes(w, "zoom_refused_total{");

    for (i = 0; i < NGX_HTTP_ZOOM_REFUSAL_NNAMES; i++) {
        ngx_http_zoom_writef(w, "%s=\"", ngx_http_zoom_refusal_names[i]);
        ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_LABEL,
                                    row->names[i].data, row->names[i].len);
        ngx_http_zoom_writes(w, "\",");
    }

    ngx_http_zoom_writef(w, "error=\"%s\"} %uA\n",
                         zoom_error_info(error)->name.data,
                         (ngx_atomic_uint_t) row->errors[error]);
}


static void
ngx_http_zoom_prometheus_webhooks(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                     i, k;
    const ngx_http_zoom_events_t  *row;

    row = snap->events.elts;

    ngx_http_zoom_prometheus_about(w, "zoom_webhooks_total", "counter",
                                   "Webhooks of Zoom's, by event and result.");

    for (i = 0; i < snap->events.nelts; i++) {

        for (k = NGX_HTTP_ZOOM_EVENT_NEW; k < NGX_HTTP_ZOOM_NEVENTS; k++) {

            if (row[i].counts[k]) {
                ngx_http_zoom_prometheus_event(w, "zoom_webhooks_total",
                                               &row[i]);
                ngx_http_zoom_writef(w, ",result=\"%s\"} %uA\n",
                                     ngx_http_zoom_event_labels[k],
                                     (ngx_atomic_uint_t) row[i].counts[k]);
            }
        }
    }

    ngx_http_zoom_prometheus_about(w, "zoom_webhook_last_timestamp_seconds",
                              "gauge", "When a webhook of that event came.");

    for (i = 0; i < snap->events.nelts; i++) {
        ngx_http_zoom_prometheus_event(w, "zoom_webhook_last_timestamp_seconds",
                                       &row[i]);
        ngx_http_zoom_writef(w, "} %uA\n", (ngx_atomic_uint_t) row[i].last);
    }
}


/* The brace stays open. */

static void
ngx_http_zoom_prometheus_event(ngx_http_zoom_writer_t *w, const char *metric,
    const ngx_http_zoom_events_t *row)
{
    ngx_http_zoom_writef(w, "%s{account=\"", metric);
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_LABEL, row->account,
                                row->account_len);
    ngx_http_zoom_writes(w, "\",event=\"");
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_LABEL, row->name,
                                row->name_len);
    ngx_http_zoom_writes(w, "\"");
}


static void
ngx_http_zoom_prometheus_about(ngx_http_zoom_writer_t *w, const char *name,
    const char *type, const char *help)
{
    ngx_http_zoom_writef(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
                         type);
}


/* The first label; its brace stays open. */

static void
ngx_http_zoom_prometheus_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_http_zoom_writes(w, "{account=\"");
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_LABEL,
                                fare->name.data, fare->name.len);
    ngx_http_zoom_writes(w, "\"");
}


static int64_t
ngx_http_zoom_gauge_day(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    if (fare->labels[n].rate.day == 0) {
        return NGX_HTTP_ZOOM_ABSENT;
    }

    return (int64_t) fare->labels[n].rate.day * 1000;
}


static int64_t
ngx_http_zoom_gauge_used(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    if (fare->labels[n].rate.day == 0) {
        return NGX_HTTP_ZOOM_ABSENT;
    }

    return (int64_t) fare->labels[n].used * 1000;
}


static int64_t
ngx_http_zoom_gauge_wait(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    if (n != ZOOM_LIGHT && fare->labels[n].used == 0) {
        return NGX_HTTP_ZOOM_ABSENT;
    }

    return fare->labels[n].wait;
}


static int64_t
ngx_http_zoom_gauge_left(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    return (int64_t) fare->left * 1000;
}


/* What was never asked for is neither. */

static int64_t
ngx_http_zoom_gauge_health(const ngx_http_zoom_fare_t *fare, ngx_uint_t n,
    ngx_http_zoom_health_e health)
{
    if (fare->troubles[n].health == health) {
        return 1000;
    }

    if (n != NGX_HTTP_ZOOM_OAUTH && fare->state.requests[n] == 0) {
        return NGX_HTTP_ZOOM_ABSENT;
    }

    return 0;
}


static int64_t
ngx_http_zoom_gauge_outage(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    return ngx_http_zoom_gauge_health(fare, n, NGX_HTTP_ZOOM_OUTAGE);
}


static int64_t
ngx_http_zoom_gauge_broken(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    return ngx_http_zoom_gauge_health(fare, n, NGX_HTTP_ZOOM_BROKEN);
}


static int64_t
ngx_http_zoom_gauge_grants(const ngx_http_zoom_fare_t *fare, ngx_uint_t n)
{
    if (ngx_http_zoom_status_grants(fare) == 0) {
        return NGX_HTTP_ZOOM_ABSENT;
    }

    return (int64_t) fare->state.grants[n] * 1000;
}
