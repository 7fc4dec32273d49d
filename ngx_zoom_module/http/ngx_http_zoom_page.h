/* Small pages for people, in the style of the status page, without script. */

#ifndef _NGX_HTTP_ZOOM_PAGE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PAGE_H_INCLUDED_


#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_writer.h"


/* Whether a person asks rather than a program. */
ngx_uint_t ngx_http_zoom_page_wanted(ngx_http_request_t *r);

/*
 * A page of one sentence, for people, and else JSON as of an error.  "what" is
 * "green", "amber" or "red".  The words need no escape.
 */

ngx_int_t ngx_http_zoom_page_error(ngx_http_request_t *r,
    ngx_http_zoom_ctx_t *ctx, zoom_error_e error, const char *title,
    const char *text);
ngx_int_t ngx_http_zoom_page(ngx_http_request_t *r, ngx_http_zoom_ctx_t *ctx,
    const char *title, const char *text);

/* The begin and the end of a longer one. */
void ngx_http_zoom_page_head(ngx_http_zoom_writer_t *w, const char *title);
void ngx_http_zoom_page_foot(ngx_http_zoom_writer_t *w);

/*
 * What a browser is to heed: an address that may hold a code is told to nobody,
 * and no other page has this one in a frame.
 */

ngx_int_t ngx_http_zoom_page_headers(ngx_http_request_t *r);


#endif /* _NGX_HTTP_ZOOM_PAGE_H_INCLUDED_ */
