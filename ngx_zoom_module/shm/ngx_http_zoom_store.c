#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_blocks.h"
#include "ngx_http_zoom_evict.h"
#include "ngx_http_zoom_flying.h"
#include "ngx_http_zoom_index.h"
#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_zone.h"


/*
 * A reader without the lock may meet a table that is being changed.  It checks
 * every index and throws away what it read if the zone's sequence number has
 * moved on.
 */

#define NGX_HTTP_ZOOM_READ_TRIES  4


/* failures fill at most this part of the table */

#define NGX_HTTP_ZOOM_NEGATIVE_PART  10


static ngx_int_t ngx_http_zoom_store_get(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size, ngx_uint_t use);
static ngx_int_t ngx_http_zoom_store_peek(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size, ngx_uint_t use);
static void ngx_http_zoom_store_positive(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_count(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, ngx_int_t n) ngx_http_zoom_under_lock;
static ngx_int_t ngx_http_zoom_store_room(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, const ngx_http_zoom_evict_t *whose,
    ngx_uint_t need, time_t now) ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_remove(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;


ngx_int_t
ngx_http_zoom_store_read(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size)
{
    return ngx_http_zoom_store_get(zone, key, rec, value, size, 1);
}


ngx_int_t
ngx_http_zoom_store_look(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec)
{
    return ngx_http_zoom_store_get(zone, key, rec, NULL, 0, 0);
}


static ngx_int_t
ngx_http_zoom_store_get(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size, ngx_uint_t use)
{
    ngx_int_t                rc;
    ngx_uint_t               i;
    ngx_atomic_uint_t        seq;
    ngx_http_zoom_entry_t   *e;

    for (i = 0; i < NGX_HTTP_ZOOM_READ_TRIES; i++) {
        seq = zone->sh->seq;

        if (seq & 1) {
            ngx_cpu_pause();
            continue;
        }

        ngx_memory_barrier();

        rc = ngx_http_zoom_store_peek(zone, key, rec, value, size, use);

        ngx_memory_barrier();

        if (zone->sh->seq == seq && rc != NGX_AGAIN) {
            return rc;
        }
    }

    ngx_http_zoom_zone_lock(zone);

    e = ngx_http_zoom_store_find(zone, key);

    if (e) {
        ngx_http_zoom_store_copy(zone, e, rec);

        if (value && rec->len <= size) {
            (void) ngx_http_zoom_blocks_read(zone, e, e->key_len, value,
                                             rec->len);
        }

        e->referenced |= use;
    }

    ngx_http_zoom_zone_unlock(zone);

    return e ? NGX_OK : NGX_DECLINED;
}


static ngx_int_t
ngx_http_zoom_store_peek(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size, ngx_uint_t use)
{
    ngx_int_t               rc;
    ngx_http_zoom_entry_t  *e;

    rc = ngx_http_zoom_index_find(zone, key->hash, key->data, key->len, &e);

    if (rc != NGX_OK) {
        return rc;
    }

    ngx_http_zoom_store_copy(zone, e, rec);

    if (rec->len > NGX_HTTP_ZOOM_VALUE_MAX) {
        return NGX_AGAIN;
    }

    if (value && rec->len <= size
        && ngx_http_zoom_blocks_read(zone, e, e->key_len, value, rec->len)
           != rec->len)
    {
        return NGX_AGAIN;
    }

    /* the only word a reader writes, and only when it must */

    if (use && !e->referenced) {
        e->referenced = 1;
    }

    return NGX_OK;
}


void
ngx_http_zoom_store_copy(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, ngx_http_zoom_record_t *rec)
{
    rec->entry = e - zone->entries;
    rec->published = e->published;
    rec->minted = rec->published ? e->minted : 0;
    rec->expires = rec->published ? e->expires : 0;
    rec->sum = e->sum;
    rec->len = rec->published ? e->value_len : 0;
    rec->lacks = rec->published ? e->lacks : 0;
    rec->failed = e->failed;
    rec->error = e->error;
    rec->until = (rec->failed <= zone->sh->forgiven) ? ngx_current_msec
                                                     : e->until;
    rec->retry_after = e->retry_after;
    rec->code = e->code;
    rec->flight = e->flight;
    rec->used = e->referenced;

    ngx_memcpy(rec->tracking_id, e->tracking_id, ZOOM_TRACKING_ID_MAX);
    rec->tracking_id[ZOOM_TRACKING_ID_MAX] = '\0';
}


ngx_http_zoom_entry_t *
ngx_http_zoom_store_find(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key)
{
    ngx_http_zoom_entry_t  *e;

    if (ngx_http_zoom_index_find(zone, key->hash, key->data, key->len, &e)
        != NGX_OK)
    {
        return NULL;
    }

    return e;
}


ngx_http_zoom_entry_t *
ngx_http_zoom_store_insert(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, time_t now)
{
    ngx_uint_t              need;
    ngx_http_zoom_entry_t  *e;
    ngx_http_zoom_evict_t   whose;

    need = ngx_http_zoom_blocks_need(key->len);

    whose.state = key->state;
    whose.who = key->who;

    if (ngx_http_zoom_store_room(zone, NULL, &whose, need, now)
        != NGX_OK)
    {
        return NULL;
    }

    e = &zone->entries[ngx_http_zoom_blocks_take(zone, need)];

    ngx_http_zoom_blocks_write(zone, e, 0, key->data, key->len);

    e->hash = key->hash;
    e->key_len = key->len;
    e->pinned = key->pinned;
    e->state = key->state;
    e->who = key->who;
    e->used = 1;

    zone->sh->nused++;
    ngx_http_zoom_store_count(zone, e, 1);

    ngx_http_zoom_index_add(zone, e);

    return e;
}


ngx_int_t
ngx_http_zoom_store_set(ngx_http_zoom_zone_t *zone, ngx_http_zoom_entry_t *e,
    const ngx_str_t *value, time_t now)
{
    ngx_uint_t              need;
    ngx_http_zoom_entry_t  *last;
    ngx_http_zoom_evict_t   whose;

    ngx_http_zoom_store_drop(zone, e);

    /* the key's blocks are there */

    need = ngx_http_zoom_blocks_need(e->key_len + value->len)
           - ngx_http_zoom_blocks_need(e->key_len);

    whose.state = e->state;
    whose.who = 0;

    if (ngx_http_zoom_store_room(zone, e, &whose, need, now) != NGX_OK) {
        return NGX_ERROR;
    }

    for (last = e;
         last->more != NGX_HTTP_ZOOM_NONE;
         last = &zone->entries[last->more])
    {
        /* void */
    }

    last->more = ngx_http_zoom_blocks_take(zone, need);

    ngx_http_zoom_blocks_write(zone, e, e->key_len, value->data, value->len);

    e->value_len = value->len;

    ngx_http_zoom_store_positive(zone, e);

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_store_prefix(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const u_char *data, size_t len)
{
    return e->used && e->key_len >= len
           && ngx_http_zoom_blocks_begin(zone, e, data, len);
}


void
ngx_http_zoom_store_drop(ngx_http_zoom_zone_t *zone, ngx_http_zoom_entry_t *e)
{
    ngx_uint_t              keep;
    ngx_http_zoom_entry_t  *last;

    e->published = 0;
    e->value_len = 0;

    last = e;

    for (keep = ngx_http_zoom_blocks_need(e->key_len); keep > 1; keep--) {
        last = &zone->entries[last->more];
    }

    ngx_http_zoom_blocks_give(zone, last->more);
    last->more = NGX_HTTP_ZOOM_NONE;

    ngx_http_zoom_blocks_wipe(zone, e, e->key_len);
}


void
ngx_http_zoom_store_negative(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    uint32_t                 n;
    ngx_http_zoom_entry_t   *old;
    ngx_http_zoom_evict_t    whose;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    if (e->negative) {
        return;
    }

    whose.state = e->state;
    whose.who = e->who;

    if (sh->nnegative >= sh->nentries / NGX_HTTP_ZOOM_NEGATIVE_PART) {
        old = ngx_http_zoom_evict_failure(zone, e, &whose);

        if (old) {
            ngx_http_zoom_store_remove(zone, old);
        }
    }

    n = e - zone->entries;

    e->negative = 1;
    e->follow = NGX_HTTP_ZOOM_NONE;
    e->prev = sh->negative_tail;

    if (e->prev == NGX_HTTP_ZOOM_NONE) {
        sh->negative_head = n;

    } else {
        zone->entries[e->prev].follow = n;
    }

    sh->negative_tail = n;
    sh->nnegative++;
}


static void
ngx_http_zoom_store_positive(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    if (!e->negative) {
        return;
    }

    if (e->prev == NGX_HTTP_ZOOM_NONE) {
        sh->negative_head = e->follow;

    } else {
        zone->entries[e->prev].follow = e->follow;
    }

    if (e->follow == NGX_HTTP_ZOOM_NONE) {
        sh->negative_tail = e->prev;

    } else {
        zone->entries[e->follow].prev = e->prev;
    }

    e->negative = 0;
    sh->nnegative--;
}


static void
ngx_http_zoom_store_count(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, ngx_int_t n)
{
    if (e->state < zone->sh->nstates) {
        zone->states[e->state].entries += n;
    }
}


/* under lock, as what follows */

static ngx_int_t
ngx_http_zoom_store_room(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, const ngx_http_zoom_evict_t *whose,
    ngx_uint_t need, time_t now)
{
    ngx_http_zoom_entry_t  *e;

    while (ngx_http_zoom_blocks_left(zone->sh) < need) {
        e = ngx_http_zoom_evict_next(zone, keep, whose, now);

        if (e == NULL) {
            return NGX_ERROR;
        }

        ngx_http_zoom_store_remove(zone, e);
    }

    return NGX_OK;
}


static void
ngx_http_zoom_store_remove(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    ngx_http_zoom_index_remove(zone, e);
    ngx_http_zoom_flying_end(zone, e);
    ngx_http_zoom_store_positive(zone, e);
    ngx_http_zoom_store_count(zone, e, -1);

    zone->sh->nused--;

    ngx_http_zoom_blocks_give(zone, e - zone->entries);
}
