#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html.h"
#include "ngx_http_zoom_html_webhooks.h"
#include "ngx_http_zoom_status.h"


/* so many events are told of */
#define NGX_HTTP_ZOOM_HTML_WEBHOOKS  40


static ngx_uint_t ngx_http_zoom_html_webhooks_of(const ngx_str_t *account,
    const ngx_http_zoom_events_t *row);
static void ngx_http_zoom_html_webhook(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_events_t *row, time_t now);


void
ngx_http_zoom_html_webhooks(ngx_http_zoom_writer_t *w,
    const ngx_str_t *account, const ngx_http_zoom_snapshot_t *snap)
{
    ngx_uint_t                     i, n;
    const ngx_http_zoom_events_t  *row;

    n = 0;
    row = snap->events.elts;

    for (i = 0; i < snap->events.nelts; i++) {

        if (!ngx_http_zoom_html_webhooks_of(account, &row[i])) {
            continue;
        }

        if (n == 0) {
            ngx_http_zoom_html_table(w, "Webhooks");
            ngx_http_zoom_writes(w, "<thead><tr><th><th>new<th>failed"
                                    "<th>again<th>other<th>last</thead>\n");
        }

        if (n++ < NGX_HTTP_ZOOM_HTML_WEBHOOKS) {
            ngx_http_zoom_html_webhook(w, &row[i], snap->now);
        }
    }

    if (n > NGX_HTTP_ZOOM_HTML_WEBHOOKS) {
        ngx_http_zoom_writef(w, "<tr><th>%ui more: see ?format=json"
                                "<td><td><td><td><td>\n",
                             n - NGX_HTTP_ZOOM_HTML_WEBHOOKS);
    }

    if (n) {
        ngx_http_zoom_writes(w, "</table>\n");
    }
}


static ngx_uint_t
ngx_http_zoom_html_webhooks_of(const ngx_str_t *account,
    const ngx_http_zoom_events_t *row)
{
    return row->account_len == account->len
           && ngx_memcmp(row->account, account->data, account->len) == 0;
}


static void
ngx_http_zoom_html_webhook(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_events_t *row, time_t now)
{
    ngx_http_zoom_writes(w, "<tr><th>");

    if (row->name_len) {
        ngx_http_zoom_html_text(w, row->name, row->name_len);

    } else {
        ngx_http_zoom_writes(w, "refused");
    }

    ngx_http_zoom_writef(w, "<td>%uA<td>%uA<td>%uA<td>%uA<td>",
                         row->counts[NGX_HTTP_ZOOM_EVENT_NEW],
                         row->counts[NGX_HTTP_ZOOM_EVENT_FAILED],
                         row->counts[NGX_HTTP_ZOOM_EVENT_DUPLICATE],
                         row->counts[NGX_HTTP_ZOOM_EVENT_CRC]
                         + row->counts[NGX_HTTP_ZOOM_EVENT_IGNORED]
                         + row->counts[NGX_HTTP_ZOOM_EVENT_REJECTED]);

    ngx_http_zoom_html_span(w, ngx_max(now - (time_t) row->last, 0));
    ngx_http_zoom_writes(w, " ago\n");
}
