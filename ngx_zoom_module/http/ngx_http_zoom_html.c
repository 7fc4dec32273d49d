#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html.h"


#define NGX_HTTP_ZOOM_MINUTE  60
#define NGX_HTTP_ZOOM_HOUR    (60 * 60)
#define NGX_HTTP_ZOOM_DAY     (24 * 60 * 60)


void
ngx_http_zoom_html_table(ngx_http_zoom_writer_t *w, const char *caption)
{
    ngx_http_zoom_writef(w, "<table><caption>%s</caption>\n", caption);
}


void
ngx_http_zoom_html_row(ngx_http_zoom_writer_t *w, const char *name, uint64_t n)
{
    ngx_http_zoom_writef(w, "<tr><th>%s<td>%uL\n", name, n);
}


void
ngx_http_zoom_html_text(ngx_http_zoom_writer_t *w, const u_char *data,
    size_t len)
{
    ngx_http_zoom_write_escaped(w, NGX_HTTP_ZOOM_ESCAPE_HTML, data, len);
}


void
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


void
ngx_http_zoom_html_date(ngx_http_zoom_writer_t *w, time_t sec)
{
    ngx_tm_t  tm;

    ngx_gmtime(sec, &tm);

    ngx_http_zoom_writef(w, "%4d-%02d-%02d %02d:%02d:%02d UTC", tm.ngx_tm_year,
                         tm.ngx_tm_mon, tm.ngx_tm_mday, tm.ngx_tm_hour,
                         tm.ngx_tm_min, tm.ngx_tm_sec);
}
