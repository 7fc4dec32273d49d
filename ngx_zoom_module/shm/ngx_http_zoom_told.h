/*
 * What the error log has been told, so that all workers together log a thing
 * once, and then every five minutes with a count.  The table is bounded: if
 * more goes wrong in five minutes than it can hold the oldest entry makes
 * room, and at most one line a second comes of that.
 */

#ifndef _NGX_HTTP_ZOOM_TOLD_H_INCLUDED_
#define _NGX_HTTP_ZOOM_TOLD_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_told_table.h"
#include "ngx_http_zoom_zone.h"


/*
 * Strangers can cause this, so nobody waits for the zone's lock, which may be
 * held for long.  Entries have a latch instead: waiting for it is bounded, and
 * one that has been held for seconds is taken over. 0: it could not be had.
 */

ngx_uint_t ngx_http_zoom_latch(ngx_http_zoom_zone_t *zone);
void ngx_http_zoom_unlatch(ngx_http_zoom_zone_t *zone);

/* Of strings, each with its length, under the zone's key. */
uint64_t ngx_http_zoom_told_hash(const ngx_http_zoom_zone_t *zone,
    const ngx_str_t *parts, ngx_uint_t n);

/*
 * Counts an occurrence. 1: it is new and has to be logged; more: a reminder is
 * due, for so many since the last line; 0: nothing to log, or no latch.
 */

uint64_t ngx_http_zoom_tell(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, const ngx_http_zoom_news_t *news);

/*
 * The same where whoever asks can invent for whom it is: a few, then one new
 * line a second.
 */

uint64_t ngx_http_zoom_tell_paced(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, const ngx_http_zoom_news_t *news);

/*
 * It is over for "whom": the next time is news.  1 if there was anything.  Of
 * use only where told->any is set: mostly nothing is wrong, and to see that
 * in all entries takes long.
 */

ngx_uint_t ngx_http_zoom_told_over(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint64_t whom);

/* Forgets what concerns that owner. */
void ngx_http_zoom_told_forget(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_told_t *told, uint32_t owner);


#endif /* _NGX_HTTP_ZOOM_TOLD_H_INCLUDED_ */
