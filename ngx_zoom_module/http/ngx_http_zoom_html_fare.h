/* How an account fares, in a sentence. */

#ifndef _NGX_HTTP_ZOOM_HTML_FARE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_HTML_FARE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_status.h"


/* A class of the style sheet, too. */

typedef enum {
    NGX_HTTP_ZOOM_GREEN = 0,
    NGX_HTTP_ZOOM_AMBER,
    NGX_HTTP_ZOOM_RED
} ngx_http_zoom_light_e;


ngx_http_zoom_light_e ngx_http_zoom_html_light(
    const ngx_http_zoom_fare_t *fare);

/* In a word. */
const char *ngx_http_zoom_html_word(ngx_http_zoom_light_e light);

/* An item of a list. */
void ngx_http_zoom_html_fare(ngx_http_zoom_writer_t *w,
    const ngx_http_zoom_fare_t *fare);


#endif /* _NGX_HTTP_ZOOM_HTML_FARE_H_INCLUDED_ */
