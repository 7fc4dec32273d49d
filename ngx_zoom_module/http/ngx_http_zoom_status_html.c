/*
 * The page that is read at 3 am: a sentence for each account, and for each
 * caller that is refused, then numbers.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_html_fare.h"
#include "ngx_http_zoom_html_fleet.h"
#include "ngx_http_zoom_html_refused.h"
#include "ngx_http_zoom_html_webhooks.h"
#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_status_fleet.h"
#include "ngx_http_zoom_status_pools.h"
#include "ngx_http_zoom_version.h"


static void ngx_http_zoom_html_fares(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, ngx_http_zoom_light_e light);
static void ngx_http_zoom_html_head(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
static void ngx_http_zoom_html_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, const ngx_http_zoom_snapshot_t *snap);
static void ngx_http_zoom_html_passed(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state);
static void ngx_http_zoom_html_grants(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state);
static void ngx_http_zoom_html_zoom(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state);
static void ngx_http_zoom_html_words(ngx_http_zoom_writer_t *w,
    const char *name);
static void ngx_http_zoom_html_limits(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_html_times(ngx_http_zoom_writer_t *w,
    const char *name, const ngx_http_zoom_histogram_t *h);
static void ngx_http_zoom_html_quantile(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_histogram_t *h, ngx_uint_t percent);
static void ngx_http_zoom_html_last(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state, time_t now);
static void ngx_http_zoom_html_zone(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);

static void ngx_http_zoom_html_counter(ngx_http_zoom_writer_t *w,
    const char *caption, const ngx_http_zoom_counter_t *counter,
    const ngx_http_zoom_state_t *state);


void
ngx_http_zoom_status_html(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t  i;

    ngx_http_zoom_html_head(w, snap);

    /* what somebody has to do first, and last what is well */

    ngx_http_zoom_writes(w, "<ul>\n");

    ngx_http_zoom_html_fares(w, snap, NGX_HTTP_ZOOM_RED);
    ngx_http_zoom_html_fares(w, snap, NGX_HTTP_ZOOM_AMBER);
    ngx_http_zoom_html_fleet(w, snap, NGX_HTTP_ZOOM_AMBER);
    ngx_http_zoom_html_refused(w, snap);
    ngx_http_zoom_html_fares(w, snap, NGX_HTTP_ZOOM_GREEN);
    ngx_http_zoom_html_fleet(w, snap, NGX_HTTP_ZOOM_GREEN);

    ngx_http_zoom_writes(w, "</ul>\n");

    for (i = 0; i < snap->nfares; i++) {
        ngx_http_zoom_html_account(w, &snap->fares[i], snap);
    }

    ngx_http_zoom_html_zone(w, snap);

    ngx_http_zoom_writes(w, "<p class=dim>ngx_zoom_module "
                            NGX_HTTP_ZOOM_VERSION ", nginx " NGINX_VERSION);
    ngx_http_zoom_writef(w, ", told by worker %ui (pid %P). The counters "
                            "begin with the zone: at nginx's start.</p>\n"
                            "</body>\n</html>\n", ngx_worker, ngx_pid);
}


static void
ngx_http_zoom_html_fares(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap, ngx_http_zoom_light_e light)
{
    ngx_uint_t  i;

    for (i = 0; i < snap->nfares; i++) {

        if (ngx_http_zoom_html_light(&snap->fares[i]) == light) {
            ngx_http_zoom_html_fare(w, &snap->fares[i]);
        }
    }
}


/* The worst goes into the title: it shows in a tab behind others. */

