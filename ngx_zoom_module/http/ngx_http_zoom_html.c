#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_html.h"


#define NGX_HTTP_ZOOM_MINUTE  60
#define NGX_HTTP_ZOOM_HOUR    (60 * 60)
#define NGX_HTTP_ZOOM_DAY     (24 * 60 * 60)


const char  ngx_http_zoom_html_style[] =
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
    "h1,h2,p{overflow-wrap:anywhere}p{margin:4px 0 12px}"
    ".dim,caption,th{color:var(--dim)}"
    "ul{list-style:none;margin:12px 0;padding:0}"
    "li{margin:8px 0;padding:12px 14px;border-left:6px solid;"
    "border-radius:6px;overflow-wrap:anywhere}"
    ".green{border-color:var(--green);background:var(--greenb)}"
    ".amber{border-color:var(--amber);background:var(--amberb)}"
    ".red{border-color:var(--red);background:var(--redb)}"
    ".green i{color:var(--green)}.amber i{color:var(--amber)}"
    ".red i{color:var(--red)}"
    ".grey{border-color:var(--line);color:var(--dim)}"
    "i{font-style:normal;font-weight:700;margin-right:8px}"
    ".grid{display:grid;gap:8px 32px;"
    "grid-template-columns:repeat(auto-fill,minmax(min(100%,300px),1fr))}"
    "table{border-collapse:collapse;width:100%;align-self:start;"
    "font-size:14px;font-variant-numeric:tabular-nums}"
    "caption{text-align:left;font-weight:700;padding:8px 0 2px}"
    "th{text-align:left;font-weight:400}"
    "td{text-align:right}"
    "th,td{padding:3px 0 3px 8px;border-top:1px solid var(--line);"
    "overflow-wrap:anywhere}"
    "th:first-child,td:first-child{padding-left:0}"
    "thead th{overflow-wrap:normal}"
    "thead th+th{text-align:right}";


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
