/*
 * zoom_status: how the accounts fare, for people and for machines.  No user,
 * no id and no word of Zoom's is in it: the error log has those.
 */

#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_args.h"
#include "ngx_http_zoom_handlers.h"
#include "ngx_http_zoom_reply.h"
#include "ngx_http_zoom_status.h"
#include "ngx_http_zoom_status_pools.h"
#include "ngx_http_zoom_str.h"


#define NGX_HTTP_ZOOM_STATUS_POLICY                                           \
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; "        \
    "form-action 'none'; frame-ancestors 'none'"


typedef void (*ngx_http_zoom_status_pt)(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap);


typedef struct {
    ngx_str_t                    name;       /* of ?format= */
    const char                  *type;
    ngx_http_zoom_status_pt      write;
} ngx_http_zoom_status_format_t;


static ngx_int_t ngx_http_zoom_status_go(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx);
static const ngx_http_zoom_status_format_t *ngx_http_zoom_status_by_arg(
    ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx);
static const ngx_http_zoom_status_format_t *ngx_http_zoom_status_by_accept(
    ngx_http_request_t *r);
static ngx_uint_t ngx_http_zoom_status_range(u_char *pos, u_char *last,
    ngx_uint_t *format);
static ngx_uint_t ngx_http_zoom_status_quality(u_char *pos, u_char *last);
static ngx_http_zoom_snapshot_t *ngx_http_zoom_status_look(
    ngx_http_request_t *r);
static ngx_int_t ngx_http_zoom_status_refusals(ngx_http_request_t *r,
    ngx_http_zoom_snapshot_t *snap);
static ngx_int_t ngx_http_zoom_status_events(ngx_http_request_t *r,
    ngx_http_zoom_snapshot_t *snap);
static ngx_int_t ngx_http_zoom_status_later(const void *one,
    const void *two);
static void ngx_http_zoom_status_account(ngx_http_zoom_account_t *account,
    ngx_http_zoom_fare_t *fare, time_t now);
static void ngx_http_zoom_status_trouble(const ngx_http_zoom_breaker_t *c,
    ngx_http_zoom_trouble_t *trouble);
static ngx_int_t ngx_http_zoom_status_header(ngx_http_request_t *r,
    const char *name, const char *value);


static const ngx_http_zoom_status_format_t  ngx_http_zoom_status_formats[] = {

    { ngx_string("json"), "application/json", ngx_http_zoom_status_json },

    { ngx_string("prometheus"), "text/plain; version=0.0.4; charset=utf-8",
      ngx_http_zoom_status_prometheus },

    { ngx_string("html"), "text/html; charset=utf-8",
      ngx_http_zoom_status_html },

    { ngx_null_string, NULL, NULL }
};


/* What stands in Accept, and the format that it asks for. */

static const struct {
    ngx_str_t   range;
    ngx_uint_t  format;
} ngx_http_zoom_status_ranges[] = {
    { ngx_string("*/*"), 0 },
    { ngx_string("application/*"), 0 },
    { ngx_string("application/json"), 0 },
    { ngx_string("text/plain"), 1 },
    { ngx_string("application/openmetrics-text"), 1 },
    { ngx_string("text/*"), 2 },
    { ngx_string("text/html"), 2 },
    { ngx_string("application/xhtml+xml"), 2 },
    { ngx_null_string, 0 }
};


const char *const  ngx_http_zoom_label_names[ZOOM_NLABELS] = {
    "light", "medium", "heavy", "resource"
};


const char *const
    ngx_http_zoom_refusal_names[NGX_HTTP_ZOOM_REFUSAL_NNAMES] =
{
    "server", "location", "caller"
};


const char *const  ngx_http_zoom_health_names[] = {
    "ok", "outage", "broken"
};


static const char *const
    ngx_http_zoom_status_names[NGX_HTTP_ZOOM_NSTATUSES] =
{
    "none", "hit", "miss", "shared", "stale"
};


static const char *const  ngx_http_zoom_limit_names[NGX_HTTP_ZOOM_NLIMITS] = {
    "none", "passed", "delayed", "rejected", "delayed_dry_run",
    "rejected_dry_run"
};


static const char *const
    ngx_http_zoom_connect_results[NGX_HTTP_ZOOM_NCONNECTS] =
{
    "connected", "declined", "denied", "expired", "dropped", "failed"
};


