#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_blocks.h"
#include "ngx_http_zoom_zone.h"


static uint32_t ngx_http_zoom_blocks_one(ngx_http_zoom_zone_t *zone)
    ngx_http_zoom_under_lock;
static ngx_http_zoom_entry_t *ngx_http_zoom_blocks_next(
    const ngx_http_zoom_zone_t *zone, const ngx_http_zoom_entry_t *e);


void
ngx_http_zoom_blocks_fetch(const ngx_http_zoom_entry_t *e)
{
#if (__GNUC__)
    size_t  n;

    for (n = 0; n < sizeof(ngx_http_zoom_entry_t); n += NGX_HTTP_ZOOM_LINE) {
        __builtin_prefetch((const u_char *) e + n);
    }
#endif
}


uint32_t
ngx_http_zoom_blocks_take(ngx_http_zoom_zone_t *zone, ngx_uint_t n)
{
    uint32_t  first, block;

    first = NGX_HTTP_ZOOM_NONE;

    while (n--) {
        block = ngx_http_zoom_blocks_one(zone);

        zone->entries[block].next = NGX_HTTP_ZOOM_NONE;
        zone->entries[block].more = first;

        first = block;
    }

    return first;
}


static uint32_t
ngx_http_zoom_blocks_one(ngx_http_zoom_zone_t *zone)
{
    uint32_t                 n;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    n = sh->free_entry;

    if (n != NGX_HTTP_ZOOM_NONE) {
        sh->free_entry = zone->entries[n].next;
        sh->nfree--;

        return n;
    }

    n = sh->carved;

    if (n < sh->dirty) {
        ngx_explicit_memzero(&zone->entries[n], sizeof(ngx_http_zoom_entry_t));
    }

    /* whoever looks without the lock finds it wiped */

    ngx_memory_barrier();

    sh->carved++;

    return n;
}


void
ngx_http_zoom_blocks_give(ngx_http_zoom_zone_t *zone, uint32_t block)
{
    uint32_t                 next;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    for ( /* void */ ; block != NGX_HTTP_ZOOM_NONE; block = next) {
        e = &zone->entries[block];
        next = e->more;

        ngx_explicit_memzero(e, sizeof(ngx_http_zoom_entry_t));

        e->more = NGX_HTTP_ZOOM_NONE;
        e->next = sh->free_entry;
        sh->free_entry = block;
        sh->nfree++;
    }
}


void
ngx_http_zoom_blocks_write(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, size_t offset, const u_char *data, size_t len)
{
    size_t  n;

    while (e && offset >= NGX_HTTP_ZOOM_DATA_SIZE) {
        offset -= NGX_HTTP_ZOOM_DATA_SIZE;
        e = ngx_http_zoom_blocks_next(zone, e);
    }

    while (e && len) {
        n = ngx_min(len, NGX_HTTP_ZOOM_DATA_SIZE - offset);

        ngx_memcpy(e->data + offset, data, n);

        data += n;
        len -= n;
        offset = 0;

        if (len) {
            e = ngx_http_zoom_blocks_next(zone, e);
        }
    }
}


void
ngx_http_zoom_blocks_wipe(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, size_t offset)
{
    for ( /* void */ ; e; e = ngx_http_zoom_blocks_next(zone, e)) {

        if (offset < NGX_HTTP_ZOOM_DATA_SIZE) {
            ngx_explicit_memzero(e->data + offset,
                                 NGX_HTTP_ZOOM_DATA_SIZE - offset);
            offset = 0;

        } else {
            offset -= NGX_HTTP_ZOOM_DATA_SIZE;
        }
    }
}


ngx_uint_t
ngx_http_zoom_blocks_begin(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const u_char *data, size_t len)
{
    size_t  n;

    for ( /* void */ ; len && e; e = ngx_http_zoom_blocks_next(zone, e)) {
        n = ngx_min(len, NGX_HTTP_ZOOM_DATA_SIZE);

        if (ngx_memcmp(data, e->data, n) != 0) {
            return 0;
        }

        data += n;
        len -= n;
    }

    return len == 0;
}


size_t
ngx_http_zoom_blocks_read(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, size_t offset, u_char *data, size_t len)
{
    size_t  n, copied;

    copied = 0;

    for ( /* void */ ;
         copied < len && e;
         e = ngx_http_zoom_blocks_next(zone, e))
    {
        if (offset >= NGX_HTTP_ZOOM_DATA_SIZE) {
            offset -= NGX_HTTP_ZOOM_DATA_SIZE;
            continue;
        }

        n = ngx_min(len - copied, NGX_HTTP_ZOOM_DATA_SIZE - offset);

        ngx_memcpy(data + copied, e->data + offset, n);

        copied += n;
        offset = 0;
    }

    return copied;
}


/* NULL at the end, and where an index that is being written leads nowhere */

static ngx_http_zoom_entry_t *
ngx_http_zoom_blocks_next(const ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e)
{
    uint32_t  n;

    n = e->more;

    return (n < zone->sh->nentries) ? &zone->entries[n] : NULL;
}
