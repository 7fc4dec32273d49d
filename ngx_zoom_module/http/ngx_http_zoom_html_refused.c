#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_html_refused.h"
#include "ngx_http_zoom_refuse.h"
#include "ngx_http_zoom_status.h"


/* so many are told of */
#define NGX_HTTP_ZOOM_HTML_REFUSED  30

/* and are history after so many seconds */
#define NGX_HTTP_ZOOM_HTML_RECENT   (60 * 60)


static void ngx_http_zoom_html_refusals(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row, time_t now);
static void ngx_http_zoom_html_refused_where(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row);
static void ngx_http_zoom_html_refused_name(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row, ngx_http_zoom_refusal_name_e name);
static void ngx_http_zoom_html_refused_why(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row);


void
ngx_http_zoom_html_refused(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                       i, n;
    const ngx_http_zoom_refusals_t  *row;

    row = snap->refusals.elts;
    n = ngx_min(snap->refusals.nelts, NGX_HTTP_ZOOM_HTML_REFUSED);

    for (i = 0; i < n; i++) {
        ngx_http_zoom_html_refusals(w, &row[i], snap->now);
    }

    if (snap->refusals.nelts > n) {
        ngx_http_zoom_writef(w, "<li class=grey>%ui more locations and "
                                "callers were refused, before these: see "
                                "?format=json</li>\n",
                             snap->refusals.nelts - n);
    }
}


static void
ngx_http_zoom_html_refusals(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row, time_t now)
{
    time_t  age;

    age = ngx_max(now - (time_t) row->last, 0);

    ngx_http_zoom_writef(w, "<li class=%s><i>REFUSED</i><b>",
                         (age < NGX_HTTP_ZOOM_HTML_RECENT) ? "amber"
                                                           : "grey");
    ngx_http_zoom_html_refused_where(w, row);
    ngx_http_zoom_writes(w, ":</b> ");
    ngx_http_zoom_html_refused_why(w, row);
    ngx_http_zoom_writes(w, "; the last one ");
    ngx_http_zoom_html_span(w, age);
    ngx_http_zoom_writes(w, " ago.</li>\n");
}


/* A row without names is for all that have none of their own. */

static void
ngx_http_zoom_html_refused_where(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row)
{
    if (row->names[NGX_HTTP_ZOOM_REFUSAL_LOCATION].len == 0) {
        ngx_http_zoom_writes(w, "elsewhere");
        return;
    }

    ngx_http_zoom_writes(w, "location ");
    ngx_http_zoom_html_refused_name(w, row, NGX_HTTP_ZOOM_REFUSAL_LOCATION);

    if (row->names[NGX_HTTP_ZOOM_REFUSAL_SERVER].len) {
        ngx_http_zoom_writes(w, " of ");
        ngx_http_zoom_html_refused_name(w, row, NGX_HTTP_ZOOM_REFUSAL_SERVER);
    }

    if (row->names[NGX_HTTP_ZOOM_REFUSAL_CALLER].len) {
        ngx_http_zoom_writes(w, ", caller ");
        ngx_http_zoom_html_refused_name(w, row, NGX_HTTP_ZOOM_REFUSAL_CALLER);

    } else {
        ngx_http_zoom_writes(w, ", caller unknown");
    }
}


static void
ngx_http_zoom_html_refused_name(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row, ngx_http_zoom_refusal_name_e name)
{
    ngx_http_zoom_html_text(w, row->names[name].data, row->names[name].len);
}


static void
ngx_http_zoom_html_refused_why(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_refusals_t *row)
{
    const char    *comma;
    zoom_error_e   error;

    comma = "";

    for (error = ZOOM_OK + 1; error < NGX_HTTP_ZOOM_NREFUSALS; error++) {

        if (row->errors[error] == 0) {
            continue;
        }

        ngx_http_zoom_writef(w, "%s%uA %s (", comma, row->errors[error],
                             zoom_error_info(error)->name.data);
        ngx_http_zoom_writes(w, ngx_http_zoom_refuse_advice(error));
        ngx_http_zoom_writes(w, ")");

        comma = ", ";
    }
}
