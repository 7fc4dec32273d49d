#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_account.h"
#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_pool.h"
#include "ngx_http_zoom_pool_conf.h"
#include "ngx_http_zoom_status_pools.h"
#include "ngx_http_zoom_str.h"


typedef struct {
    const char                  *name;       /* in JSON, and for people */
    const char                  *metric;
    const char                  *labels;     /* beside the pool, or "" */
    const char                  *type;       /* NULL: of the one before */
    const char                  *help;
    size_t                       offset;     /* in the count */
    ngx_uint_t                   wide;       /* of 64 bits */
} ngx_http_zoom_pool_number_t;


static uint64_t ngx_http_zoom_pool_number(
    const ngx_http_zoom_pool_report_t *report,
    const ngx_http_zoom_pool_number_t *number);
static void ngx_http_zoom_json_pool(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_pool_report_t *report);
static void ngx_http_zoom_html_pool(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_pool_report_t *report);


#define ngx_http_zoom_pool_narrow(field)                                      \
    offsetof(ngx_http_zoom_pool_count_t, field), 0
#define ngx_http_zoom_pool_wide(field)                                        \
    offsetof(ngx_http_zoom_pool_count_t, field), 1


static const ngx_http_zoom_pool_number_t  ngx_http_zoom_pool_numbers[] = {

    { "up", "zoom_pool_users", ",state=\"up\"", "gauge",
      "Users of a pool, by whether they can be picked.",
      ngx_http_zoom_pool_narrow(up) },

    { "down", "zoom_pool_users", ",state=\"down\"", NULL, NULL,
      ngx_http_zoom_pool_narrow(down) },

    { "users_max", "zoom_pool_users_max", "", "gauge",
      "How many users there is room for.",
      ngx_http_zoom_pool_narrow(nmembers) },

    { "leases", "zoom_pool_leases", "", "gauge",
      "Users of a pool that are in meetings, once for each.",
      ngx_http_zoom_pool_narrow(leased) },

    { "leases_max", "zoom_pool_leases_max", "", "gauge",
      "How many leases there is room for.",
      ngx_http_zoom_pool_narrow(nleases) },

    { "picked", "zoom_pool_picked_total", "", "counter",
      "Picks of a user.",
      ngx_http_zoom_pool_wide(picked) },

    { "failed", "zoom_pool_failed_total", "", "counter",
      "Picks whom Zoom refused a token.",
      ngx_http_zoom_pool_wide(retried) },

    { "exhausted", "zoom_pool_exhausted_total", "", "counter",
      "Callbacks for which no user was left.",
      ngx_http_zoom_pool_wide(exhausted) },

    { "crowded", "zoom_pool_crowded_total", "", "counter",
      "Of these, for want of room for leases of their caller.",
      ngx_http_zoom_pool_wide(crowded) },

    { "searched", "zoom_pool_searched_timestamp_seconds", "", "gauge",
      "When all members were found or made, 0: not yet.",
      ngx_http_zoom_pool_wide(searched) },

    { "search_failures", "zoom_pool_search_failures_total", "", "counter",
      "Searches for members, and tries to make one, that failed.",
      ngx_http_zoom_pool_wide(unsearched) },

    { NULL, NULL, NULL, NULL, NULL, 0, 0 }
};


ngx_array_t *
ngx_http_zoom_status_pools(ngx_pool_t *pool,
    const ngx_http_zoom_main_conf_t *zmcf)
{
    ngx_uint_t                    i;
    ngx_array_t                  *pools;
    ngx_http_zoom_pool_conf_t   **conf;
    ngx_http_zoom_pool_report_t  *report;

    pools = ngx_array_create(pool, zmcf->pools.nelts + 1,
                             sizeof(ngx_http_zoom_pool_report_t));
    if (pools == NULL) {
        return NULL;
    }

    conf = zmcf->pools.elts;

    for (i = 0; i < zmcf->pools.nelts; i++) {
        report = ngx_array_push(pools);
        if (report == NULL) {
            return NULL;
        }

        report->conf = conf[i];

        ngx_http_zoom_pool_count(ngx_http_zoom_pool_of(conf[i]),
                                 &report->count);

        report->nout = ngx_http_zoom_pool_out(ngx_http_zoom_pool_of(conf[i]),
                                              report->out,
                                              NGX_HTTP_ZOOM_STATUS_OUT);
    }

    return pools;
}


static uint64_t
ngx_http_zoom_pool_number(const ngx_http_zoom_pool_report_t *report,
    const ngx_http_zoom_pool_number_t *number)
{
    const u_char  *p;

    p = (const u_char *) &report->count + number->offset;

    return number->wide ? *(const uint64_t *) p : *(const uint32_t *) p;
}


/* Names of pools and accounts need no escape, in any format. */

