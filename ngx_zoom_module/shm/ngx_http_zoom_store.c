#include <ngx_config.h>
#include <ngx_core.h>

#include "ngx_http_zoom_store.h"
#include "ngx_http_zoom_zone.h"


/*
 * A reader without the lock may meet a table that is being changed.  It checks
 * every index, gives up after so many steps and throws away what it read if
 * the zone's sequence number has moved on.
 */

#define NGX_HTTP_ZOOM_READ_TRIES  4
#define NGX_HTTP_ZOOM_READ_STEPS  64


/* failures fill at most this part of the table */

#define NGX_HTTP_ZOOM_NEGATIVE_PART  10


static ngx_int_t ngx_http_zoom_store_get(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size, ngx_uint_t use);
static ngx_int_t ngx_http_zoom_store_peek(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, ngx_http_zoom_record_t *rec,
    u_char *value, size_t size, ngx_uint_t use);
static ngx_uint_t ngx_http_zoom_store_match(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const ngx_http_zoom_key_t *key);
static size_t ngx_http_zoom_store_extract(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, u_char *value);
static uint32_t ngx_http_zoom_store_alloc(ngx_http_zoom_zone_t *zone,
    ngx_uint_t n) ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_fill(ngx_http_zoom_zone_t *zone,
    uint32_t block, size_t offset, const u_char *data, size_t len)
    ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_free_blocks(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_positive(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;
static ngx_http_zoom_entry_t *ngx_http_zoom_store_oldest(
    ngx_http_zoom_zone_t *zone, const ngx_http_zoom_entry_t *keep,
    uint32_t state) ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_count(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, ngx_int_t n) ngx_http_zoom_under_lock;
static uint32_t ngx_http_zoom_store_victim(ngx_http_zoom_zone_t *zone,
    uint32_t state) ngx_http_zoom_under_lock;
static ngx_int_t ngx_http_zoom_store_evict(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state, time_t now)
    ngx_http_zoom_under_lock;
static ngx_http_zoom_entry_t *ngx_http_zoom_store_clock(
    ngx_http_zoom_zone_t *zone, const ngx_http_zoom_entry_t *keep,
    uint32_t state, time_t now) ngx_http_zoom_under_lock;
static void ngx_http_zoom_store_remove(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e) ngx_http_zoom_under_lock;


#define ngx_http_zoom_store_blocks(len)                                       \
    (((len) + NGX_HTTP_ZOOM_BLOCK_SIZE - 1) / NGX_HTTP_ZOOM_BLOCK_SIZE)

#define ngx_http_zoom_store_bucket(zone, hash)                                \
    &(zone)->buckets[(hash) & ((zone)->sh->nbuckets - 1)]


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
            (void) ngx_http_zoom_store_extract(zone, e, value);
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
    uint32_t                 n;
    ngx_uint_t               steps;
    ngx_http_zoom_entry_t   *e;

    n = *ngx_http_zoom_store_bucket(zone, key->hash);

    for (steps = 0; n != NGX_HTTP_ZOOM_NONE; steps++) {

        if (n >= zone->sh->nentries || steps == NGX_HTTP_ZOOM_READ_STEPS) {
            return NGX_AGAIN;
        }

        e = &zone->entries[n];

        if (!ngx_http_zoom_store_match(zone, e, key)) {
            n = e->next;
            continue;
        }

        ngx_http_zoom_store_copy(zone, e, rec);

        if (rec->len > NGX_HTTP_ZOOM_VALUE_MAX) {
            return NGX_AGAIN;
        }

        if (value && rec->len <= size
            && ngx_http_zoom_store_extract(zone, e, value) != rec->len)
        {
            return NGX_AGAIN;
        }

        /* the only word a reader writes, and only when it must */

        if (use && !e->referenced) {
            e->referenced = 1;
        }

        return NGX_OK;
    }

    return NGX_DECLINED;
}


static ngx_uint_t
ngx_http_zoom_store_match(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const ngx_http_zoom_key_t *key)
{
    size_t     len, n;
    u_char    *p;
    uint32_t   block;

    if (e->hash != key->hash || e->key_len != key->len || !e->used) {
        return 0;
    }

    p = key->data;
    len = key->len;
    block = e->block;

    while (len) {
        if (block >= zone->sh->nblocks) {
            return 0;
        }

        n = ngx_min(len, NGX_HTTP_ZOOM_BLOCK_SIZE);

        if (ngx_memcmp(p, zone->blocks[block].data, n) != 0) {
            return 0;
        }

        p += n;
        len -= n;
        block = zone->blocks[block].next;
    }

    return 1;
}


/* the value follows the key; how much of it could be copied */

static size_t
ngx_http_zoom_store_extract(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, u_char *value)
{
    size_t    skip, left, n, copied;
    uint32_t  block;

    skip = e->key_len;
    left = ngx_min(e->value_len, NGX_HTTP_ZOOM_VALUE_MAX);
    copied = 0;
    block = e->block;

    while (left && block < zone->sh->nblocks) {

        if (skip >= NGX_HTTP_ZOOM_BLOCK_SIZE) {
            skip -= NGX_HTTP_ZOOM_BLOCK_SIZE;
            block = zone->blocks[block].next;
            continue;
        }

        n = ngx_min(left, NGX_HTTP_ZOOM_BLOCK_SIZE - skip);

        ngx_memcpy(value + copied, zone->blocks[block].data + skip, n);

        copied += n;
        left -= n;
        skip = 0;
        block = zone->blocks[block].next;
    }

    return copied;
}


void
ngx_http_zoom_store_copy(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, ngx_http_zoom_record_t *rec)
{
    rec->entry = e - zone->entries;
    rec->published = e->published;
    rec->minted = e->minted;
    rec->expires = e->expires;
    rec->len = e->published ? e->value_len : 0;
    rec->lacks = e->published ? e->lacks : 0;
    rec->failed = e->failed;
    rec->error = e->error;
    rec->until = e->until;
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
    uint32_t                n;
    ngx_http_zoom_entry_t  *e;

    n = *ngx_http_zoom_store_bucket(zone, key->hash);

    while (n != NGX_HTTP_ZOOM_NONE) {
        e = &zone->entries[n];

        if (ngx_http_zoom_store_match(zone, e, key)) {
            return e;
        }

        n = e->next;
    }

    return NULL;
}


ngx_http_zoom_entry_t *
ngx_http_zoom_store_insert(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_key_t *key, time_t now)
{
    uint32_t                 n, block, *bucket;
    ngx_uint_t               need;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    need = ngx_http_zoom_store_blocks(key->len);

    while (sh->free_entry == NGX_HTTP_ZOOM_NONE || sh->nfree < need) {
        if (ngx_http_zoom_store_evict(zone, NULL, key->state, now)
            != NGX_OK)
        {
            return NULL;
        }
    }

    n = sh->free_entry;
    e = &zone->entries[n];
    sh->free_entry = e->next;

    block = ngx_http_zoom_store_alloc(zone, need);
    ngx_http_zoom_store_fill(zone, block, 0, key->data, key->len);

    ngx_memzero(e, sizeof(ngx_http_zoom_entry_t));

    e->hash = key->hash;
    e->key_len = key->len;
    e->block = block;
    e->pinned = key->pinned;
    e->state = key->state;
    e->used = 1;

    sh->nused++;
    ngx_http_zoom_store_count(zone, e, 1);

    bucket = ngx_http_zoom_store_bucket(zone, key->hash);

    e->next = *bucket;
    *bucket = n;

    return e;
}


ngx_int_t
ngx_http_zoom_store_set(ngx_http_zoom_zone_t *zone, ngx_http_zoom_entry_t *e,
    const ngx_http_zoom_key_t *key, const ngx_str_t *value, time_t now)
{
    uint32_t    block;
    ngx_uint_t  need;

    ngx_http_zoom_store_drop(zone, e);

    /* key and value share a chain, so the key moves along */

    need = ngx_http_zoom_store_blocks(key->len + value->len);

    while (zone->sh->nfree < need) {
        if (ngx_http_zoom_store_evict(zone, e, e->state, now) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    block = ngx_http_zoom_store_alloc(zone, need);

    ngx_http_zoom_store_fill(zone, block, 0, key->data, key->len);
    ngx_http_zoom_store_fill(zone, block, key->len, value->data, value->len);

    ngx_http_zoom_store_free_blocks(zone, e);

    e->block = block;
    e->value_len = value->len;

    ngx_http_zoom_store_positive(zone, e);

    return NGX_OK;
}


ngx_uint_t
ngx_http_zoom_store_prefix(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *e, const u_char *data, size_t len)
{
    size_t    n;
    uint32_t  block;

    if (!e->used || e->key_len < len) {
        return 0;
    }

    for (block = e->block; len; block = zone->blocks[block].next) {
        n = ngx_min(len, NGX_HTTP_ZOOM_BLOCK_SIZE);

        if (ngx_memcmp(data, zone->blocks[block].data, n) != 0) {
            return 0;
        }

        data += n;
        len -= n;
    }

    return 1;
}


void
ngx_http_zoom_store_drop(ngx_http_zoom_zone_t *zone, ngx_http_zoom_entry_t *e)
{
    size_t    offset;
    uint32_t  block;

    e->published = 0;
    e->value_len = 0;

    offset = e->key_len;

    for (block = e->block;
         block != NGX_HTTP_ZOOM_NONE;
         block = zone->blocks[block].next)
    {
        if (offset < NGX_HTTP_ZOOM_BLOCK_SIZE) {
            ngx_explicit_memzero(zone->blocks[block].data + offset,
                                 NGX_HTTP_ZOOM_BLOCK_SIZE - offset);
            offset = 0;

        } else {
            offset -= NGX_HTTP_ZOOM_BLOCK_SIZE;
        }
    }
}


/* the caller made sure that there are as many */

static uint32_t
ngx_http_zoom_store_alloc(ngx_http_zoom_zone_t *zone, ngx_uint_t n)
{
    uint32_t                 first, last;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    first = sh->free_block;
    last = first;

    sh->nfree -= n;

    while (--n) {
        last = zone->blocks[last].next;
    }

    sh->free_block = zone->blocks[last].next;
    zone->blocks[last].next = NGX_HTTP_ZOOM_NONE;

    return first;
}


static void
ngx_http_zoom_store_fill(ngx_http_zoom_zone_t *zone, uint32_t block,
    size_t offset, const u_char *data, size_t len)
{
    size_t  n;

    while (offset >= NGX_HTTP_ZOOM_BLOCK_SIZE) {
        offset -= NGX_HTTP_ZOOM_BLOCK_SIZE;
        block = zone->blocks[block].next;
    }

    while (len) {
        n = ngx_min(len, NGX_HTTP_ZOOM_BLOCK_SIZE - offset);

        ngx_memcpy(zone->blocks[block].data + offset, data, n);

        data += n;
        len -= n;
        offset = 0;
        block = zone->blocks[block].next;
    }
}


static void
ngx_http_zoom_store_free_blocks(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    uint32_t                 n, next;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    for (n = e->block; n != NGX_HTTP_ZOOM_NONE; n = next) {
        next = zone->blocks[n].next;

        ngx_explicit_memzero(zone->blocks[n].data, NGX_HTTP_ZOOM_BLOCK_SIZE);

        zone->blocks[n].next = sh->free_block;
        sh->free_block = n;
        sh->nfree++;
    }

    e->block = NGX_HTTP_ZOOM_NONE;
}


void
ngx_http_zoom_store_negative(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    uint32_t                 n;
    ngx_http_zoom_entry_t   *old;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    if (e->negative) {
        return;
    }

    if (sh->nnegative >= sh->nentries / NGX_HTTP_ZOOM_NEGATIVE_PART) {
        old = ngx_http_zoom_store_oldest(zone, e, e->state);

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


/* the oldest failure, rather of this account; none that is being mended */

static ngx_http_zoom_entry_t *
ngx_http_zoom_store_oldest(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state)
{
    uint32_t                n;
    ngx_uint_t              steps;
    ngx_http_zoom_entry_t  *e, *oldest;

    oldest = NULL;
    n = zone->sh->negative_head;

    for (steps = 0;
         n != NGX_HTTP_ZOOM_NONE && steps < NGX_HTTP_ZOOM_READ_STEPS;
         steps++)
    {
        e = &zone->entries[n];
        n = e->follow;

        if (ngx_http_zoom_entry_flies(e) || (keep && e == keep)) {
            continue;
        }

        if (e->state == state) {
            return e;
        }

        if (oldest == NULL) {
            oldest = e;
        }
    }

    return oldest;
}


static void
ngx_http_zoom_store_count(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e, ngx_int_t n)
{
    if (e->state < zone->sh->nstates) {
        zone->states[e->state].entries += n;
    }
}


/* who makes room: whoever has more than its part, else who has the most */

static uint32_t
ngx_http_zoom_store_victim(ngx_http_zoom_zone_t *zone, uint32_t state)
{
    uint32_t                 i, n, most;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;
    most = 0;
    n = 0;

    for (i = 0; i < sh->nstates; i++) {
        n += (zone->states[i].entries != 0);

        if (zone->states[i].entries > zone->states[most].entries) {
            most = i;
        }
    }

    if (state < sh->nstates
        && zone->states[state].entries >= sh->nused / ngx_max(n, 1))
    {
        return state;
    }

    return most;
}


static ngx_int_t
ngx_http_zoom_store_evict(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state, time_t now)
{
    uint32_t                victim;
    ngx_http_zoom_entry_t  *e;

    e = ngx_http_zoom_store_oldest(zone, keep, state);

    victim = NGX_HTTP_ZOOM_NONE;

    if (e == NULL) {
        victim = ngx_http_zoom_store_victim(zone, state);
        e = ngx_http_zoom_store_clock(zone, keep, victim, now);
    }

    /* who has more than its part, all of it in flight, has to wait */

    if (e == NULL && victim != state) {
        e = ngx_http_zoom_store_clock(zone, keep, NGX_HTTP_ZOOM_NONE, now);
    }

    if (e == NULL) {
        return NGX_ERROR;
    }

    ngx_http_zoom_store_remove(zone, e);

    return NGX_OK;
}


/* second chance: two turns of the clock find one if there is any */

static ngx_http_zoom_entry_t *
ngx_http_zoom_store_clock(ngx_http_zoom_zone_t *zone,
    const ngx_http_zoom_entry_t *keep, uint32_t state, time_t now)
{
    uint32_t                 i;
    ngx_http_zoom_entry_t   *e;
    ngx_http_zoom_shared_t  *sh;

    sh = zone->sh;

    for (i = 0; i < 2 * sh->nentries; i++) {
        e = &zone->entries[sh->hand];

        sh->hand = (sh->hand + 1) % sh->nentries;

        if (!e->used || ngx_http_zoom_entry_flies(e) || e == keep
            || (state != NGX_HTTP_ZOOM_NONE && e->state != state)
            || (e->pinned && e->published && e->expires > now))
        {
            continue;
        }

        if (e->referenced && e->published && e->expires > now) {
            e->referenced = 0;
            continue;
        }

        return e;
    }

    return NULL;
}


static void
ngx_http_zoom_store_remove(ngx_http_zoom_zone_t *zone,
    ngx_http_zoom_entry_t *e)
{
    uint32_t  n, *p;

    n = e - zone->entries;

    for (p = ngx_http_zoom_store_bucket(zone, e->hash);
         *p != NGX_HTTP_ZOOM_NONE;
         p = &zone->entries[*p].next)
    {
        if (*p == n) {
            *p = e->next;
            break;
        }
    }

    ngx_http_zoom_store_free_blocks(zone, e);
    ngx_http_zoom_store_positive(zone, e);
    ngx_http_zoom_store_count(zone, e, -1);

    zone->sh->nused--;

    e->used = 0;
    e->flight = 0;
    e->published = 0;
    e->next = zone->sh->free_entry;
    zone->sh->free_entry = n;
}
