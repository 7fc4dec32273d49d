/*
 * The page that is read at 3 am: a sentence for each account, then numbers.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_version.h"


#define NGX_HTTP_ZOOM_MINUTE  60
#define NGX_HTTP_ZOOM_HOUR    (60 * 60)
#define NGX_HTTP_ZOOM_DAY     (24 * 60 * 60)

/* milliseconds that are no news */

#define NGX_HTTP_ZOOM_SLOW    1000


/* How an account fares: a class of the style sheet, too. */

typedef enum {
    NGX_HTTP_ZOOM_GREEN = 0,
    NGX_HTTP_ZOOM_AMBER,
    NGX_HTTP_ZOOM_RED
} ngx_http_zoom_light_e;


/* What is wrong, "for" so long, and what to do. */

typedef struct {
    zoom_error_e                 error;
    const char                  *what;
    const char                  *advice;
} ngx_http_zoom_advice_t;


static void ngx_http_zoom_html_head(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);
static void ngx_http_zoom_html_sentence(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static void ngx_http_zoom_html_trouble(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_trouble_t *trouble, const char *kind);
static void ngx_http_zoom_html_fine(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);
static const ngx_http_zoom_trouble_t *ngx_http_zoom_html_worst(
    const ngx_http_zoom_fare_t *fare);
static ngx_http_zoom_light_e ngx_http_zoom_html_light(
    const ngx_http_zoom_fare_t *fare);
static ngx_uint_t ngx_http_zoom_html_failed(
    const ngx_http_zoom_fare_t *fare);
static ngx_msec_t ngx_http_zoom_html_wait(const ngx_http_zoom_fare_t *fare);

static void ngx_http_zoom_html_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, time_t now);
static void ngx_http_zoom_html_zoom(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_state_t *state);
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
static void ngx_http_zoom_html_table(ngx_http_zoom_writer_t *w,
    const char *caption);
static void ngx_http_zoom_html_row(ngx_http_zoom_writer_t *w,
    const char *name, uint64_t n);
static void ngx_http_zoom_html_text(ngx_http_zoom_writer_t *w,
    const u_char *data, size_t len);
static void ngx_http_zoom_html_span(ngx_http_zoom_writer_t *w, time_t sec);
static void ngx_http_zoom_html_date(ngx_http_zoom_writer_t *w, time_t sec);


static const char  ngx_http_zoom_html_style[] =
    ":root{color-scheme:light dark;--back:#fff;--text:#1b1d21;--dim:#5c636d;"
    "--line:#d9dde3;--green:#17692f;--amber:#8a5200;--red:#b3161b;"
    "--greenb:#e5f5ea;--amberb:#fff1d6;--redb:#fde5e5}"
    "@media(prefers-color-scheme:dark){:root{--back:#14161a;--text:#e7e9ec;"
    "--dim:#9aa2ad;--line:#333942;--green:#7bdc98;--amber:#ffc766;"
    "--red:#ff9a97;--greenb:#12301d;--amberb:#3a2a08;--redb:#421619}}"
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:16px;max-width:1080px;background:var(--back);"
    "color:var(--text);font:16px/1.45 system-ui,sans-serif}"
    "h1{font-size:20px;margin:0}h2{font-size:18px;margin:28px 0 4px}"
    "p{margin:4px 0 12px;overflow-wrap:anywhere}"
    ".dim,caption,th{color:var(--dim)}"
    "ul{list-style:none;margin:12px 0;padding:0}"
    "li{margin:8px 0;padding:12px 14px;border-left:6px solid;"
    "border-radius:6px;overflow-wrap:anywhere}"
    ".green{border-color:var(--green);background:var(--greenb)}"
    ".amber{border-color:var(--amber);background:var(--amberb)}"
    ".red{border-color:var(--red);background:var(--redb)}"
    ".green i{color:var(--green)}.amber i{color:var(--amber)}"
    ".red i{color:var(--red)}"
    "i{font-style:normal;font-weight:700;margin-right:8px}"
    ".grid{display:grid;gap:8px 32px;"
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}"
    "table{border-collapse:collapse;width:100%;align-self:start;"
    "font-size:14px;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;font-weight:700;padding:8px 0 2px}"
    "th{text-align:left;font-weight:400}"
    "td{text-align:right;overflow-wrap:anywhere}"
    "th,td{padding:3px 0 3px 8px;border-top:1px solid var(--line)}"
    "th:first-child,td:first-child{padding-left:0}"
    "thead th+th{text-align:right}";