void
ngx_http_zoom_json_pools(ngx_http_zoom_writer_t *w, const ngx_array_t *pools)
{
    ngx_uint_t                          i;
    const ngx_http_zoom_pool_report_t  *report;

    ngx_http_zoom_writes(w, ",\"pools\":{");

    report = pools->elts;

    for (i = 0; i < pools->nelts; i++) {
        ngx_http_zoom_writes(w, i ? "," : "");
        ngx_http_zoom_json_pool(w, &report[i]);
    }

    ngx_http_zoom_writes(w, "}");
}


static void
ngx_http_zoom_json_pool(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_pool_report_t *report)
{
    ngx_uint_t                          i;
    const ngx_http_zoom_member_row_t   *out;
    const ngx_http_zoom_pool_number_t  *number;

    ngx_http_zoom_writef(w, "\"%V\":{\"account\":\"%V\"",
                         &report->conf->name, &report->conf->account->name);
    ngx_http_zoom_writef(w, ",\"balance\":\"%V\"",
                         &ngx_http_zoom_balances[report->conf->balance]);

    for (number = ngx_http_zoom_pool_numbers; number->name; number++) {
        ngx_http_zoom_writef(w, ",\"%s\":%uL", number->name,
                             ngx_http_zoom_pool_number(report, number));
    }

    ngx_http_zoom_writes(w, ",\"out\":[");

    for (i = 0; i < report->nout; i++) {
        out = &report->out[i];

        ngx_http_zoom_writes(w, i ? ",{\"user\":\"" : "{\"user\":\"");
        ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_JSON,
                                    out->name.data, out->name.len);
        ngx_http_zoom_writef(w, "\",\"gone\":%s,\"fails\":%uD,\"code\":%d,"
                                "\"seconds\":%M}",
                             out->gone ? "true" : "false", out->fails,
                             out->code, (out->wait + 999) / 1000);
    }

    ngx_http_zoom_writes(w, "]}");
}


void
ngx_http_zoom_prometheus_pools(ngx_http_zoom_writer_t *w,
    const ngx_array_t *pools)
{
    ngx_uint_t                          i;
    const ngx_http_zoom_pool_report_t  *report;
    const ngx_http_zoom_pool_number_t  *number;

    report = pools->elts;

    for (number = ngx_http_zoom_pool_numbers; number->name; number++) {

        if (number->type) {
            ngx_http_zoom_writef(w, "# HELP %s %s\n# TYPE %s %s\n",
                                 number->metric, number->help, number->metric,
                                 number->type);
        }

        for (i = 0; i < pools->nelts; i++) {
            ngx_http_zoom_writef(w, "%s{pool=\"%V\"%s} %uL\n",
                                 number->metric, &report[i].conf->name,
                                 number->labels,
                                 ngx_http_zoom_pool_number(&report[i],
                                                           number));
        }
    }
}


void
ngx_http_zoom_html_pools(ngx_http_zoom_writer_t *w, const ngx_array_t *pools,
    const ngx_str_t *account)
{
    ngx_uint_t                          i;
    const ngx_http_zoom_pool_report_t  *report;

    report = pools->elts;

    for (i = 0; i < pools->nelts; i++) {
        if (ngx_http_zoom_same(&report[i].conf->account->name, account)) {
            ngx_http_zoom_html_pool(w, &report[i]);
        }
    }
}


static void
ngx_http_zoom_html_pool(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_pool_report_t *report)
{
    u_char                              caption[NGX_HTTP_ZOOM_NAME_MAX + 8];
    ngx_uint_t                          i;
    const ngx_http_zoom_member_row_t   *out;
    const ngx_http_zoom_pool_count_t   *count;

    ngx_sprintf(caption, "Pool %V%Z", &report->conf->name);

    count = &report->count;

    ngx_http_zoom_html_table(w, (const char *) caption);
    ngx_http_zoom_html_row(w, "users up", count->up);
    ngx_http_zoom_html_row(w, "down", count->down);
    ngx_http_zoom_html_row(w, "leases", count->leased);
    ngx_http_zoom_html_row(w, "picked", count->picked);
    ngx_http_zoom_html_row(w, "refused by Zoom", count->retried);
    ngx_http_zoom_html_row(w, "exhausted", count->exhausted);

    if (count->unsearched) {
        ngx_http_zoom_html_row(w, "searches that failed", count->unsearched);
    }

    for (i = 0; i < report->nout; i++) {
        out = &report->out[i];

        ngx_http_zoom_writes(w, "<tr><th>");
        ngx_http_zoom_html_text(w, out->name.data, out->name.len);
        ngx_http_zoom_writes(w, out->gone ? "<td>gone, for " : "<td>out, for ");
        ngx_http_zoom_html_span(w, (out->wait + 999) / 1000);
        ngx_http_zoom_writes(w, "\n");
    }

    ngx_http_zoom_writes(w, "</table>\n");
}