static const char *const
    ngx_http_zoom_passed_results[NGX_HTTP_ZOOM_NPASSED] =
{
    "answered", "client_error", "server_error", "denied", "failed", "gone"
};


const ngx_http_zoom_counter_t  ngx_http_zoom_counters[] = {

    { "callbacks", "zoom_callbacks_total", "Callbacks that got a token.",
      "status", ngx_http_zoom_status_names, 1, NGX_HTTP_ZOOM_NSTATUSES,
      NGX_HTTP_ZOOM_NSTATUSES,
      offsetof(ngx_http_zoom_state_t, tallies[0].answers) },

    { "errors", "zoom_errors_total", "Callbacks that got none.",
      "error", NULL, 1, ZOOM_E_LAST, 1,
      offsetof(ngx_http_zoom_state_t, errors) },

    { "requests", "zoom_requests_total", "Requests sent to Zoom.",
      "kind", ngx_http_zoom_service_names, 0, NGX_HTTP_ZOOM_NMINTS, 1,
      offsetof(ngx_http_zoom_state_t, requests) },

    { "request_failures", NULL, "Requests to Zoom that failed.",
      "kind", ngx_http_zoom_service_names, 0, NGX_HTTP_ZOOM_NMINTS, 0,
      offsetof(ngx_http_zoom_state_t, failures) },

    { "mints", NULL, "Tokens that Zoom gave.",
      "kind", ngx_http_zoom_service_names, 0, NGX_HTTP_ZOOM_NMINTS, 0,
      offsetof(ngx_http_zoom_state_t, minted) },

    { "script_requests", "zoom_script_requests_total",
      "Requests of scripts sent to Zoom.",
      NULL, NULL, 0, 1, 0,
      offsetof(ngx_http_zoom_state_t,
               requests[NGX_HTTP_ZOOM_API]) },

    { "retries", NULL, "Requests sent to Zoom once more.",
      NULL, NULL, 0, 1, 0,
      offsetof(ngx_http_zoom_state_t, retries) },

    { "refreshes", "zoom_refreshes_total",
      "Access tokens dropped because Zoom refused them.",
      NULL, NULL, 0, 1, 1,
      offsetof(ngx_http_zoom_state_t, refreshes) },

    { "rate_limited", "zoom_rate_limited_total",
      "Answers of Zoom with status 429.",
      NULL, NULL, 0, 1, 1,
      offsetof(ngx_http_zoom_state_t, refused) },

    { "limiter", "zoom_limiter_total", "Decisions of the rate limiter.",
      "decision", ngx_http_zoom_limit_names, 1, NGX_HTTP_ZOOM_NLIMITS,
      NGX_HTTP_ZOOM_LIMIT_REJECTED + 1,
      offsetof(ngx_http_zoom_state_t, limits) },

    { "connects", "zoom_connects_total",
      "Users who were to connect an account.",
      "result", ngx_http_zoom_connect_results, 0, NGX_HTTP_ZOOM_NCONNECTS, 0,
      offsetof(ngx_http_zoom_state_t, connects) },

    { "passed", "zoom_passed_total",
      "Requests of callers that the gateway was to pass to Zoom.",
      "result", ngx_http_zoom_passed_results, 0, NGX_HTTP_ZOOM_NPASSED, 0,
      offsetof(ngx_http_zoom_state_t, passed) },

    { NULL, NULL, NULL, NULL, NULL, 0, 0, 0, 0 }
};


const ngx_http_zoom_zone_gauge_t  ngx_http_zoom_zone_gauges[] = {

    { "size", "zoom_zone_size_bytes", "Size of the shared memory zone.",
      offsetof(ngx_http_zoom_zone_report_t, size) },

    { "entries", "zoom_zone_entries", "Entries the zone has room for.",
      offsetof(ngx_http_zoom_zone_report_t, entries) },

    { "used", "zoom_zone_entries_used", "Entries in use.",
      offsetof(ngx_http_zoom_zone_report_t, used) },

    { "negative", "zoom_zone_entries_negative",
      "Entries in use that hold a failure only.",
      offsetof(ngx_http_zoom_zone_report_t, negative) },

    { "flights", "zoom_flights", "Mints in progress.",
      offsetof(ngx_http_zoom_zone_report_t, flights) },

    { "blocks", "zoom_zone_blocks", "Blocks the zone has for tokens.",
      offsetof(ngx_http_zoom_zone_report_t, blocks) },

    { "free_blocks", "zoom_zone_blocks_free", "Blocks not in use.",
      offsetof(ngx_http_zoom_zone_report_t, free_blocks) },

    { "workers", "zoom_workers", "Workers that use the zone.",
      offsetof(ngx_http_zoom_zone_report_t, workers) },

    { NULL, NULL, NULL, 0 }
};