static void
ngx_http_zoom_html_head(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t             i;
    ngx_http_zoom_light_e  light, worst;

    worst = ngx_http_zoom_html_fleet_light(snap);

    for (i = 0; i < snap->nfares; i++) {
        light = ngx_http_zoom_html_light(&snap->fares[i]);
        worst = ngx_max(worst, light);
    }

    ngx_http_zoom_writef(w, "<!DOCTYPE html>\n"
                            "<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                            "<meta name=viewport content=\"width=device-width,"
                            "initial-scale=1\">\n"
                            "<meta http-equiv=refresh content=10>\n"
                            "<title>%s - Zoom tokens on ",
                         ngx_http_zoom_html_word(worst));
    ngx_http_zoom_html_text(w, ngx_cycle->hostname.data,
                            ngx_cycle->hostname.len);
    ngx_http_zoom_writes(w, "</title>\n<style>");

    ngx_http_zoom_writes(w, ngx_http_zoom_html_style);

    ngx_http_zoom_writes(w, "</style>\n</head>\n<body>\n"
                            "<h1>Zoom tokens on ");
    ngx_http_zoom_html_text(w, ngx_cycle->hostname.data,
                            ngx_cycle->hostname.len);
    ngx_http_zoom_writes(w, "</h1>\n<p class=dim>");
    ngx_http_zoom_html_date(w, snap->now);
    ngx_http_zoom_writes(w, ", looks again every 10 s</p>\n");

    if (snap->nfares == 0) {
        ngx_http_zoom_writes(w, "<p>No zoom_account is configured.</p>\n");
    }
}


static void
ngx_http_zoom_html_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, const ngx_http_zoom_snapshot_t *snap)
{
    const ngx_http_zoom_counter_t  *counter;

    ngx_http_zoom_writes(w, "<h2>");
    ngx_http_zoom_html_text(w, fare->name.data, fare->name.len);
    ngx_http_zoom_writes(w, "</h2>\n");

    ngx_http_zoom_html_last(w, &fare->state, snap->now);

    ngx_http_zoom_writes(w, "<div class=grid>\n");

    counter = ngx_http_zoom_counters;

    ngx_http_zoom_html_counter(w, "Callbacks", &counter[0], &fare->state);
    ngx_http_zoom_html_counter(w, "Errors", &counter[1], &fare->state);

    ngx_http_zoom_html_zoom(w, &fare->state);
    ngx_http_zoom_html_limits(w, fare);

    ngx_http_zoom_html_passed(w, &fare->state);

    if (ngx_http_zoom_status_grants(fare)) {
        ngx_http_zoom_html_grants(w, &fare->state);
    }

    ngx_http_zoom_html_table(w, "Times in ms");
    ngx_http_zoom_writes(w, "<thead><tr><th><th>count<th>mean<th>half<th>95%"
                            "</thead>\n");
    ngx_http_zoom_html_times(w, "mint", &fare->state.mint_time);
    ngx_http_zoom_html_times(w, "wait", &fare->state.tallies[0].wait_time);
    ngx_http_zoom_writes(w, "</table>\n");

    ngx_http_zoom_html_pools(w, snap->pools, &fare->name);
    ngx_http_zoom_html_webhooks(w, &fare->name, snap);

    ngx_http_zoom_writes(w, "</div>\n");
}


/* Where there is a gateway. */

static void
ngx_http_zoom_html_passed(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state)
{
    const ngx_http_zoom_counter_t  *counter;

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {

        if (counter->offset == offsetof(ngx_http_zoom_state_t, passed)
            && ngx_http_zoom_counter_sum(counter, state))
        {
            ngx_http_zoom_html_counter(w, "Requests of callers", counter,
                                       state);
        }
    }
}


static void
ngx_http_zoom_html_grants(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state)
{
    const ngx_http_zoom_counter_t  *counter;

    ngx_http_zoom_html_table(w, "Users who have connected");
    ngx_http_zoom_html_row(w, "active", state->grants[ZOOM_GRANT_ACTIVE]);
    ngx_http_zoom_html_row(w, "have to connect again",
                           state->grants[ZOOM_GRANT_EXPIRED]);
    ngx_http_zoom_writes(w, "</table>\n");

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {

        if (counter->offset == offsetof(ngx_http_zoom_state_t, connects)) {
            ngx_http_zoom_html_counter(w, "Users who were to connect",
                                       counter, state);
        }
    }
}


