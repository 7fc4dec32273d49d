/*
 * What the error log has been told of, so that all workers tell a thing once,
 * and then every five minutes with a count.  A table has a bound: where more
 * goes wrong in five minutes than it remembers the oldest gives way, and one
 * line a second is all that comes of it.
 */

#ifndef _NGX_HTTP_ZOOM_TOLD_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TOLD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_told_table.h"
#include "ngx_http_zoom_zone.h"


/*
 * Strangers come here, so nobody waits for the zone's lock, whose holder may
 * stand still.  What is told has a latch instead, which is given up after a
 * moment, and taken from whoever has had it for seconds.  0: not to be had.
 */

ngx_uint_t ngx_http_zoom_latch(ngx_http_zoom_zone_t *zone);
void ngx_http_zoom_unlatch(ngx_http_zoom_zone_t *zone);

/* Of strings, each with its length, under the zone's key. */
uint64_t ngx_http_zoom_told_hash(const ngx_http_zoom_zone_t *zone,
    const ngx_str_t *parts, ngx_uint_t n);

/*
 * It has happened.  1: it is news and to be told; more: so many since the last
 * line, a reminder is due; 0: keep quiet, for now where there is no latch.
 */

uint64_t ngx_http_zoom_tell(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, const ngx_http_zoom_news_t *news);

/* It is over for "whom": the next time is news.  1 if there was anything. */
ngx_uint_t ngx_http_zoom_told_over(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint64_t whom);

/* Forgets what concerns that owner. */
void ngx_http_zoom_told_forget(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint32_t owner);


#endif /* _NGX_HTTP_ZOOM_TOLD_H_INCLUDED_ */