ngx_int_t
ngx_http_zoom_status_handler(ngx_http_request_t *r)
{
    return ngx_http_zoom_enter_bodiless(r, NGX_HTTP_GET|NGX_HTTP_HEAD,
                                        "GET, HEAD", ngx_http_zoom_status_go);
}


static ngx_int_t
ngx_http_zoom_status_go(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_http_zoom_writer_t                w;
    ngx_http_zoom_snapshot_t             *snap;
    const ngx_http_zoom_status_format_t  *format;

    format = ngx_http_zoom_status_by_arg(r, ctx);

    if (format == NULL) {
        return ngx_http_zoom_reply_words(r, ctx, ZOOM_E_BAD_TYPE,
                         "The format must be html, json or prometheus.");
    }

    snap = ngx_http_zoom_status_look(r);

    if (snap == NULL) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_zoom_writer_init(&w, r->pool);

    format->write(&w, snap);

    if (w.failed
        || ngx_http_zoom_status_header(r, "X-Content-Type-Options", "nosniff")
           != NGX_OK
        || ngx_http_zoom_status_header(r, "Content-Security-Policy",
                                       NGX_HTTP_ZOOM_STATUS_POLICY)
           != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_http_zoom_reply_chain(r, ctx, NGX_HTTP_OK, format->type,
                                     w.out, w.size);
}


/* NULL: it is no format. */

static const ngx_http_zoom_status_format_t *
ngx_http_zoom_status_by_arg(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx)
{
    ngx_str_t                             value;
    ngx_uint_t                            n;
    const ngx_http_zoom_status_format_t  *format;

    static const ngx_str_t  name = ngx_string("format");

    n = ngx_http_zoom_arg(ngx_http_zoom_ctx_args(r, ctx), &name, &value);

    if (n == 0) {
        return ngx_http_zoom_status_by_accept(r);
    }

    for (format = ngx_http_zoom_status_formats; format->type; format++) {
        if (n == 1 && ngx_http_zoom_same(&value, &format->name)) {
            return format;
        }
    }

    return NULL;
}


/* The first of those that are liked most; JSON where nothing will do. */

static const ngx_http_zoom_status_format_t *
ngx_http_zoom_status_by_accept(ngx_http_request_t *r)
{
    u_char           *p, *end, *last;
    ngx_uint_t        i, q, best, n, format;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *header;

    n = 0;
    best = 0;

    for (part = &r->headers_in.headers.part; part; part = part->next) {

        header = part->elts;

        for (i = 0; i < part->nelts; i++) {

            if (header[i].key.len != sizeof("Accept") - 1
                || ngx_strncasecmp(header[i].key.data, (u_char *) "Accept",
                                   sizeof("Accept") - 1)
                   != 0)
            {
                continue;
            }

            last = header[i].value.data + header[i].value.len;

            for (p = header[i].value.data; p < last; p = end + 1) {
                end = ngx_strlchr(p, last, ',');
                end = end ? end : last;

                q = ngx_http_zoom_status_range(p, end, &format);

                if (q > best) {
                    best = q;
                    n = format;
                }
            }
        }
    }

    return &ngx_http_zoom_status_formats[n];
}


/* How much a format is liked, in thousandths; 0: not at all, or it is none. */

static ngx_uint_t
ngx_http_zoom_status_range(u_char *pos, u_char *last, ngx_uint_t *format)
{
    u_char      *end;
    size_t       len;
    ngx_uint_t   i;

    while (pos < last && (*pos == ' ' || *pos == '\t')) {
        pos++;
    }

    for (end = pos; end < last; end++) {
        if (*end == ';' || *end == ' ' || *end == '\t') {
            break;
        }
    }

    len = end - pos;

    for (i = 0; ngx_http_zoom_status_ranges[i].range.len; i++) {

        if (ngx_http_zoom_status_ranges[i].range.len == len
            && ngx_strncasecmp(ngx_http_zoom_status_ranges[i].range.data, pos,
                               len)
               == 0)
        {
            *format = ngx_http_zoom_status_ranges[i].format;
            return ngx_http_zoom_status_quality(end, last);
        }
    }

    return 0;
}


static ngx_uint_t
ngx_http_zoom_status_quality(u_char *pos, u_char *last)
{
    u_char     *p;
    ngx_int_t   q;

    for (p = pos; p < last; p++) {

        if ((*p | 0x20) != 'q' || (p[-1] != ';' && p[-1] != ' ')) {
            continue;
        }

        if (last - p < 2 || p[1] != '=') {
            continue;
        }

        p += 2;

        for (pos = p; pos < last; pos++) {
            if ((*pos < '0' || *pos > '9') && *pos != '.') {
                break;
            }
        }

        q = ngx_atofp(p, ngx_min(pos - p, 5), 3);

        return (q == NGX_ERROR) ? 0 : (ngx_uint_t) ngx_min(q, 1000);
    }

    return 1000;
}


static ngx_http_zoom_snapshot_t *
ngx_http_zoom_status_look(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_http_zoom_account_t   **accounts;
    ngx_http_zoom_snapshot_t   *snap;
    ngx_http_zoom_main_conf_t  *zmcf;

    zmcf = ngx_http_get_module_main_conf(r, ngx_http_zoom_module);

    snap = ngx_pcalloc(r->pool, sizeof(ngx_http_zoom_snapshot_t));
    if (snap == NULL) {
        return NULL;
    }

    snap->now = ngx_time();

    ngx_http_zoom_report_zone(&snap->zone);

    if (snap->zone.errors) {
        for (i = 0; i < ZOOM_E_LAST; i++) {
            snap->errors[i] = snap->zone.errors[i];
        }
    }

    if (ngx_http_zoom_status_refusals(r, snap) != NGX_OK
        || ngx_http_zoom_status_events(r, snap) != NGX_OK)
    {
        return NULL;
    }

    snap->pools = ngx_http_zoom_status_pools(r->pool, zmcf);
    if (snap->pools == NULL) {
        return NULL;
    }

    accounts = zmcf->accounts.elts;

    snap->nfares = zmcf->accounts.nelts;
    snap->fares = ngx_pcalloc(r->pool,
                              (snap->nfares + 1)
                              * sizeof(ngx_http_zoom_fare_t));
    if (snap->fares == NULL) {
        return NULL;
    }

    for (i = 0; i < snap->nfares; i++) {
        ngx_http_zoom_status_account(accounts[i], &snap->fares[i], snap->now);
    }

    return snap;
}


/* The rows in use, the latest first; with the one for what has no room. */

static ngx_int_t
ngx_http_zoom_status_refusals(ngx_http_request_t *r,
    ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                       i, k, n;
    ngx_http_zoom_refusals_t        *copy;
    const ngx_http_zoom_refusals_t  *row;

    if (ngx_array_init(&snap->refusals, r->pool, 8,
                       sizeof(ngx_http_zoom_refusals_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < snap->zone.nrefusals; i++) {
        row = &snap->zone.refusals[i];
        n = 0;

        for (k = 0; k < NGX_HTTP_ZOOM_NREFUSALS; k++) {
            n += (row->errors[k] != 0);
        }

        if (n == 0) {
            continue;
        }

        copy = ngx_array_push(&snap->refusals);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        *copy = *row;
    }

    ngx_sort(snap->refusals.elts, snap->refusals.nelts,
             sizeof(ngx_http_zoom_refusals_t), ngx_http_zoom_status_later);

    return NGX_OK;
}


/* Of webhooks likewise, as they come. */

static ngx_int_t
ngx_http_zoom_status_events(ngx_http_request_t *r,
    ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t               i;
    ngx_http_zoom_events_t  *copy;

    if (ngx_array_init(&snap->events, r->pool, 8,
                       sizeof(ngx_http_zoom_events_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    for (i = 0; i < snap->zone.nevents; i++) {

        if (snap->zone.events[i].last == 0) {
            continue;
        }

        copy = ngx_array_push(&snap->events);
        if (copy == NULL) {
            return NGX_ERROR;
        }

        *copy = snap->zone.events[i];
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_zoom_status_later(const void *one, const void *two)
{
    const ngx_http_zoom_refusals_t  *a, *b;

    a = one;
    b = two;

    return (a->last < b->last) - (a->last > b->last);
}


static void
ngx_http_zoom_status_account(ngx_http_zoom_account_t *account,
    ngx_http_zoom_fare_t *fare, time_t now)
{
    ngx_uint_t               i;
    ngx_http_zoom_report_t   report;
    ngx_http_zoom_state_t   *state;

    ngx_http_zoom_report(account, &report);

    fare->name = account->name;
    fare->state = *report.state;
    fare->users = ngx_http_zoom_account_of_users(account);

    /* others may be writing while we copy */

    state = &fare->state;
    state->last_message[ZOOM_MESSAGE_MAX] = '\0';
    state->last_tracking_id[ZOOM_TRACKING_ID_MAX] = '\0';
    ngx_http_zoom_state_sum(state);

    if (report.expires > now) {
        fare->left = report.expires - now;
        fare->age = ngx_max(now - report.minted, 0);
    }

    for (i = 0; i < ZOOM_NLABELS; i++) {
        fare->labels[i] = report.labels[i];
    }

    for (i = 0; i < NGX_HTTP_ZOOM_NSERVICES; i++) {
        ngx_http_zoom_status_trouble(&state->breakers[i],
                                     &fare->troubles[i]);
    }
}


static void
ngx_http_zoom_status_trouble(const ngx_http_zoom_breaker_t *c,
    ngx_http_zoom_trouble_t *trouble)
{
    ngx_msec_int_t  age, probe;

    trouble->row = c->failures;
    trouble->untrusted = c->untrusted;

    if (c->error == ZOOM_OK) {
        return;
    }

    trouble->error = c->error;
    trouble->count = c->count;

    trouble->health = NGX_HTTP_ZOOM_BROKEN;

    /* of a certificate time mends nothing */

    if ((zoom_error_is_outage(c->error) && !c->untrusted)
        || c->error == ZOOM_E_RATE_LIMITED)
    {
        trouble->health = NGX_HTTP_ZOOM_OUTAGE;
    }

    age = ngx_current_msec - c->opened;
    probe = c->until - ngx_current_msec;

    trouble->age = ngx_max(age, 0);
    trouble->probe = ngx_max(probe, 0);
}


static ngx_int_t
ngx_http_zoom_status_header(ngx_http_request_t *r, const char *name,
    const char *value)
{
    ngx_table_elt_t  *h;

    h = ngx_list_push(&r->headers_out.headers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    ngx_memzero(h, sizeof(ngx_table_elt_t));

    h->hash = 1;
    h->key.data = (u_char *) name;
    h->key.len = ngx_strlen(name);
    h->value.data = (u_char *) value;
    h->value.len = ngx_strlen(value);

    return NGX_OK;
}


const char *
ngx_http_zoom_counter_value(const ngx_http_zoom_counter_t *counter,
    ngx_uint_t n)
{
    if (counter->values) {
        return counter->values[n];
    }

    return (const char *) zoom_error_info(n)->name.data;
}


uint64_t
ngx_http_zoom_counter_get(const ngx_http_zoom_counter_t *counter,
    const ngx_http_zoom_state_t *state, ngx_uint_t n)
{
    const ngx_atomic_t  *values;

    values = (const ngx_atomic_t *) ((const u_char *) state
                                     + counter->offset);

    return values[n];
}


uint64_t
ngx_http_zoom_counter_sum(const ngx_http_zoom_counter_t *counter,
    const ngx_http_zoom_state_t *state)
{
    uint64_t    sum;
    ngx_uint_t  i;

    sum = 0;

    for (i = counter->first; i < counter->last; i++) {
        sum += ngx_http_zoom_counter_get(counter, state, i);
    }

    return sum;
}


ngx_uint_t
ngx_http_zoom_zone_gauge_get(const ngx_http_zoom_zone_gauge_t *gauge,
    const ngx_http_zoom_zone_report_t *zone)
{
    return *(const ngx_uint_t *) ((const u_char *) zone + gauge->offset);
}


uint64_t
ngx_http_zoom_histogram_count(const ngx_http_zoom_histogram_t *h)
{
    uint64_t    count;
    ngx_uint_t  i;

    count = 0;

    for (i = 0; i <= NGX_HTTP_ZOOM_NTIMES; i++) {
        count += h->buckets[i];
    }

    return count;
}