static const char *const  ngx_http_zoom_html_lights[] = {
    "green", "amber", "red"
};


static const char *const  ngx_http_zoom_html_words[] = {
    "OK", "WAIT", "BROKEN"
};


static const ngx_http_zoom_advice_t  ngx_http_zoom_html_advices[] = {

    { ZOOM_E_CREDENTIALS_REJECTED, "Zoom has refused our credentials",
      "check account_id, client_id and client_secret, then reload nginx" },

    { ZOOM_E_APP_DISABLED, "the Zoom app has been switched off",
      "activate it in Zoom's App Marketplace" },

    { ZOOM_E_SCOPE_MISSING, "the Zoom app has lacked a scope",
      "add the one that nginx's error log names, then activate the app again" },

    { ZOOM_E_ZOOM_REFUSED, "Zoom has refused us an access token",
      "nginx's error log has Zoom's words" },

    { ZOOM_E_ZOOM_UNAVAILABLE, "Zoom has been out of reach",
      "look at status.zoom.us and at this host's network" },

    { ZOOM_E_ZOOM_INVALID, "Zoom has given answers that make no sense",
      "look at status.zoom.us and at what stands between it and this host" },

    { ZOOM_OK, "something has been wrong",
      "nginx's error log tells" }
};


void
ngx_http_zoom_status_html(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t  i;

    ngx_http_zoom_html_head(w, snap);

    ngx_http_zoom_writes(w, "<ul>\n");

    for (i = 0; i < snap->nfares; i++) {
        ngx_http_zoom_html_sentence(w, &snap->fares[i]);
    }

    ngx_http_zoom_writes(w, "</ul>\n");

    for (i = 0; i < snap->nfares; i++) {
        ngx_http_zoom_html_account(w, &snap->fares[i], snap->now);
    }

    ngx_http_zoom_html_zone(w, snap);

    ngx_http_zoom_writes(w, "<p class=dim>ngx_zoom_module "
                            NGX_HTTP_ZOOM_VERSION ", nginx " NGINX_VERSION);
    ngx_http_zoom_writef(w, ", told by worker %ui (pid %P). The counters "
                            "begin with the zone: at nginx's start.</p>\n"
                            "</body>\n</html>\n", ngx_worker, ngx_pid);
}


/* The worst goes into the title: it shows in a tab behind others. */

static void
ngx_http_zoom_html_head(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t             i;
    ngx_http_zoom_light_e  light, worst;

    worst = NGX_HTTP_ZOOM_GREEN;

    for (i = 0; i < snap->nfares; i++) {
        light = ngx_http_zoom_html_light(&snap->fares[i]);
        worst = ngx_max(worst, light);
    }

    ngx_http_zoom_writef(w, "<!DOCTYPE html>\n"
                            "<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                            "<meta name=viewport content=\"width=device-width,"
                            "initial-scale=1\">\n"
                            "<meta http-equiv=refresh content=10>\n"
                            "<title>%s - Zoom tokens</title>\n<style>",
                         ngx_http_zoom_html_words[worst]);

    ngx_http_zoom_writes(w, ngx_http_zoom_html_style);

    ngx_http_zoom_writes(w, "</style>\n</head>\n<body>\n"
                            "<h1>Zoom tokens</h1>\n<p class=dim>");
    ngx_http_zoom_html_date(w, snap->now);
    ngx_http_zoom_writes(w, ", looks again every 10 s</p>\n");

    if (snap->nfares == 0) {
        ngx_http_zoom_writes(w, "<p>No zoom_account is configured.</p>\n");
    }
}


static void
ngx_http_zoom_html_sentence(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    ngx_http_zoom_light_e           light;
    const ngx_http_zoom_trouble_t  *trouble;

    /* by ngx_http_zoom_service_e */

    static const char *const  what[NGX_HTTP_ZOOM_NSERVICES] = {
        NULL, NULL, "onbehalf tokens", "local_recording tokens",
        "live_streaming tokens", "local_archiving tokens",
        "answers to requests of scripts"
    };

    light = ngx_http_zoom_html_light(fare);
    trouble = ngx_http_zoom_html_worst(fare);

    ngx_http_zoom_writef(w, "<li class=%s><i>%s</i><b>",
                         ngx_http_zoom_html_lights[light],
                         ngx_http_zoom_html_words[light]);
    ngx_http_zoom_html_text(w, fare->name.data, fare->name.len);
    ngx_http_zoom_writes(w, ":</b> ");

    if (trouble) {
        ngx_http_zoom_html_trouble(w, trouble,
                                   what[trouble - fare->troubles]);

    } else {
        ngx_http_zoom_html_fine(w, fare);
    }

    ngx_http_zoom_writes(w, "</li>\n");
}


