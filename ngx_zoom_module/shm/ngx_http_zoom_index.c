#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_blocks.h"
#include "ngx_http_zoom_index.h"
#include "ngx_http_zoom_zone.h"


static ngx_uint_t ngx_http_zoom_index_match(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, uint32_t hash, const u_char *key,
    size_t len);
static void ngx_http_zoom_index_refill(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_bucket_t *bucket) ngx_http_zoom_under_lock;


ngx_int_t
ngx_http_zoom_index_find(ngx_http_zoom_zone_t *zone, uint32_t hash,
    const u_char *key, size_t len, ngx_http_zoom_entry_t **entry)
{
    uint16_t                       tag;
    uint32_t                       n, steps;
    ngx_uint_t                     i, used;
    ngx_http_zoom_entry_t         *e;
    const ngx_http_zoom_bucket_t  *bucket;

    bucket = ngx_http_zoom_index_bucket(zone, hash);

    if (bucket->generation != zone->sh->generation) {
        return NGX_DECLINED;
    }

    tag = ngx_http_zoom_index_tag(hash);
    used = ngx_min(bucket->used, NGX_HTTP_ZOOM_BUCKET_SLOTS);

    for (i = 0; i < used; i++) {

        if (bucket->tags[i] != tag) {
            continue;
        }

        n = bucket->entries[i];

        if (n >= zone->sh->nentries) {
            return NGX_AGAIN;
        }

        e = &zone->entries[n];

        if (ngx_http_zoom_index_match(zone, e, hash, key, len)) {
            *entry = e;
            return NGX_OK;
        }
    }

    n = bucket->listed ? bucket->list : NGX_HTTP_ZOOM_NONE;

    for (steps = 0; n != NGX_HTTP_ZOOM_NONE; steps++) {

        if (n >= zone->sh->nentries || steps == zone->sh->nentries) {
            return NGX_AGAIN;
        }

        e = &zone->entries[n];

        if (ngx_http_zoom_index_match(zone, e, hash, key, len)) {
            *entry = e;
            return NGX_OK;
        }

        n = e->next;
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_zoom_index_match(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, uint32_t hash, const u_char *key,
    size_t len)
{
    /* its tag was right: nearly always it is the one, and all of it is read */

    ngx_http_zoom_blocks_fetch(e);

    if (e->hash != hash || e->key_len != len || !e->used) {
        return 0;
    }

    return ngx_http_zoom_blocks_begin(zone, e, key, len);
}


void
ngx_http_zoom_index_add(ngx_http_zoom_zone_t *zone, ngx_http_zoom_entry_t *e)
{
    uint32_t                 n;
    ngx_http_zoom_bucket_t  *bucket;

    n = e - zone->entries;
    bucket = ngx_http_zoom_index_bucket(zone, e->hash);

    if (bucket->generation != zone->sh->generation) {
        bucket->used = 0;
        bucket->listed = 0;
        bucket->generation = zone->sh->generation;
    }

    if (bucket->used < NGX_HTTP_ZOOM_BUCKET_SLOTS) {
        bucket->tags[bucket->used] = ngx_http_zoom_index_tag(e->hash);
        bucket->entries[bucket->used] = n;
        bucket->used++;
        return;
    }

    e->next = bucket->listed ? bucket->list : NGX_HTTP_ZOOM_NONE;

    bucket->list = n;
    bucket->listed = 1;
}


void
ngx_http_zoom_index_remove(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    uint32_t                 n, *p;
    ngx_uint_t               i, last;
    ngx_http_zoom_bucket_t  *bucket;

    n = e - zone->entries;
    bucket = ngx_http_zoom_index_bucket(zone, e->hash);

    for (i = 0; i < bucket->used; i++) {

        if (bucket->entries[i] != n) {
            continue;
        }

        last = --bucket->used;

        bucket->tags[i] = bucket->tags[last];
        bucket->entries[i] = bucket->entries[last];

        ngx_http_zoom_index_refill(zone, bucket);
        return;
    }

    if (!bucket->listed) {
        return;
    }

    for (p = &bucket->list;
         *p != NGX_HTTP_ZOOM_NONE;
         p = &zone->entries[*p].next)
    {
        if (*p == n) {
            *p = e->next;
            break;
        }
    }

    bucket->listed = (bucket->list != NGX_HTTP_ZOOM_NONE);
}


/* who is in the list moves up */

static void
ngx_http_zoom_index_refill(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_bucket_t *bucket)
{
    uint32_t                n;
    ngx_http_zoom_entry_t  *e;

    if (!bucket->listed) {
        return;
    }

    n = bucket->list;
    e = &zone->entries[n];

    bucket->tags[bucket->used] = ngx_http_zoom_index_tag(e->hash);
    bucket->entries[bucket->used] = n;
    bucket->used++;

    bucket->list = e->next;
    bucket->listed = (bucket->list != NGX_HTTP_ZOOM_NONE);
}
