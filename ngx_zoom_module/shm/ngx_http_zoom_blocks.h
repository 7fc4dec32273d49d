/* The blocks of the zone, and the bytes that are in chains of them. */

#ifndef _NGX_HTTP_ZOOM_BLOCKS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_BLOCKS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_lock.h"
#include "ngx_http_zoom_zone.h"


/* How many these bytes take. */

#define ngx_http_zoom_blocks_need(len)                                        \
    (((len) + NGX_HTTP_ZOOM_DATA_SIZE - 1) / NGX_HTTP_ZOOM_DATA_SIZE)

/* Of all blocks those that are not taken. */

#define ngx_http_zoom_blocks_left(sh)                                         \
    ((sh)->nentries - (sh)->carved + (sh)->nfree)


/* Asks for all its lines at once, rather than to wait for one after another. */
void ngx_http_zoom_blocks_fetch(const ngx_http_zoom_entry_t *e);

/*
 * A chain of "n" blocks, zeros but for what links them; the caller has seen
 * that there are as many.
 */

uint32_t ngx_http_zoom_blocks_take(ngx_http_zoom_zone_t *zone, ngx_uint_t n)
    ngx_http_zoom_under_lock;

/* Wipes and gives back a chain, which may be NGX_HTTP_ZOOM_NONE. */
void ngx_http_zoom_blocks_give(ngx_http_zoom_zone_t *zone, uint32_t block)
    ngx_http_zoom_under_lock;

/* Into the chain that begins with an entry, "offset" bytes into its data. */

void ngx_http_zoom_blocks_write(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, size_t offset, const u_char *data, size_t len)
    ngx_http_zoom_under_lock;

/* Zeros from there to the end of the chain. */
void ngx_http_zoom_blocks_wipe(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, size_t offset) ngx_http_zoom_under_lock;

/*
 * Both without the lock as well, when what they say counts only if nobody wrote
 * meanwhile: whether the data begin with these bytes, and how many could be
 * copied from "offset" on.
 */

ngx_uint_t ngx_http_zoom_blocks_begin(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const u_char *data, size_t len);
size_t ngx_http_zoom_blocks_read(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, size_t offset, u_char *data, size_t len);


#endif /* _NGX_HTTP_ZOOM_BLOCKS_H_INCLUDED_ */