/* "what" does not come; NULL: what everybody needs. */

static void
ngx_http_zoom_html_trouble(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_trouble_t *trouble, const char *what)
{
    const ngx_http_zoom_advice_t  *a;

    for (a = ngx_http_zoom_html_advices; a->error != ZOOM_OK; a++) {
        if (a->error == trouble->error) {
            break;
        }
    }

    if (what) {
        ngx_http_zoom_writef(w, "no %s, ", what);
    }

    ngx_http_zoom_writef(w, "%s for ", a->what);
    ngx_http_zoom_html_span(w, trouble->age / 1000);

    ngx_http_zoom_writef(w, ": %s; %uL attempt%s failed so far, ", a->advice,
                         trouble->count, trouble->count == 1 ? "" : "s");

    if (trouble->probe == 0) {
        ngx_http_zoom_writes(w, "the next callback tries again.");
        return;
    }

    ngx_http_zoom_writes(w, "next probe in ");
    ngx_http_zoom_html_span(w, (trouble->probe + 999) / 1000);
    ngx_http_zoom_writes(w, ".");

    if (trouble->health == NGX_HTTP_ZOOM_OUTAGE) {
        ngx_http_zoom_writes(w, " Stored tokens are handed out meanwhile.");
    }
}


static void
ngx_http_zoom_html_fine(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare)
{
    uint64_t    answered, minted;
    ngx_uint_t  i, row;

    minted = 0;
    answered = 0;
    row = ngx_http_zoom_html_failed(fare);

    for (i = 1; i < NGX_HTTP_ZOOM_NSTATUSES; i++) {
        answered += fare->state.answers[i];
    }

    for (i = NGX_HTTP_ZOOM_ZAK; i < NGX_HTTP_ZOOM_NMINTS; i++) {
        minted += fare->state.minted[i];
    }

    if (row) {
        ngx_http_zoom_writef(w, "Zoom has not answered the last %ui request%s, "
                                "it is tried again.", row, row == 1 ? "" : "s");

    } else if (ngx_http_zoom_html_wait(fare) > NGX_HTTP_ZOOM_SLOW) {
        ngx_http_zoom_writes(w, "working, but Zoom's limits are used up: "
                                "a new token waits ");
        ngx_http_zoom_html_span(w, ngx_http_zoom_html_wait(fare) / 1000);
        ngx_http_zoom_writes(w, ".");

    } else if (fare->left == 0) {
        ngx_http_zoom_writes(w, "no access token yet; the next callback "
                                "fetches one.");
        return;

    } else {
        ngx_http_zoom_writes(w, "working.");
    }

    if (answered == 0) {
        ngx_http_zoom_writes(w, " No callback so far.");

    } else {
        ngx_http_zoom_writef(w, " %uL callback%s answered with %uL mint%s.",
                             answered, answered == 1 ? "" : "s", minted,
                             minted == 1 ? "" : "s");
    }

    if (fare->left) {
        ngx_http_zoom_writes(w, " The access token is good for ");
        ngx_http_zoom_html_span(w, fare->left);
        ngx_http_zoom_writes(w, ".");
    }
}


/* NULL: all is well.  Without an access token nothing is minted. */

static const ngx_http_zoom_trouble_t *
ngx_http_zoom_html_worst(const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t                      i;
    const ngx_http_zoom_trouble_t  *worst;

    worst = NULL;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {

        if (fare->troubles[i].health == NGX_HTTP_ZOOM_OK) {
            continue;
        }

        if (worst == NULL || fare->troubles[i].health > worst->health) {
            worst = &fare->troubles[i];
        }
    }

    return worst;
}


static ngx_http_zoom_light_e
ngx_http_zoom_html_light(const ngx_http_zoom_fare_t *fare)
{
    const ngx_http_zoom_trouble_t  *trouble;

    trouble = ngx_http_zoom_html_worst(fare);

    if (trouble) {
        return (trouble->health == NGX_HTTP_ZOOM_BROKEN)
               ? NGX_HTTP_ZOOM_RED : NGX_HTTP_ZOOM_AMBER;
    }

    if (fare->left == 0 || ngx_http_zoom_html_failed(fare)
        || ngx_http_zoom_html_wait(fare) > NGX_HTTP_ZOOM_SLOW)
    {
        return NGX_HTTP_ZOOM_AMBER;
    }

    return NGX_HTTP_ZOOM_GREEN;
}


