/* Where the entry of a key is: buckets of tags, a line of the cache each. */

#ifndef _NGX_HTTP_ZOOM_INDEX_H_INCLUDED_
#define _NGX_HTTP_ZOOM_INDEX_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_zone.h"


/*
 * The entry whose key is this one.  Needs no lock, but then whatever is found
 * counts only if nobody wrote meanwhile.  NGX_DECLINED: there is none;
 * NGX_AGAIN: only without the lock, what was read leads nowhere.
 */

ngx_int_t ngx_http_zoom_index_find(ngx_http_zoom_zone_t *zone, uint32_t hash,
    const u_char *key, size_t len, ngx_http_zoom_entry_t **entry);

/* By its hash, which must not change while it is in. */

void ngx_http_zoom_index_add(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;
void ngx_http_zoom_index_remove(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;


/* High bits of the hash choose the bucket, low ones are the tag in it. */

#define ngx_http_zoom_index_bucket(zone, hash)                                \
    &(zone)->buckets[((uint64_t) (hash) * (zone)->sh->nbuckets) >> 32]

#define ngx_http_zoom_index_tag(hash)  ((uint16_t) (hash))


#endif /* _NGX_HTTP_ZOOM_INDEX_H_INCLUDED_ */