static void
ngx_http_zoom_html_zoom(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state)
{
    ngx_uint_t                      i;
    const ngx_http_zoom_counter_t  *counter;

    ngx_http_zoom_html_table(w, "Zoom");
    ngx_http_zoom_writes(w, "<thead><tr><th>");

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {

        if (counter->values == ngx_http_zoom_service_names) {
            ngx_http_zoom_writes(w, "<th>");
            ngx_http_zoom_html_words(w, counter->name);
        }
    }

    ngx_http_zoom_writes(w, "</thead>\n");

    for (i = 0; i < NGX_HTTP_ZOOM_NMINTS; i++) {

        if (i > NGX_HTTP_ZOOM_ZAK && state->requests[i] == 0) {
            continue;
        }

        ngx_http_zoom_writef(w, "<tr><th>%s", ngx_http_zoom_service_names[i]);

        for (counter = ngx_http_zoom_counters; counter->name; counter++) {

            if (counter->values == ngx_http_zoom_service_names) {
                ngx_http_zoom_writef(w, "<td>%uL",
                                     ngx_http_zoom_counter_get(counter, state,
                                                               i));
            }
        }

        ngx_http_zoom_writes(w, "\n");
    }

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {

        if (counter->label == NULL) {
            ngx_http_zoom_writes(w, "<tr><th>");
            ngx_http_zoom_html_words(w, counter->name);
            ngx_http_zoom_writef(w, "<td>%uL<td><td>\n",
                                 ngx_http_zoom_counter_get(counter, state,
                                                           0));
        }
    }

    ngx_http_zoom_writes(w, "</table>\n");
}


/* A name of ours, with blanks where a line may break. */

static void
ngx_http_zoom_html_words(ngx_http_zoom_writer_t *w, const char *name)
{
    for ( /* void */ ; *name; name++) {
        ngx_http_zoom_writef(w, "%c", *name == '_' ? ' ' : *name);
    }
}


static void
ngx_http_zoom_html_limits(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t                           i;
    const ngx_http_zoom_label_report_t  *label;
    const ngx_http_zoom_counter_t       *counter;

    ngx_http_zoom_html_table(w, "Limits");
    ngx_http_zoom_writes(w, "<thead><tr><th><th>per second<th>today"
                            "<th>wait now</thead>\n");

    for (i = 0; i < ZOOM_NLABELS; i++) {
        label = &fare->labels[i];

        ngx_http_zoom_writef(w, "<tr><th>%s<td>",
                             ngx_http_zoom_label_names[i]);
        ngx_http_zoom_write_milli(w, label->rate.rate);

        if (label->rate.day) {
            ngx_http_zoom_writef(w, "<td>%uD of %uD", label->used,
                                 label->rate.day);

        } else {
            ngx_http_zoom_writes(w, "<td>no limit");
        }

        ngx_http_zoom_writef(w, "<td>%M ms\n", label->wait);
    }

    ngx_http_zoom_writes(w, "</table>\n");

    for (counter = ngx_http_zoom_counters; counter->name; counter++) {

        if (counter->offset == offsetof(ngx_http_zoom_state_t, limits)) {
            ngx_http_zoom_html_counter(w, "Limiter", counter, &fare->state);
        }
    }
}


static void
ngx_http_zoom_html_times(ngx_http_zoom_writer_t *w, const char *name,
    const ngx_http_zoom_histogram_t *h)
{
    uint64_t  count;

    count = ngx_http_zoom_histogram_count(h);

    ngx_http_zoom_writef(w, "<tr><th>%s<td>%uL", name, count);

    if (count == 0) {
        ngx_http_zoom_writes(w, "<td>-<td>-<td>-\n");
        return;
    }

    ngx_http_zoom_writef(w, "<td>%uL", (uint64_t) h->sum / count);

    ngx_http_zoom_html_quantile(w, h, 50);
    ngx_http_zoom_html_quantile(w, h, 95);

    ngx_http_zoom_writes(w, "\n");
}


/* No finer than the buckets are. */

static void
ngx_http_zoom_html_quantile(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_histogram_t *h, ngx_uint_t percent)
{
    uint64_t    count, wanted;
    ngx_uint_t  i;

    wanted = (ngx_http_zoom_histogram_count(h) * percent + 99) / 100;
    count = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_NTIMES; i++) {
        count += h->buckets[i];

        if (count >= wanted) {
            ngx_http_zoom_writef(w, "<td>&le; %M",
                                 ngx_http_zoom_times[i]);
            return;
        }
    }

    ngx_http_zoom_writef(w, "<td>&gt; %M",
                         ngx_http_zoom_times[NGX_HTTP_ZOOM_NTIMES - 1]);
}