/* Requests in a row. */

static ngx_uint_t
ngx_http_zoom_html_failed(const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t  i, row;

    row = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        row = ngx_max(row, fare->troubles[i].row);
    }

    return row;
}


static ngx_msec_t
ngx_http_zoom_html_wait(const ngx_http_zoom_fare_t *fare)
{
    ngx_uint_t  i;
    ngx_msec_t  wait;

    wait = 0;

    for (i = 0; i < ZOOM_NLABELS; i++) {
        wait = ngx_max(wait, fare->labels[i].wait);
    }

    return wait;
}


static void
ngx_http_zoom_html_account(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare, time_t now)
{
    const ngx_http_zoom_counter_t  *counter;

    ngx_http_zoom_writes(w, "<h2>");
    ngx_http_zoom_html_text(w, fare->name.data, fare->name.len);
    ngx_http_zoom_writes(w, "</h2>\n");

    ngx_http_zoom_html_last(w, &fare->state, now);

    ngx_http_zoom_writes(w, "<div class=grid>\n");

    counter = ngx_http_zoom_counters;

    ngx_http_zoom_html_counter(w, "Callbacks", &counter[0], &fare->state);
    ngx_http_zoom_html_counter(w, "Errors", &counter[1], &fare->state);

    ngx_http_zoom_html_zoom(w, &fare->state);
    ngx_http_zoom_html_limits(w, fare);

    ngx_http_zoom_html_table(w, "Times in ms");
    ngx_http_zoom_writes(w, "<thead><tr><th><th>count<th>mean<th>half<th>95%"
                            "</thead>\n");
    ngx_http_zoom_html_times(w, "mint", &fare->state.mint_time);
    ngx_http_zoom_html_times(w, "wait", &fare->state.wait_time);
    ngx_http_zoom_writes(w, "</table>\n");

    ngx_http_zoom_writes(w, "</div>\n");
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
            ngx_http_zoom_writef(w, "<th>%s", counter->name);
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
            ngx_http_zoom_writef(w, "<tr><th>%s<td><td><td>%uL\n",
                                 counter->name,
                                 ngx_http_zoom_counter_get(counter, state,
                                                           0));
        }
    }

    ngx_http_zoom_writes(w, "</table>\n");
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

    ngx_http_zoom_writes(w, "</table>\n</div>\n");
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


static void
ngx_http_zoom_html_table(ngx_http_zoom_writer_t *w, const char *caption)
{
    ngx_http_zoom_writef(w, "<table><caption>%s</caption>\n", caption);
}


static void
ngx_http_zoom_html_row(ngx_http_zoom_writer_t *w, const char *name, uint64_t n)
{
    ngx_http_zoom_writef(w, "<tr><th>%s<td>%uL\n", name, n);
}


static void
ngx_http_zoom_html_text(ngx_http_zoom_writer_t *w, const u_char *data,
    size_t len)
{
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_HTML, data, len);
}


static void
ngx_http_zoom_html_span(ngx_http_zoom_writer_t *w, time_t sec)
{
    if (sec < 2 * NGX_HTTP_ZOOM_MINUTE) {
        ngx_http_zoom_writef(w, "%T s", sec);

    } else if (sec < 2 * NGX_HTTP_ZOOM_HOUR) {
        ngx_http_zoom_writef(w, "%T min", sec / NGX_HTTP_ZOOM_MINUTE);

    } else if (sec < 2 * NGX_HTTP_ZOOM_DAY) {
        ngx_http_zoom_writef(w, "%T h", sec / NGX_HTTP_ZOOM_HOUR);

    } else {
        ngx_http_zoom_writef(w, "%T days", sec / NGX_HTTP_ZOOM_DAY);
    }
}


static void
ngx_http_zoom_html_date(ngx_http_zoom_writer_t *w, time_t sec)
{
    ngx_tm_t  tm;

    ngx_gmtime(sec, &tm);

    ngx_http_zoom_writef(w, "%4d-%02d-%02d %02d:%02d:%02d UTC", tm.ngx_tm_year,
                         tm.ngx_tm_mon, tm.ngx_tm_mday, tm.ngx_tm_hour,
                         tm.ngx_tm_min, tm.ngx_tm_sec);
}
