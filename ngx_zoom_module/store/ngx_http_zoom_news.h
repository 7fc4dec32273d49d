/*
 * News that hosts tell each other on the store's channel where there are names
 * in it: sealed, and bound to what it is about.
 */

#ifndef _NGX_HTTP_ZOOM_NEWS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_NEWS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_seal.h"
#include "zoom_string.h"


/* What the words that it is about have at most, and with it a seal. */

#define NGX_HTTP_ZOOM_NEWS_WORD   16
#define NGX_HTTP_ZOOM_NEWS_EXTRA  (NGX_HTTP_ZOOM_NEWS_WORD + ZOOM_SEAL_EXTRA)


/*
 * Appends news to "b".  "number" gets one by which all who hear of it know it,
 * or is NULL.  NGX_ERROR: OpenSSL failed, or there is no room.
 */

ngx_int_t ngx_http_zoom_news_seal(zoom_buf_t *b, const zoom_seal_t *seal,
    const char *about, zoom_str_t plain, ngx_uint_t *number);

/*
 * Opens it into "plain".  NGX_DECLINED: it is about something else; NGX_ERROR:
 * no key opens it.
 */

ngx_int_t ngx_http_zoom_news_open(zoom_buf_t *plain, const zoom_seal_t *seal,
    const char *about, const ngx_str_t *text, ngx_uint_t *number);


#endif /* _NGX_HTTP_ZOOM_NEWS_H_INCLUDED_ */