static void
ngx_http_zoom_html_last(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state, time_t now)
{
    if (state->last_time == 0) {
        ngx_http_zoom_writes(w, "<p class=dim>No failure at Zoom so far.</p>"
                                "\n");
        return;
    }

    ngx_http_zoom_writef(w, "<p class=dim>Last failure at Zoom: %s, ",
                         zoom_error_info(state->last_error)->name.data);
    ngx_http_zoom_html_span(w, ngx_max(now - state->last_time, 0));
    ngx_http_zoom_writes(w, " ago (");
    ngx_http_zoom_html_date(w, state->last_time);
    ngx_http_zoom_writes(w, ")");

    /* Zoom's own words may tell of its users */

    if (state->last_error == ZOOM_E_ZOOM_UNAVAILABLE && state->last_code == 0
        && state->last_tracking_id[0] == '\0' && state->last_message[0])
    {
        ngx_http_zoom_writes(w, ", ");
        ngx_http_zoom_html_text(w, state->last_message,
                                ngx_strlen(state->last_message));
    }

    if (state->last_code) {
        ngx_http_zoom_writef(w, ", Zoom's code %D", state->last_code);
    }

    if (state->last_tracking_id[0]) {
        ngx_http_zoom_writes(w, ", tracking id ");
        ngx_http_zoom_html_text(w, state->last_tracking_id,
                                ngx_strlen(state->last_tracking_id));
    }

    ngx_http_zoom_writes(w, "</p>\n");
}


static void
ngx_http_zoom_html_zone(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                         i, n;
    const ngx_http_zoom_fleet_row_t   *row;
    const ngx_http_zoom_zone_gauge_t  *gauge;

    ngx_http_zoom_writes(w, "<h2>All accounts</h2>\n<div class=grid>\n");

    ngx_http_zoom_html_table(w, "Requests refused before an account was "
                                "asked");
    n = 0;

    for (i = 1; i < ZOOM_E_LAST; i++) {

        if (snap->errors[i]) {
            ngx_http_zoom_html_row(w,
                                   (char *) zoom_error_info(i)->name.data,
                                   snap->errors[i]);
            n++;
        }
    }

    if (n == 0) {
        ngx_http_zoom_writes(w, "<tr><th>none<td>\n");
    }

    ngx_http_zoom_writes(w, "</table>\n");

    ngx_http_zoom_html_table(w, "Shared memory");

    for (gauge = ngx_http_zoom_zone_gauges; gauge->name; gauge++) {
        ngx_http_zoom_html_row(w, gauge->name,
                               ngx_http_zoom_zone_gauge_get(gauge,
                                                            &snap->zone));
    }

    ngx_http_zoom_writes(w, "</table>\n");

    if (snap->zone.fleet) {
        ngx_http_zoom_html_table(w, "Fleet");

        for (row = ngx_http_zoom_fleet_rows; row->name; row++) {
            ngx_http_zoom_html_row(w, row->name,
                                   ngx_http_zoom_fleet_get(row,
                                                           snap->zone.fleet));
        }

        ngx_http_zoom_html_roster(w, &snap->zone.roster);
        ngx_http_zoom_writes(w, "</table>\n");
    }

    ngx_http_zoom_writes(w, "</div>\n");
}


/* Of errors only those that there were. */

static void
ngx_http_zoom_html_counter(ngx_http_zoom_writer_t *w, const char *caption,
    const ngx_http_zoom_counter_t *counter, const ngx_http_zoom_state_t *state)
{
    uint64_t    n;
    ngx_uint_t  i;

    ngx_http_zoom_html_table(w, caption);

    for (i = counter->first; i < counter->last; i++) {
        n = ngx_http_zoom_counter_get(counter, state, i);

        if (n || counter->values) {
            ngx_http_zoom_html_row(w, ngx_http_zoom_counter_value(counter, i),
                                   n);
        }
    }

    if (counter->values == NULL
        && ngx_http_zoom_counter_sum(counter, state) == 0)
    {
        ngx_http_zoom_writes(w, "<tr><th>none<td>\n");
    }

    ngx_http_zoom_writes(w, "</table>\n");
}
