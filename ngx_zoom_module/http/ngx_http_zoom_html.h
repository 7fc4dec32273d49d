/* Pieces of a page for people. */

#ifndef _NGX_HTTP_ZOOM_HTML_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HTML_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_writer.h"


/* What stands in the <style> of each page, zero-terminated. */

extern const char  ngx_http_zoom_html_style[];


/* The start of a table, which the caller ends. */
void ngx_http_zoom_html_table(ngx_http_zoom_writer_t *w, const char *caption);

void ngx_http_zoom_html_row(ngx_http_zoom_writer_t *w, const char *name,
    uint64_t n);

/* Escaped. */
void ngx_http_zoom_html_text(ngx_http_zoom_writer_t *w, const u_char *data,
    size_t len);

/* So many seconds, no finer than people want to know. */
void ngx_http_zoom_html_span(ngx_http_zoom_writer_t *w, time_t sec);

void ngx_http_zoom_html_date(ngx_http_zoom_writer_t *w, time_t sec);


#endif /* _NGX_HTTP_ZOOM_HTML_H_INCLUDED_ */
